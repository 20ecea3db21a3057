package sbom_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/sbom"
)

func write(t *testing.T, data string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("bom", []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return "bom"
}

func listed(t *testing.T, data string) *scan.Listed {
	t.Helper()
	src, err := sbom.Open(t.Context(), write(t, data))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	target := src.Target()
	if target.Kind != scan.KindSBOM || target.Name != "sbom:bom" {
		t.Errorf("target %+v", target)
	}
	return target.Listed
}

// lines are packages as "line ecosystem name version [source version]".
func lines(l *scan.Listed) []string {
	var out []string
	for i, p := range l.Packages {
		text := fmt.Sprintf("%d %s %s %s", l.Lines[i], p.Ecosystem, p.Name, p.Version)
		if p.Source != nil {
			text += fmt.Sprintf(" [%s %s]", p.Source.Name, p.Source.Version)
		}
		out = append(out, text)
	}
	return out
}

const cycloneJSON = `{
  "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
  "components": [
    {"type": "operating-system", "name": "debian", "version": "12.4"},
    {
      "type": "library", "name": "libc6", "version": "2.36-9", "purl": "pkg:deb/debian/libc6@2.36-9",
      "pedigree": {"ancestors": [{"type": "library", "name": "old", "purl": "pkg:npm/old@1"}]},
      "properties": [
        {"name": "aquasecurity:trivy:SrcName", "value": "glibc"},
        {"name": "aquasecurity:trivy:SrcVersion", "value": "2.36"},
        {"name": "aquasecurity:trivy:SrcRelease", "value": "9"},
        {"name": "odd", "value": 1}
      ]
    },
    {"type": "application", "name": "app", "components": [
      {"type": "library", "name": "lodash", "purl": "pkg:npm/lodash@4.17.4", "components": null}
    ]},
    {"type": "file", "name": "/etc/passwd"},
    {"type": "library", "name": "x", "purl": "pkg:generic/x@1"},
    {"type": "library", "name": "broken", "purl": "npm/lodash"}
  ],
  "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
  "metadata": {"component": {"type": "container", "name": "image", "purl": "pkg:oci/image@sha256%3A0"}}
}`

const cycloneXML = `<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata><component type="container"><name>image</name></component></metadata>
  <components>
    <component type="operating-system"><name>debian</name><version>12.4</version></component>
    <component type="library">
      <name>libc6</name><version>2.36-9</version>
      <purl>pkg:deb/debian/libc6@2.36-9?distro=debian-12&amp;upstream=glibc</purl>
      <pedigree><ancestors><component type="library"><name>old</name><purl>pkg:npm/old@1</purl></component></ancestors></pedigree>
    </component>
    <component type="application"><name>app</name>
      <components><component type="library"><name>lodash</name><purl> pkg:npm/lodash@4.17.4 </purl></component></components>
    </component>
  </components>
</bom>
`

const spdxJSON = `{
  "spdxVersion": "SPDX-2.3",
  "packages": [
    {"name": "lodash", "versionInfo": "4.17.4", "externalRefs": [
      {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
      {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/lodash@4.17.4"}
    ]},
    {"name": "alpine", "versionInfo": "3.18.4", "primaryPackagePurpose": "OPERATING_SYSTEM"},
    {"name": "musl", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:apk/alpine/musl@1.2"}]},
    {"name": "root"}
  ],
  "files": [{"fileName": "x"}]
}`

const spdxTags = `# made by hand
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
DocumentComment: <text>PackageName: not one
ExternalRef: PACKAGE-MANAGER purl pkg:npm/not@1</text>

PackageName: lodash
PackageVersion: 4.17.4
ExternalRef: PACKAGE-MANAGER purl pkg:npm/lodash@4.17.4
ExternalRef: SECURITY cpe23Type cpe:2.3:a:x

PackageName: root
FileName: ./x
PackageName: alpine
PackageVersion: 3.18.4
PrimaryPackagePurpose: OPERATING-SYSTEM

PackageName: musl
ExternalRef: PACKAGE_MANAGER purl pkg:apk/alpine/musl@1.2
`

func TestFormats(t *testing.T) {
	noSource := "no package of the distribution names its source package (purl qualifier upstream): advisories for sources of other names are missed"
	for name, tt := range map[string]struct {
		in                        string
		packages, notes, problems []string
	}{
		"CycloneDX in JSON": {
			cycloneJSON,
			[]string{"5 Debian:12 libc6 2.36-9 [glibc 2.36-9]", "16 npm lodash 4.17.4"},
			[]string{"1 component without a package URL, not checked", "1 component of types that are not matched: generic (1)"},
			[]string{`bom:20: reading package URL: purl scheme is not "pkg": "npm/lodash"`},
		},
		"CycloneDX in XML": {
			cycloneXML,
			[]string{"6 Debian:12 libc6 2.36-9 [glibc ]", "12 npm lodash 4.17.4"},
			[]string{"1 component without a package URL, not checked"},
			nil,
		},
		"SPDX in JSON": {
			spdxJSON,
			[]string{"4 npm lodash 4.17.4", "9 Alpine:v3.18 musl 1.2"},
			[]string{"1 component without a package URL, not checked", noSource},
			nil,
		},
		"SPDX in its own notation": {
			spdxTags,
			[]string{"7 npm lodash 4.17.4", "18 Alpine:v3.18 musl 1.2"},
			[]string{"1 component without a package URL, not checked", noSource},
			nil,
		},
		"with a byte order mark": {
			"\xEF\xBB\xBF" + `{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"purl":"pkg:npm/a@1"}]}`,
			[]string{"1 npm a 1"},
			nil, nil,
		},
		"nothing listed": {`{"bomFormat":"CycloneDX","specVersion":"1.4"}`, nil, nil, nil},
		"a newer version": {
			`{"bomFormat":"CycloneDX","specVersion":"1.9","components":[]}`, nil,
			[]string{`CycloneDX "1.9" is newer than what is known, and read as 1.6`},
			nil,
		},
		"nothing that can be checked": {
			`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"name":"a"},{"purl":"pkg:oci/b@1"}]}`, nil,
			[]string{"1 component without a package URL, not checked", "1 component of types that are not matched: oci (1)"},
			[]string{"none of its 2 components has a package URL of a known type: nothing was checked"},
		},
		"nothing that anybody warns of": {
			`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"purl":"pkg:cocoapods/Alamofire@5.8.1"}]}`,
			[]string{"1 CocoaPods Alamofire 5.8.1"},
			nil,
			[]string{"OSV publishes no advisories for what it lists (1 package): nothing was checked"},
		},
		"something that nobody warns of": {
			`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"purl":"pkg:npm/a@1"},{"purl":"pkg:cocoapods/Alamofire@5.8.1"}]}`,
			[]string{"1 npm a 1", "1 CocoaPods Alamofire 5.8.1"},
			nil, nil,
		},
		"two distributions are none": {
			`{"bomFormat":"CycloneDX","specVersion":"1.4","components":[{"type":"operating-system","name":"debian","version":"12"},
			{"type":"operating-system","name":"debian","version":"11"},{"purl":"pkg:deb/debian/a@1?upstream=b"}]}`,
			[]string{"2 Debian a 1 [b ]"},
			nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := listed(t, tt.in)
			for what, pair := range map[string][2][]string{
				"packages": {tt.packages, lines(got)}, "notes": {tt.notes, got.Notes}, "problems": {tt.problems, got.Problems},
			} {
				if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
					t.Errorf("%s (-want +got)\n%s", what, diff)
				}
			}
		})
	}
}

func TestBrokenDocuments(t *testing.T) {
	deep := strings.Repeat(`{"components":[`, 100) + strings.Repeat(`]}`, 100)
	long := strings.Repeat("x", 5000)
	for name, tt := range map[string]struct{ in, want string }{
		"empty":                      {" \n", "empty"},
		"something else":             {"hello", "neither CycloneDX"},
		"JSON of another kind":       {`{"a": 1}`, "no bomFormat"},
		"SPDX 3":                     {`{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}`, "SPDX 3 is not read"},
		"breaks off":                 {"{\n\"components\": [{", "line 2:17: the document breaks off"},
		"no JSON":                    {"{\n  oops", "line 2:3: invalid character 'o'"},
		"a list of texts":            {"{\n\"components\": [\"a\"]}", "line 2:19: want an object"},
		"an object for a list":       {`{"components": {}}`, "want a list"},
		"a number for a name":        {`{"components": [{"name": 1}]}`, "name: want text"},
		"a long purl":                {`{"components": [{"purl": "` + long + `"}]}`, "purl of 5000 bytes"},
		"deep":                       {`{"components":[` + deep + `]}`, "deep in each other"},
		"two documents":              {`{"bomFormat":"CycloneDX","specVersion":"1.4"} {}`, "something follows"},
		"both formats":               {`{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}`, "CycloneDX and SPDX"},
		"another bomFormat":          {`{"bomFormat":"Other"}`, `bomFormat is "Other"`},
		"no version":                 {`{"bomFormat":"CycloneDX"}`, "does not say of which version"},
		"an old version":             {`{"bomFormat":"CycloneDX","specVersion":"1.1"}`, `"1.1" is not read`},
		"SPDX 1":                     {`{"spdxVersion":"SPDX-1.2"}`, `"SPDX-1.2" is not read`},
		"XML of another kind":        {"<html></html>", `begins with "html"`},
		"XML breaks off":             {"<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">\n<components>", "line 2: unexpected EOF"},
		"an entity":                  {`<!DOCTYPE x [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component><name>&a;</name></component></components></bom>`, "invalid character entity"},
		"another encoding":           {`<?xml version="1.0" encoding="UTF-16"?><bom/>`, "UTF-16"},
		"elements in a name":         {`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component><name><b/></name></component></components></bom>`, `name holds "b"`},
		"deep XML":                   {`<bom xmlns="http://cyclonedx.org/schema/bom/1.4">` + strings.Repeat("<components><component>", 100), "deep in each other"},
		"two XML documents":          {`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"></bom><bom/>`, "follows the document"},
		"a tag without a value":      {"SPDXVersion: SPDX-2.3\nPackageName", "line 2: want a tag"},
		"a text without its end":     {"SPDXVersion: SPDX-2.3\nComment: <text>a\nb", "line 2: <text> without its end"},
		"a reference without a type": {"SPDXVersion: SPDX-2.3\nPackageName: a\nExternalRef: purl", "line 3: an ExternalRef"},
	} {
		t.Run(name, func(t *testing.T) {
			src, err := sbom.Open(t.Context(), write(t, tt.in))
			if err == nil {
				src.Close()
				t.Fatal("was read")
			}
			if !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 500 {
				t.Errorf("error %q", err)
			}
		})
	}
}

func TestOnlyFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []string{dir, filepath.Join(dir, "nowhere")} {
		if src, err := sbom.Open(t.Context(), p); err == nil {
			src.Close()
			t.Errorf("%s was read", p)
		}
	}
}
