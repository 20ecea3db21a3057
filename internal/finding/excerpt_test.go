package finding

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// key hides what follows "key=" and, alone on a line, what follows a line with "key:".
var key = regexp.MustCompile(`(?s)(key=|key:\n\s*)\w+`)

func hideKeys(s string) string { return key.ReplaceAllString(s, "$1…") }

// shown is what a finding shows once it is sealed: the line, and what points at it.
func shown(x *Excerpt) string {
	f := Seal([]Finding{{Rule: "r", Excerpt: x, Identity: Identity{"x"}}}, hideKeys)[0]
	if f.Excerpt == nil {
		return "nothing"
	}
	start, end, ok := f.Excerpt.Region()
	if !ok {
		return f.Excerpt.Text
	}
	return f.Excerpt.Text[:start] + "<" + f.Excerpt.Text[start:end] + ">" + f.Excerpt.Text[end:]
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a", 200)
	for name, test := range map[string]struct {
		line, above string
		start, end  int
		want        string
	}{
		"a line":                           {"FROM debian:latest\n", "", 5, 18, "FROM <debian:latest>"},
		"its indentation is left out":      {"\t  RUN x\r\n", "", 3, 8, "<RUN x>"},
		"tabs become spaces":               {"a\tb", "", 2, 3, "a <b>"},
		"a region beyond the line":         {"RUN a \\\n", "", 4, 400, "RUN <a \\>"},
		"an empty region":                  {"RUN a", "", 4, 4, "RUN <a>"},
		"a region before the text":         {"   a b", "", 0, 4, "<a> b"},
		"bytes that are no UTF-8":          {"a\xffb", "", 2, 3, "a?<b>"},
		"an empty line":                    {"  \n", "", 0, 1, "nothing"},
		"a line too long to be masked":     {strings.Repeat("a", maxLine+1), "", 0, 1, "nothing"},
		"what stands before a mask":        {"RUN a key=secret", "", 4, 5, "RUN <a> key=…"},
		"what stands behind a mask":        {"RUN key=secretsecret a", "", 21, 22, "RUN key=… <a>"},
		"a mask in a region":               {"RUN key=secretsecret a", "", 4, 22, "RUN <key=… a>"},
		"a region in a mask":               {"RUN key=secretsecret a", "", 10, 12, "RUN key=… a"},
		"the end of a region is masked":    {"RUN key=secretsecret a", "", 4, 12, "RUN key=… a"},
		"a value below its name":           {"  secret", "key:\n", 2, 8, "<…>"},
		"a line below a masked one":        {"RUN b", "ENV key=secret\n", 4, 5, "RUN <b>"},
		"the end of a long line":           {long + " b", "", 201, 202, "…" + long[:59] + " <b>"},
		"the beginning of a long line":     {"b " + long, "", 0, 1, "<b> " + long[:158] + "…"},
		"a region longer than is shown":    {"b " + long, "", 0, 202, "<b " + long[:158] + ">…"},
		"a secret where a line is cut off": {long[:155] + " key=secretsecret b", "", 0, 1, "<a>" + long[:154] + " key=…"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shown(NewExcerpt(test.line, test.start, test.end, test.above))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRegionOfAnExcerpt takes what anybody may write into a run file.
func TestRegionOfAnExcerpt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := &Excerpt{Text: rapid.String().Draw(t, "text"), StartColumn: rapid.IntRange(-2, 40).Draw(t, "start"), EndColumn: rapid.IntRange(-2, 40).Draw(t, "end")}
		start, end, ok := x.Region()
		if !ok {
			return
		}
		if start < 0 || end <= start || end > len(x.Text) || !utf8.ValidString(x.Text[start:end]) {
			t.Fatalf("%d to %d of %q", start, end, x.Text)
		}
	})
}

func TestNewExcerptIsValidText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := string(rapid.SliceOf(rapid.Byte()).Draw(t, "line"))
		x := NewExcerpt(line, rapid.IntRange(-5, 300).Draw(t, "start"), rapid.IntRange(-5, 300).Draw(t, "end"), line)
		if x = x.masked(hideKeys); x == nil {
			return
		}
		if _, _, ok := x.Region(); !utf8.ValidString(x.Text) || len(x.Text) > maxExcerpt+2*len("…") || !ok && !strings.Contains(x.Text, "…") {
			t.Fatalf("%+v", x)
		}
	})
}

func TestSealSpendsTheLineAbove(t *testing.T) {
	x := NewExcerpt("b", 0, 1, "a")
	sealed := Seal([]Finding{{Excerpt: x}}, nil)
	if x.Above != "a" || sealed[0].Excerpt.Above != "" || sealed[0].Excerpt == x {
		t.Errorf("%+v becomes %+v", x, sealed[0].Excerpt)
	}
}
