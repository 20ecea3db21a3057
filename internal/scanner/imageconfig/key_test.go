package imageconfig

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestTheCacheKeyHoldsAllCode fails when a file of the package is not embedded.
func TestTheCacheKeyHoldsAllCode(t *testing.T) {
	want, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	code := want[:0]
	for _, name := range want {
		if !strings.HasSuffix(name, "_test.go") {
			code = append(code, name)
		}
	}
	got, err := fs.Glob(sources, "*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(code, got); diff != "" {
		t.Errorf("what is embedded in key.go (-want +got)\n%s", diff)
	}
}

// TestTheCacheKeyChangesWithWhatARuleLooksAt changes one matcher, and adds a rule.
func TestTheCacheKeyChangesWithWhatARuleLooksAt(t *testing.T) {
	copied := fstest.MapFS{}
	names, err := fs.Glob(sources, "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(sources, name)
		if err != nil {
			t.Fatal(err)
		}
		copied[name] = &fstest.MapFile{Data: data}
	}
	key := func() string {
		t.Helper()
		k, err := keyOf(copied)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := key()
	if got := New(Options{}).CacheKey(); got == "" || got != first {
		t.Errorf("the scanner's key is %q, that of its code %q", got, first)
	}
	cache := copied["package-cache.go"]
	old := cache.Data
	if cache.Data = bytes.Replace(old, []byte(`{"var/cache/apk/", "apk"},`), nil, 1); bytes.Equal(cache.Data, old) {
		t.Fatal("the matcher is not there to be changed")
	}
	second := key()
	cache.Data = old
	copied["new-rule.go"] = &fstest.MapFile{Data: []byte("package imageconfig\n")}
	if third := key(); second == first || third == first || third == second {
		t.Errorf("keys %q, %q, %q", first, second, third)
	}
}
