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
		"a.b.c = 1":                                 2,
		"a.b = {c.d = [1.5, 2.5], e.f = 1}\ng.h = 1.5": 5,
		"[a.b.c]\nd.e = 1\n[f]":                        3,
		"\"a.b\".'c.d' = 1":                            1,
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
		for _, deep := range []string{strings.Repeat("[", 20<<20), "1\n" + strings.Repeat("b.", 200) + "b = 1\n"} {
			text := "[[package]]\nname = \"a\"\nversion = \"1\"\n[other]\na = " + deep
			if _, err := readFile(t.Context(), &f, f.name, []byte(text)); err == nil || !strings.Contains(err.Error(), "in each other") {
				t.Errorf("%s: %v", f.name, err)
			}
		}
	}
}

// FuzzTOMLDepth wants no document to be deeper than it seems: what is not refused must
// not be deeper than what was counted.
func FuzzTOMLDepth(f *testing.F) {
	f.Add("a = [[\"]\", '''[''', 1, {b = [2]}]] # [\n[c.d]\n")
	f.Add("a = \"\"\"\\\"[\"\"\"\"\"\nb = [[]]")
	f.Fuzz(func(t *testing.T, text string) {
		var value map[string]any
		if toml.Unmarshal([]byte(text), &value) != nil {
			return
		}
		got := tomlDepth([]byte(text))
		if got > maxTOMLDepth { // refused
			return
		}
		if real := arrays(value); got < real {
			t.Errorf("%q: %d, but %d lists lie in each other", text, got, real)
		}
		// What a table's head names stands above its keys, and each name of it can be a
		// list of tables.
		if real := tables(value) - 1; 3*got < real {
			t.Errorf("%q: %d, but %d tables lie in each other", text, got, real)
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

// tables is how many tables lie in each other.
func tables(value any) int {
	most := 0
	switch v := value.(type) {
	case []any:
		for _, e := range v {
			most = max(most, tables(e))
		}
	case map[string]any:
		for _, e := range v {
			most = max(most, tables(e))
		}
		return most + 1
	}
	return most
}
