package change

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatchLines(t *testing.T) {
	for name, c := range map[string]struct {
		patch string
		want  map[int]string
	}{
		"added lines and those around them": {"@@ -1,3 +1,4 @@\n a\n-b\n+B\n+C\n d", map[int]string{1: "a", 2: "B", 3: "C", 4: "d"}},
		"two hunks":                         {"@@ -1 +1 @@\n-a\n+A\n@@ -9,2 +9,3 @@ func x() {\n b\n+c\n d\n", map[int]string{1: "A", 9: "b", 10: "c", 11: "d"}},
		"a new file":                        {"@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file", map[int]string{1: "a", 2: "b"}},
		"a file that is gone":               {"@@ -1,2 +0,0 @@\n-a\n-b", map[int]string{}},
		"no newline in the middle":          {"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file", map[int]string{1: "b"}},
		"a line that looks like a hunk":     {"@@ -1 +1,2 @@\n+@@ -5 +9 @@\n a", map[int]string{1: "@@ -5 +9 @@", 2: "a"}},
		"an empty line without its blank":   {"@@ -1,3 +1,3 @@\n a\n\n-c\n+C", map[int]string{1: "a", 2: "", 3: "C"}},
		"CR stays in the text":              {"@@ -1 +1 @@\n-a\r\n+b\r", map[int]string{1: "b\r"}},
		"nothing":                           {"", map[int]string{}},
		"no patch":                          {"Binary files differ", map[int]string{}},
		"more lines than the hunk has":      {"@@ -1 +1 @@\n-a\n+b\n+c", map[int]string{1: "b"}},
		"a number that is none":             {"@@ -1 +99999999999999999999 @@\n-a\n+b", map[int]string{}},
		"a sign before a number":            {"@@ --1 ++1 @@\n-a\n+b", map[int]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(map[int]string)
			for n, l := range PatchLines(c.patch) {
				got[n] = l.Text
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPatchLinesKnowTheOldSide(t *testing.T) {
	got := PatchLines("@@ -3,4 +3,4 @@\n a\n-b\n+B\n+C\n d\n-e\n@@ -20,2 +20,2 @@\n f\n+g\n-h")
	want := Diff{
		3: {"a", 1, 3}, 4: {"B", 1, 0}, 5: {"C", 1, 0}, 6: {"d", 1, 5},
		20: {"f", 2, 20}, 21: {"g", 2, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzPatchLines(f *testing.F) {
	f.Add("@@ -1,3 +1,4 @@\n a\n-b\n+B\n+C\n d")
	f.Add("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b")
	f.Fuzz(func(t *testing.T, patch string) {
		for n, l := range PatchLines(patch) {
			if n < 0 || l.Hunk < 1 || !strings.Contains(patch, l.Text) {
				t.Errorf("line %d: %q in hunk %d", n, l.Text, l.Hunk)
			}
		}
	})
}
