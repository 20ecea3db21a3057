package secrets

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// told1 is what of a hit must not depend on how it was found.
type told1 struct {
	Rule, Secret string
	Line         int
	Region       string
	Allowed      bool
}

func toldOf(hits []hit) []told1 {
	var out []told1
	for _, h := range hits {
		region := fmt.Sprint(h.region)
		if h.decoded {
			// The engine tells where the encoded form stands with what it touches.
			region = "decoded"
		}
		out = append(out, told1{h.rule.RuleID, h.secret, h.line, region, h.allowed})
	}
	slices.SortFunc(out, func(a, b told1) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}

// soup draws a text of secrets, halves of them, what stands near them, encodings of
// all that, and filler.
type soup struct {
	fakes []fake
	words []string
}

func newSoup(t testing.TB, rules *ruleSet) *soup {
	return &soup{fakes: fakes(t, 11, 2), words: rules.texts}
}

func (s *soup) piece(rng *rand.Rand) string {
	f := s.fakes[rng.IntN(len(s.fakes))]
	text := f.text
	switch rng.IntN(12) {
	case 0, 1, 2:
	case 3:
		cut := rng.IntN(len(text))
		text = text[cut:]
	case 4:
		text = text[:rng.IntN(len(text))]
	case 5:
		text = s.words[rng.IntN(len(s.words))]
	case 6:
		text = f.secret
	case 7:
		text = strings.ToUpper(text)
	case 8:
		text = s.encoded(rng, text)
	case 9:
		text = s.encoded(rng, s.encoded(rng, text))
	case 10:
		text = strings.Repeat([]string{"x", "lorem ipsum ", "lorem\n", "\n", "é", "a=b&c;", "\xff"}[rng.IntN(7)], rng.IntN(40))
	case 11:
		text = strings.ReplaceAll(text, []string{"s", "k", "i", "e", " "}[rng.IntN(5)], []string{"ſ", "\u212a", "İ", "%", "\n"}[rng.IntN(5)])
	}
	return text
}

func (s *soup) encoded(rng *rand.Rand, text string) string {
	switch rng.IntN(6) {
	case 0:
		return base64.StdEncoding.EncodeToString([]byte(text))
	case 1:
		return base64.RawURLEncoding.EncodeToString([]byte(text))
	case 2:
		return hex.EncodeToString([]byte(text))
	case 3:
		return url.QueryEscape(text)
	case 4:
		var b strings.Builder
		for _, r := range text {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		return b.String()
	}
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `U+%04X `, r)
	}
	return b.String()
}

var seams = []string{"", " ", "\n", "\n\n", "=", "\"", "' ", ": ", ".", "-", "\\n", " // gitleaks:" + "allow\n", "%20", "\r\n"}

func (s *soup) text(rng *rand.Rand, pieces int) string {
	var b strings.Builder
	for range pieces {
		b.WriteString(s.piece(rng))
		b.WriteString(seams[rng.IntN(len(seams))])
	}
	return b.String()
}

// TestFilterLosesNothingAndAddsNothing compares the filtered way with the plain one
// over texts of one fragment: they must agree in everything.
func TestFilterLosesNothingAndAddsNothing(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	s := newSoup(t, rules)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		text := s.text(rng, rapid.IntRange(1, 12).Draw(t, "pieces"))
		path := rapid.SampledFrom([]string{"a.txt", "main.tf", "s.yaml", "a.php", "nuget.config"}).Draw(t, "path")
		want := toldOf(plainHits(rules, path, text))
		found += len(want)
		if diff := gocmp.Diff(want, toldOf(filteredHits(t, rules, path, text))); diff != "" {
			t.Fatalf("%q (-plain +filtered):\n%s", text, diff)
		}
	})
	if found == 0 {
		t.Error("nothing was found: the test proves nothing")
	}
}

// TestOddLetters does the same where letters stand for others in most places.
func TestOddLetters(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	s := newSoup(t, rules)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			piece := s.piece(rng)
			for _, swap := range [][2]string{{"s", "ſ"}, {"S", "ſ"}, {"k", "\u212a"}, {"K", "\u212a"}, {"I", "İ"}} {
				if rng.IntN(3) == 0 {
					piece = strings.Replace(piece, swap[0], swap[1], 1+rng.IntN(3))
				}
			}
			if rng.IntN(6) == 0 {
				piece = s.encoded(rng, piece)
			}
			b.WriteString(piece + seams[rng.IntN(len(seams))] + []string{"", "ſ", "\u212a"}[rng.IntN(3)])
		}
		want := toldOf(plainHits(rules, "a.tf", b.String()))
		found += len(want)
		if diff := gocmp.Diff(want, toldOf(filteredHits(t, rules, "a.tf", b.String()))); diff != "" {
			t.Fatalf("%q (-plain +filtered):\n%s", b.String(), diff)
		}
	})
	if found == 0 {
		t.Error("nothing was found: the test proves nothing")
	}
}

func filteredHits(t rapid.TB, rules *ruleSet, path, text string) []hit {
	var hits []hit
	d := detection{rules: rules, path: path, report: func(h hit) { hits = append(hits, h) }}
	if err := d.run(context.Background(), newHunk([]byte(text))); err != nil {
		t.Fatal(err)
	}
	return hits
}

func FuzzFilter(f *testing.F) {
	rules, err := defaultRules()
	if err != nil {
		f.Fatal(err)
	}
	s := newSoup(f, rules)
	for seed := range uint64(20) {
		f.Add(s.text(rand.New(rand.NewPCG(seed, 2)), 4), uint8(seed))
	}
	paths := []string{"a.txt", "main.tf", "s.yaml", "a.php", "nuget.config", ""}
	f.Fuzz(func(t *testing.T, text string, pick uint8) {
		if len(text) > 4000 {
			return
		}
		path := paths[int(pick)%len(paths)]
		if diff := gocmp.Diff(toldOf(plainHits(rules, path, text)), toldOf(filteredHits(t, rules, path, text))); diff != "" {
			t.Errorf("%q (-plain +filtered):\n%s", text, diff)
		}
	})
}

// TestAnchorsAreInEveryMatch generates matches of every rule and checks that each
// holds an anchor, and lies within its reach.
func TestAnchorsAreInEveryMatch(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 9))
	for _, r := range rules.content {
		if r.anchors == nil {
			t.Logf("%s has no anchor", r.RuleID)
			continue
		}
		re, err := syntax.Parse(r.Regex.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			var b strings.Builder
			generate(&b, re, rng)
			text := b.String()
			for _, at := range r.Regex.FindAllStringIndex(text, -1) {
				if !heldBy(r, text, at[0], at[1], rules.legs) {
					t.Errorf("%s: no anchor reaches all of %q", r.RuleID, text[at[0]:at[1]])
				}
			}
		}
	}
}

func heldBy(r *secretRule, text string, from, to, legs int) bool {
	for i := range r.anchors {
		a := &r.anchors[i]
		for end := from + len(a.text); end <= to; end++ {
			start := end - len(a.text)
			if strings.ToLower(text[start:end]) != a.text || !a.at(text, end) {
				continue
			}
			if a.before.back(text, start, make(runs, legs)) <= from && a.after.ahead(text, end, make(runs, legs)) >= to {
				return true
			}
		}
	}
	return false
}
