package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

// The findings that the tables below judge.
var (
	secretFinding = Subject{Finding: finding.Finding{
		Rule: "aws-access-token", Scanner: finding.Secrets, Target: "dir:.", Severity: finding.High, Fingerprint: "v1:00000000000000000000000000000001",
		Location: finding.Location{Path: "config/prod.env", StartLine: 3}, Secret: &finding.Secret{Masked: "AKIA…", Hash: "abcd"},
	}}
	lintFinding = Subject{Finding: finding.Finding{
		Rule: "DL3008", Scanner: finding.Dockerfile, Target: "dir:.", Severity: finding.Medium, Fingerprint: "v1:00000000000000000000000000000002",
		Location: finding.Location{Path: "services/api/Dockerfile", StartLine: 3},
	}}
	rootFinding = Subject{Finding: finding.Finding{
		Rule: "DL3002", Scanner: finding.Dockerfile, Target: "dir:.", Severity: finding.High, Fingerprint: "v1:00000000000000000000000000000003",
		Location: finding.Location{Path: "Dockerfile", StartLine: 9},
	}}
	npmFinding = Subject{Finding: finding.Finding{
		Rule: "CVE-2021-23337", Scanner: finding.Packages, Target: "dir:.", Severity: finding.High, Fingerprint: "v1:00000000000000000000000000000004",
		Location: finding.Location{Path: "package-lock.json"},
		Package:  &inventory.Package{Ecosystem: "npm", Name: "lodash", Version: "4.17.4", PURL: "pkg:npm/lodash@4.17.4"},
		Advisory: &finding.Advisory{ID: "GHSA-35jh-r3h4-6jhm", Aliases: []string{"CVE-2021-23337"}, Fixed: []string{"4.17.21"}, EPSS: 0.3},
	}}
	debFinding = Subject{Finding: finding.Finding{
		Rule: "CVE-2023-0001", Scanner: finding.Packages, Target: "oci-dir:image", Severity: finding.Unknown, Fingerprint: "v1:00000000000000000000000000000005",
		Location: finding.Location{Path: "var/lib/dpkg/status", Image: "registry.example.com/team/app", Layer: "sha256:00"},
		Package:  &inventory.Package{Ecosystem: "Debian:12", Name: "openssl", Version: "3.0.1-1", PURL: "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12"},
		Advisory: &finding.Advisory{ID: "DEBIAN-CVE-2023-0001", Aliases: []string{"CVE-2023-0001"}},
	}}
	imageFinding = Subject{Finding: finding.Finding{
		Rule: "image/root-user", Scanner: finding.ImageConfig, Target: "oci-dir:image", Severity: finding.High, Fingerprint: "v1:00000000000000000000000000000006",
		Location: finding.Location{Image: "registry.example.com/team/app"},
	}}
	namelessFinding = Subject{Finding: finding.Finding{
		Rule: "aws-access-token", Scanner: finding.Secrets, Target: "docker-archive:app.tar", Severity: finding.High, Fingerprint: "v1:00000000000000000000000000000007",
		Location: finding.Location{Path: "config/prod.env"},
	}}
)

func sampleSubjects() []Subject {
	return []Subject{secretFinding, lintFinding, rootFinding, npmFinding, debFinding, imageFinding, namelessFinding}
}

func ignored(s Subject) Subject {
	return with(s, func(s *Subject) { s.Ignored = "a comment" })
}

func spared(s Subject) Subject {
	return with(s, func(s *Subject) { s.Spared = "a threshold" })
}

// with gives a copy of a subject that change has changed.
func with(s Subject, change func(*Subject)) Subject {
	if s.Advisory != nil {
		a := *s.Advisory
		s.Advisory = &a
	}
	change(&s)
	return s
}

func old(s Subject) Subject { return with(s, func(s *Subject) { s.New = new(false) }) }

// mustLoad is a policy with a body below its version.
func mustLoad(t testing.TB, body string) *Policy {
	t.Helper()
	p, err := Load(".boltseal.yaml", []byte("version: 1\n"+body))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var today = time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)

// judgeOne gives what is decided about one finding.
func judgeOne(policies []*Policy, s Subject, failOn *finding.Severity) Decision {
	_, decisions := Judge(policies, Input{Subjects: []Subject{s}, FailOn: failOn}, today)
	return decisions[0]
}

func TestTheDefaultDecides(t *testing.T) {
	kev := func(s *Subject) { s.Advisory.KEV = true }
	malware := func(s *Subject) { s.Advisory.Malware = true; s.Severity = finding.Unknown }
	low := func(s *Subject) { s.Severity = finding.Low }
	for name, test := range map[string]struct {
		subject Subject
		want    string
	}{
		"a secret":                            {secretFinding, "block by default rule secrets"},
		"a mild secret":                       {with(secretFinding, low), "block by default rule secrets"},
		"a secret in an image":                {namelessFinding, "block by default rule secrets"},
		"an old secret":                       {old(secretFinding), "warn by default rule old-secrets"},
		"a vulnerability with a fix":          {npmFinding, "block by default rule fixable"},
		"an old vulnerability with a fix":     {old(npmFinding), "warn by default rule medium"},
		"a severe one without a fix":          {with(npmFinding, func(s *Subject) { s.Advisory.Fixed = nil }), "warn by default rule medium"},
		"a mild one with a fix":               {with(npmFinding, low), "note by default rule rest"},
		"an unknown one":                      {debFinding, "warn by default rule medium"},
		"a mild one that is exploited":        {with(with(npmFinding, low), kev), "block by default rule exploited"},
		"an old mild one that is exploited":   {old(with(with(npmFinding, low), kev)), "warn by default rule old-exploited"},
		"malware without a severity":          {with(npmFinding, malware), "block by default rule malware"},
		"old malware":                         {old(with(npmFinding, malware)), "warn by default rule old-malware"},
		"a severe fault of a Dockerfile":      {rootFinding, "block by default rule dockerfile"},
		"a fault of a Dockerfile":             {lintFinding, "warn by default rule medium"},
		"a matter of style in a Dockerfile":   {with(lintFinding, func(s *Subject) { s.Severity = finding.Info }), "note by default rule rest"},
		"a severe fault of an image":          {imageFinding, "block by default rule image"},
		"an old severe fault of an image":     {old(imageFinding), "warn by default rule medium"},
		"a scanner that the default is blind": {with(rootFinding, func(s *Subject) { s.Scanner = "x" }), "warn by default rule medium"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, policies := range [][]*Policy{nil, {Default()}, {mustLoad(t, "")}, {Default(), mustLoad(t, "")}} {
				d := judgeOne(policies, test.subject, nil)
				if got := string(d.Action) + " by " + d.By; got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
				if d.Reason == "" {
					t.Error("no reason")
				}
			}
		})
	}
}

// Each rule is asked whether it matches: a policy of it alone notes what it does.
func TestWhen(t *testing.T) {
	for when, matches := range map[string][]Subject{
		"":                                           sampleSubjects(),
		"scanner: secrets":                           {secretFinding, namelessFinding},
		"scanner: [dockerfile, imageconfig]":         {lintFinding, rootFinding, imageFinding},
		`rule: "DL30*"`:                              {lintFinding, rootFinding},
		`rule: "image/*"`:                            {imageFinding},
		`rule: "*"`:                                  {secretFinding, lintFinding, rootFinding, npmFinding, debFinding, namelessFinding},
		`rule: "CVE-20{21,22}-*"`:                    {npmFinding},
		"rule: GHSA-35jh-r3h4-6jhm":                  {npmFinding},
		"when: {rule: [DL3008, DL9999]}":             {lintFinding},
		"rule: \"DL*\", when: {rule: \"*8\"}":        {lintFinding},
		"when: {severity: high}":                     {secretFinding, rootFinding, npmFinding, imageFinding, namelessFinding},
		`when: {severity: ">=high"}`:                 {secretFinding, rootFinding, npmFinding, imageFinding, namelessFinding},
		"when: {severity: medium}":                   {lintFinding, debFinding},
		`when: {severity: ">=medium"}`:               sampleSubjects(),
		"when: {severity: unknown}":                  {debFinding},
		"when: {severity: [unknown, high]}":          {secretFinding, rootFinding, npmFinding, debFinding, imageFinding, namelessFinding},
		"when: {severity: critical}":                 nil,
		`when: {path: "**"}`:                         {secretFinding, lintFinding, rootFinding, npmFinding},
		`when: {path: "**/Dockerfile"}`:              {lintFinding, rootFinding},
		`when: {path: "config/**"}`:                  {secretFinding},
		`when: {path: "*"}`:                          {rootFinding, npmFinding},
		`when: {path: "**", image: "**"}`:            {debFinding, imageFinding, namelessFinding},
		`when: {path: "var/**", image: "**/app"}`:    {debFinding},
		"when: {image: \"registry.example.com/**\"}": {debFinding, imageFinding},
		"when: {image: app}":                         nil,
		"when: {package: pkg:npm/lodash}":            {npmFinding},
		"when: {package: \"pkg:npm/lodash@4.17.*\"}": {npmFinding},
		"when: {package: \"pkg:npm/lodash@4.18.*\"}": nil,
		"when: {package: \"pkg:deb/*/openssl\"}":     {debFinding},
		"when: {package: \"pkg:*/**\"}":              {npmFinding, debFinding},
		"when: {package: \"pkg:deb/debian/openssl@3.0.1-1?arch=amd64*\"}": {debFinding},
		"when: {package: \"pkg:deb/debian/openssl@3.0.1-1?arch=arm64*\"}": nil,
		"scanner: packages, when: {fix: available}":                       {npmFinding},
		"scanner: packages, when: {fix: none}":                            {debFinding},
		`when: {epss: ">=0.3"}`:                                           {npmFinding},
		`when: {epss: ">=0.31"}`:                                          nil,
		"when: {kev: true}":                                               nil,
		"when: {kev: false, malware: false, new: true}":                   sampleSubjects(),
		"when: {new: false}":                                              nil,
	} {
		t.Run(when, func(t *testing.T) {
			rule := "{id: it, action: note"
			if when != "" {
				rule += ", " + when
			}
			p := mustLoad(t, "rules:\n  - "+rule+"}\n")
			var got, want []string
			for _, s := range sampleSubjects() {
				if judgeOne([]*Policy{p}, s, nil).By == "rule it" {
					got = append(got, s.Fingerprint)
				}
			}
			for _, s := range matches {
				want = append(want, s.Fingerprint)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each exception is asked what it accepts.
func TestExceptionMatches(t *testing.T) {
	twin := with(lintFinding, func(s *Subject) { s.Fingerprint += "#2" })
	for match, matches := range map[string][]Subject{
		"cve: CVE-2021-23337":                                {npmFinding},
		"cve: cve-2021-23337":                                {npmFinding},
		"cve: ghsa-35jh-R3H4-6jhm":                           {npmFinding},
		"cve: [CVE-2021-1, DEBIAN-CVE-2023-0001]":            {debFinding},
		"cve: CVE-2021-23337, purl: \"pkg:npm/lodash\"":      {npmFinding},
		"cve: CVE-2021-23337, purl: \"pkg:npm/underscore\"":  nil,
		"purl: \"pkg:deb/debian/openssl\"":                   {debFinding},
		"purl: \"pkg:deb/**\"":                               {debFinding},
		"rule: DL3008":                                       {lintFinding, twin},
		"rule: \"DL*\", path: Dockerfile":                    {rootFinding},
		"path: \"services/**\"":                              {lintFinding, twin},
		"path: config/prod.env":                              {secretFinding},
		"path: \"{config,x}/**\"":                            {secretFinding},
		"path: \"**/prod.env\"":                              {secretFinding},
		"path: config/prod.env, image: \"**\"":               {namelessFinding},
		"image: registry.example.com/team/app":               {debFinding, imageFinding},
		"image: \"registry.example.com/*/*\", rule: image/*": {imageFinding},
		"fingerprint: " + lintFinding.Fingerprint:            {lintFinding},
		"fingerprint: \"" + twin.Fingerprint + "\"":          {twin},
		"rule: nothing":                                      nil,
	} {
		t.Run(match, func(t *testing.T) {
			p := mustLoad(t, excepting("{match: {"+match+"}, expires: 2026-12-31}"))
			var got, want []string
			for _, s := range append(sampleSubjects(), twin) {
				if judgeOne([]*Policy{p}, s, nil).Action == Suppress {
					got = append(got, s.Fingerprint)
				}
			}
			for _, s := range matches {
				want = append(want, s.Fingerprint)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// excepting completes exceptions with what is mandatory.
func excepting(flow ...string) string {
	var b strings.Builder
	b.WriteString("exceptions:\n")
	for _, e := range flow {
		b.WriteString("  - " + strings.TrimSuffix(e, "}") + `, reason: not reached, owner: "@acme", approved-by: "@appsec", created: 2026-01-01}` + "\n")
	}
	return b.String()
}

// An exception for the CVE covers the same issue under the id that another
// database gives it, and one by fingerprint holds when the CVE is assigned later.
func TestAnExceptionKnowsAliases(t *testing.T) {
	seal := func(rule string, ids ...string) Subject {
		f := npmFinding.Finding
		f.Rule = rule
		f.Advisory = &finding.Advisory{ID: ids[0], Aliases: ids[1:]}
		f.Identity = finding.PackageIdentity("", f.Location.Path, f.Package)
		return Subject{Finding: finding.Seal([]finding.Finding{f}, nil)[0]}
	}
	before := seal("GHSA-35jh-r3h4-6jhm", "GHSA-35jh-r3h4-6jhm")
	after := seal("CVE-2021-23337", "GHSA-35jh-r3h4-6jhm", "CVE-2021-23337")
	if before.Fingerprint == after.Fingerprint {
		t.Fatal("the fingerprint did not change: this test proves nothing")
	}
	p := mustLoad(t, excepting("{match: {fingerprint: "+before.Fingerprint+"}, expires: 2026-12-31}"))
	for _, s := range []Subject{before, after} {
		if d := judgeOne([]*Policy{p}, s, nil); d.Action != Suppress {
			t.Errorf("%s: %+v", s.Rule, d)
		}
	}
}

func TestAnExceptionHoldsUntilItsDayEnds(t *testing.T) {
	p := mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-10-15}"))
	accepted := Decision{Suppress, "exception 1", "not reached (owner @acme, approved by @appsec)", "2026-10-15", nil}
	blocked := Decision{Block, "exception 1", "its exception expired on 2026-10-15: mend it, or @acme has the exception renewed (it said: not reached)", "", nil}
	const where = ".boltseal.yaml:3: exception 1 (DL3008, owner @acme) "
	for name, test := range map[string]struct {
		now     time.Time
		want    Decision
		reasons []string
	}{
		"long before":                    {time.Date(2026, 10, 8, 23, 59, 59, 0, time.UTC), accepted, nil},
		"a week before":                  {time.Date(2026, 10, 9, 0, 0, 0, 0, time.UTC), accepted, []string{where + "expires on 2026-10-15"}},
		"in the last second":             {time.Date(2026, 10, 15, 23, 59, 59, 999999999, time.UTC), accepted, []string{where + "expires on 2026-10-15"}},
		"its day over, elsewhere not":    {time.Date(2026, 10, 15, 16, 0, 0, 0, time.FixedZone("", -8*3600)), blocked, []string{"1 finding blocks: 1 by exception 1", where + "expired on 2026-10-15; 1 finding is no longer accepted"}},
		"at midnight":                    {time.Date(2026, 10, 16, 0, 0, 0, 0, time.UTC), blocked, []string{"1 finding blocks: 1 by exception 1", where + "expired on 2026-10-15; 1 finding is no longer accepted"}},
		"over elsewhere, here not quite": {time.Date(2026, 10, 16, 1, 0, 0, 0, time.FixedZone("", 8*3600)), accepted, []string{where + "expires on 2026-10-15"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Subjects: []Subject{lintFinding}, Scans: []Scan{{Scanner: finding.Dockerfile, Target: "dir:.", Status: finding.StatusOK}}}
			v, decisions := Judge([]*Policy{p}, in, test.now)
			if diff := cmp.Diff([]Decision{test.want}, decisions); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.reasons, v.Reasons); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOrderOfDecision(t *testing.T) {
	high, info := ptr(finding.High), ptr(finding.Info)
	renewed := mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-02-01}", "{match: {path: \"services/**\"}, expires: 2026-12-01}", "{match: {rule: DL3008}, expires: 2026-12-31}"))
	expired := mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-02-01}", "{match: {rule: \"DL*\"}, expires: 2026-03-01}")+"rules: [{id: all, action: note}]\n")
	strict := mustLoad(t, "rules: [{id: strict, scanner: dockerfile, action: block, message: no}]\n")
	strict.Path = "services/.boltseal.yaml"
	lax := mustLoad(t, "rules:\n  - {id: first, when: {severity: \">=medium\"}, action: note}\n  - {id: second, action: block}\n")
	unknown := mustLoad(t, "severity: {unknown: critical}\nrules: [{id: bad, when: {severity: \">=critical\"}, action: block}]\n")
	noting := mustLoad(t, "severity: {unknown: high}\nrules: [{id: all, action: note}]\n")
	soft := mustLoad(t, "rules: [{id: soft, action: note, until: 2026-11-30, then: block}]\n")
	softer := mustLoad(t, "rules: [{id: softer, action: warn, until: 2027-06-30, then: block}]\n")
	firm := mustLoad(t, "rules: [{id: firm, action: block, until: 2027-01-31, then: warn}]\n")
	for name, test := range map[string]struct {
		policies []*Policy
		subject  Subject
		failOn   *finding.Severity
		want     Decision
	}{
		"a decision ends with the first that ends":     {[]*Policy{softer, soft, renewed}, lintFinding, nil, Decision{Warn, "rule softer", "matches every finding (.boltseal.yaml)", "2026-11-30", nil}},
		"in whatever order":                            {[]*Policy{renewed, lax, softer}, lintFinding, nil, Decision{Warn, "rule softer", "matches every finding (.boltseal.yaml)", "2026-12-01", nil}},
		"and though the strictest never ends":          {[]*Policy{lax, renewed}, lintFinding, nil, Decision{Note, "rule first", "severity: \">=medium\" (.boltseal.yaml)", "2026-12-01", nil}},
		"a block ends with itself":                     {[]*Policy{firm, soft}, lintFinding, nil, Decision{Block, "rule firm", "matches every finding (.boltseal.yaml)", "2027-01-31", nil}},
		"a block that does not end does not":           {[]*Policy{strict, soft}, lintFinding, nil, Decision{Block, "rule strict", "no (services/.boltseal.yaml)", "", nil}},
		"the first rule that matches decides":          {[]*Policy{lax}, lintFinding, nil, Decision{Note, "rule first", "severity: \">=medium\"", "", nil}},
		"where none matches, the default's do":         {[]*Policy{strict}, secretFinding, nil, Decision{Block, "default rule secrets", "a secret: take it out and rotate it", "", nil}},
		"unknown compares as the policy says":          {[]*Policy{unknown}, debFinding, nil, Decision{Block, "rule bad", "severity: \">=critical\"", "", nil}},
		"and so it does in the default's rules":        {[]*Policy{mustLoad(t, "severity: {unknown: info}\n")}, debFinding, nil, Decision{Note, "default rule rest", "below medium", "", nil}},
		"an exception comes before the rules":          {[]*Policy{renewed}, lintFinding, nil, Decision{Suppress, "exception 2", "not reached (owner @acme, approved by @appsec)", "2026-12-01", nil}},
		"an expired one blocks whatever the rules say": {[]*Policy{expired}, lintFinding, nil, Decision{Block, "exception 1", "its exception expired on 2026-02-01: mend it, or @acme has the exception renewed (it said: not reached)", "", nil}},
		"the stricter of two policies decides":         {[]*Policy{lax, strict}, lintFinding, nil, Decision{Block, "rule strict", "no (services/.boltseal.yaml)", "", nil}},
		"in any order":                                 {[]*Policy{strict, lax}, lintFinding, nil, Decision{Block, "rule strict", "no (services/.boltseal.yaml)", "", nil}},
		"an exception binds its own policy only":       {[]*Policy{renewed, strict}, lintFinding, nil, Decision{Block, "rule strict", "no (services/.boltseal.yaml)", "", nil}},
		"of equals the first is named":                 {[]*Policy{lax, lax}, lintFinding, nil, Decision{Note, "rule first", "severity: \">=medium\" (.boltseal.yaml)", "", nil}},
		"fail-on raises":                               {[]*Policy{lax}, rootFinding, high, Decision{Block, "fail-on high", "severity high is at or above --fail-on high", "", nil}},
		"fail-on raises no less":                       {[]*Policy{lax}, lintFinding, high, Decision{Note, "rule first", "severity: \">=medium\"", "", nil}},
		"fail-on raises what is unknown":               {[]*Policy{noting}, debFinding, high, Decision{Block, "fail-on high", "severity unknown is at or above --fail-on high", "", nil}},
		"fail-on takes the strictest unknown":          {[]*Policy{lax, noting}, debFinding, high, Decision{Block, "fail-on high", "severity unknown is at or above --fail-on high", "", nil}},
		"fail-on leaves what is accepted":              {[]*Policy{renewed}, lintFinding, info, Decision{Suppress, "exception 2", "not reached (owner @acme, approved by @appsec)", "2026-12-01", nil}},
		"what asks to be spared warns":                 {[]*Policy{strict}, spared(lintFinding), nil, Decision{Warn, "spared", "by a threshold; else blocked by rule strict", "", nil}},
		"fail-on raises what asks to be spared":        {[]*Policy{strict}, spared(lintFinding), info, Decision{Block, "fail-on info", "severity medium is at or above --fail-on info", "", nil}},
		"what the tree passes over is accepted":        {[]*Policy{strict}, ignored(lintFinding), info, Decision{Suppress, "ignored", "by a comment", "", nil}},
		"an expired exception counts for that too":     {[]*Policy{expired}, ignored(lintFinding), nil, Decision{Block, "exception 1", "its exception expired on 2026-02-01: mend it, or @acme has the exception renewed (it said: not reached)", "", nil}},
		"fail-on leaves what blocks":                   {[]*Policy{strict}, lintFinding, info, Decision{Block, "rule strict", "no", "", nil}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, judgeOne(test.policies, test.subject, test.failOn)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	row := func(scanner string, status finding.Status, reason string) Scan {
		return Scan{Scanner: scanner, Target: "dir:.", Status: status, Reason: reason}
	}
	ok := row(finding.Secrets, finding.StatusOK, "")
	nothing := row(finding.Packages, finding.StatusNothing, "")
	partial := row(finding.Packages, finding.StatusPartial, "a.jar: too large")
	failed := row(finding.Packages, finding.StatusFailed, "no database")
	plain := mustLoad(t, "")
	lax := mustLoad(t, "coverage: {on-scanner-error: warn, on-partial: warn, on-nothing-scanned: warn}\n")
	required := mustLoad(t, "coverage: {require: [packages, secrets], on-scanner-error: warn, on-partial: warn}\n")
	strict := mustLoad(t, "coverage: {require: [packages]}\n")
	many := mustLoad(t, excepting(
		"{match: {cve: CVE-2020-1}, expires: 2026-12-31}",
		"{match: {rule: nothing}, expires: 2026-12-31}",
		"{match: {image: app}, expires: 2026-12-31}",
		"{match: {rule: DL3008}, expires: 2026-10-03}",
		"{match: {rule: DL3008}, expires: 2026-01-03}",
		"{match: {rule: aws-access-token}, expires: 2026-01-04}",
	))
	for name, test := range map[string]struct {
		policies []*Policy
		in       Input
		want     Verdict
	}{
		"nothing found": {[]*Policy{plain}, Input{Scans: []Scan{ok}}, Verdict{Status: Pass}},
		"warnings pass": {
			[]*Policy{plain},
			Input{Scans: []Scan{ok, nothing}, Subjects: []Subject{lintFinding, debFinding, with(lintFinding, func(s *Subject) { s.Severity = finding.Info })}},
			Verdict{Status: Pass, Warned: 2, Noted: 1},
		},
		"findings block": {
			[]*Policy{plain},
			Input{Scans: []Scan{ok}, Subjects: []Subject{lintFinding, rootFinding, secretFinding, namelessFinding, npmFinding}},
			Verdict{Status: Blocked, ExitCode: 1, Blocked: 4, Warned: 1, Reasons: []string{"4 findings block: 2 by default rule secrets, 1 by default rule dockerfile, 1 by default rule fixable"}},
		},
		"warn-only": {
			[]*Policy{plain},
			Input{Scans: []Scan{ok}, Subjects: []Subject{rootFinding}, WarnOnly: true},
			Verdict{Status: Blocked, ExitCode: 0, Blocked: 1, Reasons: []string{"1 finding blocks: 1 by default rule dockerfile", "--warn-only: what blocks does not change the exit code"}},
		},
		"a scanner failed": {
			[]*Policy{plain},
			Input{Scans: []Scan{ok, failed}, WarnOnly: true},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"packages failed on dir:.: no database"}},
		},
		"a status that nobody knows is a failure": {
			[]*Policy{plain},
			Input{Scans: []Scan{ok, row("packages", "fine", "")}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"packages failed on dir:."}},
		},
		"a scanner gave up on something": {
			[]*Policy{plain},
			Input{Scans: []Scan{ok, partial}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"packages scanned dir:. in part only: a.jar: too large"}},
		},
		"a block stands whatever else failed": {
			[]*Policy{plain},
			Input{Scans: []Scan{failed, partial}, Subjects: []Subject{rootFinding}, Failures: []string{"writing out.sarif: no space"}},
			Verdict{Status: Blocked, ExitCode: 1, Blocked: 1, Reasons: []string{"1 finding blocks: 1 by default rule dockerfile", "writing out.sarif: no space", "packages failed on dir:.: no database", "packages scanned dir:. in part only: a.jar: too large"}},
		},
		"warn-only does not make a failure a pass": {
			[]*Policy{plain},
			Input{Scans: []Scan{failed}, Subjects: []Subject{rootFinding}, WarnOnly: true},
			Verdict{Status: Blocked, ExitCode: 3, Blocked: 1, Reasons: []string{"1 finding blocks: 1 by default rule dockerfile", "packages failed on dir:.: no database", "--warn-only: what blocks does not change the exit code"}},
		},
		"a failure that is named": {
			[]*Policy{lax},
			Input{Scans: []Scan{ok}, Failures: []string{"app.tar: no such file"}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"app.tar: no such file"}},
		},
		"nothing to look at": {
			[]*Policy{plain},
			Input{Scans: []Scan{nothing}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"nothing was scanned: there was nothing to look at for any scanner"}},
		},
		"nothing at all": {
			nil,
			Input{},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"nothing was scanned: there was nothing to look at for any scanner"}},
		},
		"a policy can ask for warnings only": {
			[]*Policy{lax},
			Input{Scans: []Scan{failed, partial, ok}},
			Verdict{Status: Pass, Reasons: []string{"packages failed on dir:.: no database", "packages scanned dir:. in part only: a.jar: too large"}},
		},
		"also of nothing": {
			[]*Policy{lax},
			Input{Scans: []Scan{nothing}},
			Verdict{Status: Pass, Reasons: []string{"nothing was scanned: there was nothing to look at for any scanner"}},
		},
		"the stricter policy's coverage counts": {
			[]*Policy{lax, plain},
			Input{Scans: []Scan{ok, failed}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"packages failed on dir:.: no database"}},
		},
		"a required scanner that found nothing to look at": {[]*Policy{required}, Input{Scans: []Scan{ok, nothing}}, Verdict{Status: Pass}},
		"a required scanner that did not run": {
			[]*Policy{required},
			Input{Scans: []Scan{ok}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"required scanner packages has not run"}},
		},
		"a required scanner that failed, with a warning": {
			[]*Policy{required},
			Input{Scans: []Scan{ok, failed}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"required scanner packages has not run", "packages failed on dir:.: no database"}},
		},
		"a required scanner that is allowed to give up": {
			[]*Policy{required},
			Input{Scans: []Scan{ok, partial}},
			Verdict{Status: Pass, Reasons: []string{"packages scanned dir:. in part only: a.jar: too large"}},
		},
		"two policies that require, one reason": {
			[]*Policy{required, strict},
			Input{Scans: []Scan{ok}},
			Verdict{Status: None, ExitCode: 3, Reasons: []string{"required scanner packages has not run"}},
		},
		"exceptions to look at, of a run that could have used them": {
			[]*Policy{many},
			Input{Scans: []Scan{ok, row(finding.Packages, finding.StatusOK, ""), {Scanner: finding.Secrets, Target: "oci-dir:image", Status: finding.StatusOK}}, Subjects: []Subject{lintFinding, secretFinding, namelessFinding}},
			Verdict{Status: Blocked, ExitCode: 1, Blocked: 2, Suppressed: 1, Reasons: []string{
				"2 findings block: 2 by exception 6",
				".boltseal.yaml:3: exception 1 (CVE-2020-1, owner @acme) matches nothing: take it out",
				".boltseal.yaml:4: exception 2 (nothing, owner @acme) matches nothing: take it out",
				".boltseal.yaml:5: exception 3 (app, owner @acme) matches nothing: take it out",
				".boltseal.yaml:6: exception 4 (DL3008, owner @acme) expires on 2026-10-03",
				".boltseal.yaml:7: exception 5 (DL3008, owner @acme) expired on 2026-01-03: take it out",
				".boltseal.yaml:8: exception 6 (aws-access-token, owner @acme) expired on 2026-01-04; 2 findings are no longer accepted",
			}},
		},
		"exceptions of scanners and images that were not in the run are left alone": {
			[]*Policy{many},
			Input{Scans: []Scan{ok}, Subjects: []Subject{lintFinding, secretFinding}},
			Verdict{Status: Blocked, ExitCode: 1, Blocked: 1, Suppressed: 1, Reasons: []string{
				"1 finding blocks: 1 by exception 6",
				".boltseal.yaml:4: exception 2 (nothing, owner @acme) matches nothing: take it out",
				".boltseal.yaml:6: exception 4 (DL3008, owner @acme) expires on 2026-10-03",
				".boltseal.yaml:7: exception 5 (DL3008, owner @acme) expired on 2026-01-03: take it out",
				".boltseal.yaml:8: exception 6 (aws-access-token, owner @acme) expired on 2026-01-04; 1 finding is no longer accepted",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := Judge(test.policies, test.in, today)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPoliciesJudgeTheirOwnTargets(t *testing.T) {
	lax := mustLoad(t, "rules: [{id: all, action: note}]\ncoverage: {on-scanner-error: warn, on-nothing-scanned: warn}\n")
	lax.Targets = []string{"dir:lax"}
	in := Input{
		Subjects: []Subject{
			{Finding: finding.Finding{Rule: "r", Scanner: finding.Secrets, Target: "dir:lax"}},
			{Finding: finding.Finding{Rule: "r", Scanner: finding.Secrets, Target: "dir:plain"}},
		},
		Scans: []Scan{
			{Scanner: finding.Packages, Target: "dir:lax", Status: finding.StatusFailed, Reason: "a"},
			{Scanner: finding.Packages, Target: "dir:plain", Status: finding.StatusFailed, Reason: "b"},
		},
	}
	verdict, decisions := Judge([]*Policy{lax}, in, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC))
	if decisions[0].Action != Note || decisions[1].Action != Block {
		t.Errorf("decisions %+v, want the default for the target without a policy", decisions)
	}
	want := []string{
		"1 finding blocks: 1 by default rule secrets",
		"packages failed on dir:plain: b",
		"packages failed on dir:lax: a",
	}
	if diff := cmp.Diff(want, verdict.Reasons); diff != "" {
		t.Error(diff)
	}
}
