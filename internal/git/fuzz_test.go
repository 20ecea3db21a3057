package git

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

const fuzzID = "0123456789012345678901234567890123456789"

func FuzzPatch(f *testing.F) {
	head := fuzzID + "\n"
	index := "index " + fuzzID + ".." + fuzzID
	for _, s := range []string{
		head + "diff --git a/x b/x\n" + index + " 100644\n--- a/x\n+++ b/x\n@@ -1,2 +3,2 @@ f\n-a\n-b\n+c\n+d\n\\ No newline at end of file\n@@ -9 +9,0 @@\n-z\n",
		head + "diff --git a/x b/x\nnew file mode 100644\n" + index + "\nBinary files /dev/null and b/x differ\n",
		head + "diff --git \"a/\\303\\274\" \"b/\\t\"\nsimilarity index 90%\nrename from \"\\303\\274\"\nrename to \"\\t\"\n" + index + " 120000\n--- \"a/\\303\\274\"\n+++ \"b/\\t\"\n@@ -1 +1 @@\n+x\n",
		head + "diff --cc x y\n" + index + "\nmode 100644,100644..100755\n--- a/x y\t\n+++ b/x y\t\n@@@ -1,1 -1,1 +1,3 @@@\n++a\n -b\n++c\n +d\n",
		head + "diff --cc x\n" + index + "\nnew file mode 100644\nBinary files differ\n",
		head + head, head, "", "@@ -1 +1 @@\n", head + "diff --git a/x b/x\n@@ -1 +1,99999999999999999999 @@\n+x\n",
	} {
		f.Add([]byte(s))
		f.Add([]byte(s + endMark + "\n"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		p := &patchParser{
			r: bufio.NewReaderSize(bytes.NewReader(data), 128), max: 64,
			want: func() (string, bool) { n++; return fuzzID, n < 3 },
			lost: func(string, string, error) {},
			hunk: func(h *Hunk) error {
				if h.Commit != fuzzID || h.Path == "" || h.Line < 0 || len(h.Text) > 64 {
					t.Errorf("%+v", h)
				}
				if h.Line == 0 && !isID(h.Blob) {
					t.Errorf("a whole file without an id: %+v", h)
				}
				for line := range bytes.Lines(h.Text) {
					if !bytes.Contains(data, line) {
						t.Errorf("%q is nowhere in the patch", line)
					}
				}
				return nil
			},
		}
		if err := p.parse(); err == nil && !p.ended {
			t.Error("it ends without the mark")
		}
	})
}

func FuzzUnquote(f *testing.F) {
	for _, s := range []string{`"a b"`, `"\303\274\t\"\\"rest`, `"`, `"\`, `"\9"`, `"\777"`, `x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path, rest, err := unquote(text)
		if err == nil && (len(path)+len(rest)+2 > len(text) || !bytes.HasSuffix(text, rest)) {
			t.Errorf("%q gave %q and %q", text, path, rest)
		}
		_, _ = headerPath(text)
	})
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(fuzzID + " blob 12\n"))
	f.Add([]byte(fuzzID + " missing\n"))
	f.Add([]byte("1700000000 " + fuzzID + " " + fuzzID))
	f.Add([]byte(":100644 100755 " + fuzzID + " " + fuzzID + " M"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if size, err := parseAnswer(line, fuzzID); err == nil && size < 0 {
			t.Errorf("size %d", size)
		}
		if c, err := parseCommit(line); err == nil && (!isID(c.ID) || c.Parents < 0) {
			t.Errorf("%+v", c)
		}
		if c, err := parseRaw(line); err == nil && (!isID(c.Blob) || c.Status == 0) {
			t.Errorf("%+v", c)
		}
	})
}

func TestAHunkThatIsNotAsItsHeaderSays(t *testing.T) {
	for name, body := range map[string]string{
		"fewer lines":    "@@ -1 +1,2 @@\n+a\n",
		"more lines":     "@@ -1 +1 @@\n-b\n+a\n+b\n",
		"context":        "@@ -1 +1 @@\n a\n",
		"bad header":     "@@ -1 1 @@\n+a\n",
		"breaks off":     "@@ -1,0 +1 @@\n+a",
		"other commit":   strings.Repeat("1", 40) + "\n",
		"quoted rubbish": "rename to \"x\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := fuzzID + "\ndiff --git a/x b/x\n" + body
			if name != "breaks off" {
				text += endMark + "\n"
			}
			n := 0
			p := &patchParser{
				r: bufio.NewReader(strings.NewReader(text)), max: MaxHunk, want: func() (string, bool) { n++; return fuzzID, n == 1 },
				lost: func(string, string, error) {}, hunk: func(*Hunk) error { return nil },
			}
			if err := p.parse(); err == nil {
				t.Error("no error")
			}
		})
	}
}
