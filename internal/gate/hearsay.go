package gate

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/rule"
)

// Hearsay gives what may be believed of a run that somebody else wrote, judged by
// policies that are ours. Of its findings their rule, place and package are taken;
// decisions, and what asks to pass a finding over, count for nothing. That a finding
// is not new, came with a base image, or is mild where its rule says otherwise, is not
// believed, and the words of a rule that we know are ours. What was left out of it nobody
// can tell.
func Hearsay(told *report.Run, version string, c rule.Catalogue, j Judging) *report.Run {
	run := &report.Run{
		Schema: report.Schema, Tool: report.Tool{Name: "boltseal", Version: version},
		Change: told.Change, Scans: []report.Scan{}, Findings: []report.Finding{},
	}
	for _, s := range told.Scans {
		kept := report.Scan{Scanner: j.mask(s.Scanner), Target: j.mask(s.Target), Platform: j.mask(s.Platform), Status: s.Status, Reason: j.mask(oneLine(s.Reason)), Files: s.Files, Bytes: s.Bytes}
		run.Scans = append(run.Scans, kept)
	}
	for _, f := range told.Findings {
		run.Findings = append(run.Findings, report.Finding{Subject: policy.Subject{Finding: heard(f.Finding, c, j.mask)}})
	}
	Judge(run, j)
	return run
}

// heard is what may be believed of a finding.
func heard(f finding.Finding, c rule.Catalogue, mask func(string) string) finding.Finding {
	f = f.Masked(mask)
	f.Rule, f.Scanner = mask(f.Rule), mask(f.Scanner)
	f.Fix, f.Excerpt, f.Ignored, f.Spared = nil, nil, "", ""
	if f.Secret != nil {
		f.Secret = &finding.Secret{Masked: "…"}
	}
	f.Location.Origin = ""
	if f.Package != nil {
		named := *f.Package
		named.Origin = ""
		f.Package = &named
	}
	r, ok := c.Find(f.Rule)
	if !ok || r.Scanner != f.Scanner {
		return f
	}
	f.Message, f.Remediation = r.Title, r.Remediation
	if r.Severity > f.Severity.Known(finding.Info) {
		f.Severity, f.SeverityFrom = r.Severity, "rule"
	}
	return f
}
