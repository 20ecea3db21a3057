package policy

import (
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
)

// compiledRule is a rule ready for many findings.
type compiledRule struct {
	*Rule
	decision         Decision
	rules, whenRules globs
	paths, images    globs
	packages         []purlGlob
	// always says that it matches every finding of a class that admits it.
	always bool
}

// compileRule names the rule by kind, "rule" or "default rule"; where is added to
// the reason.
func compileRule(r *Rule, kind, where string) *compiledRule {
	c := &compiledRule{
		Rule:      r,
		decision:  Decision{Action: r.Action, By: kind + " " + r.ID, Reason: r.reason() + where},
		rules:     newGlobs(r.Rules),
		whenRules: newGlobs(r.When.Rules),
		paths:     newGlobs(r.When.Paths),
		images:    newGlobs(r.When.Images),
		packages:  newPURLGlobs(r.When.Packages),
	}
	c.always = len(c.rules)+len(c.whenRules)+len(c.paths)+len(c.images)+len(c.packages) == 0 && r.When.EPSS == nil
	return c
}

// admits says whether the rule can match findings of a class.
func (r *compiledRule) admits(c class, unknown finding.Severity) bool {
	w := &r.When
	return (len(r.Scanners) == 0 || slices.Contains(r.Scanners, c.scanner)) &&
		w.severityIs(c.severity, unknown) &&
		is(w.New, c.isNew) && is(w.KEV, c.kev) && is(w.Malware, c.malicious) &&
		(w.Fix == "" || (w.Fix == FixAvailable) == c.fix)
}

func is(want *bool, got bool) bool { return want == nil || *want == got }

// severityIs compares a severity; an unknown one is itself and what it compares as.
func (w *When) severityIs(s, unknown finding.Severity) bool {
	if len(w.Severities) == 0 {
		return true
	}
	known := s.Known(unknown)
	for _, m := range w.Severities {
		if s == m.Severity || known == m.Severity || m.OrWorse && known > m.Severity {
			return true
		}
	}
	return false
}

// matches says whether the rule matches a finding of a class that it admits.
func (r *compiledRule) matches(s *subject) bool {
	return r.always || s.imageIs(r.images) && s.pathIs(r.paths, r.images) &&
		s.packageIs(r.packages) &&
		s.ruleIs(r.rules) && s.ruleIs(r.whenRules) &&
		(r.When.EPSS == nil || s.epss >= *r.When.EPSS)
}

// ruleset are the rules of a policy and those of the default behind them.
type ruleset struct {
	unknown finding.Severity
	rules   []*compiledRule
	byClass map[class][]*compiledRule
}

func newRuleset(p *Policy, where string) *ruleset {
	rs := &ruleset{unknown: p.Unknown, byClass: make(map[class][]*compiledRule)}
	if !p.builtIn {
		for i := range p.Rules {
			rs.rules = append(rs.rules, compileRule(&p.Rules[i], "rule", where))
		}
	}
	defaults := loadedDefault().Rules
	for i := range defaults {
		rs.rules = append(rs.rules, compileRule(&defaults[i], "default rule", where))
	}
	return rs
}

// of gives the rules that are left for a class, up to the first that always
// matches.
func (rs *ruleset) of(c class) []*compiledRule {
	left, ok := rs.byClass[c]
	if ok {
		return left
	}
	for _, r := range rs.rules {
		if r.admits(c, rs.unknown) {
			left = append(left, r)
			if r.always {
				break
			}
		}
	}
	rs.byClass[c] = left
	return left
}

// decide gives the decision of the first rule that matches. The default's last
// rule always does.
func (rs *ruleset) decide(s *subject) Decision {
	for _, r := range rs.of(s.class) {
		if r.matches(s) {
			return r.decision
		}
	}
	return Decision{Action: Block, By: "no rule", Reason: "no rule matches"} // closed, should the default ever lose that rule
}
