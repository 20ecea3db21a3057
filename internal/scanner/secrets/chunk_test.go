package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"
)

// smallSizes make borders frequent, with contexts that hold any fake.
var smallSizes = sizes{own: 2000, slack: 400, left: 700, right: 1600, reach: 300, ahead: 4000}

// place is what must be the same however a text is cut.
type place struct {
	Rule, Secret    string
	Match, From, To int64
	Line            int
	Region          string
	Decoded         bool
}

func placesOf(hits []hit) []place {
	var out []place
	for _, h := range hits {
		out = append(out, place{h.rule.RuleID, h.secret, h.matchAt, h.from, h.to, h.line, fmt.Sprint(h.region), h.decoded})
	}
	return out
}

func chunkedHits(t testing.TB, path string, c *chunker) []hit {
	t.Helper()
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	var hits []hit
	d := detection{rules: rules, path: path, report: func(h hit) { hits = append(hits, h) }}
	if err := d.run(t.Context(), c); err != nil {
		t.Error(err)
	}
	return hits
}

func TestRegionsCoverATextOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, alphabet := range []string{"a", "ab \n", "ab+/", "abcdefgh ijklm\n\n", "\r\n", "\x00"} {
		for _, n := range []int{0, 1, 1999, 2000, 2001, 2400, 2401, 9000, 30_000} {
			text := make([]byte, n)
			for i := range text {
				text[i] = alphabet[rng.IntN(len(alphabet))]
			}
			for name, c := range map[string]*chunker{
				"memory": newChunker(text, smallSizes),
				"stream": newStreamChunker(iotest.HalfReader(bytes.NewReader(text)), smallSizes),
			} {
				checkWindows(t, fmt.Sprintf("%s %q %d", name, alphabet, n), text, c)
			}
		}
	}
}

func checkWindows(t *testing.T, name string, text []byte, c *chunker) {
	t.Helper()
	next := int64(0)
	for {
		w, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		end := w.at + int64(len(w.text))
		if w.at+int64(w.ownFrom) != next || w.ownTo <= w.ownFrom {
			t.Fatalf("%s: region begins at %d, want %d", name, w.at+int64(w.ownFrom), next)
		}
		next = w.at + int64(w.ownTo)
		if !bytes.Equal(w.text, text[w.at:end]) || !bytes.Equal(w.wide, text[w.at:w.at+int64(len(w.wide))]) {
			t.Fatalf("%s: window at %d shows other bytes", name, w.at)
		}
		before := text[:w.at]
		if line := bytes.Count(before, newline); w.line != line {
			t.Fatalf("%s: window at %d says line %d, want %d", name, w.at, w.line, line)
		}
		if column := len(before) - 1 - bytes.LastIndexByte(before, '\n'); w.column != column {
			t.Fatalf("%s: window at %d says column %d, want %d", name, w.at, w.column, column)
		}
		if next < int64(len(text)) && end-next < int64(smallSizes.right) && end != int64(len(text)) && end-next < int64(smallSizes.right)-4 {
			t.Fatalf("%s: window at %d shows only %d bytes behind its region", name, w.at, end-next)
		}
	}
	if next != int64(len(text)) {
		t.Fatalf("%s: regions end at %d of %d", name, next, len(text))
	}
}

// filler is text without secrets: words with spaces, lines of them, or one word.
func filler(kind, n int) string {
	unit := []string{"lorem ipsum dolor sit amet\n", "lorem ipsum dolor sit amet ", "loremipsumdolor.", "lorem ipsum\r\n\r\n"}[kind]
	return strings.Repeat(unit, n/len(unit)+1)[:n]
}

func TestSecretAcrossABorderIsFoundOnce(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	step, every := 397, 1
	if testing.Short() {
		step, every = 600, 16
	}
	found := 0
	for i, f := range fakes(t, 3, 1) {
		if i%every != 0 {
			continue
		}
		kind := i / every % 4
		for at := 1900 - len(f.text) + i%step; at < 2500; at += step {
			text := filler(kind, max(at, 0)) + "\n" + f.text + "\n" + filler(kind, 3000)
			want := placesOf(plainHits(rules, f.path, text))
			if hasSecret(want, f) {
				found++ // else its neighbours make another match of it
			}
			got := placesOf(chunkedHits(t, f.path, newChunker([]byte(text), smallSizes)))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("%s at %d, filler %d (-whole +cut):\n%s", f.rule, at, kind, diff)
			}
		}
	}
	if found < 200/every {
		t.Errorf("only %d secrets planted", found)
	}
}

func hasSecret(places []place, f fake) bool {
	for _, p := range places {
		if p.Rule == f.rule && p.Secret == f.secret {
			return true
		}
	}
	return false
}

// TestEveryOffsetAroundRealBorders moves a token byte by byte over the borders that
// the engine itself would lose it at, with the real sizes.
func TestEveryOffsetAroundRealBorders(t *testing.T) {
	token := "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	for _, kind := range []int{0, 2} {
		for _, border := range []int{100_000, 125_000} {
			for at := border - 45; at <= border+5; at += 7 {
				text := filler(kind, at-1) + "." + token + "." + filler(kind, 20_000)
				var found []int64
				for _, h := range chunkedHits(t, "a.txt", newStreamChunker(strings.NewReader(text), chunkSizes)) {
					if h.secret == token {
						found = append(found, h.from)
					}
				}
				if len(found) != 1 || found[0] != int64(at) {
					t.Errorf("filler %d: token at %d found at %v", kind, at, found)
				}
			}
		}
	}
}

func TestLongSecretsAreSeenWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	body := make([]byte, 60_000)
	for i := range body {
		body[i] = base64Chars[rng.IntN(64)]
		if i%65 == 64 {
			body[i] = '\n'
		}
	}
	key := "-----BEG" + "IN RSA PRIVATE KEY-----\n" + string(body) + "\n-----END RSA PRIVATE KEY-----"
	text := filler(0, 90_000) + "\n" + key + "\n" + filler(0, 50_000)
	var got []place
	for _, p := range placesOf(chunkedHits(t, "key.txt", newStreamChunker(strings.NewReader(text), chunkSizes))) {
		if p.Rule == "private-key" {
			got = append(got, p)
		}
	}
	if len(got) != 1 || got[0].Secret != key {
		t.Errorf("a key of %d bytes was found %d times, or not whole", len(key), len(got))
	}
}

func TestKeywordFarFromItsSecret(t *testing.T) {
	token := strings.Repeat("9f8e7d6c5b", 4)
	distances := []int{100, 20_000, 90_000, 110_000}
	if testing.Short() {
		distances = distances[3:]
	}
	for _, distance := range distances {
		for _, first := range []string{"sourcegraph", token} {
			second := token
			if first == token {
				second = "sourcegraph"
			}
			text := filler(0, 70_000) + "\n" + first + "\n" + filler(0, distance) + "\n" + second + "\n" + filler(0, 70_000)
			hits := chunkedHits(t, "a.txt", newStreamChunker(strings.NewReader(text), chunkSizes))
			if len(hits) != 1 || hits[0].secret != token {
				t.Errorf("%d bytes apart, %s first: %d hits", distance, first[:5], len(hits))
			}
		}
	}
}

func TestReadErrorKeepsWhatWasFound(t *testing.T) {
	token := "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	var hits []hit
	d := detection{rules: rules, path: "a", report: func(h hit) { hits = append(hits, h) }}
	broken := io.MultiReader(strings.NewReader("a "+token+" b\n"), iotest.ErrReader(errors.New("disk on fire")))
	err = d.run(t.Context(), newStreamChunker(broken, chunkSizes))
	if err == nil || !strings.Contains(err.Error(), "disk on fire") || len(hits) != 1 {
		t.Errorf("%d hits, error %v", len(hits), err)
	}
}

// fuzzSizes keep fuzzing fast: the engine is slow when it is instrumented.
var fuzzSizes = sizes{own: 400, slack: 100, left: 500, right: 500, reach: 100, ahead: 1200}

func FuzzChunker(f *testing.F) {
	rules, err := defaultRules()
	if err != nil {
		f.Fatal(err)
	}
	all := fakes(f, 5, 1, "aws-access-token", "github-pat", "generic-api-key", "private-key", "slack-bot-token", "sourcegraph-access-token")
	f.Add([]byte("lorem ipsum\n"), uint16(390), uint16(3))
	f.Add([]byte("x"), uint16(410), uint16(77))
	f.Add([]byte("a b\r\n\r\n%41%42 \\u0041"), uint16(300), uint16(150))
	f.Fuzz(func(t *testing.T, unit []byte, at, pick uint16) {
		if len(unit) == 0 || len(unit) > 100 {
			return
		}
		fake := all[int(pick)%len(all)]
		// Letters of the filler cannot make up a secret, nor cut one short.
		clean := bytes.Map(func(r rune) rune {
			if r == '\n' || r == '\r' || r == ' ' {
				return r
			}
			return 'x'
		}, unit)
		fill := func(n int) string { return string(bytes.Repeat(clean, n/len(clean)+1)[:n]) }
		text := fill(int(at)%600) + "\n\n" + fake.text + "\n\n" + fill(500)
		want := placesOf(plainHits(rules, fake.path, text))
		for name, c := range map[string]*chunker{
			"memory": newChunker([]byte(text), fuzzSizes),
			"stream": newStreamChunker(strings.NewReader(text), fuzzSizes),
		} {
			if diff := gocmp.Diff(want, placesOf(chunkedHits(t, fake.path, c))); diff != "" {
				t.Errorf("%s, %s (-whole +cut):\n%s", fake.rule, name, diff)
			}
		}
	})
}
