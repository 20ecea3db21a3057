package secrets

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/config"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write words.txt from what the default rules say")

func fullRules(t testing.TB) *ruleSet {
	t.Helper()
	full, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	return full
}

// TestLightWords holds that words.txt is what the rules say: those words for which
// ruleSet.active looks at a rule at all.
func TestLightWords(t *testing.T) {
	full := fullRules(t)
	by := make(map[string]map[string]bool)
	add := func(word, id string) {
		if by[word] == nil {
			by[word] = make(map[string]bool)
		}
		by[word][id] = true
	}
	for n, uses := range full.uses {
		for _, u := range uses {
			if (u.anchor == nil) == (u.rule.anchors == nil) {
				add(full.texts[n], u.rule.RuleID)
			}
		}
	}
	for _, r := range full.whole {
		if len(r.Keywords) == 0 || len(r.odd) > 0 {
			t.Errorf("rule %s is to be looked at in every text: the masker must know it", r.RuleID)
		}
	}
	var b strings.Builder
	for _, word := range slices.Sorted(maps.Keys(by)) {
		if strings.ContainsAny(word, "\t\n") {
			t.Fatalf("word %q does not go into a line", word)
		}
		fmt.Fprintf(&b, "%s\t%s\n", word, strings.Join(slices.Sorted(maps.Keys(by[word])), " "))
	}
	if *update {
		if err := os.WriteFile("words.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), lightWords); diff != "" {
		t.Errorf("words.txt is stale: go test ./internal/scanner/secrets -run LightWords -update\n%s", diff)
	}
}

// TestLightRules: a rule that is made alone is the one that is made with all others.
func TestLightRules(t *testing.T) {
	for _, want := range fullRules(t).content {
		got, err := defaultRule(want.RuleID)
		if err != nil {
			t.Error(err)
			continue
		}
		type told struct {
			Expr, Loose string
			Group       int
			Entropy     float64
			Prefixes    string
		}
		tell := func(r *secretRule) told {
			return told{r.Regex.String(), r.loose().String(), r.SecretGroup, r.Entropy, fmt.Sprint(r.prefixes)}
		}
		if diff := cmp.Diff(tell(want), tell(got)); diff != "" {
			t.Errorf("%s: %s", want.RuleID, diff)
		}
	}
	if _, err := defaultRule("nowhere"); err == nil {
		t.Error("a rule that is not there was made")
	}
}

// TestLightMasker: it hides what the masker with all rules hides.
func TestLightMasker(t *testing.T) {
	set := newLightSet()
	light := func(text string) string {
		set.asked.Store(0) // it stays one that was asked little
		one := (&masker{rules: []activeRules{set}}).mask(text)
		set.asked.Store(fewTexts)
		if many := (&masker{rules: []activeRules{set}}).mask(text); many != one {
			t.Fatal("masks differ after many texts")
		}
		return one
	}
	full := (&masker{rules: []activeRules{fullRules(t)}}).mask
	for n, f := range fakes(t, 5, 2) {
		texts := []string{f.text, "x " + strings.ToUpper(f.text)}
		if n%20 == 0 { // all rules are run over these
			texts = append(texts, "\u212a"+f.text, "ſ "+f.text)
		}
		for _, text := range texts {
			if got, want := light(text), full(text); got != want {
				t.Fatalf("%s: masks differ", f.rule)
			}
		}
	}
	words, all := set.words, fakes(t, 6, 1)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				b.WriteString(rapid.SampledFrom(words).Draw(t, "word"))
			case 1:
				b.WriteString(all[rapid.IntRange(0, len(all)-1).Draw(t, "fake")].text)
			case 2:
				b.WriteString(rapid.StringMatching(`[-A-Za-z0-9+/=_ "'.:]{0,40}`).Draw(t, "text"))
			default:
				b.WriteString(rapid.String().Draw(t, "any"))
			}
		}
		if got, want := light(b.String()), full(b.String()); got != want {
			t.Fatal("masks differ")
		}
	})
}

func TestWithoutRulesEverythingIsHidden(t *testing.T) {
	m := &masker{rules: []activeRules{noRules{}}}
	if got := m.mask("a text that nobody\ncan judge"); got != ellipsis {
		t.Errorf("got %q", got)
	}
}

type noRules struct{}

func (noRules) active(string) []*secretRule { return []*secretRule{everything} }

// TestLooseExpressions: an expression that is cut as text is the one that is cut as
// a tree.
func TestLooseExpressions(t *testing.T) {
	cut := 0
	for _, r := range fullRules(t).content {
		re, err := syntax.Parse(r.Regex.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if re.Op != syntax.OpConcat || len(re.Sub) < 3 {
			continue
		}
		last := len(re.Sub) - 1
		text, ok := cutText(r.Regex.String(), re.Sub, 1, last)
		if !ok {
			continue
		}
		cut++
		re.Sub = re.Sub[1:last]
		got, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != re.String() {
			t.Errorf("%s: cut to %s", r.RuleID, text)
		}
	}
	if cut < 50 {
		t.Errorf("only %d expressions were cut as text", cut)
	}
	for _, c := range [][2]string{
		{`\b[a-z]{9}\b`, `[a-z]{9}`},
		{`(?i)\b[a-z]{9}\\b`, `(?i)[a-z]{9}\\b`},
		{`[a-z]{9}`, `[a-z]{9}`},
		{`(?:^|x)[a-z]{9}(?:\s|\z)`, `[a-z]{9}`},
		{`a-(?i)[a-z]{9}(?:x|$)`, `a-(?i)[a-z]{9}`},
		{`\b(?:a|b)c{9}(?:[\x60'"\s;]|\\[nr]|$)`, `(?:a|b)c{9}`},
	} {
		r := config.Rule{RuleID: "x", Regex: regexp.MustCompile(c[0])}
		if got := loosened(&r).String(); got != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}
