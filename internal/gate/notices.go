package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// Head is a policy file as the change under test has it, beside the trusted one.
type Head struct {
	// Path is that of the file, relative to the root of the repository, Target the
	// name of the target that brings it.
	Path, Target string
	// Trusted is nil where there is none, and the change brings the first, Changed
	// where the change takes it away.
	Trusted, Changed *policy.Policy
}

// changeNotices are warnings about what the change under test would loosen: none of
// it counts before the merge.
func (r *Request) changeNotices(run *report.Run) []finding.Finding {
	notices := slices.Concat(r.Notices, r.notices)
	for _, u := range r.unheeded {
		notices = append(notices, finding.Finding{
			Rule: finding.RuleLoosened, Scanner: finding.Policy, Target: u.target, Severity: finding.Medium, SeverityFrom: "rule",
			Message:  fmt.Sprintf("%s is not heeded for %s: it takes effect after merge, as the trusted branch has no such finding that it silences", upper(u.by), u.rule),
			Location: u.at,
			Identity: finding.Identity{"unheeded", u.at.Path, u.rule},
		})
	}
	if len(r.Heads) == 0 { // no policy is changed
		return notices
	}
	subjects := make([]policy.Subject, 0, len(run.Findings))
	for i := range run.Findings {
		subjects = append(subjects, run.Findings[i].Subject)
	}
	return append(notices, loosened(r.Heads, subjects, r.Now)...)
}

// loosens begins what is told of a changed policy, which depends on all findings.
const loosens = "The change loosens the policy, which takes effect after merge: "

// loosened tells what the policies of a change would let through.
func loosened(heads []Head, subjects []policy.Subject, now time.Time) []finding.Finding {
	var notices []finding.Finding
	for _, h := range heads {
		for _, what := range policy.Loosened(h.Trusted, h.Changed, subjects, now) {
			notices = append(notices, finding.Finding{
				Rule: finding.RuleLoosened, Scanner: finding.Policy, Target: h.Target, Severity: finding.Medium, SeverityFrom: "rule",
				Message:  loosens + what,
				Location: finding.Location{Path: h.Path},
				Identity: finding.Identity{"loosened", h.Path, what},
			})
		}
	}
	return notices
}

// upper makes a phrase begin a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
