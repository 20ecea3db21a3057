package policy

import (
	"fmt"
	"slices"
	"time"
)

// Advice names what somebody should look at in a policy that is valid: rules that can
// never match, exceptions that hold no more, not yet, or shorter than they say.
func (p *Policy) Advice(now time.Time) []string {
	var out []string
	say := func(line int, format string, args ...any) {
		out = append(out, fmt.Sprintf("%s:%d: ", p.Path, line)+fmt.Sprintf(format, args...))
	}
	for i := range p.Rules {
		if before := p.hides(i); before != nil {
			say(p.Rules[i].Line, "rule %s never matches: rule %s on line %d takes all that it could", p.Rules[i].ID, before.ID, before.Line)
		}
	}
	today := dayOf(now)
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		name := fmt.Sprintf("exception %d (%s, owner %s)", i+1, e.Match.short(), e.Owner)
		left := e.Expires.AddDate(0, 0, 1).Sub(today)
		switch {
		case left <= 0:
			say(e.Line, "%s expired on %s", name, day(e.Expires))
			continue
		case left <= soon:
			say(e.Line, "%s expires on %s", name, day(e.Expires))
		case today.AddDate(0, 0, 1).Before(e.Created):
			say(e.Line, "%s holds from %s only", name, day(e.Created))
		}
		p.adviseAge(e, name, say)
	}
	return out
}

// adviseAge says for which severity an exception ends first, if before its day.
func (p *Policy) adviseAge(e *Exception, name string, say func(int, string, ...any)) {
	shortest := 0
	var of string
	for _, s := range knownSeverities() {
		if n, ok := p.Limits.ExceptionMaxAge[s]; ok && (shortest == 0 || n < shortest) {
			shortest, of = n, s.String()
		}
	}
	if last := e.Created.AddDate(0, 0, shortest); shortest > 0 && last.Before(e.Expires) {
		say(e.Line, "%s ends on %s for severity %s: limits.exception-max-age allows %s", name, day(last), of, plural(shortest, "day"))
	}
}

// hides gives an earlier rule without conditions that takes everything which rule i
// could match; nil for none.
func (p *Policy) hides(i int) *Rule {
	for k := range p.Rules[:i] {
		r := &p.Rules[k]
		if len(r.Rules) > 0 || r.CEL != "" || len(r.When.flow().parts) > 0 {
			continue
		}
		later := p.Rules[i].Scanners
		if len(r.Scanners) == 0 || len(later) > 0 && !slices.ContainsFunc(later, func(s string) bool { return !slices.Contains(r.Scanners, s) }) {
			return r
		}
	}
	return nil
}
