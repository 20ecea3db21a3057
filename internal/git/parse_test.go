package git

import (
	"strings"
	"testing"
)

func FuzzParseStage(f *testing.F) {
	f.Add([]byte("100644 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\ta b\tc"))
	f.Add([]byte("160000 e69de29bb2d1d6434b8b29ae775ad8c2e48c5391 0\tsub"))
	f.Add([]byte("\t"))
	f.Fuzz(func(t *testing.T, record []byte) {
		got, err := parseStage(record)
		if err != nil {
			return
		}
		if got.Path == "" || !strings.HasSuffix(string(record), "\t"+got.Path) {
			t.Errorf("%q gave path %q", record, got.Path)
		}
	})
}

func TestErrorTextIsPlain(t *testing.T) {
	h := &head{left: 40}
	if _, err := h.Write([]byte("fatal: \x1b[31mred\x07 bad\xffbyte\n\nsecond line " + strings.Repeat("x", 100))); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(h.lines(), "|")
	if want := "fatal: [31mred bad\uFFFDbyte|second line x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
