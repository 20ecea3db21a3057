package vulndb

import (
	"fmt"
	"slices"
	"testing"

	"github.com/boltseal/boltseal/internal/inventory"
)

func TestStatements(t *testing.T) {
	for object, want := range map[string]string{
		`{"urgency":"end-of-life"}`:              "end of life",
		`{"urgency":"low**"}`:                    "",
		`{"urgency":"unimportant"}`:              "",
		`{"status":"Will_not_fix"}`:              "will not fix",
		`{"status":"won't fix"}`:                 "will not fix",
		`{"status":"ignored","urgency":"low"}`:   "ignored",
		`{"status":"not-affected"}`:              "not affected",
		`{"status":["deferred"]}`:                "",
		`{"status":"deferred"}`:                  "fix deferred",
		`{"informational":"unmaintained"}`:       "unmaintained",
		`{"informational":"unsound"}`:            "",
		`["urgency"]`:                            "",
		`{"urgency":"eol","status":"postponed"}`: "end of life",
		``:                                       "",
	} {
		if got := statementOf([]byte(object)); got != want {
			t.Errorf("%s: got %q, want %q", object, got, want)
		}
	}
	for _, s := range statements {
		if !slices.Contains(statementOrder, s) {
			t.Errorf("%q has no number", s)
		}
	}
}

// TestStatementsOfReleases holds that each release keeps its own, in every kind of
// database.
func TestStatementsOfReleases(t *testing.T) {
	const one = `{"package":{"ecosystem":"Debian:%d","name":"p"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}],"ecosystem_specific":{"urgency":%q}}`
	record := fmt.Sprintf(`{"id":"DEBIAN-CVE-2024-3","affected":[`+one+`,`+one+`,`+one+`]}`, 11, "end-of-life", 12, "not yet assigned", 13, "unimportant")
	dir := folderOf(t, map[string]string{"Debian/a.json": record})
	built, _ := installed(t, dir)
	for _, db := range []DB{open(t, dir), built, newFakeAPI(t, dir).open("")} {
		var got []string
		for _, release := range []string{"11", "12", "13"} {
			m := ask(t, db, inventory.Package{Ecosystem: "Debian:" + release, Name: "p", Version: "1.0"})
			if len(m[0].Advisories) != 1 {
				t.Fatalf("%T, Debian %s: %+v", db, release, m)
			}
			got = append(got, m[0].Advisories[0].Statement+"|"+m[0].Advisories[0].Rating)
		}
		if want := []string{"end of life|", "|", "|info"}; !slices.Equal(got, want) {
			t.Errorf("%T: got %q, want %q", db, got, want)
		}
	}
}
