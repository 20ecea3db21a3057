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

func FuzzParseTree(f *testing.F) {
	f.Add("100644 blob " + fuzzID + "\tsub/a b\n")
	f.Add("160000 commit " + fuzzID + "\tsub")
	f.Add("040000 tree x\ty")
	f.Fuzz(func(t *testing.T, record string) {
		file, err := parseTree(record)
		if err == nil && (file.Path == "" || !isID(file.Blob)) {
			t.Errorf("%q gives %+v", record, file)
		}
	})
}

// FuzzRef lets through nothing that git could take for something else.
func FuzzRef(f *testing.F) {
	for _, ref := range []string{"refs/heads/main", "refs/heads/a/b", fuzzID, "--upload-pack=x", "refs/heads/a:b", "refs/tags/v1", "refs/heads/"} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		if checkRef(ref) != nil {
			return
		}
		if strings.HasPrefix(ref, "-") || strings.ContainsAny(ref, ":*^ \n\x00") || !isID(ref) && !strings.HasPrefix(ref, "refs/heads/") {
			t.Errorf("%q is let through", ref)
		}
	})
}
