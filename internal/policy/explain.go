package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// Explanation says how the decision about a finding came about.
type Explanation struct {
	Decision Decision
	// Accounts are those of the policies that judged it.
	Accounts []Account
	// Last says what came of them together; empty where one policy judged alone.
	Last string
	// Next is what the passing of time will make of it; nil for nothing.
	Next *Next
}

// Account is how one policy came to its decision, step by step.
type Account struct {
	Policy   string
	Steps    []string
	Decision Decision
}

// Next is the first change that only time brings, with the day on which it comes.
type Next struct {
	On       time.Time
	Decision Decision
}

// Explain says how Judge decides about one of the subjects.
func Explain(policies []*Policy, in Input, subject int, now time.Time) Explanation {
	in.programs = make(celCache)
	b := newBench(policies, &in, now)
	s := newSubject(&in.Subjects[subject], dayOf(now))
	judges := b.covering(s)
	var e Explanation
	for _, j := range judges {
		e.Accounts = append(e.Accounts, j.account(s))
	}
	var by *judge
	by, e.Decision = decide(judges, s, &in)
	switch {
	case s.Scanner == finding.Policy:
		e.Accounts, e.Last = nil, "what a change does to the gate itself is a warning, whatever a policy says"
	case by == nil && (e.Decision.By == onlyNew || e.Decision.By == onlyFixed):
		e.Last = "--" + e.Decision.By + " keeps it from blocking"
	case by == nil:
		e.Last = "--fail-on raises what is left"
	case len(judges) > 1:
		e.Last = fmt.Sprintf("the strictest of %d policies decides: %s", len(judges), by.policy.Path)
	}
	e.Next = next(policies, in, subject, e.Decision, days(judges, s))
	return e
}

// maxNext bounds the days that are looked at.
const maxNext = 100

// next judges the finding again on each of the days and gives the first change.
func next(policies []*Policy, in Input, subject int, today Decision, days []time.Time) *Next {
	in.Subjects = in.Subjects[subject : subject+1]
	for _, on := range days[:min(len(days), maxNext)] {
		b := newBench(policies, &in, on)
		s := newSubject(&in.Subjects[0], dayOf(on))
		if _, d := decide(b.covering(s), s, &in); d.Action != today.Action || d.By != today.By {
			return &Next{on, d}
		}
	}
	return nil
}

// days are those to come on which something could change, in order.
func days(judges []*judge, s *subject) []time.Time {
	var all []time.Time
	for _, j := range judges {
		for _, own := range append([]*judge{j}, j.children...) {
			all = append(all, own.days(s)...)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	all = slices.CompactFunc(all, time.Time.Equal)
	return slices.DeleteFunc(all, func(t time.Time) bool { return !t.After(s.today) })
}

// days of one policy.
func (j *judge) days(s *subject) []time.Time {
	var all []time.Time
	for _, e := range j.exceptions.all {
		if e.matches(s) {
			all = append(all, e.Created, e.Created.AddDate(0, 0, -1), e.terms[s.severity].last.AddDate(0, 0, 1))
		}
	}
	// A date to come counts for nothing until the day before.
	on, dated := published(s.Advisory, s.today.AddDate(100, 0, 0))
	if dated {
		all = append(all, on.AddDate(0, 0, -1))
	}
	for _, r := range j.rules.rules {
		if !r.Until.IsZero() {
			all = append(all, r.Until.AddDate(0, 0, 1))
		}
		if dated && r.When.Published != nil {
			all = append(all, on.AddDate(0, 0, r.When.Published.Days))
		}
		if dated && r.Grace != nil {
			all = append(all, on.AddDate(0, 0, r.Grace.For[s.Severity.Known(r.unknown)]+1))
		}
	}
	return all
}

// account goes the way of decide and says so.
func (j *judge) account(s *subject) Account {
	a := Account{Policy: j.policy.Path}
	d := j.recount(s, &a)
	if scope := scopeOf(j.scopes, s); scope != nil {
		capped := scope.capped(d)
		verb := "leaves that as it is"
		if capped != d {
			verb = "caps that"
		}
		a.say("%s (line %d) %s: %s", scope.by, scope.Line, verb, scope.reason)
		d = capped
	}
	a.Decision = d
	return a
}

func (a *Account) say(format string, args ...any) {
	a.Steps = append(a.Steps, fmt.Sprintf(format, args...))
}

// recount tells the way of a decision.
func (j *judge) recount(s *subject, a *Account) Decision {
	d, w := j.uncapped(s)
	if w.excluded {
		a.say("targets.exclude names its path: %s", strings.Join(j.policy.Exclude, ", "))
		return d
	}
	if w.exception != nil {
		j.recountException(w.exception, d, s, a)
		return d
	}
	if len(j.exceptions.all) > 0 {
		a.say("no exception matches")
	}
	if w.stated {
		a.say("a VEX statement matches")
		return d
	}
	if s.Ignored != "" {
		a.say("it is to be ignored by %s; trust.native-ignores is %s", s.Ignored, j.policy.Trust.NativeIgnores.heeded())
	}
	switch {
	case w.ignored:
	case w.rule == nil:
		a.say("no rule matches")
	default:
		j.recountRule(w.rule, s, a)
	}
	switch {
	case w.child != nil:
		a.say("the rule is relaxable, and %s decides: %s by %s", w.child.policy.Path, d.Action, d.By)
	case w.spared:
		a.say("%s asks for a warning instead", s.Ignored+s.Spared)
	}
	return d
}

// recountException tells why an exception decides as it does.
func (j *judge) recountException(e *compiledException, d Decision, s *subject, a *Account) {
	t := e.terms[s.severity]
	a.say("%s (line %d, %s) matches: %s", t.decision.By, e.Line, e.Match.short(), e.Reason)
	a.say("it was created on %s by %s, approved by %s, and expires on %s", day(e.Created), e.Owner, e.ApprovedBy, day(e.Expires))
	if !t.last.Equal(e.Expires) {
		a.say("limits.exception-max-age ends it on %s for severity %s", day(t.last), s.Severity.Known(j.unknown))
	}
	switch {
	case !t.over:
	case d.Action == Block && s.isNew:
		a.say("its time is over, and what it matches is new")
	case d.Action == Block:
		a.say("its time is over, and this is the default branch")
	case j.exceptions.lenient:
		a.say("its time is over, and limits.on-expired is warn")
	default:
		a.say("its time is over; what was there before blocks on the default branch only")
	}
}

func (j *judge) recountRule(r *compiledRule, s *subject, a *Account) {
	conditions := r.conditions()
	if conditions == "" {
		conditions = "it matches every finding"
	}
	at := fmt.Sprintf(" (line %d)", r.Line)
	if strings.HasPrefix(r.decision.By, "default ") {
		at = ""
	}
	a.say("%s%s is the first that matches: %s", r.decision.By, at, conditions)
	if !r.Until.IsZero() {
		a.say("its action is %s until %s, then %s", r.Action, day(r.Until), r.Then)
	}
	if r.Grace != nil {
		a.say("%s", r.recountGrace(s))
	}
}

// recountGrace says what became of the rule's grace.
func (r *compiledRule) recountGrace(s *subject) string {
	on, known := published(s.Advisory, s.today)
	severity := s.Severity.Known(r.unknown)
	n, named := r.Grace.For[severity]
	switch {
	case s.New != nil && *s.New:
		return "it has no grace: the finding is new"
	case !known:
		return "it has no grace: nobody knows when the advisory was published"
	case !named:
		return fmt.Sprintf("it has no grace for severity %s", severity)
	}
	return fmt.Sprintf("its grace, %s for severity %s from %s, ends on %s", plural(n, "day"), severity, day(on), day(on.AddDate(0, 0, n)))
}

// conditions are the rule's in words; empty for none.
func (r *Rule) conditions() string {
	var f flow
	f.list("scanner", r.Scanners)
	f.list("rule", r.Rules)
	f.parts = append(f.parts, r.When.flow().parts...)
	f.text("cel", r.CEL)
	return strings.Join(f.parts, ", ")
}

// Text is the explanation for people, below a line that names the finding.
func (e *Explanation) Text(f *finding.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s, %s", f.Rule, f.Severity, f.Scanner, f.Target)
	if at := place(f); at != "" {
		fmt.Fprintf(&b, ", %s", at)
	}
	if f.Fingerprint != "" {
		fmt.Fprintf(&b, " (%s)", f.Fingerprint)
	}
	fmt.Fprintf(&b, "\n  %s by %s: %s\n", e.Decision.Action, e.Decision.By, e.Decision.Reason)
	for _, a := range e.Accounts {
		fmt.Fprintf(&b, "  %s:\n", a.Policy)
		for _, step := range a.Steps {
			fmt.Fprintf(&b, "    - %s\n", step)
		}
		fmt.Fprintf(&b, "    = %s by %s\n", a.Decision.Action, a.Decision.By)
	}
	if e.Last != "" {
		fmt.Fprintf(&b, "  %s\n", e.Last)
	}
	if e.Next == nil {
		b.WriteString("  time alone does not change this\n")
	} else {
		fmt.Fprintf(&b, "  on %s it becomes %s by %s\n", day(e.Next.On), e.Next.Decision.Action, e.Next.Decision.By)
	}
	return b.String()
}

// place is where a finding is, without a line.
func place(f *finding.Finding) string {
	var parts []string
	for _, part := range []string{f.Location.Image, f.Location.Path} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if f.Package != nil {
		parts = append(parts, strings.TrimSpace(f.Package.Name+" "+f.Package.Version))
	}
	return strings.Join(parts, " ")
}
