package dockerfile

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSilentShell: the program's findings are silenced by the pragmas of the file,
// of the stage and of the instruction, and rules that are not its own are left out.
func TestSilentShell(t *testing.T) {
	l := parse("Dockerfile", []byte(`# hadolint global ignore=SC2001,DL3008
# hadolint stage ignore=SC2002
FROM debian:12
# hadolint ignore=SC2003,DL3009
RUN a
FROM debian:12
RUN b
ONBUILD RUN c
`)).lint(&Native{})
	var got [][]string
	for _, c := range l.checked() {
		got = append(got, slices.Sorted(maps.Keys(c.Silent)))
	}
	want := [][]string{{"sc2001", "sc2002", "sc2003"}, {"sc2001"}, {"sc2001"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
