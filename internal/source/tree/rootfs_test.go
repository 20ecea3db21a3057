package tree_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/tree"
)

func TestARootFileSystemIsOfferedAsALayer(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	for _, p := range []string{"etc", "srv/app/.git", "tmp", "usr/lib"} {
		if err := os.MkdirAll(filepath.Join(root, p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for p, data := range map[string]string{
		"root/srv/app/.git/HEAD": "ref", "root/srv/app/.gitignore": "*", "root/usr/lib/os-release": "ID=x", "outside": "no",
	} {
		if err := os.WriteFile(filepath.Join(dir, p), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for p, link := range map[string]string{"etc/os-release": "/usr/lib/os-release", "out": "../outside", "lib": "usr/lib"} {
		if err := os.Symlink(link, filepath.Join(root, p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "usr/lib/os-release"), 0o755|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	src, err := tree.OpenRootFS(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if got := src.Target(); got.Kind != scan.KindRootFS || got.Name != "rootfs:"+filepath.ToSlash(root) {
		t.Errorf("target %+v", got)
	}
	if !src.Units()[0].Sequential {
		t.Error("links would be read")
	}
	v := newVisitor()
	if err := walk(t.Context(), src, v); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range v.Entries {
		got = append(got, e.Path+" "+e.Mode.String()+" "+e.Link)
		if e.UID != os.Getuid() || e.ModTime.IsZero() {
			t.Errorf("%s: owner %d, time %s", e.Path, e.UID, e.ModTime)
		}
		if isDir := e.Path == "etc" || e.Path == "tmp"; isDir != (e.Kind == scan.Dir) && (isDir || e.Path == "out") {
			t.Errorf("%s is of kind %d", e.Path, e.Kind)
		}
	}
	want := []string{
		"etc -rwxr-xr-x ",
		"etc/os-release -rwxrwxrwx /usr/lib/os-release",
		"lib -rwxrwxrwx usr/lib",
		"out -rwxrwxrwx ../outside",
		"srv -rwxr-xr-x ",
		"srv/app -rwxr-xr-x ",
		"srv/app/.git -rwxr-xr-x ",
		"srv/app/.git/HEAD -rw-r--r-- ",
		"srv/app/.gitignore -rw-r--r-- ",
		"tmp trwxrwxrwx ",
		"usr -rwxr-xr-x ",
		"usr/lib -rwxr-xr-x ",
		"usr/lib/os-release urwxr-xr-x ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(v.seen.Failed)+len(v.seen.Skipped) > 0 {
		t.Errorf("failed %q, skipped %v", v.seen.Failed, v.seen.Skipped)
	}
}

func TestARootFileSystemIsAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{file, file + ".not"} {
		if src, err := tree.OpenRootFS(t.Context(), p); err == nil {
			src.Close()
			t.Errorf("%s was opened", p)
		}
	}
}
