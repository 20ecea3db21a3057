package yamlpos

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFilesOfOthers: a file of another program's may hold keys that nobody knows,
// and mappings whose keys are anybody's choice.
func TestFilesOfOthers(t *testing.T) {
	read := func(data string) (names []string, notes Errors, err error) {
		doc, err := Parse("o.yaml", []byte(data), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		doc.Root().Map(
			"other",
			Tolerate(&notes),
			May("labels", func(v Value) {
				v.Each("labels", func(name string, v Value) { names = append(names, name+"="+v.Text()) })
			}),
			May("list", func(v Value) {
				if !v.EmptyList() {
					v.Items()
				}
			}),
		)
		return names, notes, doc.Err()
	}
	names, notes, err := read("label: 1\nlabels: {a.b: x, \"c\": y}\nwingspan: {}\n? \"\"\n: 1\nlist: []\n")
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"a.b=x", "c=y"}, names); diff != "" {
		t.Error(diff)
	}
	var got []string
	for _, n := range notes {
		got = append(got, n.Error())
	}
	want := []string{
		"o.yaml:1:1: unknown key \"label\" in other\n  1 | label: 1\n    | ^\n  did you mean \"labels\"?",
		"o.yaml:3:1: unknown key \"wingspan\" in other\n  3 | wingspan: {}\n    | ^\n  known are labels, list",
		"o.yaml:4:3: unknown key \"\" in other\n  4 | ? \"\"\n    |   ^\n  known are labels, list",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for data, want := range map[string]string{
		"labels: {a: x, a: y}": "o.yaml:1:16: key \"a\" comes twice, first on line 1\n  1 | labels: {a: x, a: y}\n    |                ^\n  keep one of them",
		"labels: [a]":          "o.yaml:1:9: labels: want a mapping, got a list\n  1 | labels: [a]\n    |         ^",
		"labels: {? [a] : b}":  "o.yaml:1:12: a key must be a plain word\n  1 | labels: {? [a] : b}\n    |            ^",
	} {
		_, _, err := read(data)
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n%v\nwant\n%s", data, err, want)
		}
	}
}
