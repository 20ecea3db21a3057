package secrets

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect/codec"
	"pgregory.net/rapid"
)

// decodes asks the engine's decoder.
func decodes(text string) bool {
	_, segments := codec.NewDecoder().Decode(text, nil)
	return len(segments) > 0
}

// encodedText draws text in which something may be encoded.
var encodedText = rapid.Custom(func(t *rapid.T) string {
	var b strings.Builder
	for range rapid.IntRange(0, 6).Draw(t, "pieces") {
		plain := rapid.StringMatching(`[ -~]{0,40}`).Draw(t, "plain")
		switch rapid.IntRange(0, 7).Draw(t, "kind") {
		case 0:
			plain = base64.StdEncoding.EncodeToString([]byte(plain))
		case 1:
			plain = base64.RawURLEncoding.EncodeToString([]byte(plain))
		case 2:
			plain = hex.EncodeToString([]byte(plain))
		case 3:
			plain = url.QueryEscape(plain)
		case 4:
			plain = rapid.StringMatching(`(%[0-9A-Fa-f]{1,2}|\\{1,2}[uU][0-9a-f]{3,4}|U\+[0-9A-F]{4} ?){0,4}`).Draw(t, "escapes")
		case 5:
			plain = rapid.StringMatching(`[\w/+-]{10,70}={0,2}`).Draw(t, "run")
		case 6:
			plain = hex.EncodeToString([]byte(plain)) + rapid.StringMatching(`[g-z]{0,20}`).Draw(t, "tail")
		}
		b.WriteString(plain)
		b.WriteString(rapid.StringMatching(`[ \n"=%]{0,2}`).Draw(t, "between"))
	}
	return b.String()
})

func TestFilterMissesNothingEncoded(t *testing.T) {
	yes, no := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		text := encodedText.Draw(t, "text")
		may, does := mayDecode(text), decodes(text)
		if does && !may {
			t.Fatalf("the decoder finds something in %q, the filter nothing", text)
		}
		if may {
			yes++
		} else {
			no++
		}
	})
	if yes == 0 || no == 0 {
		t.Errorf("%d texts passed the filter, %d did not: the test proves nothing", yes, no)
	}
}

func TestDecodesAsTheEngineDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { sameDecoding(t, encodedText.Draw(t, "text")) })
}

// sameDecoding compares all passes.
func sameDecoding(t rapid.TB, text string) {
	decoder, ours := codec.NewDecoder(), text
	var segments []*codec.EncodedSegment
	for range decodeDepth {
		text, segments = decoder.Decode(text, segments)
		decoded, ok := decodeOnce(ours)
		if ok != (len(segments) > 0) {
			t.Fatalf("of %q the engine decodes %d parts, we: %v", ours, len(segments), ok)
		}
		if !ok {
			return
		}
		if decoded.text != text {
			t.Fatalf("%q decodes to %q, here %q", ours, text, decoded.text)
		}
		for at := range len(text) {
			if (len(codec.SegmentsWithDecodedOverlap(segments, at, at)) > 0) != decoded.overlaps(at, at) {
				t.Fatalf("%q: the parts differ at %d: %v", text, at, decoded.parts)
			}
		}
		ours = decoded.text
	}
}

func FuzzMayDecode(f *testing.F) {
	for _, seed := range []string{"", "%41", "%02abcdefghijklmnopqr", "aGVsbG8gd29ybGQhISEh", `\u0041`, "U+0041 ", strings.Repeat("41", 16), strings.Repeat("41", 16) + "zz", strings.Repeat("0", 40) + "zzzzzzzzzzzzzzzzzzzz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if decodes(text) && !mayDecode(text) {
			t.Errorf("the decoder finds something in %q, the filter nothing", text)
		}
		if len(text) < 2000 {
			sameDecoding(t, text)
		}
	})
}

// TestAutomatonFindsEveryWord compares with looking for each word by itself.
func TestAutomatonFindsEveryWord(t *testing.T) {
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 5).Draw(t, "pieces") {
			word := rapid.SampledFrom(rules.texts).Draw(t, "word")
			cut := rapid.IntRange(0, len(word)).Draw(t, "cut")
			switch rapid.IntRange(0, 2).Draw(t, "change") {
			case 0:
				word = strings.ToUpper(word)
			case 1:
				word = word[:cut]
			}
			b.WriteString(word)
			b.WriteString(rapid.StringMatching(`[a-zé\xff -]{0,2}`).Draw(t, "between"))
		}
		text := b.String()
		type at struct {
			word int32
			end  int
		}
		var want, got []at
		for i, w := range rules.texts {
			for end := len(w); end <= len(text); end++ {
				if strings.ToLower(text[end-len(w):end]) == w {
					want = append(want, at{int32(i), end})
				}
			}
		}
		rules.words.scan(text, 0, len(text), func(word int32, end int) { got = append(got, at{word, end}) })
		order := func(a, b at) int { return cmp.Or(cmp.Compare(a.word, b.word), a.end-b.end) }
		slices.SortFunc(got, order)
		if !slices.Equal(want, got) {
			t.Fatalf("in %q: want %v, got %v", text, want, got)
		}
	})
}

func TestShapes(t *testing.T) {
	tests := map[string]struct {
		expr   string
		secret string
		group  int
		mask   string
	}{
		"a literal prefix is shown":              {`\b(gh` + `p_[a-z0-9]{36})\b`, "gh" + "p_" + strings.Repeat("a1", 18), 1, "ghp_…"},
		"one of several":                         {`((?:A3T[A-Z0-9]|AKIA|ASIA)[A-Z2-7]{16})`, "ASIA" + strings.Repeat("Q2", 8), 1, "ASIA…"},
		"a letter of the secret is not":          {`(A3T[A-Z0-9][A-Z2-7]{16})`, "A3TX" + strings.Repeat("Q2", 8), 1, "A3T…"},
		"in any case where the rule says so":     {`(?i)(npm_[a-z0-9]{36})`, "NpM_" + strings.Repeat("a1", 18), 1, "NpM_…"},
		"a long prefix is cut":                   {`(access-production-[a-z]{30})`, "access-production-" + strings.Repeat("ab", 15), 1, "access-productio…"},
		"nothing fixed, nothing shown":           {`key=([a-z0-9]{20})`, strings.Repeat("a1", 10), 1, "…"},
		"a short secret shows nothing":           {`(ab_[a-z]{3})`, "ab_xyz", 1, "…"},
		"a quote is no prefix":                   {`("[a-z]{20}")`, `"` + strings.Repeat("ab", 10) + `"`, 1, "…"},
		"an optional beginning is not shown":     {`((?:sq_)?[a-z_]{20})`, "sq_" + strings.Repeat("ab", 10), 1, "…"},
		"the whole match where there's no group": {`xoxb-[0-9]{20}`, "xox" + "b-" + strings.Repeat("12", 10), 0, "xoxb-…"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := parseShape(tt.expr)
			if err != nil {
				t.Fatal(err)
			}
			r := &secretRule{prefixes: s.prefixes}
			if got := r.mask(tt.group, tt.secret); got != tt.mask {
				t.Errorf("got %q, want %q", got, tt.mask)
			}
		})
	}
}

func TestNeedsAKeyword(t *testing.T) {
	tests := []struct {
		expr  string
		words []string
		want  bool
	}{
		{`(?i)foo[a-z]+`, []string{"foo"}, true},
		{`linked[_-]?in=\d+`, []string{"linkedin", "linked_in", "linked-in"}, true},
		{`linked[_-]?in=\d+`, []string{"linkedin", "linked_in"}, false},
		{`(?:[Aa]pi|API|key)=\w+`, []string{"api", "key"}, true},
		{`[a-f0-9]{40}`, []string{"sourcegraph"}, false},
		{`(?:sgp_[a-f0-9]{40}|[a-f0-9]{40})`, []string{"sgp_"}, false},
		{`(?:foo)?bar`, []string{"foo"}, false},
		{`(?:foo)+bar`, []string{"foo"}, true},
	}
	for _, tt := range tests {
		s, err := parseShape(tt.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.needsOne(tt.words); got != tt.want {
			t.Errorf("%s with %v: got %v", tt.expr, tt.words, got)
		}
	}
}

func TestGap(t *testing.T) {
	for expr, want := range map[string]bool{
		`BEGIN[\s\S-]{64,}?END`: true, `(?s)a.*b`: true, `a.*b`: false, `[a-z]{3,}`: false, `a\s+b`: false, `(?s:.){0,200}`: false,
	} {
		s, err := parseShape(expr)
		if err != nil {
			t.Fatal(err)
		}
		if s.gap != want {
			t.Errorf("%s: got %v, want %v", expr, s.gap, want)
		}
	}
}

// TestEngineVersion holds the constant to what is built in.
func TestEngineVersion(t *testing.T) {
	mod := readProjectFile(t, "go.mod")
	if !regexp.MustCompile(`(?m)gitleaks/v8 ` + regexp.QuoteMeta(Version) + `( |$)`).MatchString(mod) {
		t.Errorf("go.mod has another gitleaks than %s", Version)
	}
}
