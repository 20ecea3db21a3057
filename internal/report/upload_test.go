package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

func TestSARIFPartsLeaveOutWhatDidNotEndWell(t *testing.T) {
	run := fixture()
	parts, held := SARIFParts(run)
	var got []string
	for _, p := range parts {
		got = append(got, p.Category())
	}
	want := []string{
		"boltseal/secrets/dir:./", "boltseal/dockerfile/dir:./", "boltseal/packages/dir:./", "boltseal/imageconfig/dir:./",
		"boltseal/secrets/docker-archive:build/app.tar linux/amd64/", "boltseal/imageconfig/docker-archive:build/app.tar linux/amd64/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(held) != 2 || !strings.Contains(held[0], "partial") || !strings.Contains(held[1], "failed") {
		t.Errorf("held back: %q", held)
	}
	run.Verdict.Status = policy.Pass // the policy takes a partial scan for good
	if parts, held := SARIFParts(run); len(parts) != 7 || len(held) != 1 {
		t.Errorf("%d parts, held back: %q", len(parts), held)
	}
	run = fixture()
	run.Scans = nil // findings of scans of which the run says nothing
	if parts, held := SARIFParts(run); len(parts) != 0 || len(held) != 6 {
		t.Errorf("%d parts, held back: %q", len(parts), held)
	}
}

func TestWriteSARIFParts(t *testing.T) {
	run := fixture()
	parts, _ := SARIFParts(run)
	parts[0] = parts[0].Keep(1)
	var asked []string
	hash := func(path string, lines map[int]bool) map[int]string {
		asked = append(asked, path)
		return map[int]string{12: "abc:1", 1: "def:1"}
	}
	var b bytes.Buffer
	if err := WriteSARIFParts(&b, run, parts, "night ly", hash, Options{Catalogue: catalogue(t)}); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Runs []struct {
			AutomationDetails struct{ ID string }
			Results           []struct {
				RuleID              string
				PartialFingerprints map[string]string
				Suppressions        []any
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	first := log.Runs[0]
	if first.AutomationDetails.ID != "boltseal/night ly/secrets/dir:./" || len(first.Results) != 1 || first.Results[0].PartialFingerprints["primaryLocationLineHash"] != "abc:1" {
		t.Errorf("%+v", first)
	}
	for _, r := range log.Runs {
		for _, res := range r.Results {
			if len(res.Suppressions) > 0 {
				t.Errorf("%s is accepted and uploaded", res.RuleID)
			}
		}
	}
	if len(asked) == 0 {
		t.Error("no file was asked for")
	}
	// Keep leaves the part that it was asked of alone.
	if again, _ := SARIFParts(run); again[0].Results() != 2 {
		t.Errorf("%d results", again[0].Results())
	}
}

func TestUploadsFitTheSchemas(t *testing.T) {
	for _, name := range []string{"sarif-schema-2.1.0.oasis.json", "sarif-schema-2.1.0.codeql-action.json"} {
		schema, err := os.ReadFile(conformance(t, "sarif", name))
		if err != nil {
			t.Fatal(err)
		}
		run := fixture()
		fill(run, evil)
		parts, _ := SARIFParts(run)
		parts[0] = parts[0].Keep(1)
		var b bytes.Buffer
		hash := func(string, map[int]bool) map[int]string { return map[int]string{1: "a:1", 12: "b:1"} }
		if err := WriteSARIFParts(&b, run, parts, evil, hash, Options{}); err != nil {
			t.Fatal(err)
		}
		validate(t, mended(t, schema), b.Bytes())
	}
}

func TestImageFindingsStandOnTheLineThatBroughtTheLayer(t *testing.T) {
	run := fixture()
	for i := range run.Findings {
		if f := &run.Findings[i]; f.Rule == "private-key" {
			f.Location.Built = finding.Built{Path: "app/Dockerfile", StartLine: 4}
		}
	}
	parts, _ := SARIFParts(run)
	var b bytes.Buffer
	hash := func(string, map[int]bool) map[int]string { return map[int]string{4: "a:1"} }
	if err := WriteSARIFParts(&b, run, parts, "", hash, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"uri": "app/Dockerfile"`, `"startLine": 4`, `"primaryLocationLineHash": "a:1"`, `"fullyQualifiedName": "COPY id_rsa /root/.ssh/"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in it", want)
		}
	}
}

func TestCategoriesHaveNoVersion(t *testing.T) {
	for target, want := range map[string]string{
		"registry:acme/app:v1":                            "registry:acme/app",
		"registry:localhost:5000/acme/app":                "registry:localhost:5000/acme/app",
		"registry:localhost:5000/acme/app:v1 linux/arm64": "registry:localhost:5000/acme/app linux/arm64",
		"git:.@0123..4567":                                "git:.",
		"git:.":                                           "git:.",
		"docker:app@sha256:1234":                          "docker:app",
		"docker:app:v1@sha256:1234":                       "docker:app",
		"podman:app:latest":                               "podman:app",
		"dir:a:b":                                         "dir:a:b",
		"docker-archive:build/app:1.tar":                  "docker-archive:build/app:1.tar",
		".":                                               ".",
	} {
		if got := unversioned(target); got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}

func TestKnownFindingsAreFoldedUpByThemselves(t *testing.T) {
	run := fixture()
	for i := range run.Findings {
		if run.Findings[i].Rule == "DL3007" {
			run.Findings[i].New = new(false)
		}
	}
	text := string(write(t, "markdown", run, Options{}))
	for _, want := range []string{"<summary>1 warning</summary>", "<summary>1 known before this change</summary>"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in it", want)
		}
	}
}

func TestFindingMarkdownIsHarmless(t *testing.T) {
	f := fixture().Findings[0]
	f.Message, f.Remediation, f.Rule, f.Decision.Reason, f.Decision.By = evil, evil, evil, evil, evil
	text := FindingMarkdown(&f, Options{})
	for _, bad := range []string{"<img", "</details>", "<!--", "\n/close", "\n# h1", "@acme", " #1", "\r", "\x1b", "::error::forged\n"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in it:\n%s", bad, text)
		}
	}
}
