package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
)

// publishedOn gives a finding's advisory a date.
func publishedOn(s Subject, date string) Subject {
	return with(s, func(s *Subject) { s.Advisory.Published = date })
}

// decides judges one finding by a body of a policy.
func decides(t *testing.T, body string, in Input, s Subject, now time.Time) Decision {
	t.Helper()
	in.Subjects = []Subject{s}
	_, decisions := Judge([]*Policy{mustLoad(t, body)}, in, now)
	return decisions[0]
}

func TestGraceAndUntil(t *testing.T) {
	const graced = "rules: [{id: g, action: block, grace: {since: published, for: {critical: 7d, high: 30d}}, message: fix it}]\n"
	const until = "rules: [{id: u, action: warn, until: 2026-10-01, then: block, message: soon}]\n"
	const both = "rules: [{id: b, action: warn, until: 2026-09-30, then: block, grace: {since: published, for: 30d}}]\n"
	for name, test := range map[string]struct {
		body    string
		subject Subject
		now     time.Time
		want    Decision
	}{
		"within the grace it warns": {
			graced, publishedOn(npmFinding, "2026-09-05T23:00:00Z"), today,
			Decision{Warn, "rule g", "fix it; blocks after 2026-10-05, published 2026-09-05T23:00:00Z", "2026-10-05", nil},
		},
		"on the last day, late": {
			graced, publishedOn(npmFinding, "2026-09-05"), time.Date(2026, 10, 5, 23, 59, 0, 0, time.UTC),
			Decision{Warn, "rule g", "fix it; blocks after 2026-10-05, published 2026-09-05", "2026-10-05", nil},
		},
		"after it it blocks": {graced, publishedOn(npmFinding, "2026-09-05"), date(2026, 10, 6), Decision{Block, "rule g", "fix it", "", nil}},
		"the days are those of the severity": {
			graced, with(publishedOn(npmFinding, "2026-09-05"), func(s *Subject) { s.Severity = finding.Critical }), today, Decision{Block, "rule g", "fix it", "", nil},
		},
		"a severity that is not named has none": {
			graced, with(publishedOn(npmFinding, "2026-09-30"), func(s *Subject) { s.Severity = finding.Low }), today, Decision{Block, "rule g", "fix it", "", nil},
		},
		"an unknown date has none":   {graced, npmFinding, today, Decision{Block, "rule g", "fix it", "", nil}},
		"a date that is none":        {graced, publishedOn(npmFinding, "soon"), today, Decision{Block, "rule g", "fix it", "", nil}},
		"a date in the future":       {graced, publishedOn(npmFinding, "2027-01-01"), today, Decision{Block, "rule g", "fix it", "", nil}},
		"what is new has none":       {graced, with(publishedOn(npmFinding, "2026-09-30"), func(s *Subject) { s.New = new(true) }), today, Decision{Block, "rule g", "fix it", "", nil}},
		"what no advisory is about":  {graced, lintFinding, today, Decision{Block, "rule g", "fix it", "", nil}},
		"until a day, on that day":   {until, lintFinding, today, Decision{Warn, "rule u", "soon", "2026-10-01", nil}},
		"until a day, after it":      {until, lintFinding, date(2026, 10, 2), Decision{Block, "rule u", "soon: block since 2026-10-01 is over", "", nil}},
		"grace for what comes later": {both, publishedOn(npmFinding, "2026-09-30"), today, Decision{Warn, "rule b", "matches every finding: block since 2026-09-30 is over; blocks after 2026-10-30, published 2026-09-30", "2026-10-30", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, decides(t, test.body, Input{}, test.subject, test.now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhenOfTheRun(t *testing.T) {
	ours := with(debFinding, func(s *Subject) { p := *s.Package; p.Origin = OriginOurs; s.Package = &p })
	base := with(debFinding, func(s *Subject) { p := *s.Package; p.Origin = OriginBase; s.Package = &p })
	young, old, dateless := publishedOn(npmFinding, "2026-09-25"), publishedOn(npmFinding, "2026-09-24"), npmFinding
	for name, test := range map[string]struct {
		when    string
		in      Input
		subject Subject
		want    bool
	}{
		"event":                         {"event: push", Input{Event: Push}, lintFinding, true},
		"another event":                 {"event: [push, schedule]", Input{Event: Change}, lintFinding, false},
		"no event":                      {"event: push", Input{}, lintFinding, false},
		"environment":                   {"environment: [prod, staging]", Input{Environment: "prod"}, lintFinding, true},
		"another environment":           {"environment: prod", Input{}, lintFinding, false},
		"of the base image":             {"origin: base", Input{}, base, true},
		"of ours":                       {"origin: ours", Input{}, ours, true},
		"of neither":                    {"origin: base", Input{}, debFinding, false},
		"of neither one":                {"origin: ours", Input{}, debFinding, false},
		"a lockfile is ours":            {"origin: ours", Input{}, npmFinding, true},
		"published lately":              {`published: "<7d"`, Input{}, young, true},
		"published a week ago":          {`published: "<7d"`, Input{}, old, false},
		"published long ago":            {`published: ">=7d"`, Input{}, old, true},
		"published not long ago":        {`published: ">=7d"`, Input{}, young, false},
		"nobody knows when: it is old":  {`published: ">=7d"`, Input{}, dateless, true},
		"nobody knows when: not lately": {`published: "<7d"`, Input{}, dateless, false},
		"published, but no advisory":    {`published: ">=7d"`, Input{}, lintFinding, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := decides(t, "rules: [{id: it, when: {"+test.when+"}, action: note}]\n", test.in, test.subject, today)
			if got := d.By == "rule it"; got != test.want {
				t.Errorf("%v: %+v", got, d)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	kev := with(npmFinding, func(s *Subject) { s.Advisory.KEV = true })
	malware := with(npmFinding, func(s *Subject) { s.Advisory.Malware = true })
	worst := with(malware, func(s *Subject) { s.Advisory.KEV = true })
	for name, test := range map[string]struct {
		scopes  string
		subject Subject
		want    string
	}{
		"it caps":                               {"{paths: Dockerfile, action-max: note}", rootFinding, "note by scope 1"},
		"it raises nothing":                     {"{paths: \"**\", action-max: warn}", with(rootFinding, func(s *Subject) { s.Severity = finding.Info }), "note by default rule rest"},
		"elsewhere it does nothing":             {"{paths: \"examples/**\", action-max: note}", rootFinding, "block by default rule dockerfile"},
		"the first that matches counts":         {"{paths: Dockerfile, action-max: warn}, {paths: \"**\", action-max: note}", rootFinding, "warn by scope 1"},
		"every field must match":                {"{paths: \"**\", rules: \"SC*\", action-max: note}", rootFinding, "block by default rule dockerfile"},
		"by rule":                               {"{rules: \"DL*\", scanners: dockerfile, action-max: note}", rootFinding, "note by scope 1"},
		"by package":                            {"{packages: \"pkg:npm/**\", action-max: note}", npmFinding, "note by scope 1"},
		"by image":                              {"{images: \"**\", action-max: note}", imageFinding, "note by scope 1"},
		"no path of an image":                   {"{paths: \"**\", action-max: note}", with(imageFinding, func(s *Subject) { s.Location.Path = "etc" }), "block by default rule image"},
		"secrets only by name":                  {"{paths: \"**\", action-max: note}", secretFinding, "block by default rule secrets"},
		"secrets by name":                       {"{paths: \"**\", scanners: [secrets, dockerfile], action-max: note}", secretFinding, "note by scope 1"},
		"exploited ones only by name":           {"{paths: \"**\", scanners: packages, action-max: note}", kev, "block by default rule exploited"},
		"exploited ones by name":                {"{paths: \"**\", kev: true, action-max: warn}", kev, "warn by scope 1"},
		"malware only by name":                  {"{paths: \"**\", kev: true, action-max: note}", malware, "block by default rule malware"},
		"malware by name":                       {"{paths: \"**\", malware: true, action-max: note}", malware, "note by scope 1"},
		"malware that is exploited by both":     {"{paths: \"**\", malware: true, action-max: note}", worst, "block by default rule malware"},
		"who names kev means nothing else":      {"{paths: \"**\", kev: true, action-max: note}", npmFinding, "block by default rule fixable"},
		"who names both means those of both":    {"{paths: \"**\", kev: true, malware: true, action-max: note}", worst, "note by scope 1"},
		"an exception that has expired as well": {"{paths: \"services/**\", action-max: note}]\nexceptions: [{match: {rule: DL3008}, reason: r, owner: o, approved-by: a, created: 2026-01-01, expires: 2026-02-01}", lintFinding, "note by scope 1"},
	} {
		t.Run(name, func(t *testing.T) {
			d := decides(t, "scopes: ["+test.scopes+"]\n", Input{}, test.subject, today)
			if got := string(d.Action) + " by " + d.By; got != test.want {
				t.Errorf("got %s, want %s (%s)", got, test.want, d.Reason)
			}
		})
	}
}

func TestExcludedPaths(t *testing.T) {
	const body = "targets: {exclude: [\"config/**\", \"var/**\"]}\n"
	if d := decides(t, body, Input{FailOn: ptr(finding.Info)}, secretFinding, today); d.Action != Suppress || d.By != "exclude" {
		t.Errorf("%+v", d)
	}
	for _, s := range []Subject{rootFinding, debFinding, namelessFinding} {
		if d := decides(t, body, Input{}, s, today); d.Action == Suppress {
			t.Errorf("%s: %+v", s.Rule, d)
		}
	}
}

// Whether what has expired blocks depends on where it is, and how old an exception
// may be on what it accepts.
func TestLimits(t *testing.T) {
	const expired = "exceptions: [{match: {rule: DL3008}, reason: r, owner: o, approved-by: a, created: 2026-01-01, expires: 2026-02-01}]\n"
	const aged = "exceptions: [{match: {path: \"**\"}, reason: r, owner: o, approved-by: a, created: 2026-09-20, expires: 2026-12-31}]\nlimits: {exception-max-age: {critical: 7d, high: 30d}}\n"
	severe := func(s finding.Severity) Subject { return with(lintFinding, func(f *Subject) { f.Severity = s }) }
	for name, test := range map[string]struct {
		body    string
		in      Input
		subject Subject
		want    string
	}{
		"expired, of something new":            {expired, Input{}, lintFinding, "block"},
		"expired, of something old":            {expired, Input{}, old(lintFinding), "warn"},
		"expired, on the default branch":       {expired, Input{DefaultBranch: true}, old(lintFinding), "block"},
		"expired, and the policy only warns":   {expired + "limits: {on-expired: warn}\n", Input{DefaultBranch: true}, lintFinding, "warn"},
		"young enough":                         {aged, Input{}, severe(finding.High), "suppress until 2026-10-20"},
		"too old for what it accepts":          {aged, Input{}, severe(finding.Critical), "block"},
		"too old, of something old":            {aged, Input{}, old(severe(finding.Critical)), "warn"},
		"without a bound its own end":          {aged, Input{}, severe(finding.Low), "suppress until 2026-12-31"},
		"an unknown severity as it compares":   {aged + "severity: {unknown: critical}\n", Input{}, severe(finding.Unknown), "block"},
		"one bound for all":                    {"exceptions: [{match: {path: \"**\"}, reason: r, owner: o, approved-by: a, created: 2026-09-20, expires: 2026-12-31}]\nlimits: {exception-max-age: 5d}\n", Input{}, severe(finding.Info), "block"},
		"a bound beyond its end is none":       {"exceptions: [{match: {path: \"**\"}, reason: r, owner: o, approved-by: a, created: 2026-09-20, expires: 2026-10-02}]\nlimits: {exception-max-age: 99d}\n", Input{}, severe(finding.Info), "suppress until 2026-10-02"},
		"native ignores are honoured":          {"", Input{}, ignored(rootFinding), "suppress"},
		"native ignores count":                 {"trust: {native-ignores: count}\n", Input{}, ignored(rootFinding), "warn"},
		"native ignores count as warnings":     {"trust: {native-ignores: count}\n", Input{}, ignored(severe(finding.Info)), "note"},
		"native ignores are refused":           {"trust: {native-ignores: refuse}\n", Input{}, ignored(rootFinding), "block"},
		"what spares is refused with them":     {"trust: {native-ignores: refuse}\n", Input{}, spared(rootFinding), "block"},
		"what spares is a warning anyway":      {"trust: {native-ignores: count}\n", Input{}, spared(rootFinding), "warn"},
		"a pragma spares no expired exception": {expired, Input{}, ignored(lintFinding), "block"},
	} {
		t.Run(name, func(t *testing.T) {
			d := decides(t, test.body, test.in, test.subject, today)
			got := string(d.Action)
			if d.Action == Suppress && d.Until != "" {
				got += " until " + d.Until
			}
			if got != test.want {
				t.Errorf("got %s, want %s: %+v", got, test.want, d)
			}
		})
	}
}

func TestUnmatchedExceptionsCanFail(t *testing.T) {
	p := mustLoad(t, "limits: {on-unmatched: fail}\n"+excepting("{match: {rule: nothing}, expires: 2026-12-31}"))
	v, _ := Judge([]*Policy{p}, Input{Scans: []Scan{{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusOK}}}, today)
	if v.Status != None || v.ExitCode != ExitNone {
		t.Errorf("%+v", v)
	}
}

// A child's word counts for its parent where the parent says so, and nowhere else.
func TestRelaxable(t *testing.T) {
	const accepts = "exceptions: [{match: {path: \"services/**\"}, reason: r, owner: o, approved-by: a, created: 2026-01-01, expires: 2026-12-01}]\n"
	const parent = "rules: [{id: lint, scanner: dockerfile, action: block}, {id: keys, scanner: secrets, action: block}]\n"
	kin := func(parent, child string) []*Policy {
		p, c := mustLoad(t, parent), mustLoad(t, child)
		p.Path, c.Path = "parent", "child"
		p.Children = []*Policy{c}
		return []*Policy{c, p}
	}
	for name, test := range map[string]struct {
		policies []*Policy
		subject  Subject
		want     string
	}{
		"nothing is relaxable": {kin(parent, accepts), lintFinding, "block by rule lint"},
		"an exception":         {kin(parent+"relaxable: [lint]\n", accepts), lintFinding, "suppress by exception 1"},
		"another rule":         {kin(parent+"relaxable: [keys]\n", accepts), lintFinding, "block by rule lint"},
		"an expired exception": {kin(parent+"relaxable: lint\n", "exceptions: [{match: {path: \"**\"}, reason: r, owner: o, approved-by: a, created: 2026-01-01, expires: 2026-02-01}]\n"), lintFinding, "block by exception 1"},
		"an exclude":           {kin(parent+"relaxable: lint\n", "targets: {exclude: \"services/**\"}\n"), lintFinding, "suppress by exclude"},
		"a scope":              {kin(parent+"relaxable: lint\n", "scopes: [{paths: \"services/**\", action-max: note}]\n"), lintFinding, "note by scope 1"},
		"a rule relaxes nothing": {
			kin(parent+"relaxable: lint\n", "rules: [{id: lax, action: note}]\n"), lintFinding, "block by rule lint",
		},
		"a rule of the default": {kin("relaxable: dockerfile\n", "scopes: [{rules: \"DL*\", action-max: note}]\n"), rootFinding, "note by scope 1"},
		"a scope that does not name secrets": {
			kin(parent+"relaxable: keys\n", "scopes: [{paths: \"**\", action-max: note}]\n"), secretFinding, "block by default rule secrets",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := judgeOne(test.policies, test.subject, nil)
			if got := string(d.Action) + " by " + d.By; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	// A child of other targets has no say.
	policies := kin(parent+"relaxable: lint\n", accepts)
	policies[0].Targets = []string{"dir:elsewhere"}
	if d := judgeOne(policies, lintFinding, nil); d.By != "rule lint" {
		t.Errorf("%+v", d)
	}
}

func TestMessagesAreFilledIn(t *testing.T) {
	for message, want := range map[string]string{
		"{rule} ({severity}) by {scanner}":  "CVE-2021-23337 (high) by packages",
		"{package} {version}: take {fixed}": "lodash 4.17.4: take 4.17.21",
		"{path}{image}{published}":          "package-lock.json--",
		"{{rule}} is {rule}":                "{rule} is CVE-2021-23337",
		"nothing":                           "nothing",
		"a {{ and a }}":                     "a { and a }",
	} {
		if d := decides(t, "rules: [{id: m, action: note, message: \""+message+"\"}]\n", Input{}, npmFinding, today); d.Reason != want {
			t.Errorf("%s: got %q, want %q", message, d.Reason, want)
		}
	}
}
