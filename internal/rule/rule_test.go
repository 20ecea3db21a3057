package rule

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePage(t *testing.T) {
	got, err := ParsePage([]byte("Why.\n\n-- bad/1/Dockerfile --\nFROM a\n-- bad/1/b/c --\nx\n-- good/1/Dockerfile --\nFROM a:1\n-- want --\nbad/1/Dockerfile:1:1 high text\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Page{
		Text: "Why.",
		Cases: []Case{
			{Name: "bad/1", Bad: true, Files: []File{{"Dockerfile", []byte("FROM a\n")}, {"b/c", []byte("x\n")}}},
			{Name: "good/1", Files: []File{{"Dockerfile", []byte("FROM a:1\n")}}},
		},
		Want: "bad/1/Dockerfile:1:1 high text\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"-- ugly/1/a --\n", "-- bad/1 --\n", "-- bad --\n"} {
		if _, err := ParsePage([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestCatalogue(t *testing.T) {
	rules := []Rule{{Meta: Meta{ID: "b"}}, {Meta: Meta{ID: "a"}}}
	c, err := NewCatalogue(rules...)
	if err != nil || c[0].ID != "a" {
		t.Errorf("got %v, %v", c, err)
	}
	if _, ok := c.Find("A"); !ok {
		t.Error("ids are found in any case of letters")
	}
	if _, err := NewCatalogue(append(rules, rules[0])...); err == nil {
		t.Error("a doubled id was taken")
	}
}
