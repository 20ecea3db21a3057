package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	spdxjson "github.com/spdx/tools-golang/json"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

// sbomRuns are runs that a list of software must be valid for.
func sbomRuns() map[string]*Run {
	hostile := fixture()
	fill(hostile, evil)
	licensed := fixture()
	licensed.Judged.On = "2026-11-29"
	for i, some := range [][]string{{"MIT OR Apache-2.0"}, {"MIT", "BSD"}, {"see LICENSE"}, {"LicenseRef-x"}, {""}, {"GPL-2.0+"}, {"mit and (isc OR zlib)"}} {
		licensed.Packages = append(licensed.Packages, inventory.Package{Target: dirTarget, Ecosystem: "npm", Name: "p", Version: string(rune('a' + i)), Licenses: some})
	}
	licensed.Packages = append(licensed.Packages, licensed.Packages[0], inventory.Package{Ecosystem: "npm"})
	one := fixture()
	one.Scans, one.Packages = one.Scans[2:3], one.Packages[:2]
	return map[string]*Run{"fixture": fixture(), "hostile texts": hostile, "licences": licensed, "one target": one, "empty": {Schema: Schema}}
}

func TestSoftwareListsAreValid(t *testing.T) {
	for format, files := range map[string][]string{
		"cyclonedx": {"bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json"},
		"spdx":      {"spdx-2.3.schema.json"},
	} {
		schema := compiled(t, files)
		for name, run := range sbomRuns() {
			document, err := validator.UnmarshalJSON(bytes.NewReader(write(t, format, run, Options{})))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s of %s: %v", format, name, err)
			}
		}
	}
}

// compiled gives the first of some schemas of the conformance data; the others are
// those that it refers to.
func compiled(t *testing.T, files []string) *validator.Schema {
	t.Helper()
	c := validator.NewCompiler()
	first := ""
	for _, file := range files {
		data, err := os.ReadFile(conformance(t, "sbom", file))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := validator.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		id, ok := parsed.(map[string]any)["$id"].(string)
		if !ok {
			t.Fatalf("%s has no $id", file)
		}
		if err := c.AddResource(id, parsed); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = id
		}
	}
	schema, err := c.Compile(first)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestSoftwareListsAreReadByTheirLibraries(t *testing.T) {
	run := fixture()
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(write(t, "cyclonedx", run, Options{})), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, target := range *bom.Components {
		for _, c := range *target.Components {
			got = append(got, c.PackageURL)
		}
	}
	want := []string{run.Packages[0].PURL, run.Packages[1].PURL, run.Packages[2].PURL + "&upstream=openssl%403.0.11-1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cyclonedx: %s", diff)
	}
	doc, err := spdxjson.Read(bytes.NewReader(write(t, "spdx", run, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for _, p := range doc.Packages {
		for _, ref := range p.PackageExternalReferences {
			got = append(got, ref.Locator)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spdx: %s", diff)
	}
}

func TestSoftwareListsSayThatTheyAreIncomplete(t *testing.T) {
	run := fixture()
	var bom struct {
		Compositions []struct{ Aggregate string }
	}
	if err := json.Unmarshal(write(t, "cyclonedx", run, Options{}), &bom); err != nil {
		t.Fatal(err)
	}
	if len(bom.Compositions) != 2 || bom.Compositions[0].Aggregate != "unknown" || bom.Compositions[1].Aggregate != "incomplete" {
		t.Errorf("got %+v", bom.Compositions)
	}
	if got := strings.Count(string(write(t, "spdx", run, Options{})), "This list is incomplete"); got != 1 {
		t.Errorf("%d targets of SPDX are incomplete, want 1", got)
	}
}

// TestAListIsIncompleteWhereOnePlatformIs: an image has one row for each of its platforms.
func TestAListIsIncompleteWhereOnePlatformIs(t *testing.T) {
	rows := []Scan{
		{Scanner: finding.Packages, Target: "registry:acme/app:1", Platform: "linux/amd64", Status: finding.StatusFailed},
		{Scanner: finding.Packages, Target: "registry:acme/app:1", Platform: "linux/arm64", Status: finding.StatusOK},
	}
	for name, run := range map[string]*Run{
		"the first": {Scans: rows}, "the last": {Scans: []Scan{rows[1], rows[0]}},
	} {
		if list, err := softwareOf(run); err != nil || len(list.targets) != 1 || list.targets[0].complete {
			t.Errorf("%s failed: %+v, %v", name, list, err)
		}
	}
	if list, err := softwareOf(&Run{Scans: []Scan{rows[1], rows[1]}}); err != nil || !list.targets[0].complete {
		t.Errorf("none failed: %+v, %v", list, err)
	}
}

// TestAListOfSeveralDigestsNamesNone: packages under one name, of which nobody can tell
// whose they are.
func TestAListOfSeveralDigestsNamesNone(t *testing.T) {
	row := func(platform, digest string) Scan {
		return Scan{Scanner: finding.Packages, Target: "registry:acme/app:1", Platform: platform, Digest: digest, Status: finding.StatusOK}
	}
	for name, test := range map[string]struct {
		rows []Scan
		want string
	}{
		"two":                      {[]Scan{row("linux/amd64", "sha256:a"), row("linux/arm64", "sha256:b")}, ""},
		"and the first once more":  {[]Scan{row("linux/amd64", "sha256:a"), row("linux/arm64", "sha256:b"), row("linux/s390x", "sha256:a")}, ""},
		"one that was told twice":  {[]Scan{row("linux/amd64", "sha256:a"), row("linux/amd64", "sha256:a")}, "sha256:a"},
		"one, and none":            {[]Scan{row("linux/amd64", "sha256:a"), row("", "")}, "sha256:a"},
		"none, and one afterwards": {[]Scan{row("", ""), row("linux/amd64", "sha256:a")}, "sha256:a"},
	} {
		list, err := softwareOf(&Run{Scans: test.rows})
		if err != nil || len(list.targets) != 1 || list.targets[0].digest != test.want {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
}

func TestSoftwareListsOfTheSamePackagesAreNamedAlike(t *testing.T) {
	a, b := fixture(), fixture()
	for i := range b.Scans {
		b.Scans[i].DurationMS += 7
	}
	b.Findings = nil
	for _, format := range []string{"cyclonedx", "spdx"} {
		if !bytes.Equal(write(t, format, a, Options{}), write(t, format, b, Options{})) {
			t.Errorf("%s differs", format)
		}
		b.Packages[0].Version += "1"
		if bytes.Equal(write(t, format, a, Options{}), write(t, format, b, Options{})) {
			t.Errorf("%s is the same with another version", format)
		}
		b.Packages[0].Version = a.Packages[0].Version
	}
}

// TestImagesAreKnownOneWay: an image that could be read in part only has a platform, and
// nothing is known of its layers.
func TestImagesAreKnownOneWay(t *testing.T) {
	run := &Run{Scans: []Scan{
		{Scanner: finding.Packages, Target: "registry:acme/app:1", Platform: "linux/amd64", Status: finding.StatusPartial},
		{Scanner: finding.Packages, Target: "dir:.", Status: finding.StatusOK},
	}}
	list, err := softwareOf(run)
	if err != nil || !list.targets[0].image || list.targets[1].image {
		t.Errorf("%+v, %v", list, err)
	}
	if scans := controlScans(run); !scans[0].Image || scans[1].Image {
		t.Errorf("%+v", scans)
	}
}

func TestSoftwareListsSayWhichPackageAsksForWhich(t *testing.T) {
	run := fixture()
	elsewhere := run.Packages[0] // of the same name, in a file that says nothing of it
	elsewhere.Paths = []string{"other/package-lock.json"}
	run.Packages = append(run.Packages, elsewhere)
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(write(t, "cyclonedx", run, Options{})), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	refs := make(map[string]string)
	for _, target := range *bom.Components {
		for _, c := range *target.Components {
			refs[c.BOMRef] = c.Name + " in " + (*c.Evidence.Occurrences)[0].Location
		}
	}
	var got []string
	for _, d := range *bom.Dependencies {
		for _, to := range *d.Dependencies {
			got = append(got, refs[d.Ref]+" -> "+refs[to])
		}
	}
	if diff := cmp.Diff([]string{"lodash in web/package-lock.json -> ansi in web/package-lock.json"}, got); diff != "" {
		t.Errorf("cyclonedx: %s", diff)
	}
	doc, err := spdxjson.Read(bytes.NewReader(write(t, "spdx", run, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	for _, p := range doc.Packages {
		names[string(p.PackageSPDXIdentifier)] = p.PackageName + " " + strings.Split(p.PackageSourceInfo, "\n")[0]
	}
	got = nil
	for _, r := range doc.Relationships {
		if r.Relationship == "DEPENDS_ON" {
			got = append(got, names[string(r.RefA.ElementRefID)]+" -> "+names[string(r.RefB.ElementRefID)])
		}
	}
	if diff := cmp.Diff([]string{"lodash found in: web/package-lock.json -> ansi found in: web/package-lock.json"}, got); diff != "" {
		t.Errorf("spdx: %s", diff)
	}
}

func TestLicencesOfSoftwareLists(t *testing.T) {
	run := sbomRuns()["licences"]
	var bom struct {
		Components []struct {
			Components []struct {
				Name, Version string
				Licenses      json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(write(t, "cyclonedx", run, Options{}), &bom); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, target := range bom.Components {
		for _, c := range target.Components {
			if c.Name == "p" {
				var one bytes.Buffer
				if c.Licenses != nil {
					_ = json.Compact(&one, c.Licenses)
				}
				got[c.Version] = one.String()
			}
		}
	}
	want := map[string]string{
		"a": `[{"expression":"MIT OR Apache-2.0"}]`, "b": `[{"license":{"name":"MIT"}},{"license":{"name":"BSD"}}]`, "c": `[{"license":{"name":"see LICENSE"}}]`,
		"d": `[{"expression":"LicenseRef-x"}]`, "e": "", "f": `[{"expression":"GPL-2.0+"}]`, "g": `[{"expression":"MIT AND (ISC OR Zlib)"}]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cyclonedx: %s", diff)
	}
	doc, err := spdxjson.Read(bytes.NewReader(write(t, "spdx", run, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	got = make(map[string]string)
	for _, p := range doc.Packages {
		if p.PackageName == "p" {
			got[p.PackageVersion] = strings.TrimSuffix(p.PackageLicenseDeclared+" / "+p.PackageLicenseComments, " / ")
		}
	}
	want = map[string]string{
		"a": "MIT OR Apache-2.0", "b": "NOASSERTION / named by the package: MIT; BSD", "c": "NOASSERTION / named by the package: see LICENSE",
		"d": "NOASSERTION / named by the package: LicenseRef-x", "e": "NOASSERTION", "f": "GPL-2.0+", "g": "MIT AND (ISC OR Zlib)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spdx: %s", diff)
	}
}
