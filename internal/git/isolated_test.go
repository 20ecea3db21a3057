package git_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
)

// meddling are repositories that try to have another patch shown, or none, or a
// program run.
var meddling = map[string]func(t *testing.T, dir, program string){
	"configuration of diffs": func(t *testing.T, dir, program string) {
		for key, value := range map[string]string{
			"color.ui": "always", "diff.noprefix": "true", "diff.mnemonicPrefix": "true", "diff.interHunkContext": "99",
			"format.pretty": "oneline", "diff.renames": "false", "diff.renameLimit": "1", "diff.algorithm": "patience", "core.quotePath": "true",
			"log.showRoot": "false", "log.follow": "true", "log.showSignature": "true", "diff.context": "7", "diff.wsErrorHighlight": "all",
			"diff.submodule": "log", "diff.ignoreSubmodules": "all", "diff.indentHeuristic": "false", "diff.relative": "true", "diff.colorMoved": "zebra",
			"diff.suppressBlankEmpty": "true", "core.bigFileThreshold": "1", "diff.srcPrefix": "x/", "diff.dstPrefix": "y/", "core.abbrev": "4",
		} {
			run(t, dir, "config", key, value)
		}
		write(t, dir, ".git/order", "z*\n")
		run(t, dir, "config", "diff.orderFile", filepath.Join(dir, ".git/order"))
		_ = program
	},
	"programs in the configuration": func(t *testing.T, dir, program string) {
		for _, key := range []string{
			"core.fsmonitor", "diff.external", "diff.x.textconv", "diff.x.command", "filter.x.clean", "filter.x.process", "core.pager",
			"pager.diff-tree", "pager.rev-list", "pager.cat-file", "gpg.program", "core.sshCommand",
		} {
			run(t, dir, "config", key, program)
		}
		for _, command := range []string{"diff-tree", "rev-list", "cat-file", "rev-parse", "for-each-ref", "diff-index"} {
			run(t, dir, "config", "alias."+command, "!"+program)
		}
		run(t, dir, "config", "core.hooksPath", filepath.Dir(program))
		write(t, dir, ".git/info/attributes", "* diff=x filter=x\n")
		write(t, dir, ".git/evil", "[diff]\n\texternal = "+program+"\n")
		run(t, dir, "config", "include.path", "evil")
	},
	"attributes": func(t *testing.T, dir, _ string) {
		write(t, dir, ".gitattributes", "* -diff\n* binary\n")
		write(t, dir, ".git/info/attributes", "* -diff -text\n")
		run(t, dir, "add", ".gitattributes")
	},
	"an attributes file": func(t *testing.T, dir, _ string) {
		write(t, dir, ".git/attr", "* -diff\n")
		run(t, dir, "config", "core.attributesFile", filepath.Join(dir, ".git/attr"))
	},
	"grafts": func(t *testing.T, dir, _ string) {
		write(t, dir, ".git/info/grafts", run(t, dir, "rev-parse", "HEAD")+"\n")
	},
	"a commit in the place of another": func(t *testing.T, dir, _ string) {
		run(t, dir, "replace", "HEAD", "HEAD~3")
		run(t, dir, "replace", run(t, dir, "rev-parse", "HEAD:f2"), run(t, dir, "rev-parse", "HEAD:f1"))
	},
	"a commit graph that lies": func(t *testing.T, dir, _ string) {
		run(t, dir, "commit-graph", "write", "--reachable")
		path := filepath.Join(dir, ".git/objects/info/commit-graph")
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		damage(t, path)
	},
}

func TestARepositoryHasNoSayInItsPatches(t *testing.T) {
	for name, meddle := range meddling {
		t.Run(name, func(t *testing.T) {
			program, sang := canary(t)
			dir, ids := chain(t, 4)
			write(t, dir, "moved", numbered(30))
			before := commit(t, dir, "text")
			remove(t, dir, "moved")
			write(t, dir, "moved ü", strings.Replace(numbered(30), "ccc", "xxx", 1))
			ids = append(ids, before, commit(t, dir, "rename"))
			repo, o := objects(t, dir)
			want := patches(t, o, all(t, repo, o), "").hunks
			if len(want) < len(ids)+8 {
				t.Fatalf("%d hunks", len(want))
			}
			meddle(t, dir, program)
			if sang() { // setting the trap sprang it
				remove(t, filepath.Dir(program), "sang")
			}
			repo, o = objects(t, dir)
			listed := all(t, repo, o)
			if len(listed) != len(ids) {
				t.Errorf("%d commits, want %d", len(listed), len(ids))
			}
			got := patches(t, o, listed, "")
			if diff := cmp.Diff(want, got.hunks); diff != "" || len(got.lost) > 0 {
				t.Errorf("lost %q (-want +got)\n%s", got.lost, diff)
			}
			if _, err := o.Unchanged(t.Context(), ids[0], ""); err != nil {
				t.Error(err)
			}
			if _, err := o.Staged(t.Context(), ""); err != nil {
				t.Error(err)
			}
			if sang() {
				t.Error("the canary sang")
			}
		})
	}
}

func TestRepositoriesOfEveryShape(t *testing.T) {
	t.Run("long object names", func(t *testing.T) {
		dir := t.TempDir()
		run(t, dir, "init", "-q", "--object-format=sha256")
		write(t, dir, "a", "x\n")
		write(t, dir, "b", "\x00")
		id := commit(t, dir, "first")
		repo, o := objects(t, dir)
		got := patches(t, o, all(t, repo, o), "")
		if diff := cmp.Diff([]string{show(id, "a", 1, "x\n"), show(id, "b", 0, "")}, got.hunks); diff != "" || o.Format != "sha256" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("a linked work tree with a HEAD of its own", func(t *testing.T) {
		dir, ids := chain(t, 1)
		linked := filepath.Join(t.TempDir(), "linked")
		run(t, dir, "worktree", "add", "-q", "--detach", linked)
		write(t, linked, "only here", "x\n")
		id := commit(t, linked, "detached")
		for _, at := range []string{dir, linked} {
			repo, o := objects(t, at)
			if got := all(t, repo, o); len(got) != len(ids)+1 {
				t.Errorf("%s: %q", at, got)
			}
			got := patches(t, o, []string{id}, "")
			if diff := cmp.Diff([]string{show(id, "only here", 1, "x\n")}, got.hunks); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
	})
	t.Run("objects of another repository", func(t *testing.T) {
		dir, ids := chain(t, 2)
		borrower := filepath.Join(t.TempDir(), "borrower")
		run(t, dir, "clone", "-q", "--shared", dir, borrower)
		repo, o := objects(t, borrower)
		if got := all(t, repo, o); len(got) != len(ids) {
			t.Errorf("%q", got)
		}
		if got := patches(t, o, ids, ""); len(got.lost) != 0 {
			t.Errorf("lost %q", got.lost)
		}
	})
	t.Run("a shallow clone", func(t *testing.T) {
		dir, ids := chain(t, 5)
		clone := filepath.Join(t.TempDir(), "clone")
		run(t, dir, "clone", "-q", "--depth=2", "file://"+dir, clone)
		repo, o := objects(t, clone)
		if got := all(t, repo, o); len(got) != 2 || !o.Shallow[ids[4]] {
			t.Errorf("commits %q, shallow %v", got, o.Shallow)
		}
		if got := patches(t, o, ids[4:], ""); len(got.lost) != 0 {
			t.Errorf("lost %q", got.lost)
		}
	})
	t.Run("a clone without blobs", func(t *testing.T) {
		dir, ids := chain(t, 2)
		run(t, dir, "config", "uploadpack.allowFilter", "true")
		clone := filepath.Join(t.TempDir(), "clone")
		run(t, dir, "clone", "-q", "--no-checkout", "--filter=blob:none", "file://"+dir, clone)
		_, o := objects(t, clone)
		got := patches(t, o, ids, "")
		if len(got.lost) != 3 || !strings.Contains(got.lost[0], "partial clone") {
			t.Errorf("lost %q", got.lost)
		}
	})
	t.Run("nothing at all", func(t *testing.T) {
		dir := t.TempDir()
		run(t, dir, "init", "-q")
		repo, o := objects(t, dir)
		if got := all(t, repo, o); len(got) != 0 {
			t.Errorf("%q", got)
		}
		if id, err := o.Head(t.Context()); id != "" || err != nil {
			t.Errorf("head %q, %v", id, err)
		}
	})
	t.Run("a name for a tree, one for a blob and a tag of a tag", func(t *testing.T) {
		dir, ids := chain(t, 1)
		run(t, dir, "tag", "tree", "HEAD^{tree}")
		run(t, dir, "tag", "blob", "HEAD:first")
		run(t, dir, "tag", "-a", "-m", "m", "inner")
		run(t, dir, "tag", "-a", "-m", "m", "outer", "inner")
		repo, o := objects(t, dir)
		if got := all(t, repo, o); len(got) != len(ids) {
			t.Errorf("%q", got)
		}
	})
}

func TestOnlyBelowAFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a file name with a star")
	}
	dir := newRepo(t, map[string]string{"a/x": "x\n", "ab/x": "x\n", "*/x": "x\n", "x": "x\n"})
	id := run(t, dir, "rev-parse", "HEAD")
	_, o := objects(t, dir)
	for _, sub := range []string{"a", "*"} {
		got := patches(t, o, []string{id}, sub)
		if diff := cmp.Diff([]string{show(id, sub+"/x", 1, "x\n")}, got.hunks); diff != "" {
			t.Errorf("%s (-want +got)\n%s", sub, diff)
		}
	}
}

func TestLargeHunks(t *testing.T) {
	const limit = 1 << 20 // more than the parser's buffer holds
	line := strings.Repeat("x", limit)
	dir := newRepo(t, map[string]string{
		"a": "a\n", "one line": line, "fits": line[1:] + "\n", "many": strings.Repeat("12345\n", limit/5), "z": "z\n", "exact": line[:limit-1] + "\n",
	})
	id := run(t, dir, "rev-parse", "HEAD")
	_, o := objects(t, dir)
	git.LimitHunk(o, limit)
	got := patches(t, o, []string{id}, "")
	want := []string{show(id, "a", 1, "a\n"), show(id, "exact", 1, line[:limit-1]+"\n"), show(id, "fits", 1, line[1:]+"\n"), show(id, "z", 1, "z\n")}
	if !slices.Equal(want, got.hunks) {
		t.Errorf("%d hunks", len(got.hunks))
	}
	if len(got.lost) != 2 || !strings.Contains(got.lost[0], `"many"`) || !strings.Contains(got.lost[1], `"one line"`) {
		t.Errorf("lost %q", got.lost)
	}
}
