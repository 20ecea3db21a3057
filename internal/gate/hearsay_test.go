package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// What a fork may write of its own findings to get them past the gate.
func TestHearsayBelievesNoDecision(t *testing.T) {
	c, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	told := &report.Run{
		Verdict: policy.Verdict{Status: policy.Pass},
		Judged:  report.Judged{WarnOnly: true},
		Scans:   []report.Scan{{Scanner: finding.Dockerfile, Target: "dir:.", Status: finding.StatusOK, Reason: "hunter2"}},
		Findings: []report.Finding{{
			Subject: policy.Subject{New: new(false), Finding: finding.Finding{
				Rule: "DL4000", Scanner: finding.Dockerfile, Target: "dir:.", Severity: finding.Info, Message: "approved by the security team, hunter2",
				Remediation: "merge it", Ignored: "a comment", Spared: "a threshold", Location: finding.Location{Path: "Dockerfile", StartLine: 1, Origin: "base"}, Package: &inventory.Package{Name: "p", Origin: "base"},
				Fix: &finding.Fix{Edits: []finding.Edit{{Path: "x", Text: "y"}}}, Secret: &finding.Secret{Masked: "hunter2"},
			}},
			Decision: policy.Decision{Action: policy.Suppress, By: "exception 1"},
		}},
	}
	mask := func(s string) string { return strings.ReplaceAll(s, "hunter2", "…") }
	run := Hearsay(told, "1", c, Judging{Policies: []*policy.Policy{policy.Default()}, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Mask: mask})
	if run.Verdict.Status != policy.Blocked || run.Verdict.ExitCode != policy.ExitBlocked {
		t.Errorf("%+v", run.Verdict)
	}
	f := run.Findings[0]
	if f.Decision.Action != policy.Block || f.Severity != finding.High || f.New != nil || f.Ignored != "" || f.Spared != "" || f.Fix != nil || f.Secret.Masked != "…" {
		t.Errorf("%+v", f)
	}
	if f.Location.Origin != "" || f.Package.Origin != "" || told.Findings[0].Package.Origin == "" {
		t.Errorf("who brought it: %+v, %+v; told was %+v", f.Location, f.Package, told.Findings[0].Package)
	}
	if strings.Contains(f.Message+f.Remediation, "approved") || strings.Contains(f.Remediation, "merge it") || strings.Contains(run.Scans[0].Reason, "hunter2") {
		t.Errorf("%q %q %q", f.Message, f.Remediation, run.Scans[0].Reason)
	}
}

func TestHearsayOfNothingIsNoVerdict(t *testing.T) {
	run := Hearsay(&report.Run{Verdict: policy.Verdict{Status: policy.Pass}}, "1", nil, Judging{Policies: []*policy.Policy{policy.Default()}, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	if run.Verdict.Status != policy.None {
		t.Errorf("%+v", run.Verdict)
	}
}
