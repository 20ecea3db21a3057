package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
)

func TestDraft(t *testing.T) {
	for name, facts := range map[string]*Facts{
		"little": {Scanners: []string{finding.Secrets}, On: today},
		"much": {
			Scanners: scanners, Partial: "a file:\n evil # \x1b", Baseline: "sec urity/known: 1", Known: 7, On: today,
			Samples: []string{"**/testdata/**", "**/examples/**"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := Draft(facts)
			p, err := Load("draft.yaml", []byte(text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if len(p.Tests) == 0 {
				t.Error("no tests")
			}
			for _, r := range RunTests(p, today) {
				if !r.Passed() {
					t.Errorf("%s: %+v", r.Test.Name, r.Got)
				}
			}
			if diff := cmp.Diff(facts.Scanners, p.Coverage.Require); diff != "" {
				t.Error(diff)
			}
			if p.New.Baseline != facts.Baseline {
				t.Errorf("baseline %q", p.New.Baseline)
			}
			for _, s := range sampleSubjects() {
				if d := judgeOne([]*Policy{p}, old(s), nil); d.Action == Block {
					t.Errorf("what was there before blocks: %s %+v", s.Rule, d)
				}
			}
		})
	}
}

func TestSamples(t *testing.T) {
	var findings []finding.Finding
	for _, path := range []string{"a/testdata/x", "examples/y", "contest/z", "test"} {
		findings = append(findings, finding.Finding{Location: finding.Location{Path: path}})
	}
	if diff := cmp.Diff([]string{"**/testdata/**", "**/examples/**", "**/test/**"}, Samples(findings)); diff != "" {
		t.Error(diff)
	}
}
