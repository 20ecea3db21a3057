package packages

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

var ignoreDay = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ignorable(ids ...string) *finding.Finding {
	return &finding.Finding{
		Rule: ids[0], Scanner: finding.Packages, Advisory: &finding.Advisory{ID: ids[0], Aliases: ids[1:]},
		Package: &inventory.Package{Ecosystem: "Debian:12", Name: "openssl", Version: "3.0.11-1", PURL: "pkg:deb/debian/openssl@3.0.11-1?arch=amd64", Paths: []string{"var/lib/dpkg/status"}},
	}
}

func TestIgnores(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		want       bool
	}{
		"an id":                          {TrivyIgnore, "# accepted\n\nCVE-2026-1\n", true},
		"an alias, in small letters":     {TrivyIgnore, "ghsa-1111-2222-3333 # why\n", true},
		"another id":                     {TrivyIgnore, "CVE-2026-10\n", false},
		"what another scanner is for":    {TrivyIgnore, "AVD-DS-0001\nDS002\naws-access-key-id\n", false},
		"until tomorrow":                 {TrivyIgnore, "CVE-2026-1 exp:2026-11-26\n", true},
		"until today":                    {TrivyIgnore, "CVE-2026-1 exp:2026-11-25\n", false},
		"in YAML":                        {TrivyIgnoreYAML, "vulnerabilities:\n  - id: CVE-2026-1\n    statement: why\n", true},
		"in YAML, with an end":           {TrivyIgnoreYAML, "vulnerabilities: [{id: CVE-2026-1, expired_at: 2026-11-01}]\n", false},
		"at a path":                      {TrivyIgnoreYAML, "vulnerabilities: [{id: CVE-2026-1, paths: [\"var/lib/**\"]}]\n", true},
		"at another path":                {TrivyIgnoreYAML, "vulnerabilities: [{id: CVE-2026-1, paths: [\"srv/*\"]}]\n", false},
		"of a package":                   {TrivyIgnoreYAML, "vulnerabilities: [{id: CVE-2026-1, purls: [\"pkg:deb/debian/openssl\"]}]\n", true},
		"of a version":                   {TrivyIgnoreYAML, "vulnerabilities: [{id: CVE-2026-1, purls: [\"pkg:deb/debian/openssl@3.0.11-1\"]}]\n", true},
		"of another package":             {TrivyIgnoreYAML, "vulnerabilities: [{id: CVE-2026-1, purls: [\"pkg:deb/debian/openss\"]}]\n", false},
		"only secrets":                   {TrivyIgnoreYAML, "secrets: [{id: CVE-2026-1}]\n", false},
		"nothing":                        {TrivyIgnoreYAML, "", false},
		"an ignored vulnerability":       {OSVScanner, "[[IgnoredVulns]]\nid = \"GHSA-1111-2222-3333\"\nreason = \"why\"\n", true},
		"until a date":                   {OSVScanner, "[[IgnoredVulns]]\nid = \"CVE-2026-1\"\nignoreUntil = 2026-11-26\n", true},
		"until a date that is over":      {OSVScanner, "[[IgnoredVulns]]\nid = \"CVE-2026-1\"\nignoreUntil = 2026-11-01T00:00:00Z\n", false},
		"a package that is overridden":   {OSVScanner, "[[PackageOverrides]]\nname = \"openssl\"\necosystem = \"Debian\"\nignore = true\n", true},
		"its vulnerabilities":            {OSVScanner, "[[PackageOverrides]]\nname = \"openssl\"\nversion = \"3.0.11-1\"\nvulnerability.ignore = true\n", true},
		"another version":                {OSVScanner, "[[PackageOverrides]]\nname = \"openssl\"\nversion = \"3\"\nignore = true\n", false},
		"an override of a licence alone": {OSVScanner, "[[PackageOverrides]]\nname = \"openssl\"\nlicense.override = [\"MIT\"]\n", false},
		"an override of everything":      {OSVScanner, "[[PackageOverrides]]\necosystem = \"Debian\"\nignore = true\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			var g Ignores
			if err := g.AddIgnores("sub/"+test.file, []byte(test.text)); err != nil {
				t.Fatal(err)
			}
			want := ""
			if test.want {
				want = "sub/" + test.file
			}
			if got := g.by(ignorable("CVE-2026-1", "GHSA-1111-2222-3333"), ignoreDay); got != want {
				t.Errorf("ignored by %q, want %q", got, want)
			}
		})
	}
}

func TestIgnoresAreRefused(t *testing.T) {
	got := make(map[string]string)
	for file, text := range map[string]string{
		TrivyIgnore: "\nCVE-2026-1 exp:soon\n", TrivyIgnoreYAML: "vulnerabilities: [{id: CVE-2026-1, pkg: x}]\n", OSVScanner: "[[IgnoredVulns]]\nreason = \"x\"\n",
		"other.toml": "", "a/" + OSVScanner: "[[", "b/" + TrivyIgnore: strings.Repeat("#", maxIgnoreFile+1), "c/" + TrivyIgnore: strings.Repeat("CVE-1\n", maxIgnoreEntries+1),
	} {
		if err := (&Ignores{}).AddIgnores(file, []byte(text)); err != nil {
			got[file], _, _ = strings.Cut(err.Error(), "\n")
		}
	}
	want := map[string]string{
		TrivyIgnore:        ".trivyignore:2: want exp:YYYY-MM-DD behind the id",
		TrivyIgnoreYAML:    `.trivyignore.yaml:1:41: "pkg" is not known here`,
		OSVScanner:         "osv-scanner.toml: ignored vulnerability 1: want an id, and a date as ignoreUntil",
		"other.toml":       "other.toml: not an ignore file",
		"a/" + OSVScanner:  got["a/"+OSVScanner],
		"b/" + TrivyIgnore: "b/.trivyignore: larger than 1048576 bytes",
		"c/" + TrivyIgnore: "c/.trivyignore: more than 10000 entries",
	}
	if diff := cmp.Diff(want, got); diff != "" || got["a/"+OSVScanner] == "" {
		t.Error(diff)
	}
}

func FuzzIgnores(f *testing.F) {
	f.Add(0, "CVE-2026-1 exp:2026-11-26 # x\n")
	f.Add(1, "vulnerabilities: [{id: CVE-2026-1, paths: [\"a/**\"], expired_at: 2026-11-01}]\n")
	f.Add(2, "[[IgnoredVulns]]\nid = \"CVE-2026-1\"\nignoreUntil = 2026-11-26\n")
	f.Fuzz(func(t *testing.T, kind int, text string) {
		var g Ignores
		if g.AddIgnores(IgnoreFiles()[uint(kind)%3], []byte(text)) != nil {
			return
		}
		g.by(ignorable("CVE-2026-1"), ignoreDay)
		for _, e := range g.entries {
			if e.id == "" && e.name == "" {
				t.Errorf("an entry for everything: %q", text)
			}
		}
	})
}
