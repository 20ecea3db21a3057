package vex

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const openVEXDocument = `{
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://example.com/vex-1",
  "author": "Acme",
  "timestamp": "2026-01-02T03:04:05Z",
  "version": 1,
  "statements": [
    {"vulnerability": {"name": "CVE-2026-1", "aliases": ["ghsa-aaaa-bbbb-cccc"]},
     "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:npm/lodash@4.17.4"}, {"identifiers": {"purl": "pkg:npm/b"}}]}],
     "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"},
    {"vulnerability": {"name": "CVE-2026-2"}, "timestamp": "2026-02-02T00:00:00Z", "products": [{"@id": "pkg:npm/x"}], "status": "under_investigation"},
    {"vulnerability": {"name": "CVE-2026-3"}, "products": [{"hashes": {"sha-256": "00"}}], "status": "fixed"},
    {"vulnerability": {"name": "CVE-2026-4"}, "products": [{"@id": "pkg:npm/x"}], "status": "not_affected"},
    {"vulnerability": {"name": "CVE-2026-5"}, "products": [{"@id": "pkg:oci/app", "subcomponents": [{"hashes": {"sha-256": "00"}}]}], "status": "fixed"}
  ]
}`

const csafDocument = `{
  "document": {"category": "csaf_vex", "csaf_version": "2.0", "tracking": {"current_release_date": "2026-03-01T00:00:00Z", "status": "final"}},
  "product_tree": {
    "branches": [{"branches": [{"product": {"product_id": "OS-9", "name": "Acme OS 9"}}, {"product": {"product_id": "ssl", "name": "openssl", "product_identification_helper": {"purl": "pkg:rpm/acme/openssl"}}}]}],
    "full_product_names": [{"product_id": "tool", "name": "Acme Tool", "product_identification_helper": {"purl": "pkg:golang/example.com/tool"}}],
    "product_groups": [{"group_id": "g", "product_ids": ["OS-9:ssl"]}],
    "relationships": [{"category": "default_component_of", "full_product_name": {"product_id": "OS-9:ssl", "name": "openssl of Acme OS 9"}, "product_reference": "ssl", "relates_to_product_reference": "OS-9"}]
  },
  "vulnerabilities": [{
    "cve": "CVE-2026-1", "ids": [{"system_name": "x", "text": "ACME-7"}],
    "product_status": {"known_not_affected": ["OS-9:ssl", "unknown"], "known_affected": ["tool"]},
    "flags": [{"label": "component_not_present", "group_ids": ["g"]}],
    "threats": [{"category": "impact", "details": "not built in", "product_ids": ["OS-9:ssl"]}]
  }]
}`

const cycloneDXDocument = `{
  "bomFormat": "CycloneDX", "specVersion": "1.6",
  "metadata": {"timestamp": "2026-04-01T00:00:00Z", "component": {"bom-ref": "app", "name": "app", "group": "acme"}},
  "components": [{"bom-ref": "l", "name": "lodash", "purl": "pkg:npm/lodash@4.17.4?x=y"}],
  "vulnerabilities": [
    {"id": "CVE-2026-1", "references": [{"id": "GHSA-aaaa-bbbb-cccc"}], "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "never called", "lastUpdated": "2026-05-01T00:00:00Z"},
     "affects": [{"ref": "l"}, {"ref": "app"}]},
    {"id": "CVE-2026-2", "analysis": {"state": "resolved"}, "affects": [{"ref": "l", "versions": [{"version": "4.17.21", "status": "unaffected"}, {"version": "1", "status": "affected"}, {"range": "vers:npm/<3"}]}]},
    {"id": "CVE-2026-3", "affects": [{"ref": "l"}]},
    {"id": "CVE-2026-4", "analysis": {"state": "exploitable"}, "affects": [{"ref": "nothing"}]}
  ]
}`

func at(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		data string
		want Document
	}{
		"OpenVEX": {openVEXDocument, Document{
			Statements: []Statement{
				{
					IDs: []string{"CVE-2026-1", "GHSA-AAAA-BBBB-CCCC"}, Products: []Product{{IDs: []string{"pkg:oci/app"}, Components: []string{"pkg:npm/lodash@4.17.4", "pkg:npm/b"}}},
					Status: NotAffected, Justification: "vulnerable_code_not_in_execute_path", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), From: "d, statement 1",
				},
				{IDs: []string{"CVE-2026-2"}, Products: []Product{{IDs: []string{"pkg:npm/x"}}}, Status: UnderInvestigation, Time: at(2026, 2, 2), From: "d, statement 2"},
			},
			Notes: []string{
				"d: statement 3 names no product by a package URL or name: it is passed over",
				"d: statement 4 says not affected and not why: it is passed over",
				"d: statement 5 names no product by a package URL or name: it is passed over",
			},
		}},
		"OpenVEX before 0.2.0": {
			`{"@context": "https://openvex.dev/ns", "timestamp": "2026-01-01T00:00:00Z", "statements": [{"vulnerability": "CVE-2026-1", "products": ["pkg:oci/app"], "subcomponents": ["pkg:npm/a"], "status": "fixed"}]}`,
			Document{Statements: []Statement{{IDs: []string{"CVE-2026-1"}, Products: []Product{{IDs: []string{"pkg:oci/app"}, Components: []string{"pkg:npm/a"}}}, Status: Fixed, Time: at(2026, 1, 1), From: "d, statement 1"}}},
		},
		"CSAF": {csafDocument, Document{
			Statements: []Statement{
				{
					IDs: []string{"CVE-2026-1", "ACME-7"}, Products: []Product{{IDs: []string{"OS-9", "Acme OS 9"}, Components: []string{"pkg:rpm/acme/openssl"}}},
					Status: NotAffected, Justification: "component_not_present", Impact: "not built in", Time: at(2026, 3, 1), From: "d, vulnerability 1",
				},
				{
					IDs: []string{"CVE-2026-1", "ACME-7"}, Products: []Product{{IDs: []string{"pkg:golang/example.com/tool", "tool", "Acme Tool"}}},
					Status: Affected, Time: at(2026, 3, 1), From: "d, vulnerability 1",
				},
			},
			Notes: []string{"d: vulnerability 1 names no product by a package URL or name: it is passed over"},
		}},
		"CycloneDX": {cycloneDXDocument, Document{
			Statements: []Statement{
				{
					IDs:      []string{"CVE-2026-1", "GHSA-AAAA-BBBB-CCCC"},
					Products: []Product{{IDs: []string{"app", "acme/app"}, Components: []string{"pkg:npm/lodash@4.17.4?x=y"}}, {IDs: []string{"app", "acme/app"}}},
					Status:   NotAffected, Justification: "code_not_reachable", Impact: "never called", Time: at(2026, 5, 1), From: "d, vulnerability 1",
				},
				{
					IDs: []string{"CVE-2026-2"}, Products: []Product{{IDs: []string{"app", "acme/app"}, Components: []string{"pkg:npm/lodash@4.17.21?x=y"}}},
					Status: Fixed, Time: at(2026, 4, 1), From: "d, vulnerability 2",
				},
			},
			Notes: []string{"d: vulnerability 4 names no product by a package URL or name: it is passed over"},
		}},
		"CycloneDX apart from its list of software": {
			`{"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "CVE-2026-1", "analysis": {"state": "false_positive"}, "affects": [{"ref": "urn:cdx:00/1#pkg:npm/%40s/a@1"}]}, {"id": "CVE-2026-2", "analysis": {"state": "resolved"}, "affects": [{"ref": "pkg:npm/b@1"}]}]}`,
			Document{Statements: []Statement{
				{IDs: []string{"CVE-2026-1"}, Products: []Product{{IDs: []string{"urn:cdx:00/1"}, Components: []string{"pkg:npm/%40s/a@1"}}}, Status: NotAffected, Justification: "false_positive", From: "d, vulnerability 1"},
				{IDs: []string{"CVE-2026-2"}, Products: []Product{{IDs: []string{"pkg:npm/b@1"}}}, Status: Fixed, From: "d, vulnerability 2"},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse("d", []byte(test.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	many := strings.Repeat(`"a",`, maxProducts) + `"a"`
	for name, test := range map[string]struct{ data, want string }{
		"empty":             {"", "d: reading VEX document: it is empty"},
		"bad JSON":          {"{\n  \"a\": x}", "d: reading VEX document: 2:8: invalid character 'x' looking for beginning of value"},
		"no JSON":           {"{", "d: reading VEX document: 1:1: unexpected end of JSON input"},
		"something else":    {`{"a": 1}`, "d: reading VEX document: it is neither OpenVEX nor CSAF nor CycloneDX in JSON"},
		"a list":            {`[]`, "d: reading VEX document: 1:1: json: cannot unmarshal array"},
		"an unknown status": {`{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "x", "status": "fine"}]}`, `d: reading VEX document: statement 1 has the unknown status "fine"`},
		"an unknown state":  {`{"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "x", "analysis": {"state": "fine"}}]}`, `d: reading VEX document: vulnerability 1 has the unknown state "fine"`},
		"a draft":           {`{"document": {"csaf_version": "2.0", "tracking": {"status": "draft"}}}`, "d: reading VEX document: it is a draft by its own word (document.tracking.status)"},
		"a wrong type":      {`{"@context": "https://openvex.dev/ns", "statements": {}}`, "d: reading VEX document: 1:54: json: cannot unmarshal object"},
		"too deep":          {strings.Repeat(`{"branches":[`, 200), "d: reading VEX document: it nests deeper than 200"},
		"too large":         {strings.Repeat(" ", MaxBytes+1), "d: the VEX document has 16777217 bytes, more than the 16777216 allowed"},
		"too many products": {`{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "x", "status": "fixed", "products": [` + many + `]}]}`, "d: reading VEX document: it holds more than 100000 statements, or more than 200000 products"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("d", []byte(test.data))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestSmallDocumentsStaySmall: what a document multiplies is bounded while it is read.
func TestSmallDocumentsStaySmall(t *testing.T) {
	list := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	const tooMany = "d: reading VEX document: it holds more than 100000 statements, or more than 200000 products"
	for name, test := range map[string]struct{ data, want string }{
		"OpenVEX, products and parts": {
			`{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "x", "status": "fixed", "products": [` + list(4000, `"p"`) + `], "subcomponents": [` + list(4000, `"c"`) + `]}]}`, tooMany,
		},
		"OpenVEX, parts of products without a name": {
			`{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "x", "status": "fixed", "products": [` + list(4000, `{"subcomponents":["c"]}`) + `], "subcomponents": [` + list(4000, `"c"`) + `]}]}`, "",
		},
		"OpenVEX, parts that are nested": {
			`{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "x", "status": "fixed", "products": [{"@id": "p", "subcomponents": [` +
				strings.Repeat(`{"@id": "c", "subcomponents": [`, 90) + list(20_000, `"c"`) + strings.Repeat(`]}`, 90) + `]}]}]}`, "",
		},
		"CSAF, groups": {
			`{"document": {"csaf_version": "2.0"}, "product_tree": {"full_product_names": [{"product_id": "p", "name": "p"}], "product_groups": [{"group_id": "g", "product_ids": [` + list(4000, `"p"`) +
				`]}]}, "vulnerabilities": [{"cve": "x", "product_status": {"fixed": ["p"]}, "flags": [{"label": "l", "group_ids": [` + list(4000, `"g"`) + `]}]}]}`,
			"d: reading VEX document: its flags and threats name more than 2000000 products",
		},
		"CSAF, parts": {
			`{"document": {"csaf_version": "2.0"}, "product_tree": {"full_product_names": [{"product_id": "p", "name": "p"}]}, "vulnerabilities": [{"cve": "x", "product_status": {"fixed": [` + list(200_001, `"p"`) + `]}}]}`, tooMany,
		},
		"CycloneDX, versions of a long name": {
			`{"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "x", "analysis": {"state": "resolved"}, "affects": [{"ref": "pkg:npm/` + strings.Repeat("a", 50_000) + `", "versions": [` + list(4000, `{"version":"1"}`) + `]}]}]}`, "",
		},
		"CycloneDX, versions": {
			`{"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "x", "analysis": {"state": "resolved"}, "affects": [{"ref": "pkg:npm/` + strings.Repeat("a", 4000) + `", "versions": [` + list(100_000, `{"version":"1"}`) + `]}]}]}`,
			"d: reading VEX document: its package URLs have more than 33554432 bytes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Parse("d", []byte(test.data))
			runtime.ReadMemStats(&after)
			if made := after.TotalAlloc - before.TotalAlloc; made > 150<<20 {
				t.Errorf("%d bytes of a document of %d", made, len(test.data))
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestNotesAreBounded(t *testing.T) {
	statement := `{"vulnerability": "x", "status": "fixed"}`
	d, err := Parse("d", fmt.Appendf(nil, `{"@context": "https://openvex.dev/ns", "statements": [%s%s]}`, strings.Repeat(statement+",", 99), statement))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.Notes); n != maxNotes+1 || d.Notes[maxNotes] != "d: 80 more statements are passed over" {
		t.Errorf("%d notes: %s", n, d.Notes[n-1])
	}
}

func TestAtVersion(t *testing.T) {
	for purl, want := range map[string]string{
		"pkg:npm/a":         "pkg:npm/a@2%402",
		"pkg:npm/a@1?x=y#z": "pkg:npm/a@2%402?x=y#z",
		"pkg:npm/%40s/a@1":  "pkg:npm/%40s/a@2%402",
		"pkg:npm/@s/a":      "pkg:npm/@s/a@2%402",
	} {
		if got := atVersion(purl, "2@2"); got != want {
			t.Errorf("%s: got %s, want %s", purl, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range []string{openVEXDocument, csafDocument, cycloneDXDocument} {
		f.Add([]byte(d))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse("d", data)
		if err != nil {
			return
		}
		for _, s := range d.Statements {
			if len(s.IDs) == 0 || len(s.Products) == 0 || s.From == "" {
				t.Fatalf("%+v", s)
			}
			for _, p := range s.Products {
				if len(p.IDs) == 0 {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}
