package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// smallSizes make regions as short as fragments are.
var smallSizes = sizes{own: 1, left: 2000, ahead: 4000}

// place is what must be the same however a text is cut.
type place struct {
	Rule, Secret string
	Match, From  int64
	Line         int
	Region       string
	Decoded      bool
}

func placesOf(hits []hit) []place {
	var out []place
	for _, h := range hits {
		out = append(out, place{h.rule.RuleID, h.secret, h.at - int64(h.from-h.matchAt), h.at, h.line, fmt.Sprint(h.region), h.decoded})
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

func randomText(rng *rand.Rand, alphabet string, n int) []byte {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return text
}

func TestRegionsCoverATextOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, alphabet := range []string{"a", "ab \n", "abcdefgh ijklm\n\n", "\r\n", "\x00"} {
		for _, n := range []int{0, 1, 99_999, 100_000, 100_001, 130_000, 350_000} {
			text := randomText(rng, alphabet, n)
			for name, c := range map[string]*chunker{
				"memory": newChunker(text, smallSizes),
				"stream": newStreamChunker(iotest.HalfReader(bytes.NewReader(text)), smallSizes),
				"real":   newStreamChunker(bytes.NewReader(text), regionSizes),
				"hunk":   newHunk(text),
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
		if w.at+int64(w.ownFrom) != next || w.ownTo <= w.ownFrom || w.cuts[len(w.cuts)-1] != w.ownTo {
			t.Fatalf("%s: region begins at %d, want %d", name, w.at+int64(w.ownFrom), next)
		}
		next = w.at + int64(w.ownTo)
		if w.text != string(text[w.at:end]) {
			t.Fatalf("%s: window at %d shows other bytes", name, w.at)
		}
		before := text[:w.at]
		if line := bytes.Count(before, newline); w.line != line {
			t.Fatalf("%s: window at %d says line %d, want %d", name, w.at, w.line, line)
		}
		if column := len(before) - 1 - bytes.LastIndexByte(before, '\n'); w.column != column {
			t.Fatalf("%s: window at %d says column %d, want %d", name, w.at, w.column, column)
		}
		if end != int64(len(text)) && end-next < int64(c.size.ahead) {
			t.Fatalf("%s: window at %d shows only %d bytes behind its region", name, w.at, end-next)
		}
	}
	if next != int64(len(text)) {
		t.Fatalf("%s: regions end at %d of %d", name, next, len(text))
	}
}

// TestFragmentsAreTheEngines compares with where the engine itself cuts a file.
func TestFragmentsAreTheEngines(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, alphabet := range []string{"a", "ab \n", "abcdefgh ijklm\n", "\n\r ", strings.Repeat("x", 200) + "\n\n", strings.Repeat("y", 5000) + "\n\n \n"} {
		for _, n := range []int{1, 99_999, 100_000, 100_001, 104_096, 125_000, 125_001, 400_000} {
			text := randomText(rng, alphabet, n)
			file := filepath.Join(t.TempDir(), "f.txt")
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []int
			at := 0
			src := sources.File{Content: f, Path: "f.txt"}
			err = src.Fragments(t.Context(), func(fragment sources.Fragment, err error) error {
				at += len(fragment.Raw)
				want = append(want, at)
				return err
			})
			if err != nil || f.Close() != nil {
				t.Fatal(err)
			}
			var got []int
			var cut fragmenter
			for pos := 0; pos < n; {
				pos = cut.next(text[:min(n, pos+maxFragment+readAhead)], pos)
				got = append(got, pos)
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%q, %d bytes (-engine +ours):\n%s", alphabet[:min(9, len(alphabet))], n, diff)
			}
		}
	}
}

// filler is text without secrets: words with spaces, lines of them, or one word.
func filler(kind, n int) string {
	unit := []string{"lorem ipsum dolor sit amet\n", "lorem ipsum dolor sit amet ", "loremipsumdolor.", "lorem ipsum\r\n\r\n"}[kind]
	return strings.Repeat(unit, n/len(unit)+1)[:n]
}

// TestSecretAcrossABorderIsFoundOnce plants secrets across the place where the
// engine cuts a file: it loses them, or sees half of them.
func TestSecretAcrossABorderIsFoundOnce(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	every := 1
	if testing.Short() {
		every = 16
	}
	found := 0
	for i, f := range fakes(t, 3, 1) {
		if i%every != 0 {
			continue
		}
		kind := []int{0, 2}[i/every%2]
		border := []int{100_000, maxFragment}[kind/2]
		for _, part := range []int{1, len(f.text) / 2, len(f.text) - 1} {
			at := border - part
			// Two regions' worth, so that a border of regions is one of fragments too.
			text := filler(kind, at-1) + "\n" + f.text + "\n" + filler(kind, 20_000)
			want := placesOf(plainHits(rules, f.path, text[at-2000:at+5000]))
			if !hasSecret(want, f) {
				continue // its neighbours make another match of it
			}
			found++
			for name, size := range map[string]sizes{"one region": regionSizes, "many": smallSizes} {
				got := placesOf(chunkedHits(t, f.path, newStreamChunker(strings.NewReader(text), size)))
				n := 0
				for _, p := range got {
					if p.Rule == f.rule && p.Secret == f.secret {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%s, %d bytes before the border, filler %d, %s: found %d times in %+v", f.rule, part, kind, name, n, got)
				}
			}
		}
	}
	if found < 400/every {
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
// the engine itself would lose it at.
func TestEveryOffsetAroundRealBorders(t *testing.T) {
	token := "gh" + "p_" + strings.Repeat("x7Kq9ZtR4m", 3) + "Wd8sYv"
	for _, kind := range []int{0, 2} {
		for _, border := range []int{100_000, 125_000} {
			for at := border - 45; at <= border+5; at++ {
				text := filler(kind, at-1) + "." + token + "." + filler(kind, 20_000)
				var found []int64
				for _, h := range chunkedHits(t, "a.txt", newStreamChunker(strings.NewReader(text), regionSizes)) {
					if h.secret == token {
						found = append(found, h.at)
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
	for _, p := range placesOf(chunkedHits(t, "key.txt", newStreamChunker(strings.NewReader(text), regionSizes))) {
		if p.Rule == "private-key" {
			got = append(got, p)
		}
	}
	if len(got) != 1 || got[0].Secret != key {
		t.Errorf("a key of %d bytes was found %d times, or not whole", len(key), len(got))
	}
}

// TestKeywordFarFromItsSecret: a keyword counts in the fragment of the secret, as
// the engine has it, and in no other.
func TestKeywordFarFromItsSecret(t *testing.T) {
	token := strings.Repeat("9f8e7d6c5b", 4)
	for _, tt := range []struct{ distance, want int }{{100, 1}, {60_000, 1}, {130_000, 0}} {
		for _, first := range []string{"sourcegraph", token} {
			second := token
			if first == token {
				second = "sourcegraph"
			}
			text := filler(0, 20_000) + "\n" + first + "\n" + filler(0, tt.distance) + "\n" + second + "\n" + filler(0, 70_000)
			hits := chunkedHits(t, "a.txt", newStreamChunker(strings.NewReader(text), regionSizes))
			if len(hits) != tt.want {
				t.Errorf("%d bytes apart, %s first: %d hits", tt.distance, first[:5], len(hits))
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
	err = d.run(t.Context(), newStreamChunker(broken, regionSizes))
	if err == nil || !strings.Contains(err.Error(), "disk on fire") || len(hits) != 1 {
		t.Errorf("%d hits, error %v", len(hits), err)
	}
}
