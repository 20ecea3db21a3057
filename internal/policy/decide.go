package policy

import (
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// judge is a policy ready to judge many findings, on one day.
type judge struct {
	policy     *Policy
	unknown    finding.Severity
	rules      *ruleset
	exceptions *exceptions
}

// newJudge makes a judge; one of several names its policy in its reasons.
func newJudge(p *Policy, now time.Time, several bool) *judge {
	where := ""
	if several {
		where = " (" + p.Path + ")"
	}
	return &judge{
		policy:     p,
		unknown:    p.Unknown,
		rules:      newRuleset(p, where),
		exceptions: newExceptions(p, now, where),
	}
}

// decide is the order of decision: an exception, else what the scanned tree itself
// asks to pass over, else the first rule that matches; where that blocks, the tree
// can ask to be warned instead.
func (j *judge) decide(s *subject) Decision {
	if d, ok := j.exceptions.decide(s); ok {
		return d
	}
	if s.Ignored != "" {
		return Decision{Action: Suppress, By: "ignored", Reason: "by " + s.Ignored}
	}
	d := j.rules.decide(s)
	if s.Spared != "" && d.Action == Block {
		return Decision{Action: Warn, By: "spared", Reason: "by " + s.Spared + "; else blocked by " + d.By}
	}
	return d
}
