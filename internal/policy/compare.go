package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// Difference is something that two policies do differently.
type Difference struct {
	// Tighter says in which direction the new one differs.
	Tighter bool
	// Old and New say what each does: "warn by rule lint".
	Old, New string
	// Count is about how many of the examples they differ in this way, Example the
	// first of them; there is none where it is not findings that they differ about.
	Count   int
	Example string
}

// Compare says what new policies do differently from old ones: about findings, which
// are examples made for the conditions of both, or those of a run that are given
// beside them; and about what else counts. An empty list of policies is the built-in
// default. What cel decides is compared for the findings that are given alone.
func Compare(before, after []*Policy, run []Subject, now time.Time) []Difference {
	subjects := run
	if len(run) == 0 {
		subjects = examples(slices.Concat(before, after, []*Policy{loadedDefault()}), now)
	}
	var all []Difference
	for _, event := range comparedEvents(before, after) {
		in := Input{Subjects: subjects, Event: event}
		_, olds := Judge(before, in, now)
		_, news := Judge(after, in, now)
		all = append(all, differences(subjects, olds, news)...)
	}
	all = append(all, settings(strictest(before), strictest(after))...)
	return merged(all)
}

// comparedEvents are no event, and those that a rule asks for.
func comparedEvents(before, after []*Policy) []Event {
	events := []Event{""}
	for _, p := range slices.Concat(before, after) {
		for i := range p.Rules {
			for _, e := range p.Rules[i].When.Events {
				events = append(events, Event(e))
			}
		}
	}
	slices.Sort(events)
	return slices.Compact(events)
}

func differences(subjects []Subject, olds, news []Decision) []Difference {
	var all []Difference
	for i := range subjects {
		was, is := olds[i].Action.strictness(), news[i].Action.strictness()
		if was == is {
			continue
		}
		all = append(all, Difference{
			Tighter: is > was, Count: 1,
			Old: string(olds[i].Action) + " by " + olds[i].By, New: string(news[i].Action) + " by " + news[i].By,
			Example: describe(&subjects[i]),
		})
	}
	return all
}

// merged counts what is the same, looser first.
func merged(all []Difference) []Difference {
	type key struct {
		tighter  bool
		old, new string
	}
	at := make(map[key]int)
	var out []Difference
	for _, d := range all {
		k := key{d.Tighter, d.Old, d.New}
		if i, ok := at[k]; ok {
			out[i].Count += d.Count
			continue
		}
		at[k] = len(out)
		out = append(out, d)
	}
	slices.SortStableFunc(out, func(a, b Difference) int {
		if a.Tighter != b.Tighter {
			if b.Tighter {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Old, b.Old), strings.Compare(a.New, b.New))
	})
	return out
}

// describe is a finding as a test writes it.
func describe(s *Subject) string {
	e := Example{
		Scanner: s.Scanner, Rule: s.Rule, Severity: s.Severity, Path: s.Location.Path, Image: s.Location.Image,
		New: s.New, Fix: s.Fix != nil, Fingerprint: s.Fingerprint,
	}
	if s.Package != nil {
		e.Package, e.Origin = s.Package.PURL, s.Package.Origin
	}
	if a := s.Advisory; a != nil {
		e.KEV, e.Malware, e.EPSS, e.Fix = a.KEV, a.Malware, a.EPSS, len(a.Fixed) > 0
		e.Published, _ = time.Parse(time.DateOnly, a.Published)
	}
	return e.yaml()
}

// strict is what of policies holds beside their rules.
type strict struct {
	coverage Coverage
	limits   Limits
	native   NativeIgnores
	// bases are the lists of trusted bases, each of which counts.
	bases [][]string
	// signed wants bases to have signatures.
	signed bool
	// lists are those whose every value loosens, by key.
	lists map[string][]string
	// files are the globs of dockerfile.files, required the dashboards without which a
	// job fails.
	files, required []string
	// compared is how what is new is told.
	compared string
}

// strictest takes of each setting the strictest of the policies.
func strictest(policies []*Policy) strict {
	if len(policies) == 0 {
		policies = []*Policy{loadedDefault()}
	}
	s := strict{lists: make(map[string][]string), coverage: Coverage{OnScannerError: WarnOfIt, OnPartial: WarnOfIt, OnNothingScanned: WarnOfIt, OnStaleDB: WarnOfIt, MaxDBAge: MaxDBAge(policies)}, limits: Limits{OnExpired: WarnOfIt, OnUnmatched: WarnOfIt}, native: Honour}
	order := []NativeIgnores{Honour, Count, Refuse}
	for _, p := range policies {
		s.coverage.Require = append(s.coverage.Require, p.Coverage.Require...)
		s.coverage.Platforms = append(s.coverage.Platforms, p.Coverage.Platforms...)
		s.coverage.OnScannerError = stricter(s.coverage.OnScannerError, p.Coverage.OnScannerError)
		s.coverage.OnPartial = stricter(s.coverage.OnPartial, p.Coverage.OnPartial)
		s.coverage.OnNothingScanned = stricter(s.coverage.OnNothingScanned, p.Coverage.OnNothingScanned)
		s.coverage.OnStaleDB = stricter(s.coverage.OnStaleDB, p.Coverage.OnStaleDB)
		s.limits.OnExpired = stricter(s.limits.OnExpired, p.Limits.OnExpired)
		s.limits.OnUnmatched = stricter(s.limits.OnUnmatched, p.Limits.OnUnmatched)
		if len(p.TrustedBases) > 0 {
			s.bases = append(s.bases, p.TrustedBases)
		}
		s.signed = s.signed || p.SignedBases
		if slices.Index(order, p.Trust.NativeIgnores) > slices.Index(order, s.native) {
			s.native = p.Trust.NativeIgnores
		}
		for severity, n := range p.Limits.ExceptionMaxAge {
			if s.limits.ExceptionMaxAge == nil {
				s.limits.ExceptionMaxAge = make(Days)
			}
			if old, ok := s.limits.ExceptionMaxAge[severity]; !ok || n < old {
				s.limits.ExceptionMaxAge[severity] = n
			}
		}
		sent, required := p.Dashboards.destinations()
		s.required = append(s.required, required...)
		for key, values := range map[string][]string{
			"report":    sent,
			"relaxable": p.Relaxable, "vex.files": p.VEXFiles, "vex.products": p.Products, "trust.branches": p.Trust.Branches, "trust.may-set": p.Trust.MaySet,
		} {
			s.lists[key] = append(s.lists[key], values...)
		}
		s.files = append(s.files, p.Dockerfiles...)
		s.compared = p.New.yaml()
	}
	s.coverage.DBDigests, _ = DBDigests(policies)
	return s
}

func stricter(a, b Reaction) Reaction {
	if a == WarnOfIt && b == WarnOfIt {
		return WarnOfIt
	}
	return Fail
}

// settings compares what holds beside the rules.
func settings(a, b strict) []Difference {
	var all []Difference
	differ := func(name, old, now string, tighter bool) {
		if old != now {
			all = append(all, Difference{Tighter: tighter, Old: name + " " + old, New: name + " " + now})
		}
	}
	reaction := func(name string, old, now Reaction) { differ(name, string(old), string(now), now != WarnOfIt) }
	for _, name := range scanners {
		old, now := slices.Contains(a.coverage.Require, name), slices.Contains(b.coverage.Require, name)
		differ("coverage.require "+name, yesNo(old), yesNo(now), now)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.coverage.Platforms, b.coverage.Platforms)))) {
		old, now := slices.Contains(a.coverage.Platforms, name), slices.Contains(b.coverage.Platforms, name)
		differ("coverage.platforms "+name, yesNo(old), yesNo(now), now)
	}
	for _, glob := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.files, b.files)))) {
		old, now := slices.Contains(a.files, glob), slices.Contains(b.files, glob)
		differ("dockerfile.files "+glob, yesNo(old), yesNo(now), now)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.required, b.required)))) {
		old, now := slices.Contains(a.required, name), slices.Contains(b.required, name)
		differ("report requires "+name, yesNo(old), yesNo(now), now)
	}
	reaction("coverage.on-scanner-error", a.coverage.OnScannerError, b.coverage.OnScannerError)
	reaction("coverage.on-partial", a.coverage.OnPartial, b.coverage.OnPartial)
	reaction("coverage.on-nothing-scanned", a.coverage.OnNothingScanned, b.coverage.OnNothingScanned)
	reaction("coverage.on-stale-db", a.coverage.OnStaleDB, b.coverage.OnStaleDB)
	differ("coverage.max-db-age", ageYAML(a.coverage.MaxDBAge), ageYAML(b.coverage.MaxDBAge), b.coverage.MaxDBAge < a.coverage.MaxDBAge)
	old, now := a.coverage.DBDigests, b.coverage.DBDigests
	fewer := len(now) > 0 && (len(old) == 0 || !slices.ContainsFunc(now, func(d string) bool { return !slices.Contains(old, d) }))
	differ("coverage.db-digest", orNone(old), orNone(now), fewer)
	differ("targets.trusted-bases", basesText(a.bases), basesText(b.bases), fewerBases(a.bases, b.bases))
	differ("targets.signed-bases", yesNo(a.signed), yesNo(b.signed), b.signed)
	reaction("limits.on-expired", a.limits.OnExpired, b.limits.OnExpired)
	reaction("limits.on-unmatched", a.limits.OnUnmatched, b.limits.OnUnmatched)
	for _, severity := range knownSeverities() {
		old, now := a.limits.ExceptionMaxAge[severity], b.limits.ExceptionMaxAge[severity]
		differ("limits.exception-max-age "+severity.String(), daysOrNone(old), daysOrNone(now), now > 0 && (old == 0 || now < old))
	}
	order := []NativeIgnores{Honour, Count, Refuse}
	differ("trust.native-ignores", string(a.native), string(b.native), slices.Index(order, b.native) > slices.Index(order, a.native))
	differ("new", a.compared, b.compared, false) // nobody knows without the findings
	for _, key := range slices.Sorted(maps.Keys(a.lists)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.lists[key], b.lists[key])))) {
			old, now := slices.Contains(a.lists[key], value), slices.Contains(b.lists[key], value)
			differ(key+" "+value, yesNo(old), yesNo(now), !now)
		}
	}
	return all
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orNone(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, " ")
}

func daysOrNone(n int) string {
	if n == 0 {
		return "unbounded"
	}
	return fmt.Sprintf("%dd", n)
}

// maxExamples bounds the values of one kind that examples are made of.
const maxExamples = 400

// examples are findings that meet, and just miss, the conditions of policies.
func examples(policies []*Policy, now time.Time) []Subject {
	v := newValues(policies)
	var out []Subject
	for _, p := range v.places {
		for _, scanner := range scanners {
			if p.scanner != "" && p.scanner != scanner {
				continue
			}
			out = v.examples(out, scanner, p, dayOf(now))
		}
	}
	return out
}

// spot is a place, a rule and a package that conditions name.
type spot struct{ scanner, rule, path, image, pkg, fingerprint string }

// values are what conditions name.
type values struct {
	places []spot
	ages   []int
	epss   []float64
}

func newValues(policies []*Policy) *values {
	v := &values{places: []spot{{}}}
	seen := map[spot]bool{{}: true}
	var fingerprint string
	add := func(scanners, rules, paths, images, packages []string) {
		s := spot{fingerprint: fingerprint, rule: instance(rules, ""), path: instance(paths, ""), image: instance(images, ""), pkg: purlInstance(packages)}
		if len(scanners) == 1 {
			s.scanner = scanners[0]
		}
		if len(packages) > 0 {
			s.scanner = finding.Packages
		}
		s.scanner = cmp.Or(s.scanner, scannerOf(s.rule))
		if !seen[s] && len(v.places) < maxExamples {
			seen[s] = true
			v.places = append(v.places, s)
		}
	}
	for _, p := range policies {
		for i := range p.Rules {
			r := &p.Rules[i]
			rules := r.Rules
			if len(rules) == 0 {
				rules = r.When.Rules
			}
			add(r.Scanners, rules, r.When.Paths, r.When.Images, r.When.Packages)
			v.bounds(r)
		}
		for i := range p.Exceptions {
			m := &p.Exceptions[i].Match
			rules, scanner := m.Rules, []string(nil)
			if len(m.CVEs) > 0 {
				rules, scanner = m.CVEs, []string{finding.Packages}
			}
			fingerprint = cmp.Or(m.Fingerprints...)
			add(scanner, rules, m.Paths, m.Images, m.PURLs)
			fingerprint = ""
		}
		for i := range p.Scopes {
			s := &p.Scopes[i]
			add(s.Scanners, s.Rules, s.Paths, s.Images, s.Packages)
		}
		for i := range p.Exclude {
			add(nil, nil, p.Exclude[i:i+1], nil, nil)
		}
	}
	slices.Sort(v.ages)
	v.ages = slices.Compact(v.ages)
	slices.Sort(v.epss)
	v.epss = slices.Compact(v.epss)
	return v
}

// scannerOf is the scanner whose rules look like this one; empty for any.
func scannerOf(rule string) string {
	for _, known := range []struct{ prefix, scanner string }{
		{"DL", finding.Dockerfile},
		{"SC", finding.Dockerfile},
		{"dockerfile/", finding.Dockerfile},
		{"CVE-", finding.Packages},
		{"GHSA-", finding.Packages},
		{"image/", finding.ImageConfig},
	} {
		if strings.HasPrefix(rule, known.prefix) {
			return known.scanner
		}
	}
	return ""
}

// bounds notes the numbers that a rule asks for. More than a few would multiply.
func (v *values) bounds(r *Rule) {
	const most = 6
	if r.When.EPSS != nil && len(v.epss) < most {
		v.epss = append(v.epss, *r.When.EPSS)
	}
	if r.When.Published != nil && len(v.ages) < most {
		v.ages = append(v.ages, r.When.Published.Days-1, r.When.Published.Days)
	}
	if r.Grace != nil && len(v.ages) < most {
		for _, s := range knownSeverities() {
			if n, ok := r.Grace.For[s]; ok {
				v.ages = append(v.ages, n, n+1)
			}
		}
	}
}

// examples makes those of a scanner at a place: of every severity, new and old, with
// and without a fix; of packages some that are exploited, malware, likely to be, of
// each origin and age.
func (v *values) examples(out []Subject, scanner string, at spot, today time.Time) []Subject {
	for _, severity := range finding.Severities() {
		for _, isNew := range []bool{true, false} {
			for _, fix := range []bool{true, false} {
				e := Example{
					Scanner: scanner, Rule: at.rule, Severity: severity, Path: at.path, Image: at.image,
					Package: at.pkg, Fix: fix, New: &isNew, Fingerprint: at.fingerprint,
				}
				out = append(out, e.Subject())
				if scanner == finding.Packages {
					out = v.variants(out, e, today)
				}
			}
		}
	}
	return out
}

// variants of a package's finding differ in one thing each.
func (v *values) variants(out []Subject, e Example, today time.Time) []Subject {
	vary := func(change func(*Example)) {
		varied := e
		change(&varied)
		out = append(out, varied.Subject())
	}
	vary(func(e *Example) { e.KEV = true })
	vary(func(e *Example) { e.Malware = true })
	vary(func(e *Example) { e.Origin = OriginBase })
	vary(func(e *Example) { e.Origin = OriginOurs })
	for _, p := range v.epss {
		vary(func(e *Example) { e.EPSS = p })
	}
	for _, n := range v.ages {
		vary(func(e *Example) { e.Published = today.AddDate(0, 0, -n) })
	}
	return out
}

// instance is a text that the first of some globs matches.
func instance(patterns []string, none string) string {
	if len(patterns) == 0 {
		return none
	}
	for _, candidate := range []string{
		strings.NewReplacer("**/", "x/", "/**", "/x", "**", "x", "*", "x", "?", "x").Replace(patterns[0]),
		strings.NewReplacer("**/", "", "/**", "/x", "**", "x", "*", "x", "?", "x").Replace(firstAlternatives(patterns[0])),
		patterns[0],
	} {
		if g := newGlob(patterns[0]); g.match(candidate) {
			return candidate
		}
	}
	return none
}

// firstAlternatives takes the first word of each group in braces.
func firstAlternatives(pattern string) string {
	for {
		open := strings.IndexByte(pattern, '{')
		if open < 0 {
			return pattern
		}
		end := strings.IndexByte(pattern[open:], '}')
		if end < 0 {
			return pattern
		}
		first, _, _ := strings.Cut(pattern[open+1:open+end], ",")
		pattern = pattern[:open] + first + pattern[open+end+1:]
	}
}

func purlInstance(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	p := strings.NewReplacer("**", "x", "*", "x").Replace(patterns[0])
	if _, versioned := cutVersion(normalPURL(p)); !versioned && !strings.ContainsAny(p, "?#") {
		p += "@1"
	}
	return p
}
