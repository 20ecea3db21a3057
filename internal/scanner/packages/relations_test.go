package packages

import (
	"fmt"
	"strings"
	"testing"
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
