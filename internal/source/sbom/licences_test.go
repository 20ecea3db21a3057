package sbom_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLicencesOfDocuments(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"CycloneDX in JSON": {
			`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"purl":"pkg:npm/a@1","licenses":[{"license":{"id":"MIT"}},{"license":{"name":"Acme"}},{"expression":"MIT OR ISC"},{"license":7},3]}]}`,
			[]string{"MIT", "Acme", "MIT OR ISC"},
		},
		"CycloneDX in JSON, of another form": {`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"purl":"pkg:npm/a@1","licenses":{"license":1}}]}`, nil},
		"CycloneDX in XML": {
			`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>a</name><licenses><license><id>MIT</id><text>long</text></license><license><name>Acme</name></license><expression>ISC</expression></licenses><purl>pkg:npm/a@1</purl></component></components></bom>`,
			[]string{"MIT", "Acme", "ISC"},
		},
		"SPDX in JSON": {
			`{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","licenseDeclared":"MIT AND ISC","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}`,
			[]string{"MIT AND ISC"},
		},
		"SPDX that asserts nothing": {
			`{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","licenseDeclared":"NOASSERTION","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]}]}`, nil,
		},
		"SPDX in its own notation": {
			"SPDXVersion: SPDX-2.3\nPackageName: a\nPackageLicenseDeclared: (MIT OR ISC)\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n",
			[]string{"(MIT OR ISC)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := listed(t, test.in)
			if len(got.Packages) != 1 {
				t.Fatalf("%d packages: %q", len(got.Packages), got.Problems)
			}
			if diff := cmp.Diff(test.want, got.Packages[0].Licenses); diff != "" {
				t.Error(diff)
			}
		})
	}
}
