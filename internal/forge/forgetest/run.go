package forgetest

import (
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// Found makes a finding on a line of a file.
func Found(rule, path string, line int, action policy.Action) report.Finding {
	return report.Finding{
		Subject: policy.Subject{Finding: finding.Finding{
			Fingerprint: fmt.Sprintf("v1:%s:%s:%d", rule, path, line), Rule: rule, Scanner: finding.Dockerfile, Target: "dir:.",
			Severity: finding.High, Message: rule + " is broken", Remediation: "Mend it",
			Location: finding.Location{Path: path, StartLine: line, StartColumn: 1, EndLine: line, EndColumn: 5},
		}},
		Decision: policy.Decision{Action: action, By: "rule x"},
	}
}

// RunOf is a judged run with these findings.
func RunOf(findings ...report.Finding) *report.Run {
	run := &report.Run{
		Schema: report.Schema, Tool: report.Tool{Name: "boltseal", Version: "0"}, Findings: findings,
		Verdict: policy.Verdict{Status: policy.Pass},
		Scans:   []report.Scan{{Scanner: finding.Dockerfile, Target: "dir:.", Status: finding.StatusOK, Files: 1}},
	}
	for _, f := range findings {
		switch f.Decision.Action {
		case policy.Block:
			run.Verdict.Blocked++
			run.Verdict.Status, run.Verdict.ExitCode = policy.Blocked, policy.ExitBlocked
		case policy.Warn:
			run.Verdict.Warned++
		case policy.Suppress:
			run.Verdict.Suppressed++
		}
	}
	return run
}
