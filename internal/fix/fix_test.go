package fix_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/fix"
)

const name = "Dockerfile"

// edit is "startLine:startColumn-endLine:endColumn" of the one file.
func edit(startLine, startColumn, endLine, endColumn int, text string) finding.Edit {
	return finding.Edit{Path: name, StartLine: startLine, StartColumn: startColumn, EndLine: endLine, EndColumn: endColumn, Text: text}
}

func with(edits ...finding.Edit) finding.Finding {
	return finding.Finding{Fix: &finding.Fix{Edits: edits}}
}

func TestApply(t *testing.T) {
	tests := map[string]struct {
		data     string
		findings []finding.Finding
		want     string
		left     []error
	}{
		"nothing to do":                {"a\n", []finding.Finding{{}, with()}, "a\n", nil},
		"an insertion":                 {"ab\n", []finding.Finding{with(edit(1, 2, 1, 2, "-"))}, "a-b\n", nil},
		"a replacement":                {"abc\n", []finding.Finding{with(edit(1, 2, 1, 3, "--"))}, "a--c\n", nil},
		"several of one file":          {"abc\nd\n", []finding.Finding{with(edit(2, 1, 2, 2, "x")), with(edit(1, 1, 1, 1, "y"))}, "yabc\nx\n", nil},
		"line ends stay":               {"a\r\nb\r\n", []finding.Finding{with(edit(2, 2, 2, 2, "!"))}, "a\r\nb!\r\n", nil},
		"no newline at the end":        {"a\nb", []finding.Finding{with(edit(1, 1, 1, 2, "c"), edit(2, 2, 2, 2, "d"))}, "c\nbd", nil},
		"bytes that are no text":       {"\xff\x00b\n", []finding.Finding{with(edit(1, 3, 1, 4, "c"))}, "\xff\x00c\n", nil},
		"over several lines":           {"a\nb\nc\n", []finding.Finding{with(edit(1, 2, 3, 1, " "))}, "a c\n", nil},
		"a line is removed":            {"a\nb\nc", []finding.Finding{with(edit(2, 1, 3, 1, ""))}, "a\nc", nil},
		"at the very end":              {"a\n", []finding.Finding{with(edit(2, 1, 2, 1, "b\n"))}, "a\nb\n", nil},
		"at the end, counted so":       {"a\n", []finding.Finding{with(edit(1, 3, 1, 3, "b\n"))}, "a\nb\n", nil},
		"an empty file":                {"", []finding.Finding{with(edit(1, 1, 1, 1, "a"))}, "a", nil},
		"the first wins":               {"abcd", []finding.Finding{with(edit(1, 2, 1, 4, "x")), with(edit(1, 1, 1, 3, "y"))}, "axd", []error{fix.ErrConflict}},
		"two at one place":             {"ab", []finding.Finding{with(edit(1, 2, 1, 2, "x")), with(edit(1, 2, 1, 2, "y"))}, "axb", []error{fix.ErrConflict}},
		"one within another":           {"abcd", []finding.Finding{with(edit(1, 1, 1, 5, "x")), with(edit(1, 3, 1, 3, "y"))}, "x", []error{fix.ErrConflict}},
		"one around another":           {"abcd", []finding.Finding{with(edit(1, 3, 1, 3, "y")), with(edit(1, 1, 1, 5, "x"))}, "abycd", []error{fix.ErrConflict}},
		"side by side":                 {"abcd", []finding.Finding{with(edit(1, 1, 1, 3, "x")), with(edit(1, 3, 1, 5, "y")), with(edit(1, 3, 1, 3, "-"))}, "x-y", nil},
		"whole or not at all":          {"abcd", []finding.Finding{with(edit(1, 2, 1, 3, "x")), with(edit(1, 4, 1, 5, "y"), edit(1, 2, 1, 3, "z"))}, "axcd", []error{fix.ErrConflict}},
		"its own edits overlap":        {"abcd", []finding.Finding{with(edit(1, 1, 1, 3, "x"), edit(1, 2, 1, 4, "y"))}, "abcd", []error{fix.ErrOverlap}},
		"its own insertions, in order": {"ab", []finding.Finding{with(edit(1, 2, 1, 2, "x"), edit(1, 2, 1, 2, "y"))}, "axyb", nil},
		"behind the end of a line":     {"ab\ncd\n", []finding.Finding{with(edit(1, 4, 1, 4, "x"))}, "ab\ncd\n", []error{fix.ErrOutside}},
		"behind the end of the file":   {"ab\n", []finding.Finding{with(edit(3, 1, 3, 1, "x"))}, "ab\n", []error{fix.ErrOutside}},
		"before the beginning":         {"ab\n", []finding.Finding{with(edit(0, 1, 1, 1, "x")), with(edit(1, 0, 1, 1, "x"))}, "ab\n", []error{fix.ErrOutside, fix.ErrOutside}},
		"the wrong way round":          {"ab\n", []finding.Finding{with(edit(1, 2, 1, 1, "x"))}, "ab\n", []error{fix.ErrOutside}},
		"another file":                 {"ab\n", []finding.Finding{with(edit(1, 1, 1, 1, "x"), finding.Edit{Path: "../etc/passwd", StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1})}, "ab\n", []error{fix.ErrOutside}},
		"far too much":                 {"ab\n", []finding.Finding{with(edit(1, 1, 1, 1, strings.Repeat("x", 17<<20))), with(edit(1, 1, 1, 1, "y"))}, "yab\n", []error{fix.ErrTooLarge}},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			data := []byte(tt.data)
			res := fix.Apply(map[string][]byte{name: data}, tt.findings)
			got, changed := res.Files[name]
			if !changed {
				got = data
			}
			if changed != (tt.want != tt.data) {
				t.Errorf("changed: %v", changed)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if string(data) != tt.data {
				t.Error("the data that was given changed")
			}
			var left []error
			for _, l := range res.Left {
				left = append(left, l.Err)
			}
			if len(left) != len(tt.left) {
				t.Fatalf("left: %v, want %v", left, tt.left)
			}
			for n, err := range tt.left {
				if !errors.Is(left[n], err) {
					t.Errorf("left: %v, want %v", left[n], err)
				}
			}
		})
	}
}

// TestFilesTogether: a fix that reaches into two files is made in both or in none.
func TestFilesTogether(t *testing.T) {
	at := func(path, text string) finding.Edit {
		return finding.Edit{Path: path, StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 2, Text: text}
	}
	res := fix.Apply(map[string][]byte{"a": []byte("1"), "b": []byte("2"), "c": []byte("3")}, []finding.Finding{
		with(at("b", "x")), with(at("a", "y"), at("b", "z")), with(at("a", "v"), at("c", "w")),
	})
	want := map[string][]byte{"a": []byte("v"), "b": []byte("x"), "c": []byte("w")}
	if diff := cmp.Diff(want, res.Files); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, res.Paths()); diff != "" {
		t.Errorf("paths: %s", diff)
	}
}

// place gives the line and column of an offset.
func place(data []byte, at int) (line, column int) {
	before := data[:at]
	return bytes.Count(before, []byte("\n")) + 1, at - bytes.LastIndexByte(before, '\n')
}

// TestProperties compares with a slow and simple way: whole fixes, the first wins,
// every byte outside of the edits stays.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := []byte(rapid.StringOfN(rapid.RuneFrom([]rune("ab \r\n")), 0, 40, -1).Draw(t, "data"))
		type cut struct {
			start, end int
			text       string
		}
		var taken []cut
		var findings []finding.Finding
		applied := 0
		for range rapid.IntRange(0, 8).Draw(t, "fixes") {
			var f finding.Fix
			var mine []cut
			ok := true
			for range rapid.IntRange(1, 3).Draw(t, "edits") {
				c := cut{start: rapid.IntRange(0, len(data)).Draw(t, "start")}
				c.end = rapid.IntRange(c.start, min(len(data), c.start+5)).Draw(t, "end")
				c.text = rapid.StringOfN(rapid.RuneFrom([]rune("xy\n")), 0, 3, -1).Draw(t, "text")
				e := finding.Edit{Path: name, Text: c.text}
				e.StartLine, e.StartColumn = place(data, c.start)
				e.EndLine, e.EndColumn = place(data, c.end)
				f.Edits = append(f.Edits, e)
				for _, o := range taken {
					if c.start < o.end && o.start < c.end || c.start == c.end && o.start == o.end && c.start == o.start {
						ok = false
					}
				}
				for _, o := range mine {
					if c.start < o.end && o.start < c.end {
						ok = false
					}
				}
				mine = append(mine, c)
			}
			findings = append(findings, finding.Finding{Fix: &f})
			if ok {
				taken = append(taken, mine...)
				applied++
			}
		}
		var want []byte
		for at := 0; at <= len(data); at++ {
			replaced := false
			for _, insertions := range []bool{true, false} {
				for _, c := range taken {
					if c.start == at && (c.start == c.end) == insertions {
						want = append(want, c.text...)
					}
				}
			}
			for _, c := range taken {
				replaced = replaced || c.start <= at && at < c.end
			}
			if at < len(data) && !replaced {
				want = append(want, data[at])
			}
		}
		res := fix.Apply(map[string][]byte{name: data}, findings)
		got, changed := res.Files[name]
		if !changed {
			got = data
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		if len(res.Applied) != applied || len(res.Left) != len(findings)-applied {
			t.Fatalf("%d applied and %d left, want %d of %d applied", len(res.Applied), len(res.Left), applied, len(findings))
		}
	})
}

func FuzzApply(f *testing.F) {
	f.Add([]byte("a\nb"), 1, 1, 2, 1, "x", 2, 2, 2, 2, "y")
	f.Add([]byte(""), 0, -1, 1<<62, 1<<62, "", 1, 1, 1, 1, "\n")
	f.Fuzz(func(t *testing.T, data []byte, a, b, c, d int, x string, e, g, h, i int, y string) {
		files := map[string][]byte{name: data}
		findings := []finding.Finding{with(edit(a, b, c, d, x)), with(edit(e, g, h, i, y))}
		res := fix.Apply(files, findings)
		if len(res.Applied)+len(res.Left) != 2 {
			t.Fatalf("%d applied, %d left", len(res.Applied), len(res.Left))
		}
		after, changed := res.Files[name]
		if !changed {
			after = data
		}
		if len(after) > len(data)+len(x)+len(y) {
			t.Errorf("%d bytes became %d", len(data), len(after))
		}
		if text := fix.Diff(name, data, after); (len(text) > 0) != changed {
			t.Errorf("changed: %v, but the diff is %q", changed, text)
		}
	})
}

func TestDiff(t *testing.T) {
	tests := map[string]struct{ before, after, want string }{
		"nothing":            {"a\n", "a\n", ""},
		"a line":             {"a\nb\nc\n", "a\nB\nc\n", "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		"no newline at end":  {"a", "b", "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"},
		"line ends are kept": {"a\r\n", "b\r\n", "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,1 +1,1 @@\n-a\r\n+b\r\n"},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(fix.Diff(name, []byte(tt.before), []byte(tt.after)))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestGitTakesTheDiff: what is printed can be applied.
func TestGitTakesTheDiff(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	for _, path := range []string{"Dockerfile", "a b/Dockerfile.x", "q\"\\\t/Dockerfile"} {
		dir := t.TempDir()
		before, after := []byte("a\r\nb\nc\nd"), []byte("a\r\nB\nc\nD")
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, before, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "git", "apply", "-")
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(fix.Diff(path, before, after))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", path, err, out)
		}
		got, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, after) {
			t.Errorf("%s: %q, want %q", path, got, after)
		}
	}
}
