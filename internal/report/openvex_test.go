package report

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/vex"
)

func vulnerable(target, image, purl string, d policy.Decision) Finding {
	return Finding{Subject: policy.Subject{Finding: finding.Finding{
		Rule: "CVE-2026-1", Scanner: finding.Packages, Target: target, Location: finding.Location{Image: image},
		Package: &inventory.Package{PURL: purl}, Advisory: &finding.Advisory{ID: "GHSA-aaaa-bbbb-cccc", Aliases: []string{"CVE-2026-1"}},
	}}, Decision: d}
}

// What is written is read as it was meant: about these parts of this product.
func TestOpenVEX(t *testing.T) {
	accepted := policy.Decision{Action: policy.Suppress, Reason: "not reached", VEX: &policy.Claim{Status: vex.NotAffected, Justification: "vulnerable_code_not_in_execute_path"}}
	affected := policy.Decision{Action: policy.Suppress, Reason: "we upgrade", VEX: &policy.Claim{Status: vex.Affected}}
	run := &Run{Tool: Tool{Version: "1"}, Judged: Judged{On: "2026-11-25"}, Policies: []Policy{{Path: ".boltseal.yaml"}}, Findings: []Finding{
		vulnerable("oci-dir:x", "registry.example.com/team/app", "pkg:deb/debian/openssl@1?arch=amd64", accepted),
		vulnerable("oci-dir:x", "registry.example.com/team/app", "pkg:deb/debian/libssl3@1", accepted),
		vulnerable("oci-dir:x", "registry.example.com/team/app", "pkg:deb/debian/libssl3@1", accepted),
		vulnerable("dir:a b", "", "pkg:npm/lodash@1", affected),
		vulnerable("dir:.", "", "", accepted),
		vulnerable("dir:.", "", "pkg:npm/other@1", policy.Decision{Action: policy.Suppress}),
	}}
	text := write(t, "openvex", run, Options{})
	got, err := vex.Parse("d", text)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{"CVE-2026-1", "GHSA-AAAA-BBBB-CCCC"}
	day := got.Statements[0].Time
	want := []vex.Statement{
		{
			IDs: ids, Status: vex.NotAffected, Justification: "vulnerable_code_not_in_execute_path", Time: day, From: "d, statement 1",
			Products: []vex.Product{{IDs: []string{"pkg:oci/app?repository_url=registry.example.com%2Fteam%2Fapp"}, Components: []string{"pkg:deb/debian/openssl@1?arch=amd64", "pkg:deb/debian/libssl3@1"}}},
		},
		{IDs: ids, Status: vex.Affected, Time: day, From: "d, statement 2", Products: []vex.Product{{IDs: []string{"dir:a%20b"}, Components: []string{"pkg:npm/lodash@1"}}}},
	}
	if diff := cmp.Diff(&vex.Document{Statements: want}, got); diff != "" {
		t.Error(diff)
	}
	if day.Format("2006-01-02T15:04:05Z07:00") != "2026-11-25T00:00:00Z" {
		t.Error(day)
	}
	var raw map[string]any
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"@context", "@id", "author", "timestamp", "version", "statements"} {
		if raw[key] == nil {
			t.Errorf("no %s", key)
		}
	}
	if !bytes.Contains(text, []byte(`"action_statement": "we upgrade"`)) {
		t.Error("affected says nothing of what is done")
	}
	if again := write(t, "openvex", run, Options{}); !bytes.Equal(text, again) {
		t.Error("it is not the same twice")
	}
	if empty := write(t, "openvex", &Run{}, Options{}); !bytes.Contains(empty, []byte(`"statements": []`)) {
		t.Errorf("%s", empty)
	}
}
