package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// Loosened says what a changed policy file allows that the trusted one does not, a
// phrase each: what findings would be decided more mildly, of the given ones and of
// one of each kind, and what it says of other things. trusted is nil where there is no
// such file: then it is the built-in default of the root, and a folder's own policy
// loosens nothing. changed is nil where the file is gone.
func Loosened(trusted, changed *Policy, subjects []Subject, now time.Time) []string {
	if changed == nil {
		return []string{"the file is taken away"}
	}
	if trusted == nil {
		if changed.Under != "" {
			return nil
		}
		trusted = Default()
	}
	var what []string
	if found := milder(trusted, changed, subjects, now); found != "" {
		what = append(what, found)
	} else if found := milder(trusted, changed, probes(), now); found != "" {
		what = append(what, found)
	} else if found := milderRules(trusted, changed, now); found != "" {
		what = append(what, found)
	}
	what = append(what, moreLists(trusted, changed)...)
	return append(what, weakerSettings(trusted, changed)...)
}

// milder tells of findings about which the changed policy decides more mildly.
func milder(trusted, changed *Policy, subjects []Subject, now time.Time) string {
	in := &Input{Subjects: subjects}
	before, after := newBench([]*Policy{alone(trusted)}, in, now), newBench([]*Policy{alone(changed)}, in, now)
	count, example, blocks := 0, "", false
	for i := range subjects {
		s := newSubject(&subjects[i], dayOf(now))
		if s.Scanner == finding.Policy {
			continue
		}
		_, a := decideByPolicies(before.covering(s), s, nil)
		_, b := decideByPolicies(after.covering(s), s, nil)
		if b.Action.strictness() >= a.Action.strictness() {
			continue
		}
		if count++; example == "" || !blocks && a.Action == Block {
			example = fmt.Sprintf("%s goes from %s to %s", described(s), a.Action, b.Action)
			blocks = a.Action == Block
		}
	}
	switch count {
	case 0:
		return ""
	case 1:
		return example
	}
	return fmt.Sprintf("%s, and %s", example, plural(count-1, "more finding"))
}

// maxProbes bounds the findings that are made for the conditions of a change's policy,
// whose author may want to keep somebody busy.
const maxProbes = 10_000

// milderRules tells of findings made for the conditions of the rules of both: of a rule
// for one path or package nothing else would tell.
func milderRules(trusted, changed *Policy, now time.Time) string {
	a, b := rulesAlone(trusted), rulesAlone(changed)
	made := examples([]*Policy{a, b}, now)
	return milder(a, b, made[:min(len(made), maxProbes)], now)
}

// rulesAlone is the policy without what is told in other words.
func rulesAlone(p *Policy) *Policy {
	copied := alone(p)
	copied.Exceptions, copied.Scopes, copied.Exclude, copied.VEX, copied.Under = nil, nil, nil, nil, ""
	return copied
}

// alone is the policy as it judges by itself.
func alone(p *Policy) *Policy {
	copied := *p
	copied.Targets, copied.Children, copied.Relaxable = nil, nil, nil
	return &copied
}

// described names a finding, or what a probe stands for.
func described(s *subject) string {
	if s.Location.Path != "" && s.Rule != exampleID {
		return s.Rule + " in " + s.Location.Path
	}
	text := "a " + s.Severity.String() + " finding of " + s.Scanner
	if s.Location.Path != "" {
		text += " in " + s.Location.Path
	}
	if s.purl.name != "" {
		text += " in " + s.purl.name
	}
	if s.kev {
		text += " that is known to be exploited"
	}
	if s.malicious {
		text += " that is malware"
	}
	if s.isNew {
		return text
	}
	return text + " that was there before"
}

// probes are a finding of each kind that the class of a rule tells apart.
func probes() []Subject {
	var all []Subject
	add := func(f finding.Finding) {
		for _, isNew := range []bool{true, false} {
			all = append(all, Subject{Finding: f, New: &isNew})
		}
	}
	for _, severity := range []finding.Severity{finding.Critical, finding.High, finding.Medium, finding.Low, finding.Info, finding.Unknown} {
		for _, scanner := range []string{finding.Secrets, finding.Dockerfile, finding.ImageConfig} {
			add(finding.Finding{Scanner: scanner, Severity: severity, Target: "dir:."})
		}
		for n := range 8 {
			a := finding.Advisory{KEV: n&1 != 0, Malware: n&2 != 0}
			if n&4 != 0 {
				a.Fixed = []string{"1"}
			}
			add(finding.Finding{Scanner: finding.Packages, Severity: severity, Target: "dir:.", Advisory: &a})
		}
	}
	return all
}

// moreLists tells of lists that only ever allow more.
func moreLists(trusted, changed *Policy) []string {
	var what []string
	sent, due := trusted.Dashboards.destinations()
	sends, must := changed.Dashboards.destinations()
	for _, l := range []struct {
		noun          string
		before, after []string
	}{
		{"exception", written(trusted.Exceptions, (*Exception).yaml), written(changed.Exceptions, (*Exception).yaml)},
		{"scope", written(trusted.Scopes, (*Scope).yaml), written(changed.Scopes, (*Scope).yaml)},
		{"excluded path", trusted.Exclude, changed.Exclude},
		{"VEX document", trusted.VEXFiles, changed.VEXFiles},
		{"VEX product", trusted.Products, changed.Products},
		{"trusted branch", trusted.Trust.Branches, changed.Trust.Branches},
		{"flag in trust.may-set", trusted.Trust.MaySet, changed.Trust.MaySet},
		{"relaxable rule", trusted.Relaxable, changed.Relaxable},
		{"dashboard", sent, sends},
	} {
		if n := missingFrom(l.before, l.after); n > 0 {
			what = append(what, plural(n, "more "+l.noun))
		}
	}
	var before, after []string
	for _, p := range trusted.Extends {
		before = append(before, p.Ref)
	}
	for _, p := range changed.Extends {
		after = append(after, p.Ref)
	}
	if n := missingFrom(after, before); n > 0 {
		what = append(what, plural(n, "parent")+" fewer in extends")
	}
	if n := missingFrom(must, due); n > 0 {
		what = append(what, plural(n, "required dashboard")+" fewer in report")
	}
	if looser := looserBases(trusted, changed); looser != "" {
		what = append(what, looser)
	}
	if trusted.SignedBases && !changed.SignedBases {
		what = append(what, "targets.signed-bases is taken away")
	}
	if n := missingFrom(changed.Coverage.Platforms, trusted.Coverage.Platforms); n > 0 {
		what = append(what, plural(n, "platform")+" fewer in coverage.platforms")
	}
	if old, now := trusted.Coverage.DBDigests, changed.Coverage.DBDigests; len(old) > 0 && (len(now) == 0 || missingFrom(old, now) > 0) {
		what = append(what, "coverage.db-digest allows other databases")
	}
	if n := missingFrom(changed.Dockerfiles, trusted.Dockerfiles); n > 0 {
		what = append(what, plural(n, "glob")+" fewer in dockerfile.files")
	}
	if n := missingFrom(changed.Coverage.Require, trusted.Coverage.Require); n > 0 {
		what = append(what, plural(n, "scanner")+" fewer in coverage.require")
	}
	return what
}

func written[T any](list []T, text func(*T) string) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = text(&list[i])
	}
	return out
}

// missingFrom counts those of a list that another one lacks.
func missingFrom(list, of []string) int {
	has := make(map[string]bool, len(list))
	for _, s := range list {
		has[s] = true
	}
	n := 0
	for _, s := range of {
		if !has[s] {
			n++
		}
	}
	return n
}

// weakerSettings tells of settings that allow more than before.
func weakerSettings(trusted, changed *Policy) []string {
	var what []string
	add := func(weaker bool, name, before, after string) {
		if weaker {
			what = append(what, fmt.Sprintf("%s goes from %s to %s", name, before, after))
		}
	}
	for _, r := range []struct {
		name          string
		before, after Reaction
	}{
		{"coverage.on-scanner-error", trusted.Coverage.OnScannerError, changed.Coverage.OnScannerError},
		{"coverage.on-partial", trusted.Coverage.OnPartial, changed.Coverage.OnPartial},
		{"coverage.on-nothing-scanned", trusted.Coverage.OnNothingScanned, changed.Coverage.OnNothingScanned},
		{"coverage.on-stale-db", trusted.Coverage.OnStaleDB, changed.Coverage.OnStaleDB},
		{"limits.on-expired", trusted.Limits.OnExpired, changed.Limits.OnExpired},
		{"limits.on-unmatched", trusted.Limits.OnUnmatched, changed.Limits.OnUnmatched},
	} {
		add(r.before != WarnOfIt && r.after == WarnOfIt, r.name, string(r.before), string(r.after))
	}
	if old, now := trusted.New.yaml(), changed.New.yaml(); old != now && changed.New.To != ToNothing { // then everything is new
		what = append(what, fmt.Sprintf("what is new is told by %s, and was by %s", now, old))
	}
	oldAge, newAge := trusted.Coverage.MaxDBAge, changed.Coverage.MaxDBAge
	add(newAge > oldAge, "coverage.max-db-age", ageYAML(oldAge), ageYAML(newAge))
	before, after := trusted.Trust.NativeIgnores.heeded(), changed.Trust.NativeIgnores.heeded()
	add(leniency(after) > leniency(before), "trust.native-ignores", string(before), string(after))
	add(trusted.Trust.HeadMay != HeadIgnored && changed.Trust.HeadMay == HeadIgnored, "trust.head-may", trusted.Trust.HeadMay, changed.Trust.HeadMay)
	if a, b := trusted.Limits.ExceptionMaxAge, changed.Limits.ExceptionMaxAge; a != nil && (b == nil || a.yaml() != b.yaml()) {
		what = append(what, "limits.exception-max-age changes")
	}
	return what
}

func leniency(n NativeIgnores) int {
	return strings.Index("rch", string(n[:1]))
}
