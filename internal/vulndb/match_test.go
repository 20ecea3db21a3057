package vulndb

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/boltseal/boltseal/internal/inventory"
)

func decode(data []byte) (*record, error) { return newDecoder(true).decode(data) }

// parse decodes a record and fails the test if there is anything wrong with it.
func parse(tb testing.TB, text string) *record {
	tb.Helper()
	r, err := decode([]byte(text))
	if err != nil {
		tb.Fatalf("decoding %s: %v", text, err)
	}
	return r
}

func npmRecord(affected string) string {
	return fmt.Sprintf(`{"id":"T-1","affected":[{"package":{"ecosystem":"npm","name":"p"},%s}]}`, affected)
}

func TestContains(t *testing.T) {
	semver := func(events string) string {
		return `"ranges":[{"type":"SEMVER","events":[` + events + `]}]`
	}
	for name, c := range map[string]struct {
		affected string
		in, out  string // space-separated versions
	}{
		"introduced 0 is all that come before the fix":   {semver(`{"introduced":"0"},{"fixed":"1.2.0"}`), "0.0.0-alpha 0.0.1 1.1.9", "1.2.0 2.0.0"},
		"last affected is affected":                      {semver(`{"introduced":"1.0.0"},{"last_affected":"1.2.0"}`), "1.0.0 1.2.0", "0.9.0 1.2.1"},
		"one version":                                    {semver(`{"introduced":"1.0.0"},{"last_affected":"1.0.0"}`), "1.0.0", "0.9.9 1.0.1"},
		"one version, written backwards":                 {semver(`{"last_affected":"1.0.0"},{"introduced":"1.0.0"}`), "1.0.0", "0.9.9 1.0.1"},
		"without an end":                                 {semver(`{"introduced":"1.0.0"}`), "1.0.0 99.0.0", "0.1.0"},
		"without a beginning":                            {semver(`{"fixed":"1.0.0"}`), "0.1.0", "1.0.0"},
		"several branches":                               {semver(`{"introduced":"1.0.0"},{"fixed":"1.0.5"},{"introduced":"2.0.0"},{"fixed":"2.0.5"}`), "1.0.4 2.0.0 2.0.4", "0.9.0 1.0.5 1.9.0 2.0.5"},
		"unsorted events":                                {semver(`{"fixed":"2.0.5"},{"introduced":"2.0.0"},{"fixed":"1.0.5"},{"introduced":"1.0.0"}`), "1.0.4 2.0.0 2.0.4", "0.9.0 1.0.5 1.9.0 2.0.5"},
		"fixed and back at once":                         {semver(`{"introduced":"1.0.0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"fixed":"3.0.0"}`), "1.0.0 2.0.0 2.5.0", "3.0.0"},
		"an empty range":                                 {semver(`{"introduced":"1.0.0"},{"fixed":"1.0.0"}`), "", "0.1.0 1.0.0 2.0.0"},
		"a limit":                                        {semver(`{"introduced":"1.0.0"},{"limit":"2.0.0"}`), "1.0.0 1.9.9", "2.0.0 3.0.0"},
		"no limit":                                       {semver(`{"introduced":"1.0.0"},{"limit":"*"}`), "1.0.0 3.0.0", "0.1.0"},
		"the higher of two limits":                       {semver(`{"introduced":"1.0.0"},{"limit":"2.0.0"},{"limit":"3.0.0"}`), "1.0.0 2.5.0", "3.0.0"},
		"a list":                                         {`"versions":["1.0.0","1.0.2"]`, "1.0.0 1.0.2", "1.0.1"},
		"a list beside a range":                          {`"versions":["9.0.0"],` + semver(`{"introduced":"1.0.0"},{"fixed":"2.0.0"}`), "1.5.0 9.0.0", "2.0.0"},
		"a GIT range before the version range":           {`"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"},{"fixed":"abc"}]},{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]`, "0.1.0", "1.0.0"},
		"a GIT range alone says nothing of versions":     {`"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}]`, "", "1.0.0"},
		"neither ranges nor versions is the package":     {`"versions":[]`, "0.0.1 9.9.9", ""},
		"two ranges, either":                             {`"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.1.0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"3.0.0"},{"fixed":"3.1.0"}]}]`, "1.0.0 3.0.0", "2.0.0 3.1.0"},
		"events of several keys, as old records have it": {semver(`{"introduced":"1.0.0","fixed":"2.0.0"}`), "1.0.0", "2.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			r := parse(t, npmRecord(c.affected))
			var got []string
			for v := range strings.FieldsSeq(c.in + " " + c.out) {
				cmp, err := newComparator("npm", v)
				if err != nil {
					t.Fatal(err)
				}
				in, err := r.affected[0].contains(cmp)
				if err != nil {
					t.Errorf("%s: %v", v, err)
				}
				if in {
					got = append(got, v)
				}
			}
			if diff := cmp.Diff(strings.Fields(c.in), got, cmp.Transformer("nil", func(s []string) string { return strings.Join(s, " ") })); diff != "" {
				t.Errorf("affected versions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainsWithoutVersion(t *testing.T) {
	for name, c := range map[string]struct {
		affected string
		want     bool
	}{
		"every version":     {`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]`, true},
		"up to a fix":       {`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]`, false},
		"from a version":    {`"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"}]}]`, false},
		"listed versions":   {`"versions":["1.0.0"]`, false},
		"the package":       {`"versions":[]`, true},
		"a range by commit": {`"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := parse(t, npmRecord(c.affected))
			if got, err := r.affected[0].contains(nil); got != c.want || err != nil {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

// TestContainsAnyOrder shuffles the events of disjoint branches: the answer stays.
func TestContainsAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []event
		version := func(n int) string { return fmt.Sprintf("%d.0.0", n) }
		at := 1
		for range rapid.IntRange(1, 4).Draw(t, "branches") {
			at += rapid.IntRange(1, 3).Draw(t, "gap")
			events = append(events, event{introduced, version(at)})
			at += rapid.IntRange(1, 3).Draw(t, "length")
			events = append(events, event{rapid.SampledFrom([]eventKind{fixed, lastAffected}).Draw(t, "kind"), version(at)})
		}
		shuffled := rapid.Permutation(events).Draw(t, "shuffled")
		c, err := newComparator("npm", version(rapid.IntRange(0, at+1).Draw(t, "version")))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := versionRange{events}.contains(c)
		got, _ := versionRange{shuffled}.contains(c)
		if got != want {
			t.Fatalf("%s in %v is %v, in %v %v", c.text, events, want, shuffled, got)
		}
	})
}

// query matches one package against records of one family.
func query(tb testing.TB, p inventory.Package, records ...string) Match {
	tb.Helper()
	x := newIndex(inventory.Family(p.Ecosystem))
	for _, text := range records {
		x.add(parse(tb, text))
	}
	return match(x.family, x, &p)
}

// brief writes advisories as "ID=alias,alias".
func brief(m Match) []string {
	var out []string
	for _, a := range m.Advisories {
		out = append(out, a.ID+"="+strings.Join(a.Aliases, ","))
	}
	return out
}

func debian(id, upstream, release, name, fixed string) string {
	return fmt.Sprintf(`{"id":%q,"upstream":%s,"affected":[{"package":{"ecosystem":"Debian:%s","name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`,
		id, upstream, release, name, fixed)
}

func TestIssues(t *testing.T) {
	npm := inventory.Package{Ecosystem: "npm", Name: "p", Version: "1.0.0"}
	deb := inventory.Package{Ecosystem: "Debian:12", Name: "p", Version: "1.0-1"}
	all := `"affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`
	for name, c := range map[string]struct {
		pkg     inventory.Package
		records []string
		want    []string
	}{
		"aliases are one issue": {npm, []string{
			`{"id":"CVE-2024-1","aliases":["GHSA-a"],` + all,
			`{"id":"GHSA-a","aliases":["CVE-2024-1"],` + all,
		}, []string{"GHSA-a=CVE-2024-1"}},
		"aliases in a circle": {npm, []string{
			`{"id":"A-1","aliases":["B-1"],` + all, `{"id":"B-1","aliases":["C-1"],` + all, `{"id":"C-1","aliases":["A-1"],` + all,
		}, []string{"A-1=B-1,C-1"}},
		"aliases through a third that has no record": {npm, []string{
			`{"id":"PYSEC-1","aliases":["CVE-2024-1"],` + all, `{"id":"GHSA-a","aliases":["CVE-2024-1"],` + all,
		}, []string{"GHSA-a=CVE-2024-1,PYSEC-1"}},
		"different issues": {npm, []string{
			`{"id":"GHSA-a","aliases":["CVE-2024-1"],` + all, `{"id":"GHSA-b","aliases":["CVE-2024-2"],` + all,
		}, []string{"GHSA-a=CVE-2024-1", "GHSA-b=CVE-2024-2"}},
		"withdrawn is gone": {npm, []string{
			`{"id":"GHSA-a","withdrawn":"2024-01-01T00:00:00Z",` + all,
		}, nil},
		"a distribution's own record and its CVE": {deb, []string{
			debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "2.0-1"),
		}, []string{"DEBIAN-CVE-2024-1=CVE-2024-1"}},
		"an update that covers several CVEs joins each": {deb, []string{
			debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "2.0-1"),
			debian("DEBIAN-CVE-2024-2", `["CVE-2024-2"]`, "12", "p", "2.0-1"),
			debian("DSA-1-1", `["CVE-2024-1","CVE-2024-2"]`, "12", "p", "2.0-1"),
		}, []string{"DEBIAN-CVE-2024-1=CVE-2024-1,DSA-1-1", "DEBIAN-CVE-2024-2=CVE-2024-2,DSA-1-1"}},
		"an update alone is one issue for each of its CVEs": {deb, []string{
			debian("DSA-1-1", `["CVE-2024-2","CVE-2024-1"]`, "12", "p", "2.0-1"),
		}, []string{"DSA-1-1=CVE-2024-1", "DSA-1-1=CVE-2024-2"}},
		"what a record of its own clears no update brings back": {deb, []string{
			debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "12", "p", "0.5-1"),
			debian("DSA-1-1", `["CVE-2024-1","CVE-2024-2"]`, "12", "p", "2.0-1"),
		}, []string{"DSA-1-1=CVE-2024-2"}},
		"another release is another matter": {deb, []string{
			debian("DEBIAN-CVE-2024-1", `["CVE-2024-1"]`, "11", "p", "2.0-1"),
			debian("DEBIAN-CVE-2024-2", `["CVE-2024-2"]`, "12", "q", "2.0-1"),
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := query(t, c.pkg, c.records...)
			if m.Err != nil {
				t.Error(m.Err)
			}
			if diff := cmp.Diff(c.want, brief(m)); diff != "" {
				t.Errorf("issues (-want +got):\n%s", diff)
			}
			slices.Reverse(c.records)
			if diff := cmp.Diff(c.want, brief(query(t, c.pkg, c.records...))); diff != "" {
				t.Errorf("issues with the records reversed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFixed(t *testing.T) {
	branches := `"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.9.5"},{"introduced":"2.0.0"},{"fixed":"2.1.4"},{"introduced":"3.0.0"},{"fixed":"3.2.0"}]}]`
	for name, c := range map[string]struct {
		version string
		records []string
		want    []string
	}{
		"the installed branch first": {"2.1.0", []string{npmRecord(branches)}, []string{"2.1.4", "3.2.0"}},
		"the oldest branch":          {"1.0.0", []string{npmRecord(branches)}, []string{"1.9.5", "2.1.4", "3.2.0"}},
		"none":                       {"1.0.0", []string{npmRecord(`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"last_affected":"1.0.0"}]}]`)}, nil},
		"a fix that another record refutes": {"1.0.0", []string{
			npmRecord(`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.1.0"}]}]`),
			strings.Replace(npmRecord(`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]`), `"T-1"`, `"T-2","aliases":["T-1"]`, 1),
		}, []string{"1.2.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := query(t, inventory.Package{Ecosystem: "npm", Name: "p", Version: c.version}, c.records...)
			if len(m.Advisories) != 1 {
				t.Fatalf("got %v", brief(m))
			}
			if diff := cmp.Diff(c.want, m.Advisories[0].Fixed); diff != "" {
				t.Errorf("fixed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMatchNames(t *testing.T) {
	record := func(ecosystem, name string) string {
		return fmt.Sprintf(`{"id":"T-1","affected":[{"package":{"ecosystem":%q,"name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]}`, ecosystem, name)
	}
	for name, c := range map[string]struct {
		pkg    inventory.Package
		record string
		want   bool
	}{
		"PyPI folds case, dashes, dots":     {inventory.Package{Ecosystem: "PyPI", Name: "Zope.Interface", Version: "1.0"}, record("PyPI", "zope-interface"), true},
		"the record's spelling too":         {inventory.Package{Ecosystem: "PyPI", Name: "zope-interface", Version: "1.0"}, record("PyPI", "Zope__Interface"), true},
		"npm does not":                      {inventory.Package{Ecosystem: "npm", Name: "JSONStream", Version: "1.0.0"}, record("npm", "jsonstream"), false},
		"NuGet folds case":                  {inventory.Package{Ecosystem: "NuGet", Name: "newtonsoft.json", Version: "1.0"}, record("NuGet", "Newtonsoft.Json"), true},
		"a registry is no release":          {inventory.Package{Ecosystem: "Packagist", Name: "drupal/core", Version: "1.0"}, record("Packagist:https://packages.drupal.org/8", "drupal/core"), true},
		"Debian goes by source":             {inventory.Package{Ecosystem: "Debian:12", Name: "libssl3", Version: "1.0", Source: &inventory.Source{Name: "openssl"}}, record("Debian:12", "openssl"), true},
		"and not by binary":                 {inventory.Package{Ecosystem: "Debian:12", Name: "libssl3", Version: "1.0", Source: &inventory.Source{Name: "openssl"}}, record("Debian:12", "libssl3"), false},
		"and by the source's version":       {inventory.Package{Ecosystem: "Debian:12", Name: "libx", Version: "1.0", Source: &inventory.Source{Name: "x", Version: "3.0"}}, record("Debian:12", "x"), false},
		"AlmaLinux goes by binary":          {inventory.Package{Ecosystem: "AlmaLinux:9", Name: "openssl-libs", Version: "1.0", Source: &inventory.Source{Name: "openssl"}}, record("AlmaLinux:9", "openssl-libs"), true},
		"others by source":                  {inventory.Package{Ecosystem: "Rocky Linux:9", Name: "openssl-libs", Version: "1.0", Source: &inventory.Source{Name: "openssl"}}, record("Rocky Linux:9", "openssl"), true},
		"Ubuntu's LTS is written both ways": {inventory.Package{Ecosystem: "Ubuntu:22.04", Name: "p", Version: "1.0"}, record("Ubuntu:22.04:LTS", "p"), true},
		"a part of a Red Hat release":       {inventory.Package{Ecosystem: "Red Hat:enterprise_linux:9", Name: "p", Version: "1.0"}, record("Red Hat:enterprise_linux:9::baseos", "p"), true},
		"Wolfi has no releases":             {inventory.Package{Ecosystem: "Wolfi", Name: "p", Version: "1.0-r0"}, record("Wolfi", "p"), true},
	} {
		t.Run(name, func(t *testing.T) {
			m := query(t, c.pkg, c.record)
			if m.Err != nil {
				t.Error(m.Err)
			}
			if got := len(m.Advisories) > 0; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte(npmRecord(`"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}]`)), "npm", "p", "0.1.0")
	f.Add([]byte(debian("DSA-1-1", `["CVE-2024-1","CVE-2024-2"]`, "12", "p", "2.0-1")), "Debian:12", "p", "1.0")
	f.Fuzz(func(t *testing.T, data []byte, ecosystem, name, version string) {
		r, _ := decode(data)
		if r == nil {
			return
		}
		x := newIndex(inventory.Family(ecosystem))
		x.add(r)
		m := match(x.family, x, &inventory.Package{Ecosystem: ecosystem, Name: name, Version: version})
		for _, a := range m.Advisories {
			if a.ID == "" || slices.Contains(a.Aliases, a.ID) {
				t.Errorf("odd advisory %+v", a)
			}
		}
	})
}
