package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func allLines(n int) map[int]bool {
	lines := make(map[int]bool)
	for i := range n {
		lines[i+1] = true
	}
	return lines
}

// The hashes are what GitHub's own action gives, as its tests say.
func TestLineHashesAreThoseOfGitHubsAction(t *testing.T) {
	greetings := []string{"e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1", "b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"}
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"an empty file has a line":    {"", []string{"c129715d7a2bc9a3:1"}},
		"blanks count for nothing":    {" a\nb\n  \t\tc\n d", []string{"271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"}},
		"the end of the file counts":  {" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", greetings},
		"a CR ends a line":            {" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", greetings},
		"so do CR and LF, as one end": {" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", greetings},
		"and all of them mixed":       {" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", greetings},
		"lines that look alike are counted": {
			strings.Repeat("Lorem ipsum dolor sit amet.\n", 10),
			[]string{"a7f2ff13bc495cf2:1", "a7f2ff13bc495cf2:2", "a7f2ff13bc495cf2:3", "a7f2ff13bc495cf2:4", "a7f2ff13bc495cf2:5", "a7f2ff13bc495cf2:6", "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", "c129715d7a2bc9a3:1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := LineHashes([]byte(c.content), allLines(100))
			want := make(map[int]string)
			for i, hash := range c.want {
				want[i+1] = hash
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLineHashesOfLinesThatWereAskedForOnly(t *testing.T) {
	got := LineHashes([]byte(" a\nb\n  \t\tc\n d"), map[int]bool{3: true, 99: true})
	if diff := cmp.Diff(map[int]string{3: "180aee12dab6264:1"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBytesThatAreNoUTF8AreReadAsBrowsersDo(t *testing.T) {
	for name, c := range map[string]struct{ content, same string }{
		"a rune that breaks off is one":         {"\xe2\x82|", "\ufffd|"},
		"at the end too":                        {"\xf0\x9f\x98", "\ufffd"},
		"a byte that begins nothing is one":     {"\xff\xfe", "\ufffd\ufffd"},
		"a surrogate is three":                  {"\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		"what is too long is one for each":      {"\xc0\xaf", "\ufffd\ufffd"},
		"beyond Unicode is one for each":        {"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
		"a sound rune after a broken one":       {"\xe2é", "\ufffdé"},
		"U+FFFD itself is itself":               {"\ufffd", "\ufffd"},
		"two of a rune of four that breaks off": {"\xf0\x9f|", "\ufffd|"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(LineHashes([]byte(c.same), allLines(1)), LineHashes([]byte(c.content), allLines(1))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzLineHashes compares with the definition: no rolling, every line by itself.
func FuzzLineHashes(f *testing.F) {
	for _, s := range []string{"", "a\nb\r\n\r c\r \nd", "\xe2\x82😀\n", strings.Repeat("x\n", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 5000 {
			return
		}
		if diff := cmp.Diff(definition(s), LineHashes([]byte(s), allLines(len(s)+1))); diff != "" {
			t.Error(diff)
		}
	})
}

func definition(s string) map[int]string {
	var runes []rune
	for b := []byte(s); len(b) > 0; {
		r, size := decodeRune(b)
		runes, b = append(runes, r), b[size:]
	}
	var text []uint16
	starts := []int{0}
	wasCR := false
	for _, c := range utf16.Encode(runes) {
		switch {
		case c == ' ' || c == '\t' || c == '\n' && wasCR:
			wasCR = false
			continue
		case c == '\r':
			wasCR, c = true, '\n'
		default:
			wasCR = false
		}
		if text = append(text, c); c == '\n' {
			starts = append(starts, len(text))
		}
	}
	text = append(text, 0xffff)
	text = append(text, make([]uint16, hashBlock)...)
	hashes, seen := make(map[int]string), make(map[uint64]int)
	for i, start := range starts {
		var sum uint64
		for _, c := range text[start : start+hashBlock] {
			sum = sum*37 + uint64(c)
		}
		seen[sum]++
		hashes[i+1] = fmt.Sprintf("%x:%d", sum, seen[sum])
	}
	return hashes
}
