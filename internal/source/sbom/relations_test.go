package sbom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRelationsOfDocuments(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"CycloneDX": {
			`{"bomFormat":"CycloneDX","specVersion":"1.5","dependencies":[{"ref":"A","dependsOn":["B","C","A","gone"]},{"ref":7},3,{"ref":"B"}],
			"components":[{"bom-ref":"A","purl":"pkg:npm/a@1"},{"bom-ref":"B","purl":"pkg:npm/b@2"},{"bom-ref":"C","purl":"pkg:pypi/c@3"},{"bom-ref":{},"purl":"pkg:npm/d@4"}]}`,
			[]string{"a needs b 2"},
		},
		"CycloneDX whose dependencies are none": {`{"bomFormat":"CycloneDX","specVersion":"1.5","dependencies":{"ref":1},"components":[{"bom-ref":"A","purl":"pkg:npm/a@1"}]}`, nil},
		"SPDX": {
			`{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"SPDXRef-a","name":"a","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/a@1"}]},
			{"SPDXID":"SPDXRef-b","name":"b","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/b@2"}]}],
			"relationships":[{"spdxElementId":"SPDXRef-a","relatedSpdxElement":"SPDXRef-b","relationshipType":"DEPENDS_ON"},
			{"spdxElementId":"SPDXRef-a","relatedSpdxElement":"SPDXRef-b","relationshipType":"DEPENDENCY_OF"},
			{"spdxElementId":"SPDXRef-a","relatedSpdxElement":"SPDXRef-b","relationshipType":"CONTAINS"},4]}`,
			[]string{"a needs b 2", "b needs a 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range listed(t, test.in).Packages {
				for _, r := range p.Requires {
					got = append(got, p.Name+" needs "+r.Name+" "+r.Version)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRelationsTakeNoMoreRoomThanTheDocument gives many components one name, and lets
// it ask for itself.
func TestRelationsTakeNoMoreRoomThanTheDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.5","dependencies":[{"ref":"A","dependsOn":["A"` + strings.Repeat(`,"A"`, 1000) + `]}],"components":[`)
	for i := range 5000 {
		fmt.Fprintf(&b, `{"bom-ref":"A","purl":"pkg:npm/a%d@1"},`, i)
	}
	b.WriteString(`{"purl":"pkg:npm/z@1"}]}`)
	room := 0
	for _, p := range listed(t, b.String()).Packages {
		for _, r := range p.Requires {
			room += len(r.Name) + len(r.Version)
		}
	}
	if room == 0 || room > 2*b.Len() {
		t.Errorf("%d bytes of relations in a document of %d", room, b.Len())
	}
}
