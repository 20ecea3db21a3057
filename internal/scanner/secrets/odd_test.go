package secrets

import (
	"regexp"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/config"
)

// TestOddLettersOfOwnRules: expressions that take one of the letters, and not the one
// that stands for it, and keywords that the engine compares its own way.
func TestOddLettersOfOwnRules(t *testing.T) {
	tests := map[string]struct {
		rule   config.Rule
		text   string
		counts int
	}{
		"a class without the s":              {config.Rule{Regex: regexp.MustCompile(`token_[^s]{8}=[0-9]{4}`)}, "token_abcſdefg=1234\n", 1},
		"a class of the letter":              {config.Rule{Regex: regexp.MustCompile(`token[ſ]{1,4}=[0-9]{4}`)}, "tokenſſ=1234\n", 1},
		"a text with the letter":             {config.Rule{Regex: regexp.MustCompile(`toſen=[0-9]{4}`)}, "toſen=1234 tosen=1234\n", 1},
		"before a word":                      {config.Rule{Regex: regexp.MustCompile(`(?i)\bsecret=[0-9]{4}`)}, "aſecret=1234\n", 1},
		"a keyword in the match alone":       {config.Rule{Regex: regexp.MustCompile(`(?i)secret=[0-9]{4}`), Keywords: []string{"secret"}}, "ſecret=1234\n", 0},
		"a keyword elsewhere":                {config.Rule{Regex: regexp.MustCompile(`(?i)secret=[0-9]{4}`), Keywords: []string{"secret"}}, "ſecret=1234 a secret\n", 1},
		"a keyword with the sign for Kelvin": {config.Rule{Regex: regexp.MustCompile(`(?i)token=[0-9]{4}`), Keywords: []string{"token"}}, "to\u212aen=1234\n", 1},
		"a keyword far from the match":       {config.Rule{Regex: regexp.MustCompile(`[a-z]{8}-[0-9]{4}`), Keywords: []string{"kelvin"}}, "abcdefgh-1234 \u212aelvin\n", 1},
		"a run without an end":               {config.Rule{Regex: regexp.MustCompile(`(?i)xapp-[a-z]+=[0-9]{4}`)}, "xapp-aſb\u212ac=1234\n", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.rule.RuleID = "own"
			rules, err := newRuleSet(config.Config{Rules: map[string]config.Rule{"own": tt.rule}, OrderedRules: []string{"own"}}, "")
			if err != nil {
				t.Fatal(err)
			}
			want := toldOf(plainHits(rules, "a.txt", tt.text))
			if len(want) != tt.counts {
				t.Errorf("the engine finds %d", len(want))
			}
			if diff := gocmp.Diff(want, toldOf(filteredHits(t, rules, "a.txt", tt.text))); diff != "" {
				t.Errorf("(-plain +filtered):\n%s", diff)
			}
		})
	}
}
