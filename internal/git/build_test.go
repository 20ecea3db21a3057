package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// commit commits all that is in the work tree.
func commit(t testing.TB, dir, message string) string {
	t.Helper()
	run(t, dir, "add", "-A", "-f")
	run(t, dir, "commit", "-q", "--allow-empty", "-m", message)
	return run(t, dir, "rev-parse", "HEAD")
}

func remove(t testing.TB, dir, path string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
		t.Fatal(err)
	}
}

func numbered(n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(strings.Repeat(string(rune('a'+i%26)), 3+i%7) + "\n")
	}
	return text.String()
}

// merge merges branches and changes what comes out of it before it is committed.
func merge(t testing.TB, dir string, change func(), branches ...string) string {
	t.Helper()
	if out, err := try(dir, append([]string{"merge", "-q", "--no-commit", "--no-ff"}, branches...)...); err != nil && !strings.Contains(out, "CONFLICT") {
		t.Fatalf("%v: %s", err, out)
	}
	change()
	return commit(t, dir, "merge")
}

// everything makes a repository with all that a patch can show.
func everything(t testing.TB) string {
	t.Helper()
	dir := newRepo(t, map[string]string{
		"a.txt": numbered(40), "gone.txt": "soon\ngone\n", "moved.txt": numbered(30), "empty": "",
		"crlf.txt": "one\r\ntwo\r\nlone\rcr\r\n", "open.txt": "no newline", "bin": "a\x00b", "latin.txt": "caf\xe9\n",
		"lfs.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "type": "a file\n",
		"bad\xff\xfename.txt": "x\n", "new\nline.txt": "x\n", "tab\t\"quote\\.txt": "x\n", "with space.txt": "x\n", "ünï.txt": "x\n",
		" b/a": "x\n", "a b/a b": "y\n", "--- a": "x\n", "diff --git": "--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "run.sh": "#!/bin/sh\n",
	})
	write(t, dir, "a.txt", strings.Replace(numbered(40), "ccccc\n", "CC\nDD\n", 1)+"end\n")
	write(t, dir, "diff --git", "commit 0123456789012345678901234567890123456789\nend\n\\ No newline\n++ plus\n-- minus\n")
	write(t, dir, "crlf.txt", "one\r\nzwei\r\nlone\rcr\r\n")
	write(t, dir, "open.txt", "no newline\nstill none")
	write(t, dir, "bin", "a\x00c")
	write(t, dir, "bin two", "\x00")
	write(t, dir, "--- a", "y\n")
	remove(t, dir, "gone.txt")
	commit(t, dir, "edits")
	write(t, dir, "open.txt", "no newline\nnow\n")
	write(t, dir, "to/moved.txt", numbered(30)+"more\n")
	remove(t, dir, "moved.txt")
	remove(t, dir, "type")
	link(t, "a.txt", filepath.Join(dir, "type"))
	link(t, "/etc/passwd", filepath.Join(dir, "link"))
	commit(t, dir, "rename, link, type")
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "pure.txt", numbered(20))
	commit(t, dir, "mode")
	run(t, dir, "mv", "pure.txt", "tab\tpure.txt")
	run(t, dir, "mv", "ünï.txt", "ünï two.txt")
	commit(t, dir, "rename only")
	run(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+run(t, dir, "rev-parse", "HEAD")+",sub")
	run(t, dir, "commit", "-q", "-m", "submodule")
	run(t, dir, "update-index", "--cacheinfo", "160000,"+run(t, dir, "rev-parse", "HEAD")+",sub")
	run(t, dir, "commit", "-q", "-m", "submodule moves")
	run(t, dir, "rm", "-q", "--cached", "sub")
	commit(t, dir, "empty")
	commit(t, dir, "empty again")
	write(t, dir, "a.txt", strings.ReplaceAll(numbered(40), "dddddd\n", ""))
	commit(t, dir, "only deletes")

	run(t, dir, "checkout", "-q", "--orphan", "island")
	run(t, dir, "rm", "-rfq", ".")
	write(t, dir, "island.txt", "another root\n")
	commit(t, dir, "second root")
	run(t, dir, "checkout", "-q", "main")
	write(t, dir, "stashed.txt", "in the stash\n")
	run(t, dir, "add", "stashed.txt")
	run(t, dir, "stash", "-q")
	for _, b := range []string{"one", "two", "three"} {
		run(t, dir, "checkout", "-q", "-b", b, "main")
		write(t, dir, b+".txt", b+"\n")
		write(t, dir, "to/moved.txt", numbered(30)+b+"\n")
		commit(t, dir, b)
	}
	run(t, dir, "checkout", "-q", "main")
	merge(t, dir, func() { write(t, dir, "to/moved.txt", "evil\n"+numbered(30)+"one\nown\nlines\n") }, "one")
	return dir
}
