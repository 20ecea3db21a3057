package packages

import (
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

func TestTOMLDepth(t *testing.T) {
	for text, want := range map[string]int{
		"":                               0,
		"a = 1":                          0,
		"[[a]]\nb = [1, {c = [2]}]\n[d]": 3,
		"# [[[[[[\n[a]":                  1,
		`a = "[[[[\"[[["` + "\n[a]":      1,
		`a = '[[[[\'` + "\n[a]":          1,
		"a = \"\"\"\n[[[[ \" \"\" [\"\"\"\"\"\n[a]": 1,
		"a = '''[[[[' '''\n[a]":                     1,
		"a = \"\"\n[a]":                             1,
		"]]]]\n[a]":                                 1,
		"a = \"[[[\n[[[[":                           0,
		"# [":                                       0,
		`a = "\`:                                    0,
	} {
		if got := tomlDepth([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestLockfilesThatEatTheStackAreRefused(t *testing.T) {
	memory := newInflation()
	for _, f := range treeFormats(memory) {
		if f.name != "poetry.lock" && f.name != "uv.lock" && f.name != "Cargo.lock" && f.name != "pdm.lock" && f.name != "pylock.toml" {
			continue
		}
		text := "[[package]]\nname = \"a\"\nversion = \"1\"\n[other]\na = " + strings.Repeat("[", 20<<20)
		if _, err := readFile(t.Context(), &f, f.name, []byte(text)); err == nil || !strings.Contains(err.Error(), "in each other") {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

// FuzzTOMLDepth wants no document to be deeper than it seems: what a reader takes must
// not be deeper than what was counted.
func FuzzTOMLDepth(f *testing.F) {
	f.Add("a = [[\"]\", '''[''', 1, {b = [2]}]] # [\n[c.d]\n")
	f.Add("a = \"\"\"\\\"[\"\"\"\"\"\nb = [[]]")
	f.Fuzz(func(t *testing.T, text string) {
		var value map[string]any
		if toml.Unmarshal([]byte(text), &value) != nil {
			return
		}
		if got, real := tomlDepth([]byte(text)), arrays(value); got < real {
			t.Errorf("%q: %d, but %d lists lie in each other", text, got, real)
		}
	})
}

// arrays is how many lists lie in each other.
func arrays(value any) int {
	most := 0
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			most = max(most, arrays(e))
		}
		return most + 1
	case map[string]any:
		for _, e := range v {
			most = max(most, arrays(e))
		}
	}
	return most
}
