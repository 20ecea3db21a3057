package secrets_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repo is a repository that a test builds.
type repo struct {
	t   *testing.T
	dir string
	rng *rand.Rand
	n   int
}

func newRepo(t *testing.T, seed uint64) *repo {
	t.Helper()
	r := &repo{t: t, dir: t.TempDir(), rng: seeded(seed)}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	return gitOut(r.t, r.dir, args...)
}

// commit writes files, "" for one that goes, and commits everything.
func (r *repo) commit(f files) string {
	r.t.Helper()
	for path, content := range f {
		if content == "" {
			if err := os.Remove(filepath.Join(r.dir, path)); err != nil {
				r.t.Fatal(err)
			}
			continue
		}
		files{path: content}.write(r.t, r.dir)
	}
	return r.all()
}

// all commits the work tree as it is.
func (r *repo) all() string {
	r.t.Helper()
	r.n++
	r.git("add", "-A", "-f")
	r.git("commit", "-q", "--allow-empty", "-m", fmt.Sprintf("commit %d\n\nkey: %s", r.n, githubToken(r.rng)))
	return strings.TrimSpace(r.git("rev-parse", "HEAD"))
}

func (r *repo) text(n int) string { return strewn(r.rng, n, 200, true) }

// builtRepos are histories that hold what is hard about git.
var builtRepos = []struct {
	name  string
	build func(r *repo)
	large bool // left out in -short
}{
	{"edits", historyOfEdits, false},
	{"merges", historyOfMerges, false},
	{"renames", historyOfRenames, false},
	{"deletions", historyOfDeletions, false},
	{"links, submodules and changes of type", historyOfTypes, false},
	{"odd paths", historyOfPaths, false},
	{"odd contents", historyOfContents, true},
	{"large files", historyOfLargeFiles, true},
	{"attributes", historyOfAttributes, false},
	{"branches that nothing merges, notes and tags", historyOfRefs, false},
}

func TestBuiltHistoriesFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	for i, b := range builtRepos {
		if b.large && testing.Short() {
			leftOut(t, "the history of "+b.name+", in -short")
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t, uint64(300+i))
			b.build(r)
			c := compareHistory(t, b.name, r.dir, settings{})
			if len(c.theirs) == 0 {
				t.Error("gitleaks finds nothing in it")
			}
			compareTree(t, "work tree of "+b.name, r.dir, settings{})
		})
	}
}

func TestRangesFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	r := newRepo(t, 350)
	historyOfEdits(r)
	r.git("tag", "middle", "HEAD~10")
	historyOfMerges(r)
	for _, opts := range []string{"middle..HEAD", "middle", "HEAD~3..HEAD", "^middle HEAD", "middle HEAD~2", "HEAD..HEAD"} {
		t.Run(opts, func(t *testing.T) { compareHistory(t, opts, r.dir, settings{logOpts: opts}) })
	}
}

func historyOfEdits(r *repo) {
	f := make(files)
	for i := range 5 {
		f[fmt.Sprintf("d%d/f.txt", i)] = r.text(4_000)
	}
	r.commit(f)
	for range 20 {
		path := fmt.Sprintf("d%d/f.txt", r.rng.IntN(5))
		lines := strings.SplitAfter(f[path], "\n")
		for range 1 + r.rng.IntN(5) {
			at := r.rng.IntN(len(lines))
			switch r.rng.IntN(3) {
			case 0:
				lines[at] = one(r.rng) + "\n"
			case 1:
				lines[at] = ""
			case 2:
				lines[at] += r.text(250)
			}
		}
		f[path] = strings.Join(lines, "") + "x"
		r.commit(files{path: f[path]})
	}
}

func historyOfMerges(r *repo) {
	lines := func(mark, secret string) string {
		return strings.Repeat("line\n", 10) + mark + secret + "\n" + strings.Repeat("more\n", 10)
	}
	r.commit(files{"m.txt": lines("start ", ""), "side.txt": "x\n"})
	base := strings.TrimSpace(r.git("rev-parse", "HEAD"))
	var tips []string
	for i := range 4 {
		r.git("checkout", "-q", "-b", fmt.Sprintf("b%d-%d", i, r.n), base)
		tips = append(tips, r.commit(files{fmt.Sprintf("b%d-%d.txt", i, r.n): one(r.rng) + "\n"}))
	}
	r.git("checkout", "-q", "main")
	r.commit(files{"m.txt": lines("main ", awsKey(r.rng))})
	// An ordinary merge, one with a change of its own, an octopus.
	r.git("merge", "-q", "--no-ff", "-m", "plain", tips[0])
	r.git("merge", "-q", "--no-ff", "--no-commit", tips[1])
	files{"merge-own.txt": githubToken(r.rng) + "\n", "m.txt": lines("merged ", githubToken(r.rng))}.write(r.t, r.dir)
	r.all()
	r.git("merge", "-q", "--no-ff", "-m", "octopus", tips[2], tips[3])
	r.commit(files{"after.txt": slackToken(r.rng) + "\n"})
}

func historyOfRenames(r *repo) {
	text := r.text(3_000)
	r.commit(files{"old/name.txt": text, "other.txt": r.text(500)})
	r.git("mv", "old", "new")
	r.all()
	r.git("mv", "new/name.txt", "new/again.txt")
	files{"new/again.txt": text + "\n" + awsKey(r.rng) + "\n"}.write(r.t, r.dir)
	r.all()
	r.commit(files{"copy.txt": text + "\n" + githubToken(r.rng) + "\n"})
	r.git("mv", "copy.txt", "copy with space.txt")
	r.all()
	if err := os.Chmod(filepath.Join(r.dir, "other.txt"), 0o700); err != nil {
		r.t.Fatal(err)
	}
	r.all()
}

func historyOfDeletions(r *repo) {
	r.commit(files{"a.txt": one(r.rng) + "\n", "b.txt": r.text(1_000)})
	r.commit(files{"a.txt": ""})
	r.commit(files{"a.txt": one(r.rng) + "\n" + awsKey(r.rng) + "\n"})
	r.commit(files{"a.txt": "", "b.txt": ""})
	r.commit(files{"c.txt": githubToken(r.rng)})
}

func historyOfTypes(r *repo) {
	r.commit(files{"plain.txt": awsKey(r.rng) + "\n", "x.txt": "nothing\n"})
	link := filepath.Join(r.dir, "link")
	if err := os.Symlink(githubToken(r.rng), link); err != nil {
		r.t.Fatal(err)
	}
	r.all()
	if err := os.Remove(link); err != nil {
		r.t.Fatal(err)
	}
	r.commit(files{"link": slackToken(r.rng) + "\n"})
	head := strings.TrimSpace(r.git("rev-parse", "HEAD"))
	r.git("update-index", "--add", "--cacheinfo", "160000,"+head+",sub")
	r.git("commit", "-q", "-m", "submodule")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+head[:39]+"0,sub")
	r.git("commit", "-q", "-m", "submodule moves")
	r.git("rm", "-q", "--cached", "sub")
	r.commit(files{"sub": jwt(r.rng) + "\n"})
}

func historyOfPaths(r *repo) {
	f := make(files)
	for _, path := range []string{
		"with space.txt", "tab\there.txt", "quote\"here.txt", "back\\slash.txt", "new\nline.txt", "l\xe4tin.txt", "ünï/côde.txt",
		" leading.txt", "trailing ", "-dash.txt", "a b/c d.txt", "\xff\xfe", "b/b/b.txt", "/dev/null.txt"[1:], "'single'.txt",
		"node_modules/x.js", "a.browser.js", "c.tar", "e\u212a.txt", "semi;colon", "$dollar", "%percent%20", "tab\tend\t",
	} {
		f[path] = githubToken(r.rng) + "\n"
	}
	r.commit(f)
	for _, path := range sorted(f) {
		f[path] = "first\n" + awsKey(r.rng) + "\n" + f[path]
	}
	r.commit(f)
}

func historyOfContents(r *repo) {
	f := make(files)
	for _, build := range []func(*rand.Rand) files{lineEndings, binaryFiles, otherEncodings, invalidText, foldedLetters, allowComments, pointers} {
		built := build(r.rng)
		for _, path := range sorted(built) {
			content := built[path]
			if content != "" && len(content) < 150_000 {
				f[fmt.Sprintf("%d/%s", len(f)/20, path)] = content
			}
		}
	}
	f["diff.txt"] = "diff --git a/x b/x\nindex 0000000..1111111 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n+" + awsKey(r.rng) + "\n-- \n" + genericKey(r.rng) + "\n"
	f["no-newline.txt"] = awsKey(r.rng) + "\n\\ No newline at end of file\n" + githubToken(r.rng)
	r.commit(f)
	for _, path := range sorted(f) {
		content := f[path]
		f[path] = one(r.rng) + "\n" + content + one(r.rng)
	}
	r.commit(f)
}

func historyOfLargeFiles(r *repo) {
	f := chunkSizedFiles(r.rng)
	r.commit(files{"a.txt": f["300000-true.txt"], "b.txt": f["125001-false.txt"], "c.json": oneLineFiles(r.rng)["data-130000.json"]})
	r.commit(files{"a.txt": awsKey(r.rng) + "\n" + f["300000-true.txt"] + githubToken(r.rng)})
}

func historyOfAttributes(r *repo) {
	r.commit(files{
		".gitattributes": "hidden.txt -diff\nbin.txt binary\nshown.dat diff\nlang.go diff=golang\ncrlf.txt text eol=crlf\n",
		"hidden.txt":     awsKey(r.rng) + "\n", "bin.txt": githubToken(r.rng) + "\n", "plain.txt": githubToken(r.rng) + "\n",
		"shown.dat": "\x00\x01" + githubToken(r.rng) + "\n", "lang.go": "func x() {\n" + genericKey(r.rng) + "\n}\n",
		"crlf.txt": "a\r\n" + slackToken(r.rng) + "\r\n",
	})
	r.commit(files{"hidden.txt": "more\n" + githubToken(r.rng) + "\n"})
}

func historyOfRefs(r *repo) {
	first := r.commit(files{"a.txt": awsKey(r.rng) + "\n"})
	r.git("checkout", "-q", "-b", "side")
	r.commit(files{"side.txt": githubToken(r.rng) + "\n"})
	r.git("checkout", "-q", "--orphan", "alone")
	r.commit(files{"alone.txt": slackToken(r.rng) + "\n"})
	r.git("checkout", "-q", "main")
	r.git("notes", "add", "-m", awsKey(r.rng), first)
	tagged := r.commit(files{"tagged.txt": githubToken(r.rng) + "\n"})
	r.git("tag", "-a", "v1", "-m", "key "+awsKey(r.rng), tagged)
	r.git("reset", "-q", "--hard", first)
	files{"stashed.txt": githubToken(r.rng) + "\n"}.write(r.t, r.dir)
	r.git("add", "-A")
	r.git("stash", "-q")
	r.git("update-ref", "refs/hidden/x", tagged)
}
