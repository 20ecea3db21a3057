package packages

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRowsThatAreTheSame wants what a package asks for once, however often its file lists
// it.
func TestRowsThatAreTheSame(t *testing.T) {
	const many = 500
	var text strings.Builder
	needs := make([]string, many)
	for i := range many {
		needs[i] = fmt.Sprintf("%q", fmt.Sprint("p", i))
		fmt.Fprintf(&text, "[[package]]\nname = \"p%d\"\nversion = \"1\"\n[[package]]\nname = \"a\"\nversion = \"1\"\n", i)
	}
	fmt.Fprintf(&text, "[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [%s]\n", strings.Join(needs, ", "))
	for _, f := range treeFormats(nil) {
		if f.name != "Cargo.lock" {
			continue
		}
		made, err := f.read(t.Context(), f.name, []byte(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		room, asked := 0, 0
		for i := range made.Rows {
			room += len(made.Rows[i].Needs)
			asked += len(splitNeeds(made.Rows[i].Needs))
		}
		if room > 2*text.Len() || asked != many {
			t.Errorf("%d needs in %d bytes, of a file of %d", asked, room, text.Len())
		}
	}
}

// TestRelationsThatAreTooMany wants the same of a file whenever it is read, also where
// the search for what is asked for ends early.
func TestRelationsThatAreTooMany(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"packages":{"` + strings.Repeat("a/", 200) + `node_modules/x":{"version":"1","dependencies":{`)
	for i := range 1000 {
		fmt.Fprintf(&text, `"d%d":"*",`, i)
	}
	text.WriteString(`"z":"*"}}`)
	for i := range 1000 {
		fmt.Fprintf(&text, `,"node_modules/d%d":{"version":"1"}`, i)
	}
	text.WriteString(`}}`)
	var first *part
	for range 5 {
		made, err := readNPMLock(t.Context(), "", []byte(text.String()))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = made
		}
		if diff := cmp.Diff(first.Rows, made.Rows); diff != "" {
			t.Fatal(diff)
		}
	}
	asked := 0
	for i := range first.Rows {
		asked += len(splitNeeds(first.Rows[i].Needs))
	}
	if asked == 0 || asked == 1000 {
		t.Errorf("%d are found: the search ends nowhere", asked)
	}
}
