package dockerfile

import "testing"

func TestIgnores(t *testing.T) {
	for name, c := range map[string]struct {
		text, file string
		want       bool
	}{
		"a name is one at the root":                {"a\n", "a", true},
		"a name is none further down":              {"a\n", "b/a", false},
		"what lies in a folder goes with it":       {"a\n", "a/b/c", true},
		"slashes around are dropped":               {"/a/\n", "a/b", true},
		"a star stops at a slash":                  {"*.log\n", "b/x.log", false},
		"a star at the root takes folders":         {"*\n", "b/x.log", true},
		"two stars are any folders":                {"**/*.log\n", "a/b/x.log", true},
		"two stars are no folder as well":          {"**/*.log\n", "x.log", true},
		"two stars at the end":                     {"a/**\n", "a/b/c", true},
		"two stars at the end leave the folder":    {"a/**\n", "a", false},
		"two stars within":                         {"a/**/z\n", "a/z", true},
		"two stars before a name are any text":     {"**foo\n", "a/xfoo", true},
		"two stars within a name are folders":      {"a**b\n", "axb", false},
		"a question mark is one character":         {"a?\n", "ab", true},
		"a question mark is no slash":              {"a?b\n", "a/b", false},
		"a class":                                  {"[ab]c\n", "bc", true},
		"a class with a range":                     {"[a-c]c\n", "dc", false},
		"an escaped star":                          {"\\*\n", "*", true},
		"an escaped star is no other":              {"\\*\n", "a", false},
		"an exception takes back":                  {"*\n!a\n", "a/b", false},
		"an exception further down takes back":     {"a\n!a/b\n", "a/b", false},
		"the last one counts":                      {"*\n!a\na/b\n", "a/b", true},
		"an exception before has no effect":        {"!a\na\n", "a", true},
		"a comment":                                {"#a\n", "#a", false},
		"white space around":                       {"  a  \r\n", "a", true},
		"a byte order mark":                        {"\ufeffa\n", "a", true},
		"steps up are taken":                       {"b/../a\n", "a", true},
		"what leads out matches nothing":           {"../a\n", "a", false},
		"special characters of expressions":        {"a.b+(c)$\n", "a.b+(c)$", true},
		"a dot is a dot":                           {"*.b\n", "axb", false},
		"a class that is not closed is no pattern": {"[a*\n", "[a", false},
		"nothing": {"", "a", false},
	} {
		if got := ignores(readPatterns(ignoreLines(c.text)), c.file); got != c.want {
			t.Errorf("%s: %q ignores %q: %v, want %v", name, c.text, c.file, got, c.want)
		}
	}
}

func FuzzIgnores(f *testing.F) {
	f.Add("**/[^a]*\n!b\\", "a/b")
	f.Add("[[:alpha:]]\n[]a]\n[\\\n", "]")
	f.Fuzz(func(_ *testing.T, text, file string) {
		patterns := readPatterns(ignoreLines(text))
		if ignoresAll(patterns, file) && !ignores(patterns, file) {
			panic("what is left out as a whole is left out")
		}
	})
}
