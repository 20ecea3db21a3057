package policy

import (
	"slices"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// judge is a policy ready to judge the findings of one run, on one day.
type judge struct {
	policy     *Policy
	unknown    finding.Severity
	today      time.Time
	where      string
	exclude    globs
	rules      *ruleset
	exceptions *exceptions
	statements *statements
	scopes     []*compiledScope
	// children may relax what it says about what these rules of its decide.
	children  []*judge
	relaxable []string
}

// newJudge makes a judge without children; one of several names its policy in its
// reasons.
func newJudge(p *Policy, in *Input, now time.Time, several bool) *judge {
	where := ""
	if several {
		where = " (" + p.Path + ")"
	}
	c := &compiling{run: in, today: dayOf(now), unknown: p.Unknown, where: where}
	return &judge{
		policy:     p,
		unknown:    p.Unknown,
		today:      c.today,
		where:      where,
		exclude:    newGlobs(p.Exclude),
		rules:      newRuleset(p, c),
		exceptions: c.exceptions(p),
		statements: newStatements(p),
		scopes:     compileScopes(p.Scopes, where),
		relaxable:  p.Relaxable,
	}
}

// decide is the order of decision: excluded paths; an exception, or a VEX statement;
// what the scanned tree itself asks to pass over; the first rule that matches, where
// the tree can ask to be warned instead; then the scope's cap.
func (j *judge) decide(s *subject) Decision {
	d, _ := j.uncapped(s)
	return scopeOf(j.scopes, s).capped(d)
}

// way is how a policy comes to a decision: by the first of these that there is. Where
// there is none no rule matches.
type way struct {
	excluded  bool
	exception *compiledException
	stated    bool // by a VEX statement
	ignored   bool
	rule      *compiledRule
	// child decides in the rule's place, or the tree asks for a warning.
	child  *judge
	spared bool
}

func (j *judge) uncapped(s *subject) (Decision, way) {
	if d, ok := j.excluded(s); ok {
		return d, way{excluded: true}
	}
	if d, e := j.exceptions.decide(s); e != nil {
		return d, way{exception: e}
	}
	if d, ok := j.stated(s); ok {
		return d, way{stated: true}
	}
	if s.Ignored != "" && j.policy.Trust.NativeIgnores.heeded() == Honour {
		return Decision{Action: Suppress, By: "ignored", Reason: "by " + s.Ignored}, way{ignored: true}
	}
	r := j.rules.find(s)
	if r == nil {
		return noRule(), way{}
	}
	if child, d := j.relaxed(r, s); child != nil {
		return d, way{rule: r, child: child}
	}
	d := r.decide(s)
	after := j.spared(d, s)
	return after, way{rule: r, spared: after != d}
}

// excluded is the decision about what lies in an excluded path.
func (j *judge) excluded(s *subject) (Decision, bool) {
	if len(j.exclude) == 0 || !s.pathIs(j.exclude, nil) {
		return Decision{}, false
	}
	return Decision{Action: Suppress, By: "exclude", Reason: "the policy excludes this path" + j.where}, true
}

// spared is a rule's decision with what the tree asks for in mind.
func (j *judge) spared(d Decision, s *subject) Decision {
	heeded := j.policy.Trust.NativeIgnores.heeded()
	switch {
	case d.Action != Block || heeded == Refuse:
		return d
	case s.Ignored != "": // which is counted: see uncapped
		return Decision{Action: Warn, By: "ignored", Reason: "by " + s.Ignored + ", which counts as a warning; else blocked by " + d.By}
	case s.Spared != "":
		return Decision{Action: Warn, By: "spared", Reason: "by " + s.Spared + "; else blocked by " + d.By}
	}
	return d
}

// heeded takes care of the zero value.
func (n NativeIgnores) heeded() NativeIgnores {
	if n == "" {
		return Honour
	}
	return n
}

// relaxed is what a child says about what one of the judge's relaxable rules decides;
// the judge is nil where no child has anything to say. A child's own judge counts the
// exceptions, and decides about those that have expired.
func (j *judge) relaxed(r *compiledRule, s *subject) (*judge, Decision) {
	if len(j.children) == 0 || !slices.Contains(j.relaxable, r.ID) {
		return nil, Decision{}
	}
	for _, child := range j.children {
		if !child.policy.appliesTo(s.Target) || !child.policy.covers(s) {
			continue
		}
		if d, ok := child.accepts(s); ok {
			return child, d
		}
		if scope := scopeOf(child.scopes, s); scope != nil {
			if d := r.decide(s); scope.capped(d) != d {
				return child, scope.capped(d)
			}
		}
	}
	return nil, Decision{}
}

// accepts says what the judge suppresses, and counts nothing.
func (j *judge) accepts(s *subject) (Decision, bool) {
	if d, ok := j.excluded(s); ok {
		return d, true
	}
	if e := j.exceptions.find(s, func(*compiledException) {}); e != nil {
		t := e.terms[s.severity]
		return t.decision, !t.over
	}
	return j.stated(s)
}
