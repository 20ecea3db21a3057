package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

// Few words each, so that rules, exceptions and findings meet often.
var (
	drawScanner  = rapid.SampledFrom(scanners)
	drawRule     = rapid.SampledFrom([]string{"DL3008", "DL3002", "CVE-2026-1", "CVE-2026-2", "image/root-user", "token"})
	drawRuleGlob = rapid.SampledFrom([]string{"DL3008", "DL*", "CVE-2026-*", "image/**", "*", "GHSA-a", "token"})
	drawPath     = rapid.SampledFrom([]string{"a", "a/b", "a/b/c", "d/b", "Dockerfile", ""})
	drawPathGlob = rapid.SampledFrom([]string{"a", "a/**", "**/b", "{a,d}/*", "**", "Docker*"})
	drawImage    = rapid.SampledFrom([]string{"", "app", "registry/app", "registry/other"})
	drawImgGlob  = rapid.SampledFrom([]string{"app", "registry/*", "**"})
	drawPURL     = rapid.SampledFrom([]string{"pkg:npm/a@1", "pkg:npm/%40s/a@2", "pkg:deb/debian/a@1?arch=x", ""})
	drawPURLGlob = rapid.SampledFrom([]string{"pkg:npm/a", "pkg:npm/**", "pkg:npm/@s/a", "pkg:deb/debian/a@1", "pkg:deb/debian/a@*", "pkg:*/**", "pkg:deb/debian/a@1?arch=x"})
	drawID       = rapid.SampledFrom([]string{"CVE-2026-1", "CVE-2026-2", "GHSA-a", "ghsa-A", "OSV-1"})
	drawSeverity = rapid.SampledFrom(finding.Severities())
	drawAction   = rapid.SampledFrom([]Action{Block, Warn, Note})
	drawPrint    = rapid.SampledFrom([]string{"v1:1", "v1:2", "v1:3#2"})
	drawBool     = rapid.SampledFrom([]*bool{nil, nil, new(true), new(false)})
)

func few[T any](g *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just[[]T](nil), rapid.Just[[]T](nil), rapid.SliceOfN(g, 1, 2))
}

var drawSubject = rapid.Custom(func(t *rapid.T) Subject {
	s := Subject{New: drawBool.Draw(t, "new")}
	s.Rule = drawRule.Draw(t, "rule")
	s.Scanner = drawScanner.Draw(t, "scanner")
	s.Target = rapid.SampledFrom([]string{"dir:.", "oci-dir:x"}).Draw(t, "target")
	s.Severity = drawSeverity.Draw(t, "severity")
	s.Fingerprint = drawPrint.Draw(t, "fingerprint")
	s.Location.Path = drawPath.Draw(t, "path")
	s.Location.Image = drawImage.Draw(t, "image")
	if rapid.Bool().Draw(t, "fixable") {
		s.Fix = &finding.Fix{}
	}
	if s.Scanner == finding.Packages {
		s.Package = &inventory.Package{PURL: drawPURL.Draw(t, "purl"), Name: "a", Origin: rapid.SampledFrom([]string{"", OriginBase, OriginOurs}).Draw(t, "origin")}
		s.Advisory = &finding.Advisory{
			ID: drawID.Draw(t, "id"), Aliases: few(drawID).Draw(t, "aliases"),
			Fixed: few(rapid.Just("2")).Draw(t, "fixed"), KEV: rapid.Bool().Draw(t, "kev"), Malware: rapid.Bool().Draw(t, "malware"),
			EPSS:      rapid.Float64Range(0, 1).Draw(t, "epss"),
			Published: rapid.SampledFrom([]string{"", "2026-09-20T10:00:00Z", "2026-09-30", "2026-11-01", "soon"}).Draw(t, "published"),
		}
	}
	return s
})

var drawDays = rapid.Custom(func(t *rapid.T) Days {
	return rapid.MapOfN(rapid.SampledFrom(knownSeverities()), rapid.IntRange(1, 30), 1, 5).Draw(t, "days")
})

var drawScope = rapid.Custom(func(t *rapid.T) Scope {
	return Scope{
		Paths: few(drawPathGlob).Draw(t, "paths"), Images: few(drawImgGlob).Draw(t, "images"), Rules: few(drawRuleGlob).Draw(t, "rules"),
		Packages: few(drawPURLGlob).Draw(t, "packages"), Scanners: rapid.SliceOfN(drawScanner, 1, 2).Draw(t, "scanners"),
		KEV: rapid.Bool().Draw(t, "kev"), Malware: rapid.Bool().Draw(t, "malware"), ActionMax: rapid.SampledFrom([]Action{Note, Warn}).Draw(t, "max"),
	}
})

var drawLimits = rapid.Custom(func(t *rapid.T) Limits {
	l := Limits{OnExpired: drawReaction.Draw(t, "expired"), OnUnmatched: drawReaction.Draw(t, "unmatched")}
	if rapid.Bool().Draw(t, "aged") {
		l.ExceptionMaxAge = drawDays.Draw(t, "maxAge")
	}
	return l
})

var drawRuleOf = rapid.Custom(func(t *rapid.T) Rule {
	r := Rule{
		ID: "r", Scanners: few(drawScanner).Draw(t, "scanners"), Rules: few(drawRuleGlob).Draw(t, "rules"), Action: drawAction.Draw(t, "action"),
		When: When{
			Severities: few(rapid.Custom(func(t *rapid.T) SeverityMatch {
				return SeverityMatch{drawSeverity.Draw(t, "severity"), rapid.Bool().Draw(t, "orWorse")}
			})).Draw(t, "severities"),
			Rules: few(drawRuleGlob).Draw(t, "whenRules"), Paths: few(drawPathGlob).Draw(t, "paths"), Images: few(drawImgGlob).Draw(t, "images"),
			Packages: few(drawPURLGlob).Draw(t, "packages"), Fix: rapid.SampledFrom([]string{"", "", FixAvailable, FixNone}).Draw(t, "fix"),
			New: drawBool.Draw(t, "new"), KEV: drawBool.Draw(t, "kev"), Malware: drawBool.Draw(t, "malware"),
		},
	}
	r.When.Origin = rapid.SampledFrom([]string{"", "", OriginBase, OriginOurs}).Draw(t, "origin")
	r.When.Events = few(rapid.SampledFrom([]string{"change", "push"})).Draw(t, "events")
	r.When.Environments = few(rapid.SampledFrom([]string{"prod", "test"})).Draw(t, "environments")
	if rapid.Bool().Draw(t, "published") {
		r.When.Published = &Age{rapid.IntRange(1, 30).Draw(t, "days"), rapid.Bool().Draw(t, "younger")}
	}
	if rapid.Bool().Draw(t, "until") {
		r.Until = dayOf(today).AddDate(0, 0, rapid.IntRange(-2, 2).Draw(t, "untilDays"))
		r.Then = rapid.SampledFrom(slices.DeleteFunc([]Action{Block, Warn, Note}, func(a Action) bool { return a == r.Action })).Draw(t, "then")
	}
	if (r.When.New == nil || !*r.When.New) && (r.Action == Block || r.Then == Block) && rapid.Bool().Draw(t, "graced") {
		r.Grace = &Grace{For: drawDays.Draw(t, "grace")}
	}
	if rapid.Bool().Draw(t, "epss") {
		r.When.EPSS = new(rapid.Float64Range(0, 1).Draw(t, "bound"))
	}
	return r
})

var drawException = rapid.Custom(func(t *rapid.T) Exception {
	e := Exception{Reason: "r", Owner: "o", ApprovedBy: "a", Created: date(2026, 1, 1), Expires: today.Truncate(24*time.Hour).AddDate(0, 0, rapid.IntRange(-2, 2).Draw(t, "days"))}
	e.Match = Match{
		CVEs: few(drawID).Draw(t, "cves"), PURLs: few(drawPURLGlob).Draw(t, "purls"), Rules: few(drawRuleGlob).Draw(t, "rules"),
		Paths: few(drawPathGlob).Draw(t, "paths"), Images: few(drawImgGlob).Draw(t, "images"), Fingerprints: few(drawPrint).Draw(t, "prints"),
	}
	if e.Match.short() == "" {
		e.Match.Rules = []string{"*"}
	}
	return e
})

var drawReaction = rapid.SampledFrom([]Reaction{Fail, WarnOfIt})

var drawPolicy = rapid.Custom(func(t *rapid.T) *Policy {
	p := &Policy{
		Path: "p", Rules: rapid.SliceOfN(drawRuleOf, 0, 5).Draw(t, "rules"), Exceptions: rapid.SliceOfN(drawException, 0, 5).Draw(t, "exceptions"),
		Scopes: few(drawScope).Draw(t, "scopes"), Exclude: few(drawPathGlob).Draw(t, "exclude"), Limits: drawLimits.Draw(t, "limits"),
		Trust:    Trust{HeadMay: HeadTightens, NativeIgnores: rapid.SampledFrom([]NativeIgnores{Honour, Count, Refuse}).Draw(t, "native")},
		New:      Comparison{To: rapid.SampledFrom([]string{ToMergeBase, ToNothing}).Draw(t, "compareTo")},
		Unknown:  rapid.SampledFrom([]finding.Severity{finding.Info, finding.Low, finding.Medium, finding.High, finding.Critical}).Draw(t, "unknown"),
		Coverage: Coverage{few(drawScanner).Draw(t, "require"), nil, drawReaction.Draw(t, "error"), drawReaction.Draw(t, "partial"), drawReaction.Draw(t, "nothing"), time.Duration(rapid.IntRange(1, 500).Draw(t, "age")) * time.Hour, drawReaction.Draw(t, "stale"), nil},
	}
	for i := range p.Rules {
		p.Rules[i].ID = fmt.Sprintf("r%d", i)
	}
	return p
})

var drawInput = rapid.Custom(func(t *rapid.T) Input {
	in := Input{
		Subjects: rapid.SliceOfN(drawSubject, 0, 8).Draw(t, "subjects"),
		Scans: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Scan {
			return Scan{
				Scanner: drawScanner.Draw(t, "scanner"), Target: rapid.SampledFrom([]string{"dir:.", "oci-dir:x"}).Draw(t, "target"),
				Status: rapid.SampledFrom([]finding.Status{finding.StatusOK, finding.StatusNothing, finding.StatusPartial, finding.StatusFailed}).Draw(t, "status"),
			}
		}), 0, 4).Draw(t, "scans"),
		WarnOnly: rapid.Bool().Draw(t, "warnOnly"), DefaultBranch: rapid.Bool().Draw(t, "defaultBranch"),
		Event: rapid.SampledFrom([]Event{"", Change, Push}).Draw(t, "event"), Environment: rapid.SampledFrom([]string{"", "prod"}).Draw(t, "environment"),
		Failures: few(rapid.Just("no disk")).Draw(t, "failures"),
	}
	if rapid.Bool().Draw(t, "failing") {
		in.FailOn = new(drawSeverity.Draw(t, "failOn"))
	}
	return in
})

var drawPolicies = rapid.SliceOfN(drawPolicy, 1, 2)

func TestTheOrderOfFindingsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policies, in := drawPolicies.Draw(t, "policies"), drawInput.Draw(t, "in")
		order := make([]int, len(in.Subjects))
		for i := range order {
			order[i] = i
		}
		order = rapid.Permutation(order).Draw(t, "order")
		shuffled := in
		shuffled.Subjects = make([]Subject, len(order))
		for i, from := range order {
			shuffled.Subjects[i] = in.Subjects[from]
		}
		verdict, decisions := Judge(policies, in, today)
		again, redecided := Judge(policies, shuffled, today)
		if diff := cmp.Diff(verdict, again); diff != "" {
			t.Fatal(diff)
		}
		for i, from := range order {
			if diff := cmp.Diff(decisions[from], redecided[i]); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

var statusRank = map[VerdictStatus]int{Pass: 0, None: 1, Blocked: 2}

func TestASecondPolicyNeverMakesADecisionWeaker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two, in := drawPolicy.Draw(t, "one"), drawPolicy.Draw(t, "two"), drawInput.Draw(t, "in")
		verdict, decisions := Judge([]*Policy{one}, in, today)
		for _, policies := range [][]*Policy{{one, two}, {two, one}} {
			stricter, redecided := Judge(policies, in, today)
			for i := range decisions {
				if redecided[i].Action.strictness() < decisions[i].Action.strictness() {
					t.Fatalf("finding %d: %v became %v", i, decisions[i], redecided[i])
				}
			}
			if statusRank[stricter.Status] < statusRank[verdict.Status] {
				t.Fatalf("%v became %v", verdict, stricter)
			}
			if verdict.ExitCode != 0 && stricter.ExitCode == 0 {
				t.Fatalf("%v became %v", verdict, stricter)
			}
		}
	})
}

func TestAnExceptionTouchesOnlyWhatItMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in, e := drawPolicy.Draw(t, "policy"), drawInput.Draw(t, "in"), drawException.Draw(t, "exception")
		more := *p
		more.Exceptions = append(slices.Clone(p.Exceptions), e)
		_, before := Judge([]*Policy{p}, in, today)
		_, after := Judge([]*Policy{&more}, in, today)
		number := len(more.Exceptions)
		c := compilingFor(p, in).exception(&e, number, &p.Limits)
		for i := range in.Subjects {
			switch {
			case !c.matches(newSubject(&in.Subjects[i], dayOf(today))):
				if diff := cmp.Diff(before[i], after[i]); diff != "" {
					t.Fatalf("finding %d, which it does not match: %s", i, diff)
				}
			case !cmp.Equal(before[i], after[i]) && after[i].By != fmt.Sprintf("exception %d", number) && after[i].Action != before[i].Action:
				t.Fatalf("finding %d: %v became %v", i, before[i], after[i])
			}
		}
	})
}

func TestFailOnIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policies, in := drawPolicies.Draw(t, "policies"), drawInput.Draw(t, "in")
		in.FailOn = nil
		_, last := Judge(policies, in, today)
		for _, s := range finding.Severities() { // from critical downwards
			in.FailOn = &s
			_, decisions := Judge(policies, in, today)
			for i := range decisions {
				if decisions[i].Action.strictness() < last[i].Action.strictness() {
					t.Fatalf("fail-on %s, finding %d: %v became %v", s, i, last[i], decisions[i])
				}
			}
			last = decisions
		}
	})
}

// Classes and indexes are there for speed: a plain search through all rules and
// exceptions must find the same.
func TestTheIndexFindsWhatAPlainSearchFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := drawPolicy.Draw(t, "policy"), drawInput.Draw(t, "in")
		in.FailOn = nil
		_, decisions := Judge([]*Policy{p}, in, today)
		for i := range in.Subjects {
			if want := plainSearch(p, in, newSubject(&in.Subjects[i], dayOf(today))); decisions[i] != want {
				t.Fatalf("finding %d: got %v, want %v", i, decisions[i], want)
			}
		}
	})
}

// compilingFor is what a judge compiles rules and exceptions with.
func compilingFor(p *Policy, in Input) *compiling {
	return &compiling{run: &in, today: dayOf(today), unknown: p.Unknown}
}

func plainSearch(p *Policy, in Input, s *subject) Decision {
	d := plainDecision(p, in, s)
	for _, scope := range compileScopes(p.Scopes, "") {
		if scope.matches(s) {
			return scope.capped(d)
		}
	}
	return d
}

func plainDecision(p *Policy, in Input, s *subject) Decision {
	compiling := compilingFor(p, in)
	if newGlobs(p.Exclude).match(s.Location.Path) && !s.inImage {
		return Decision{Action: Suppress, By: "exclude", Reason: "the policy excludes this path"}
	}
	for _, over := range []bool{false, true} {
		for i := range p.Exceptions {
			if c := compiling.exception(&p.Exceptions[i], i+1, &p.Limits); !c.pending && c.terms[s.severity].over == over && c.matches(s) {
				d := c.terms[s.severity].decision
				if over && (p.Limits.OnExpired == WarnOfIt || !s.isNew && !in.DefaultBranch) {
					d.Action = Warn
				}
				return d
			}
		}
	}
	for i := range p.Rules {
		if c := compiling.compile(&p.Rules[i], "rule"); c.admits(s.class) && c.matches(s) {
			return c.decide(s)
		}
	}
	for _, r := range Default().Rules {
		if c := compiling.compile(&r, "default rule"); c.admits(s.class) && c.matches(s) {
			return c.decide(s)
		}
	}
	return Decision{}
}

func TestEffectiveReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy.Draw(t, "policy")
		for i := range p.Rules { // what the loader would refuse
			p.Rules[i].When.Severities = slices.DeleteFunc(p.Rules[i].When.Severities, func(m SeverityMatch) bool { return m.OrWorse && m.Severity == finding.Unknown })
			if len(p.Rules[i].When.Severities) == 0 {
				p.Rules[i].When.Severities = nil
			}
		}
		for i := range p.Exceptions {
			p.Exceptions[i].Match.Fingerprints = nil
			if p.Exceptions[i].Match.short() == "" {
				p.Exceptions[i].Match.Rules = []string{"*"}
			}
		}
		if len(p.Rules) == 0 {
			p.Rules = nil
		}
		if len(p.Scopes) == 0 {
			p.Scopes = nil
		}
		if len(p.Exceptions) == 0 {
			p.Exceptions = nil
		}
		printed := Effective([]*Policy{p})
		again, err := Load("again.yaml", []byte(printed))
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		if diff := cmp.Diff(p, again, samePolicy); diff != "" {
			t.Fatal(diff)
		}
	})
}

// The shortcuts of a compiled glob change nothing.
func TestGlobMatchesAsDoublestarDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`(a|b|/|\*|\*\*|\*\*/|/\*\*|\?|\{a,b\}|\{\*\*/,\}|\[ab\]|\\\*|,|\}){0,6}`).Draw(t, "pattern")
		name := rapid.StringMatching(`(a|b|/|\*|,|\}){0,6}`).Draw(t, "name")
		if badGlob(pattern) != "" {
			return
		}
		g := newGlob(pattern)
		want := doublestar.MatchUnvalidated(pattern, name)
		if got := g.match(name); got != want {
			t.Fatalf("%q on %q: got %v, want %v", pattern, name, got, want)
		}
	})
}

func TestAPatternThatCostsIsStillCheap(t *testing.T) {
	pattern := "*" + strings.Repeat("a", 200) + "{b,b,b,b,b,b,b,b,b}{c,c,c,c,c,c,c,c,c}"
	if why := badGlob(pattern); why != "" {
		t.Fatal(why)
	}
	g := newGlob(pattern)
	start := time.Now()
	if g.match(strings.Repeat("a", 4096) + "b") {
		t.Error("it matches")
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	} else {
		t.Log(took)
	}
}

// tighten changes a policy in one way that must never make a decision weaker.
func tighten(t *rapid.T, p *Policy) *Policy {
	out := *p
	out.Rules, out.Exceptions = slices.Clone(p.Rules), slices.Clone(p.Exceptions)
	switch rapid.SampledFrom([]string{"action", "grace", "scope", "exclude", "native", "expired", "age", "exception"}).Draw(t, "tighten") {
	case "action":
		if len(out.Rules) > 0 {
			r := &out.Rules[rapid.IntRange(0, len(out.Rules)-1).Draw(t, "rule")]
			r.Action, r.Then = Block, Block
		}
	case "grace":
		for i := range out.Rules {
			out.Rules[i].Grace = nil
		}
	case "scope":
		out.Scopes = nil
	case "exclude":
		out.Exclude = nil
	case "native":
		out.Trust.NativeIgnores = map[NativeIgnores]NativeIgnores{Honour: Count, Count: Refuse, Refuse: Refuse}[p.Trust.NativeIgnores]
	case "expired":
		out.Limits.OnExpired = Fail
	case "age":
		// A bound may turn an acceptance into a warning where the rule would block.
		out.Limits.OnExpired = Fail
		out.Limits.ExceptionMaxAge = Days{}
		for _, s := range knownSeverities() {
			out.Limits.ExceptionMaxAge[s] = 1
		}
	case "exception": // those that hold, to the last severity
		if p.Limits.ExceptionMaxAge != nil {
			return p
		}
		out.Exceptions = slices.DeleteFunc(out.Exceptions, func(e Exception) bool { return !dayOf(today).After(e.Expires) })
	}
	return &out
}

func TestTighteningIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, in := drawPolicy.Draw(t, "policy"), drawInput.Draw(t, "in")
		_, before := Judge([]*Policy{p}, in, today)
		_, after := Judge([]*Policy{tighten(t, p)}, in, today)
		for i := range before {
			if after[i].Action.strictness() < before[i].Action.strictness() {
				t.Fatalf("finding %d: %v became %v", i, before[i], after[i])
			}
		}
	})
}
