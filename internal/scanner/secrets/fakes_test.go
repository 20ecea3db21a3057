package secrets

import (
	"context"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

// fake is a made-up secret with the text around it that its rule wants to see.
// Fakes are generated, never written down: this repository is scanned by itself.
type fake struct {
	rule, path, text, secret string
}

// fakes makes n texts for each content rule that the engine's plain path finds by
// that rule in a file of its own.
func fakes(t testing.TB, seed uint64, n int, only ...string) []fake {
	t.Helper()
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(seed, 1))
	var out []fake
	for _, r := range rules.rules {
		if r.Regex == nil || (len(only) > 0 && !slices.Contains(only, r.RuleID)) {
			continue
		}
		for range n {
			if f, ok := fakeFor(rules, r, rng); ok {
				out = append(out, f)
			}
		}
	}
	return out
}

func fakeFor(rules *ruleSet, r *secretRule, rng *rand.Rand) (fake, bool) {
	re, err := syntax.Parse(r.Regex.String(), syntax.Perl)
	if err != nil {
		return fake{}, false
	}
	path := map[string]string{
		"freemius-secret-key": "a.php", "hashicorp-tf-password": "main.tf",
		"kubernetes-secret-yaml": "s.yaml", "nuget-config-password": "nuget.config",
	}[r.RuleID]
	if path == "" {
		path = "conf.txt"
	}
	for range 200 {
		var b strings.Builder
		generate(&b, re, rng)
		text := strings.Trim(b.String(), "\n")
		if strings.Contains(strings.Trim(text, "\n"), "\n\n") {
			continue
		}
		if r.far {
			text = r.Keywords[0] + "\n" + text
		}
		for _, h := range plainHits(rules, path, "\n"+text+"\n") {
			if h.rule == r && len(h.secret) >= 8 {
				return fake{r.RuleID, path, text, h.secret}, true
			}
		}
	}
	return fake{}, false
}

// generate writes a text that the expression takes.
func generate(b *strings.Builder, re *syntax.Regexp, rng *rand.Rand) {
	times := func(least, most int) {
		for range least + rng.IntN(most-least+1) {
			generate(b, re.Sub[0], rng)
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(pickRune(re.Rune, rng))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(byte('a' + rng.IntN(26)))
	case syntax.OpCapture:
		generate(b, re.Sub[0], rng)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			generate(b, sub, rng)
		}
	case syntax.OpAlternate:
		generate(b, re.Sub[rng.IntN(len(re.Sub))], rng)
	case syntax.OpQuest:
		times(0, 1)
	case syntax.OpStar:
		times(0, 4)
	case syntax.OpPlus:
		times(1, 12)
	case syntax.OpRepeat:
		most := re.Min + 3
		if re.Max >= 0 {
			most = min(re.Max, most)
		}
		times(re.Min, most)
	}
}

func pickRune(ranges []rune, rng *rand.Rand) rune {
	var all []rune
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1] && r < 0x7f; r++ {
			if r >= 0x20 {
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		return ranges[0]
	}
	return all[rng.IntN(len(all))]
}

// plainHits is the plain library path over the whole text at once, with true
// places.
func plainHits(rules *ruleSet, path, text string) []hit {
	var hits []hit
	d := detection{rules: rules, path: path, plain: true, report: func(h hit) { hits = append(hits, h) }}
	if err := d.run(context.Background(), newHunk([]byte(text))); err != nil {
		panic(err)
	}
	return hits
}
