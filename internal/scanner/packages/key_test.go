package packages

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestLibraryVersion holds the constant to what is built in.
func TestLibraryVersion(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join("..", "..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)google/osv-scalibr ` + regexp.QuoteMeta(LibraryVersion) + `( |$)`).Match(mod) {
		t.Errorf("go.mod has another osv-scalibr than %s", LibraryVersion)
	}
}

func TestCacheKeyChangesWithFormats(t *testing.T) {
	if New(Options{}).CacheKey() != New(Options{NoDB: "x"}).CacheKey() {
		t.Error("the key depends on the database")
	}
	seen := map[string]string{New(Options{}).CacheKey(): "the formats"}
	for name, change := range map[string]func(f []format) []format{
		"one more":       func(f []format) []format { return append(f, format{name: "x"}) },
		"one less":       func(f []format) []format { return f[1:] },
		"another order":  func(f []format) []format { f[0], f[1] = f[1], f[0]; return f },
		"another limit":  func(f []format) []format { f[0].max++; return f },
		"another name":   func(f []format) []format { f[0].name += "2"; return f },
		"one that loose": func(f []format) []format { f[0].loose = true; return f },
	} {
		key := cacheKey(change(treeFormats(nil)), imageFormats(nil))
		if other := seen[key]; other != "" {
			t.Errorf("%s gives the key of %s", name, other)
		}
		seen[key] = name
	}
}
