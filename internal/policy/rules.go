package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// compiledRule is a rule ready for many findings of one run.
type compiledRule struct {
	*Rule
	// decision is what is decided today, but for grace; its reason is made for each
	// finding where there is a template.
	decision         Decision
	text             *template
	where            string
	unknown          finding.Severity
	circumstances    bool // whether the run's event and environment are those of the rule
	rules, whenRules globs
	paths, images    globs
	packages         []purlGlob
	program          *celProgram
	hint             hint
	// always says that it matches every finding of a class that admits it.
	always bool
}

// compiling is what is the same for all rules of a policy.
type compiling struct {
	run     *Input
	today   time.Time
	unknown finding.Severity
	// where is added to reasons: the policy's path, where there are several.
	where string
}

// compile names the rule by kind, "rule" or "default rule".
func (c *compiling) compile(r *Rule, kind string) *compiledRule {
	out := &compiledRule{
		Rule:      r,
		where:     c.where,
		unknown:   c.unknown,
		rules:     newGlobs(r.Rules),
		whenRules: newGlobs(r.When.Rules),
		paths:     newGlobs(r.When.Paths),
		images:    newGlobs(r.When.Images),
		packages:  newPURLGlobs(r.When.Packages),
		program:   newProgram(r.CEL, c.run),
	}
	out.decision = Decision{Action: r.Action, By: kind + " " + r.ID, Reason: r.reason() + c.where}
	switch {
	case r.Until.IsZero():
	case c.today.After(r.Until):
		out.decision.Action = r.Then
		out.decision.Reason = fmt.Sprintf("%s: %s since %s is over%s", r.reason(), r.Then, day(r.Until), c.where)
	default:
		out.decision.Until = day(r.Until)
	}
	if r.Message != "" {
		out.text = newTemplate(r.Message)
	}
	w := &r.When
	out.circumstances = anyOf(w.Events, string(c.run.Event)) && anyOf(w.Environments, c.run.Environment)
	out.always = len(out.rules)+len(out.whenRules)+len(out.paths)+len(out.images)+len(out.packages) == 0 &&
		w.EPSS == nil && w.Published == nil && out.program == nil
	out.hint = out.newHint()
	return out
}

func anyOf(words []string, word string) bool { return len(words) == 0 || slices.Contains(words, word) }

// admits says whether the rule can match findings of a class.
func (r *compiledRule) admits(c class) bool {
	w := &r.When
	return r.circumstances && anyOf(r.Scanners, c.scanner) &&
		w.severityIs(c.severity, r.unknown) &&
		is(w.New, c.isNew) && is(w.KEV, c.kev) && is(w.Malware, c.malicious) &&
		(w.Fix == "" || (w.Fix == FixAvailable) == c.fix) &&
		(w.Origin == "" || w.Origin == c.origin)
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

// matches says whether the rule matches a finding of a class that it admits. An
// expression that cannot be evaluated matches: decide blocks then.
func (r *compiledRule) matches(s *subject) bool {
	return r.always || s.imageIs(r.images) && s.pathIs(r.paths, r.images) &&
		s.packageIs(r.packages) &&
		s.ruleIs(r.rules) && s.ruleIs(r.whenRules) &&
		(r.When.EPSS == nil || s.epss >= *r.When.EPSS) &&
		s.ageIs(r.When.Published) &&
		(r.program == nil || r.program.matches(s))
}

// decide is what the rule decides about a finding that it matches.
func (r *compiledRule) decide(s *subject) Decision {
	if r.program != nil {
		if err := r.program.fault(s); err != nil {
			return Decision{Action: Block, By: r.decision.By, Reason: fmt.Sprintf("its cel cannot be evaluated: %v%s", err, r.where)}
		}
	}
	d := r.decision
	if r.text != nil {
		d.Reason = r.text.fill(s) + r.ended(d) + r.where
	}
	if last, ok := r.graced(s); ok && d.Action == Block {
		return Decision{
			Action: Warn, By: d.By, Until: day(last),
			Reason: fmt.Sprintf("%s; blocks after %s, published %s", d.Reason, day(last), s.Advisory.Published),
		}
	}
	return d
}

// ended says that the rule's action has changed.
func (r *compiledRule) ended(d Decision) string {
	if r.Until.IsZero() || d.Until != "" {
		return ""
	}
	return fmt.Sprintf(": %s since %s is over", r.Then, day(r.Until))
}

// ruleset are the rules of a policy and those of the default behind them.
type ruleset struct {
	rules   []*compiledRule
	byClass map[class][]*compiledRule
}

func newRuleset(p *Policy, c *compiling) *ruleset {
	rs := &ruleset{byClass: make(map[class][]*compiledRule)}
	if !p.builtIn {
		for i := range p.Rules {
			rs.rules = append(rs.rules, c.compile(&p.Rules[i], "rule"))
		}
	}
	defaults := loadedDefault().Rules
	for i := range defaults {
		rs.rules = append(rs.rules, c.compile(&defaults[i], "default rule"))
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
		if r.admits(c) {
			left = append(left, r)
			if r.always {
				break
			}
		}
	}
	rs.byClass[c] = left
	return left
}

// find gives the first rule that matches. The default's last rule always does.
func (rs *ruleset) find(s *subject) *compiledRule {
	for _, r := range rs.of(s.class) {
		if !r.hint.excludes(s) && r.matches(s) {
			return r
		}
	}
	return nil
}

// noRule closes what no rule matches, should the default ever lose its last one.
func noRule() Decision { return Decision{Action: Block, By: "no rule", Reason: "no rule matches"} }
