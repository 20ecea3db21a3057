package policy

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// commit is a set of files at a commit.
type commit map[string]string

var errBroken = errors.New("object missing")

func (c commit) Read(path string) ([]byte, error) {
	text, ok := c[path]
	switch {
	case !ok:
		return nil, fs.ErrNotExist
	case text == "broken":
		return nil, errBroken
	}
	return []byte(text), nil
}

func (commit) Name(path string) string { return "HEAD:" + path }
func (commit) Ref() string             { return "abc" }

func TestFind(t *testing.T) {
	const good = "version: 1\nrules: [{id: a, action: warn}]\n"
	for _, test := range []struct {
		name  string
		files commit
		dir   string
		want  []string
	}{
		{"none", commit{"a/x": good}, "a/b", nil},
		{"upwards, the nearest first", commit{".boltseal.yaml": good, "a/.boltseal.yml": good, "c/.boltseal.yaml": good}, "a/b", []string{"HEAD:a/.boltseal.yml", "HEAD:.boltseal.yaml"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := Find(test.files, test.dir)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range found {
				got = append(got, p.Path)
				if p.Ref != "abc" {
					t.Errorf("ref %q", p.Ref)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := Find(commit{".boltseal.yaml": "broken", ".boltseal.yml": good}, "a"); !errors.Is(err, errBroken) {
		t.Errorf("got %v: what cannot be read is not passed over", err)
	}
	if _, err := Find(commit{"a/.boltseal.yaml": good, "a/.boltseal.yml": good}, "a/b"); !errors.Is(err, ErrBad) {
		t.Errorf("got %v: two policies in one folder", err)
	}
	if _, err := Find(commit{".boltseal.yaml": "version: 1\nruels: []\n"}, "."); err == nil {
		t.Error("a wrong policy was passed over")
	}
}
