package secrets

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// finderExpressions are forms that the default rules do not have, or not all.
var finderExpressions = []string{
	`[a-f]{0,30}?(?:key|token)=[a-f]{2,40}`,
	`[a-f]{0,30}(?:key|token)=[a-f]{2,40}`,
	`[a-f]{0,30}?(?:\bkey|token)=([a-f]{2,40})$`,
	`[a-f]*?(?:key|a{2,3})[ab]{0,50}?c`,
	`[a-f]{3,30}?key`,
	`(?i)[\w.-]{0,50}?(?:key|KEY|keys)[^x]{0,40}x`,
	`(?s)key.{0,60}?end`,
	`[a-f]{0,30}?(?:key|token)?`,
	`[a-f]{0,30}?k{0,40}`,
	`[é-ü]{0,30}?key[é-ü]{0,30}`,
	`\A[a-f]{0,30}?key`,
}

// TestFinderFindsWhatTheExpressionFinds holds a finder against its expression, over
// matches of it, parts of them, and long runs between.
func TestFinderFindsWhatTheExpressionFinds(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	var all []*regexp.Regexp
	for _, r := range rules.content {
		if f := r.finder(); len(f.relaxed) > 0 || f.lead != nil {
			all = append(all, r.Regex)
		}
	}
	if len(all) == 0 {
		t.Fatal("no default rule is made easier")
	}
	for _, expr := range finderExpressions {
		all = append(all, regexp.MustCompile(expr))
	}
	rng := rand.New(rand.NewPCG(11, 4))
	found := 0
	for _, whole := range all {
		re, err := syntax.Parse(whole.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		f := newFinder(whole, re)
		for range 150 {
			text := finderText(rng, re)
			want := whole.FindAllStringIndex(text, -1)
			found += len(want)
			if diff := gocmp.Diff(want, f.all(text)); diff != "" {
				t.Fatalf("%s in %q (-expression +finder):\n%s", whole, text, diff)
			}
		}
	}
	if found == 0 {
		t.Error("nothing was found: the test proves nothing")
	}
}

func finderText(rng *rand.Rand, re *syntax.Regexp) string {
	var b strings.Builder
	for range 1 + rng.IntN(4) {
		var one strings.Builder
		generate(&one, re, rng)
		text := one.String()
		if rng.IntN(3) == 0 {
			text = text[rng.IntN(len(text)+1):]
		}
		b.WriteString(text)
		switch rng.IntN(5) {
		case 0:
			b.WriteString(strings.Repeat([]string{"a", "ab.", "-", "x", "=", "key", "\n", "ſ", "é", "\xff"}[rng.IntN(10)], rng.IntN(80)))
		case 1:
			b.WriteString(seams[rng.IntN(len(seams))])
		}
	}
	return b.String()
}

// BenchmarkFinder compares a finder with its expression on a line as code has many.
func BenchmarkFinder(b *testing.B) {
	rules, err := defaultRules()
	if err != nil {
		b.Fatal(err)
	}
	text := strings.Repeat("\tif err := os.WriteFile(filepath.Join(dir, file)); err != nil {\n", 2) + "\t\tAccessToken" + "Secret: request.Header(" + strings.Repeat("9f86d081884c7d65", 4) + ")\n"
	for _, r := range rules.content {
		if r.RuleID != "generic-api-key" {
			continue
		}
		b.Run("finder", func(b *testing.B) {
			for b.Loop() {
				r.finder().all(text)
			}
		})
		b.Run("expression", func(b *testing.B) {
			for b.Loop() {
				r.Regex.FindAllStringIndex(text, -1)
			}
		})
	}
}
