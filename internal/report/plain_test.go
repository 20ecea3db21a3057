package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"letters of any script stay":           {"naïve 日本語 👩\u200d🚀 می\u200cخواهم e\u0301", "naïve 日本語 👩\u200d🚀 می\u200cخواهم e\u0301"},
		"line breaks are spelled":              {"a\nb\r\tc\v", `a\nb\r\tc\x0b`},
		"escape sequences are spelled":         {"\x1b[31m\u009b1m\x7f", `\x1b[31m\u009b1m\x7f`},
		"direction overrides are spelled":      {"a\u202eb\u2066c\u200fd", `a\u202eb\u2066c\u200fd`},
		"what cannot be seen is spelled":       {"a\u200bb\ufeffc\u00adp\U000e0041q\u2028", `a\u200bb\ufeffc\u00adp\U000e0041q\u2028`},
		"spaces become spaces":                 {"a\u00a0b\u3000c", "a b c"},
		"bytes that are no UTF-8 are spelled":  {"a\xff\xc3", `a\xff\xc3`},
		"the replacement character stays":      {"a\ufffdb", "a\ufffdb"},
		"a tower of marks is cut":              {"x" + strings.Repeat("\u0301", 9), "x" + strings.Repeat("\u0301", 8) + `\u0301`},
		"a long text is cut":                   {strings.Repeat("ä", 3000), strings.Repeat("ä", 2000) + "…"},
		"commands to a CI system are no more":  {"x ##[error]y ##vso[task.complete]", `x #\x23[error]y #\x23vso[task.complete]`},
		"an empty text stays":                  {"", ""},
		"backslashes stay as in Windows paths": {`C:\new`, `C:\new`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Plain(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// harmful gives what is dangerous on one line of a log.
func harmful(s string) string {
	if !utf8.ValidString(s) {
		return "invalid UTF-8"
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Co) || unicode.Is(unicode.Cf, r) && r != zwj && r != zwnj {
			return string(r)
		}
	}
	if strings.Contains(s, "##") {
		return "##"
	}
	return ""
}

func checkPlain(t interface{ Errorf(string, ...any) }, s string) {
	p := Plain(s)
	if h := harmful(p); h != "" {
		t.Errorf("Plain(%q) = %q holds %q", s, p, h)
	}
	if again := Plain(p); again != p {
		t.Errorf("Plain(%q) = %q, again %q", s, p, again)
	}
	if n := utf8.RuneCountInString(p); n > maxText+1 {
		t.Errorf("Plain gives %d runes", n)
	}
}

func TestPlainIsHarmlessAndStaysAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkPlain(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")))
		checkPlain(t, rapid.String().Draw(t, "text"))
		checkPlain(t, strings.Repeat(rapid.StringN(1, 4, -1).Draw(t, "piece"), rapid.IntRange(1, 1500).Draw(t, "times")))
	})
}

func FuzzPlain(f *testing.F) {
	f.Add(evil)
	f.Add(strings.Repeat("\u0301#\xff", 2000))
	f.Fuzz(func(t *testing.T, s string) { checkPlain(t, s) })
}

func TestCutFitsAndSaysThatItCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Plain(rapid.String().Draw(t, "text"))
		n := rapid.IntRange(0, 30).Draw(t, "columns")
		got := cut(s, n)
		if width(got) > n {
			t.Errorf("cut(%q, %d) = %q of %d columns", s, n, got, width(got))
		}
		switch {
		case width(s) <= n && got != s:
			t.Errorf("cut(%q, %d) = %q, though it fits", s, n, got)
		case width(s) > n && n > 0 && !strings.HasSuffix(got, "…"):
			t.Errorf("cut(%q, %d) = %q says nothing of the cut", s, n, got)
		}
	})
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "日本語": 6, "é": 1, "ｅ": 2, "👍": 2, "한글": 4, "…": 1} {
		if got := width(s); got != want {
			t.Errorf("width(%q) = %d, want %d", s, got, want)
		}
	}
}
