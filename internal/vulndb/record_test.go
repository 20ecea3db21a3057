package vulndb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
)

func TestDecodeLenient(t *testing.T) {
	const good = `"affected":[{"package":{"ecosystem":"npm","name":"p"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]`
	for name, c := range map[string]struct {
		text string
		used bool
		err  string // part of it
	}{
		"unknown fields":              {`{"id":"T-1","new_field":{"a":[1]},` + good + `}`, true, ""},
		"a severity of a wrong type":  {`{"id":"T-1","severity":"HIGH",` + good + `}`, true, ""},
		"a withdrawn of a wrong type": {`{"id":"T-1","withdrawn":null,` + good + `}`, true, ""},
		"a summary of a wrong type":   {`{"id":"T-1","summary":{"en":"x"},` + good + `}`, true, "summary"},
		"an alias of a wrong type":    {`{"id":"T-1","aliases":[1,"CVE-2024-1"],` + good + `}`, true, "aliases"},
		"no id":                       {`{` + good + `}`, false, "no id"},
		"an id of a wrong type":       {`{"id":7,` + good + `}`, false, "no id"},
		"not JSON":                    {`<html>`, false, "decoding JSON"},
		"cut":                         {`{"id":"T-1","affe`, false, "decoding JSON"},
		"an array":                    {`[]`, false, "no id"},
		"nested without end":          {strings.Repeat(`{"a":`, 20_000), false, "decoding JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := decode([]byte(c.text))
			if got := r != nil && len(r.affected) == 1; got != c.used {
				t.Errorf("used: %v, want %v", got, c.used)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

func TestRating(t *testing.T) {
	const npm = `"affected":[{"package":{"ecosystem":"npm","name":"p"}}]`
	pkg := inventory.Package{Ecosystem: "npm", Name: "p", Version: "1.0.0"}
	deb := inventory.Package{Ecosystem: "Debian:12", Name: "p", Version: "1.0"}
	alma := inventory.Package{Ecosystem: "AlmaLinux:9", Name: "p", Version: "1.0"}
	ubuntu := inventory.Package{Ecosystem: "Ubuntu:22.04:LTS", Name: "p", Version: "1.0"}
	type want struct {
		Rating  string
		CVSS    []CVSS
		Malware bool
	}
	for name, c := range map[string]struct {
		pkg    inventory.Package
		record string
		want   want
	}{
		"nobody says":   {pkg, `{"id":"T-1",` + npm + `}`, want{}},
		"GitHub's word": {pkg, `{"id":"GHSA-1","database_specific":{"severity":"MODERATE"},` + npm + `}`, want{Rating: "medium"}},
		"CVSS, the newest first": {
			pkg,
			`{"id":"T-1","severity":[{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:P/I:P/A:P"},{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}],` + npm + `}`,
			want{CVSS: []CVSS{
				{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, 4},
				{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, 3},
				{"AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5, 2},
			}},
		},
		"a vector that is none":     {pkg, `{"id":"T-1","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:X"}],` + npm + `}`, want{}},
		"Debian's urgency":          {deb, `{"id":"DEBIAN-CVE-2024-1","affected":[{"package":{"ecosystem":"Debian:12","name":"p"},"ecosystem_specific":{"urgency":"unimportant"}}]}`, want{Rating: "info"}},
		"not yet assigned":          {deb, `{"id":"DEBIAN-CVE-2024-1","affected":[{"package":{"ecosystem":"Debian:12","name":"p"},"ecosystem_specific":{"urgency":"not yet assigned"}}]}`, want{}},
		"another release's urgency": {deb, `{"id":"D-1","affected":[{"package":{"ecosystem":"Debian:11","name":"p"},"ecosystem_specific":{"urgency":"high"}},{"package":{"ecosystem":"Debian:12","name":"p"},"ecosystem_specific":{"urgency":"low"}}]}`, want{Rating: "low"}},
		"Ubuntu's priority":         {ubuntu, `{"id":"UBUNTU-CVE-2024-1","severity":[{"type":"Ubuntu","score":"negligible"}],"affected":[{"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"p"}}]}`, want{Rating: "info"}},
		"Ubuntu's with a remark":    {ubuntu, `{"id":"UBUNTU-CVE-2024-1","database_specific":{"priority":"medium (heap-protector)"},"affected":[{"package":{"ecosystem":"Ubuntu:22.04:LTS","name":"p"}}]}`, want{Rating: "medium"}},
		"a rebuild's summary":       {alma, `{"id":"ALSA-2024:0001","summary":"Important: p security update","related":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"AlmaLinux:9","name":"p"}}]}`, want{Rating: "high"}},
		"malware":                   {pkg, `{"id":"MAL-2024-1",` + npm + `}`, want{Malware: true}},
		"malware by alias":          {pkg, `{"id":"GHSA-1","aliases":["MAL-2024-1"],` + npm + `}`, want{Malware: true}},
		"a crate without a maintainer": {
			inventory.Package{Ecosystem: "crates.io", Name: "p", Version: "1.0.0"},
			`{"id":"RUSTSEC-1","affected":[{"package":{"ecosystem":"crates.io","name":"p"},"database_specific":{"informational":"unmaintained","cvss":null}}]}`,
			want{Rating: "info"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := query(t, c.pkg, c.record)
			if len(m.Advisories) != 1 {
				t.Fatalf("got %v, %v", brief(m), m.Err)
			}
			a := m.Advisories[0]
			if diff := cmp.Diff(c.want, want{a.Rating, a.CVSS, a.Malware}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrata(t *testing.T) {
	pkg := inventory.Package{Ecosystem: "AlmaLinux:9", Name: "p", Version: "1.0"}
	for name, c := range map[string]struct {
		head string
		want []string
	}{
		"a security update, for each CVE":   {`"id":"ALSA-2024:1","related":["CVE-2024-1","CVE-2024-2"]`, []string{"ALSA-2024:1=CVE-2024-1", "ALSA-2024:1=CVE-2024-2"}},
		"a security update without a CVE":   {`"id":"ALSA-2024:1"`, []string{"ALSA-2024:1="}},
		"a bug fix is no advisory":          {`"id":"ALBA-2024:1","related":["ALSA-2023:1"]`, nil},
		"an enhancement neither":            {`"id":"RLEA-2024:1"`, nil},
		"a bug fix that mends a CVE is one": {`"id":"ALBA-2024:1","related":["CVE-2024-1"]`, []string{"ALBA-2024:1=CVE-2024-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := query(t, pkg, `{`+c.head+`,"affected":[{"package":{"ecosystem":"AlmaLinux:9","name":"p"}}]}`)
			if diff := cmp.Diff(c.want, brief(m)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(npmRecord(`"versions":["1.0.0"]`)))
	f.Add([]byte(`{"id":"T-1","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}],"withdrawn":"x","affected":[{},null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decode(data)
		if r == nil && err == nil {
			t.Error("neither a record nor an error")
		}
		if r != nil && (r.id == "" || len(r.summary) > 243) {
			t.Errorf("id %q, summary of %d bytes", r.id, len(r.summary))
		}
	})
}
