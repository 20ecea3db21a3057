package report

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
)

// glSchemas are the files of GitLab's schemas by format.
var glSchemas = map[string]string{
	"gitlab-secret-detection":    "secret-detection-report-format.json",
	"gitlab-container-scanning":  "container-scanning-report-format.json",
	"gitlab-dependency-scanning": "dependency-scanning-report-format.json",
	"gitlab-sast":                "sast-report-format.json",
}

// ofAll has a finding of every scanner in a tree and in an image.
func ofAll(n int) *Run {
	run := &Run{
		Schema: Schema, Tool: Tool{"boltseal", "1.0"}, Judged: Judged{On: "2026-12-01"},
		Images: []Image{{Target: "registry:acme/app:1", Name: "acme/app", Layers: []ImageLayer{}}},
	}
	for _, scanner := range []string{finding.Secrets, finding.Dockerfile, finding.Packages, finding.ImageConfig} {
		for _, target := range []string{"dir:.", "registry:acme/app:1"} {
			run.Scans = append(run.Scans, Scan{Scanner: scanner, Target: target, Status: finding.StatusOK})
			for i := range n {
				f := Finding{Subject: policy.Subject{Finding: finding.Finding{
					Fingerprint: fmt.Sprintf("v1:%d", i), Rule: "rule", Scanner: scanner, Target: target, Severity: finding.Severity(i % 6),
					Message: "Something is wrong", Location: finding.Location{Path: "a/b.env", StartLine: 3, EndLine: 4},
				}}, Decision: policy.Decision{Action: policy.Block, By: "rule x"}}
				if target != "dir:." {
					f.Location.Image = "acme/app"
				}
				if scanner == finding.Packages {
					f.Package = &inventory.Package{Ecosystem: "Debian:12", Name: "openssl", Version: "3.0"}
					f.Advisory = &finding.Advisory{
						ID: "DEBIAN-CVE-2024-0001", Aliases: []string{"GHSA-29mw-wpgm-hmr9", "CVE-2024-0001"}, Fixed: []string{"3.1"}, URL: "https://osv.dev/x",
						CVSS: []finding.CVSS{
							{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8},
							{Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Score: 9.3},
							{Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:P", Score: 7.5},
							{Vector: "CVSS:3.1/nonsense and more of the nonsense", Score: 7.5},
						},
					}
				}
				run.Findings = append(run.Findings, f)
			}
		}
	}
	return run
}

func glRead(t *testing.T, format string, run *Run) (out struct {
	Vulnerabilities []struct {
		ID, Severity string
		Identifiers  []glIdentifier
		CVSS         []glVector `json:"cvss_vectors"`
		Location     map[string]any
	}
	Scan glScan
},
) {
	t.Helper()
	if err := json.Unmarshal(write(t, format, run, Options{}), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGitLabReportsAreValid(t *testing.T) {
	hostile, long := ofAll(8), ofAll(2)
	fill(hostile, evil)
	for i := range hostile.Findings { // or none would be of a scanner that is known
		hostile.Findings[i].Scanner = ofAll(8).Findings[i].Scanner
	}
	texts := strings.Repeat("*ab`c\\ ", 400_000)
	for i := range long.Findings {
		f := &long.Findings[i]
		f.Message, f.Remediation, f.Rule, f.Location.Path, f.Target = texts, texts, texts, texts, texts
		f.Decision.By, f.Decision.Reason = texts, texts
	}
	failed := ofAll(1)
	for i := range failed.Scans {
		failed.Scans[i].Status, failed.Scans[i].Reason = finding.StatusFailed, "no network"
	}
	for format, file := range glSchemas {
		schema, err := os.ReadFile(conformance(t, "gitlab", "report-schemas-15.2.1", file))
		if err != nil {
			t.Fatal(err)
		}
		for name, run := range map[string]*Run{
			"of all": ofAll(6), "the fixture": fixture(), "hostile": hostile, "long": long, "nothing": {}, "failed": failed, "30,000": ofAll(30_000 / 8),
		} {
			t.Run(format+" "+name, func(t *testing.T) { validate(t, schema, write(t, format, run, Options{})) })
		}
	}
}

func TestGitLabReportsHold(t *testing.T) {
	run := ofAll(2)
	accepted := run.Findings[0]
	accepted.Decision.Action = policy.Suppress
	run.Findings = append(run.Findings, accepted, run.Findings[0]) // the same one again
	var got []string
	for _, format := range []string{"gitlab-secret-detection", "gitlab-container-scanning", "gitlab-dependency-scanning", "gitlab-sast"} {
		out := glRead(t, format, run)
		ids := make(map[string]bool)
		for _, v := range out.Vulnerabilities {
			ids[v.ID] = true
		}
		first := out.Vulnerabilities[0]
		place, _ := json.Marshal(first.Location)
		got = append(got, fmt.Sprintf("%s %s: %d, %d ids, %s, %s %s, %d vectors, %s", out.Scan.Type, out.Scan.Status, len(out.Vulnerabilities), len(ids),
			first.Severity, first.Identifiers[0].Type, first.Identifiers[0].Value, len(first.CVSS), place))
	}
	want := []string{
		`secret_detection success: 5, 5 ids, Unknown, boltseal_rule_id rule, 0 vectors, {"commit":{"sha":"0000000000000000000000000000000000000000"},"end_line":4,"file":"a/b.env","start_line":3}`,
		`container_scanning success: 2, 2 ids, Unknown, cve CVE-2024-0001, 2 vectors, {"dependency":{"package":{"name":"openssl"},"version":"3.0"},"image":"acme/app:1","operating_system":"Debian:12"}`,
		`dependency_scanning success: 2, 2 ids, Unknown, cve CVE-2024-0001, 2 vectors, {"dependency":{"package":{"name":"openssl"},"version":"3.0"},"file":"a/b.env"}`,
		`sast success: 8, 8 ids, Unknown, boltseal_rule_id rule, 0 vectors, {"end_line":4,"file":"a/b.env","start_line":3}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestGitLabReportsOfWhatDidNotRun: an empty report that succeeded says that all is
// mended.
func TestGitLabReportsOfWhatDidNotRun(t *testing.T) {
	for name, test := range map[string]struct {
		scans  []Scan
		status string
		has    bool
	}{
		"nothing ran":                    {nil, "failure", false},
		"no image was there":             {[]Scan{{Scanner: finding.Packages, Target: "dir:.", Status: finding.StatusOK}}, "success", false},
		"an image without packages":      {[]Scan{{Scanner: finding.Packages, Target: "docker:a", Platform: "linux/amd64", Status: finding.StatusNothing}}, "success", true},
		"an image that failed":           {[]Scan{{Scanner: finding.Packages, Target: "docker:a", Platform: "linux/amd64", Status: finding.StatusPartial}}, "failure", true},
		"an image that cannot be opened": {[]Scan{{Scanner: finding.Packages, Target: "docker:a", Status: finding.StatusFailed}}, "failure", true},
	} {
		t.Run(name, func(t *testing.T) {
			run := &Run{Scans: test.scans}
			out := glRead(t, "gitlab-container-scanning", run)
			if out.Scan.Status != test.status || GitLabHas(run, "gitlab-container-scanning") != test.has {
				t.Errorf("status %s, has %v", out.Scan.Status, !test.has)
			}
			if out.Scan.Status == "failure" && len(out.Scan.Messages) == 0 {
				t.Error("nothing says why")
			}
		})
	}
}

// TestManyOfOneNameStayApart: one secret in 30,000 lines has one fingerprint, and the
// reports take no time that grows with its square.
func TestManyOfOneNameStayApart(t *testing.T) {
	run := ofAll(1)
	run.Findings = slices.Repeat(run.Findings[:1], 30_000)
	ids := make(map[string]bool)
	for _, v := range glRead(t, "gitlab-secret-detection", run).Vulnerabilities {
		ids[v.ID] = true
	}
	if len(ids) != len(run.Findings) {
		t.Errorf("%d ids of %d findings", len(ids), len(run.Findings))
	}
	var issues []issue
	if err := json.Unmarshal(write(t, "gitlab-codequality", run, Options{}), &issues); err != nil {
		t.Fatal(err)
	}
	fingerprints := make(map[string]bool)
	for _, i := range issues {
		fingerprints[i.Fingerprint] = true
	}
	if len(fingerprints) != len(run.Findings) {
		t.Errorf("%d fingerprints of %d findings", len(fingerprints), len(run.Findings))
	}
	run.Scans = slices.Repeat(run.Scans[:1], 30_000)
	categories := make(map[string]bool)
	for _, part := range byScan(run) {
		categories[part.category] = true
	}
	if len(categories) != len(run.Scans) {
		t.Errorf("%d categories of %d scans", len(categories), len(run.Scans))
	}
}
