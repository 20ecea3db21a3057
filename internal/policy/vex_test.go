package policy

import (
	"testing"

	"github.com/boltseal/boltseal/internal/vex"
)

func TestStatements(t *testing.T) {
	const cve = "CVE-2021-23337"
	one := func(ids, components []string, status vex.Status) vex.Statement {
		return vex.Statement{IDs: []string{cve}, Products: []vex.Product{{IDs: ids, Components: components}}, Status: status, Justification: "component_not_present", From: "d"}
	}
	inImage := with(debFinding, func(s *Subject) { s.Advisory.Aliases = []string{cve} })
	later := func(s vex.Statement, days int) vex.Statement {
		s.Time = date(2026, 1, 1).AddDate(0, 0, days)
		return s
	}
	lodash := []string{"pkg:npm/lodash"}
	for name, test := range map[string]struct {
		statements []vex.Statement
		products   []string
		subject    Subject
		want       bool
	}{
		"about the package":                       {[]vex.Statement{one(lodash, nil, vex.NotAffected)}, nil, npmFinding, true},
		"about this version":                      {[]vex.Statement{one([]string{"pkg:npm/lodash@4.17.4"}, nil, vex.Fixed)}, nil, npmFinding, true},
		"about another version":                   {[]vex.Statement{one([]string{"pkg:npm/lodash@4.17.5"}, nil, vex.Fixed)}, nil, npmFinding, false},
		"fixed, but nobody says in which version": {[]vex.Statement{one(lodash, nil, vex.Fixed)}, nil, npmFinding, false},
		"about another package":                   {[]vex.Statement{one([]string{"pkg:npm/lodash.merge"}, nil, vex.NotAffected)}, nil, npmFinding, false},
		"about another vulnerability":             {[]vex.Statement{{IDs: []string{"CVE-1"}, Products: []vex.Product{{IDs: lodash}}, Status: vex.NotAffected}}, nil, npmFinding, false},
		"affected":                                {[]vex.Statement{one(lodash, nil, vex.Affected)}, nil, npmFinding, false},
		"under investigation":                     {[]vex.Statement{one(lodash, nil, vex.UnderInvestigation)}, nil, npmFinding, false},
		"the newest counts":                       {[]vex.Statement{later(one(lodash, nil, vex.NotAffected), 1), later(one(lodash, nil, vex.Affected), 2)}, nil, npmFinding, false},
		"the newest counts, in any order":         {[]vex.Statement{later(one(lodash, nil, vex.Affected), 1), later(one(lodash, nil, vex.NotAffected), 2)}, nil, npmFinding, true},
		"of equals what promises least":           {[]vex.Statement{one(lodash, nil, vex.NotAffected), one(lodash, nil, vex.UnderInvestigation)}, nil, npmFinding, false},
		"of a product that is not ours":           {[]vex.Statement{one([]string{"Acme App"}, lodash, vex.NotAffected)}, nil, npmFinding, false},
		"of a product that is ours":               {[]vex.Statement{one([]string{"Acme App"}, lodash, vex.NotAffected)}, []string{"Acme App"}, npmFinding, true},
		"of ours, but another part":               {[]vex.Statement{one([]string{"Acme App"}, []string{"pkg:npm/x"}, vex.NotAffected)}, []string{"Acme App"}, npmFinding, false},
		"of all of a product that is ours":        {[]vex.Statement{one([]string{"Acme App"}, nil, vex.NotAffected)}, []string{"Acme App"}, npmFinding, true},
		"of an image by its name":                 {[]vex.Statement{one([]string{"registry.example.com/team/app"}, []string{"pkg:deb/debian/openssl"}, vex.NotAffected)}, nil, inImage, true},
		"of an image by its package URL":          {[]vex.Statement{one([]string{"pkg:oci/app?repository_url=registry.example.com%2Fteam%2Fapp"}, nil, vex.NotAffected)}, nil, inImage, true},
		"of another repository":                   {[]vex.Statement{one([]string{"pkg:oci/app?repository_url=registry.example.com/app"}, nil, vex.NotAffected)}, nil, inImage, false},
		"of an image by its digest":               {[]vex.Statement{one([]string{"pkg:oci/app@sha256:00?repository_url=registry.example.com/team/app"}, nil, vex.NotAffected)}, nil, inImage, false},
		"of an image by its tag":                  {[]vex.Statement{one([]string{"pkg:oci/app?repository_url=registry.example.com/team/app&tag=1"}, nil, vex.NotAffected)}, nil, inImage, false},
		"an image's name is none of a tree":       {[]vex.Statement{one([]string{"app"}, nil, vex.NotAffected)}, nil, npmFinding, false},
		"qualifiers are the package's":            {[]vex.Statement{one([]string{"pkg:deb/debian/openssl?distro=debian-12"}, nil, vex.NotAffected)}, nil, inImage, true},
		"other qualifiers are another's":          {[]vex.Statement{one([]string{"pkg:deb/debian/openssl?distro=debian-11"}, nil, vex.NotAffected)}, nil, inImage, false},
		"a finding that no advisory is about":     {[]vex.Statement{one(lodash, nil, vex.NotAffected)}, nil, secretFinding, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustLoad(t, "")
			p.VEX, p.Products = test.statements, test.products
			d := judgeOne([]*Policy{p}, test.subject, nil)
			if got := d.Action == Suppress && d.By == "vex"; got != test.want {
				t.Errorf("%v: %+v", got, d)
			}
		})
	}
	expired := mustLoad(t, excepting("{match: {cve: "+cve+"}, expires: 2026-02-01}"))
	expired.VEX = []vex.Statement{one(lodash, nil, vex.NotAffected)}
	if d := judgeOne([]*Policy{expired}, npmFinding, nil); d.By != "exception 1" {
		t.Errorf("an exception comes first: %+v", d)
	}
}
