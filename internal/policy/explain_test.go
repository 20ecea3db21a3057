package policy

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/vex"
)

var update = flag.Bool("update", false, "write golden files")

// One text for each kind of decision.
func TestExplain(t *testing.T) {
	graced := "rules: [{id: published, scanner: packages, when: {severity: \">=high\", fix: available}, action: block, grace: {since: published, for: {high: 30d}}}]\n"
	parent, child := mustLoad(t, "rules: [{id: lint, scanner: dockerfile, action: block}]\nrelaxable: lint\n"), mustLoad(t, excepting("{match: {path: \"services/**\"}, expires: 2026-12-01}"))
	parent.Children, parent.Path, child.Path = []*Policy{child}, "org.yaml", "team.yaml"
	strict := mustLoad(t, "rules: [{id: strict, action: block, message: no}]\n")
	strict.Path = "services/.boltseal.yaml"
	stated := mustLoad(t, "")
	stated.VEX = []vex.Statement{{IDs: []string{"CVE-2021-23337"}, Products: []vex.Product{{IDs: []string{"pkg:npm/lodash"}}}, Status: vex.NotAffected, Justification: "component_not_present", From: "lodash.vex.json, statement 1"}}
	high := finding.High
	var b strings.Builder
	for _, test := range []struct {
		name     string
		policies []*Policy
		in       Input
		subject  Subject
	}{
		{"the built-in default", nil, Input{}, secretFinding},
		{"a rule", []*Policy{mustLoad(t, "rules:\n  - {id: keys, scanner: secrets, action: block}\n  - {id: lint, when: {severity: \">=medium\", new: true}, action: warn}\n")}, Input{}, lintFinding},
		{"an exception", []*Policy{mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-10-15}"))}, Input{}, lintFinding},
		{"an exception to come", []*Policy{mustLoad(t, "exceptions: [{match: {rule: DL3008}, reason: r, owner: o, approved-by: a, created: 2026-11-01, expires: 2026-12-01}]\n")}, Input{}, lintFinding},
		{"an exception that has expired", []*Policy{mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-09-15}"))}, Input{}, lintFinding},
		{"an exception that has expired, of something old", []*Policy{mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-09-15}"))}, Input{}, old(lintFinding)},
		{"an exception older than allowed", []*Policy{mustLoad(t, excepting("{match: {rule: DL3008}, expires: 2026-12-15}")+"limits: {exception-max-age: {medium: 300d}}\n")}, Input{}, lintFinding},
		{"an excluded path", []*Policy{mustLoad(t, "targets: {exclude: [\"services/**\"]}\n")}, Input{}, lintFinding},
		{"a VEX statement", []*Policy{stated}, Input{}, npmFinding},
		{"a pragma", nil, Input{}, ignored(lintFinding)},
		{"a pragma that counts", []*Policy{mustLoad(t, "trust: {native-ignores: count}\n")}, Input{}, ignored(rootFinding)},
		{"a threshold", nil, Input{}, spared(rootFinding)},
		{"grace", []*Policy{mustLoad(t, graced)}, Input{}, publishedOn(npmFinding, "2026-09-05")},
		{"no grace for what is new", []*Policy{mustLoad(t, graced)}, Input{}, with(publishedOn(npmFinding, "2026-09-05"), func(s *Subject) { s.New = new(true) })},
		{"until", []*Policy{mustLoad(t, "rules: [{id: bases, rule: DL3008, action: warn, until: 2026-12-31, then: block}]\n")}, Input{}, lintFinding},
		{"an age", []*Policy{mustLoad(t, "rules: [{id: young, when: {published: \"<7d\"}, action: note}]\n")}, Input{}, publishedOn(npmFinding, "2026-09-30")},
		{"a scope", []*Policy{mustLoad(t, "scopes: [{paths: [\"services/**\"], action-max: note}]\n")}, Input{}, lintFinding},
		{"cel that fails", []*Policy{mustLoad(t, "rules: [{id: c, cel: 'finding.ids[7] == \"x\"', action: note}]\n")}, Input{}, lintFinding},
		{"a parent and a child", []*Policy{child, parent}, Input{}, lintFinding},
		{"two policies", []*Policy{strict, mustLoad(t, "")}, Input{}, lintFinding},
		{"fail-on", nil, Input{FailOn: &high}, old(rootFinding)},
	} {
		test.in.Subjects = []Subject{test.subject}
		e := Explain(test.policies, test.in, 0, today)
		b.WriteString("# " + test.name + "\n" + e.Text(&test.subject.Finding) + "\n")
	}
	golden := filepath.Join("testdata", "explain.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("-update writes it:\n%s", diff)
	}
}

// What is explained is what is decided, and the change that is foretold comes.
func TestExplainTellsTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policies, in := drawPolicies.Draw(t, "policies"), drawInput.Draw(t, "in")
		_, decisions := Judge(policies, in, today)
		for i := range in.Subjects {
			e := Explain(policies, in, i, today)
			if e.Decision != decisions[i] {
				t.Fatalf("finding %d: explained %v, decided %v", i, e.Decision, decisions[i])
			}
			// Of what does not block the last day may be another policy's.
			accounted := func(a Account) bool {
				a.Decision.Until = decisions[i].Until
				return a.Decision == decisions[i]
			}
			ends := func(a Account) bool {
				return a.Decision.Until == decisions[i].Until && (decisions[i].Action != Block || accounted(a))
			}
			told := slices.ContainsFunc(e.Accounts, accounted) && slices.ContainsFunc(e.Accounts, ends)
			if !told && !strings.HasPrefix(e.Decision.By, "fail-on") {
				t.Fatalf("finding %d: nobody accounts for %v", i, decisions[i])
			}
			changed := dayOf(today)
			for range 60 {
				changed = changed.AddDate(0, 0, 1)
				if _, then := Judge(policies, in, changed); then[i].Action != e.Decision.Action || then[i].By != e.Decision.By {
					if e.Next == nil || !e.Next.On.Equal(changed) {
						t.Fatalf("finding %d: %v becomes %v on %v, foretold is %v", i, e.Decision, then[i], changed, e.Next)
					}
					break
				}
				if e.Next != nil && e.Next.On.Equal(changed) {
					t.Fatalf("finding %d: foretold is %v", i, e.Next)
				}
			}
		}
	})
}
