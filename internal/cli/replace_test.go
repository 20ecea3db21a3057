package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestReplaceFile(t *testing.T) {
	tests := map[string]struct {
		make func(t *testing.T, dir string)
		name string
		bad  bool
	}{
		"a file":              {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "a"), "before", 0o640) }, "a", false},
		"a file in a folder":  {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "b", "a"), "before", 0o755) }, "b/a", false},
		"a file that changed": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "a"), "other", 0o644) }, "a", true},
		"nothing":             {func(*testing.T, string) {}, "a", true},
		"a folder":            {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "a", "b"), "before", 0o644) }, "a", true},
		"a way out":           {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "..", "a"), "before", 0o644) }, "../a", true},
		"a link": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "b"), "before", 0o644)
			link(t, "b", filepath.Join(dir, "a"))
		}, "a", true},
		"a link out": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "..", "b"), "before", 0o644)
			link(t, "../b", filepath.Join(dir, "a"))
		}, "a", true},
		"a folder that is out": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "..", "b", "a"), "before", 0o644)
			link(t, "../b", filepath.Join(dir, "c"))
		}, "c/a", true},
	}
	for sentence, tt := range tests {
		t.Run(sentence, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "root")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			tt.make(t, dir)
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			mode := func() os.FileMode {
				info, err := os.Stat(filepath.Join(dir, tt.name))
				if err != nil {
					return 0
				}
				return info.Mode()
			}
			before := mode()
			err = replaceFile(root, tt.name, []byte("before"), []byte("after"))
			if (err != nil) != tt.bad {
				t.Fatalf("error %v", err)
			}
			if got := mode(); got != before {
				t.Errorf("mode %v, was %v", got, before)
			}
			if !tt.bad {
				data, err := os.ReadFile(filepath.Join(dir, tt.name))
				if err != nil || string(data) != "after" {
					t.Errorf("%q, %v", data, err)
				}
			}
			left, err := filepath.Glob(filepath.Join(dir, "**", ".boltseal-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}
