package vulndb

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
)

// TestFaultyRecords holds that what a record says without meaning is counted, and
// that it hides nothing.
func TestFaultyRecords(t *testing.T) {
	events := func(text string) string {
		return `"affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER","events":[` + text + `]}]}]`
	}
	all := events(`{"introduced":"0"}`)
	for name, c := range map[string]struct {
		text  string
		bad   string // "" for a good one
		found bool
		fails bool
	}{
		"a fix that is no version":            {events(`{"introduced":"0"},{"fixed":"!!"}`), `p: event version "!!": not a version`, true, false},
		"a last one that is none":             {events(`{"introduced":"0"},{"last_affected":"None"}`), `p: event version "None": not a version`, true, false},
		"a beginning that is no version":      {events(`{"introduced":"!!"},{"fixed":"2.0.0"}`), `p: event version "!!": not a version`, false, true},
		"a limit that is no version":          {events(`{"introduced":"0"},{"limit":"!!"}`), `p: event version "!!": not a version`, false, true},
		"an empty fix":                        {events(`{"introduced":"0"},{"fixed":""}`), `p: event version "": empty`, true, false},
		"no events":                           {events(``), "p: a range without events", false, false},
		"no limit":                            {events(`{"introduced":"0"},{"limit":"*"}`), "", true, false},
		"withdrawn some day":                  {`"withdrawn":"yes",` + all, `withdrawn: "yes" is no date: taken for not withdrawn`, true, false},
		"withdrawn without saying when":       {`"withdrawn":true,` + all, `withdrawn: true is no date: taken for not withdrawn`, true, false},
		"withdrawn on a day that there isn't": {`"withdrawn":"2024-13-45T00:00:00Z",` + all, `is no date`, true, false},
		"withdrawn":                           {`"withdrawn":"2024-01-01T00:00:00Z",` + all, "", false, false},
		"withdrawn by null":                   {`"withdrawn":null,` + all, "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, folderOf(t, map[string]string{"npm/T-1.json": `{"id":"T-1",` + c.text + `}`}))
			matches, err := db.Query(t.Context(), []inventory.Package{npmPackage})
			if err != nil {
				t.Fatal(err)
			}
			if found := len(matches[0].Advisories) == 1; found != c.found || (matches[0].Err != nil) != c.fails {
				t.Errorf("found %v, want %v; error %v", found, c.found, matches[0].Err)
			}
			s := db.Info().Sources[0]
			if c.bad == "" {
				if s.Bad != 0 {
					t.Errorf("bad: %q", s.BadNames)
				}
				return
			}
			if s.Bad != 1 || !strings.Contains(s.BadNames[0], c.bad) {
				t.Errorf("bad: %d %q, want %q", s.Bad, s.BadNames, c.bad)
			}
		})
	}
}

func TestIsDate(t *testing.T) {
	got := ""
	for _, text := range []string{`"2024-01-31"`, `"2024-01-31T10:00:00Z"`, `"0001-01-01"`, `"2024-1-1"`, `7`, `null`, `""`, `[]`} {
		got += fmt.Sprintf("%s %t\n", text, isDate([]byte(text)))
	}
	want := "\"2024-01-31\" true\n\"2024-01-31T10:00:00Z\" true\n\"0001-01-01\" true\n\"2024-1-1\" false\n7 false\nnull false\n\"\" false\n[] false\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
