package git_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withoutCommit takes the id off each hunk.
func withoutCommit(hunks []string) []string {
	var out []string
	for _, h := range hunks {
		_, rest, _ := strings.Cut(h, " ")
		out = append(out, rest)
	}
	return out
}

func TestOfAMergeOnlyItsOwnLinesCount(t *testing.T) {
	tests := map[string]struct {
		build func(t *testing.T, dir string) string
		want  []string
	}{
		"nothing of its own": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() { write(t, dir, "f", numbered(10)+"one\n") }, "one")
		}, nil},
		"a file that no parent has": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() { write(t, dir, "evil.txt", "1\n2\n"); write(t, dir, "f", numbered(10)+"one\n") }, "one")
		}, []string{`"evil.txt" 1 "1\n2\n"`}},
		"a binary file that no parent has": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() { write(t, dir, "evil", "\x00"); write(t, dir, "f", numbered(10)+"main\n") }, "one")
		}, []string{`"evil" 0 ""`}},
		"lines between those of the parents": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() {
				write(t, dir, "f", "new at 1\n"+numbered(10)+"main\nown 12\nown 13\none\nown 15")
			}, "one")
		}, []string{`"f" 1 "new at 1\n"`, `"f" 13 "own 12\nown 13\n"`, `"f" 16 "own 15\n"`}},
		"lines in place of those of the parents": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() { write(t, dir, "f", numbered(10)+"both\n") }, "one")
		}, []string{`"f" 11 "both\n"`}},
		"a renamed file with a line of its own": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() {
				remove(t, dir, "f")
				write(t, dir, "new name \xff", numbered(10)+"own\n")
			}, "one")
		}, []string{`"new name \xff" 11 "own\n"`}},
		"an octopus": {func(t *testing.T, dir string) string {
			return merge(t, dir, func() { write(t, dir, "evil.txt", "1\n2\n"); write(t, dir, "two.txt", "two\nown\n") }, "two", "three")
		}, []string{`"evil.txt" 1 "1\n2\n"`, `"two.txt" 2 "own\n"`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := newRepo(t, map[string]string{"f": numbered(10), "g": "g\n"})
			for _, b := range []string{"one", "two", "three"} {
				run(t, dir, "checkout", "-q", "-b", b, "main")
				write(t, dir, b+".txt", b+"\n")
				if b == "one" {
					write(t, dir, "f", numbered(10)+"one\n")
				}
				commit(t, dir, b)
			}
			run(t, dir, "checkout", "-q", "main")
			write(t, dir, "f", numbered(10)+"main\n")
			commit(t, dir, "main")
			id := tt.build(t, dir)
			_, o := objects(t, dir)
			got := patches(t, o, []string{id}, "")
			if diff := cmp.Diff(tt.want, withoutCommit(got.hunks)); diff != "" || len(got.lost) > 0 {
				t.Errorf("lost %q (-want +got)\n%s\n%s", got.lost, diff, run(t, dir, "diff-tree", "-p", "--cc", "-M", "-U0", id))
			}
		})
	}
}
