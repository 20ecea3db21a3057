package sbom

import "testing"

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"a","purl":"pkg:npm/a@1","components":[{}],"properties":[{"name":"aquasecurity:trivy:SrcName","value":"b"}]}]}`))
	f.Add([]byte(`{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:deb/debian/a@1"}]}]}`))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><purl>pkg:npm/a@1</purl></component></components></bom>`))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nPackageName: a\nExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parse(data)
		if err != nil {
			return
		}
		list := doc.listed("bom")
		if len(list.Packages) != len(list.Lines) {
			t.Errorf("%d packages on %d lines", len(list.Packages), len(list.Lines))
		}
		last := 0
		for i, line := range list.Lines {
			if line < max(1, last) || list.Packages[i].Name == "" {
				t.Errorf("%+v on line %d, after line %d", list.Packages[i], line, last)
			}
			last = line
		}
	})
}
