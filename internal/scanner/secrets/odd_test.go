package secrets

import (
	"regexp"
	"slices"
	"strings"
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

// allWanted are the rules of a set that a masker may want to see a text, found without
// anchors.
type allWanted struct{ *ruleSet }

func (a allWanted) active(text string) []*secretRule {
	lower := strings.ToLower(newPlainText(text).text)
	var out []*secretRule
	for _, r := range a.content {
		if r.anchors != nil || len(r.odd) > 0 || len(r.Keywords) == 0 || slices.ContainsFunc(r.Keywords, func(k string) bool { return strings.Contains(lower, strings.ToLower(k)) }) {
			out = append(out, r)
		}
	}
	return out
}

// spelledOddly writes some letters of a text as the two that anchors do not know.
func spelledOddly(text string, choose func(i int) bool) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case (r == 's' || r == 'S') && choose(i):
			r = foldedS
		case (r == 'k' || r == 'K') && choose(i):
			r = foldedK
		}
		b.WriteRune(r)
	}
	return b.String()
}

// TestMaskerOfOddTexts: it asks few rules, and hides what all of them would.
func TestMaskerOfOddTexts(t *testing.T) {
	full := fullRules(t)
	some, all := (&masker{rules: []activeRules{full}}).mask, (&masker{rules: []activeRules{allWanted{full}}}).mask
	hidden := 0
	for n, f := range fakes(t, 7, 1) {
		for _, text := range []string{spelledOddly(f.text, func(int) bool { return true }), spelledOddly(f.text, func(i int) bool { return i%3 == n%3 }), "ſ " + f.text} {
			if !odd(text) {
				continue
			}
			got := some(text)
			if want := all(text); got != want {
				t.Errorf("%s: masks differ:\n%q\n%q", f.rule, want, got)
			}
			if got != text {
				hidden++
			}
			if asked := len(full.active(text)); asked > len(full.content)/4 {
				t.Errorf("%s: %d rules are asked", f.rule, asked)
			}
		}
	}
	if hidden < 100 {
		t.Errorf("only %d texts held a secret", hidden)
	}
}

// TestMaskerOfOddRules: rules that could take one of the letters for itself are asked
// whatever stands around.
func TestMaskerOfOddRules(t *testing.T) {
	for expr, text := range map[string]string{
		`token_[^s]{8}=[0-9]{4}`:       "token_abcſdefg=1234",
		`token[ſ]{1,4}=[0-9]{4}`:       "tokenſſ=1234",
		`toſen=[0-9]{4}`:               "a toſen=1234",
		`(?i)\bsecret=[0-9]{4}`:        "aſecret=1234",
		`(?i)\bto\u212aen\b=[0-9]{4}`:  "a to\u212aen=1234",
		`(?i)key\b[^a]{1,2}=[0-9]{4}`:  "some \u212aey\u017f=1234",
		`(?i)xapp-[a-z]{3,9}=[0-9]{4}`: "xapp-aſb\u212ac=1234",
	} {
		expr = strings.ReplaceAll(expr, `\u212a`, "\u212a")
		rules, err := newRuleSet(config.Config{Rules: map[string]config.Rule{"own": {RuleID: "own", Regex: regexp.MustCompile(expr)}}, OrderedRules: []string{"own"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if !rules.content[0].Regex.MatchString(text) {
			t.Errorf("%s does not match %q", expr, text)
		}
		if len(rules.active(text)) != 1 {
			t.Errorf("%s is not asked of %q", expr, text)
		}
	}
}
