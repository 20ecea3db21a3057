package policy

import (
	"fmt"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

// manyFindings are as a large repository with images has them: all scanners, paths
// that differ, advisories with aliases.
func manyFindings(n int) []Subject {
	subjects := make([]Subject, n)
	for i := range subjects {
		s := &subjects[i]
		s.Target = "dir:."
		s.Severity = finding.Severities()[i%6]
		s.Fingerprint = fmt.Sprintf("v1:%032x", i)
		s.Location.Path = fmt.Sprintf("services/s%d/module%d/file%d.go", i%97, i%1009, i)
		switch i % 5 {
		case 0, 1:
			s.Scanner, s.Rule = finding.Packages, fmt.Sprintf("CVE-2026-%d", i)
			s.Package = &inventory.Package{Ecosystem: "npm", Name: fmt.Sprintf("p%d", i%500), PURL: fmt.Sprintf("pkg:npm/p%d@1.%d", i%500, i)}
			s.Advisory = &finding.Advisory{ID: fmt.Sprintf("GHSA-%04x-aaaa-bbbb", i), Aliases: []string{s.Rule, fmt.Sprintf("OSV-2026-%d", i)}, Fixed: []string{"2"}, EPSS: float64(i%100) / 100}
		case 2:
			s.Scanner, s.Rule = finding.Dockerfile, fmt.Sprintf("DL3%03d", i%70)
		case 3:
			s.Scanner, s.Rule = finding.Secrets, fmt.Sprintf("token-%d", i%200)
		case 4:
			s.Scanner, s.Rule, s.Target = finding.ImageConfig, fmt.Sprintf("image/rule-%d", i%20), "oci-dir:x"
			s.Location.Image = fmt.Sprintf("registry.example.com/team%d/app%d", i%10, i%100)
		}
	}
	return subjects
}

// manyRules are of every kind, and few of them match.
func manyRules(n int) []Rule {
	rules := make([]Rule, n)
	for i := range rules {
		r := Rule{ID: fmt.Sprintf("r%d", i), Action: Warn}
		switch i % 8 {
		case 0:
			r.When.Paths = []string{fmt.Sprintf("services/s%d/legacy/**", i)}
		case 1:
			r.Rules = []string{fmt.Sprintf("DL3%03d", i), fmt.Sprintf("token-%d", i)}
		case 2:
			r.Scanners, r.When.Packages = []string{finding.Packages}, []string{fmt.Sprintf("pkg:npm/q%d-*", i)}
		case 3:
			r.When.Images, r.When.Severities = []string{fmt.Sprintf("registry.example.com/team%d/other*", i)}, []SeverityMatch{{finding.High, true}}
		case 4:
			r.When.Paths = []string{fmt.Sprintf("**/module%d/**/*.env", i)}
		case 5:
			r.Rules = []string{fmt.Sprintf("CVE-20%02d-*", i%100)}
			r.When.Fix = FixAvailable
		case 6:
			r.When.KEV, r.When.Paths = new(true), []string{"**"}
		case 7:
			r.Scanners, r.When.EPSS = []string{finding.Packages}, new(0.995)
		}
		if i%40 == 20 { // five of 200
			r = Rule{ID: r.ID, Action: Warn, CEL: expressions[i/40%len(expressions)]}
		}
		rules[i] = r
	}
	return rules
}

// expressions are asked of every finding, and match none.
var expressions = []string{
	`finding.package.name == "openssl" && finding.layer.instruction.startsWith("COPY")`,
	`finding.rule in ["image/rule-90", "image/rule-91"] && finding.new`,
	`finding.advisory.cvss > 9.5 && finding.path.endsWith(".lock")`,
	`finding.path.startsWith("legacy/") || finding.image == "registry.example.com/old"`,
	`finding.advisory.kev && finding.severity == "low"`,
}

func manyExceptions(n int) []Exception {
	exceptions := make([]Exception, n)
	for i := range exceptions {
		e := Exception{Reason: "r", Owner: "o", ApprovedBy: "a", Created: date(2026, 1, 1), Expires: date(2026, 12, 31)}
		switch i % 6 {
		case 0, 1:
			e.Match.CVEs = []string{fmt.Sprintf("CVE-2026-%d", i*7)}
		case 2:
			e.Match.PURLs = []string{fmt.Sprintf("pkg:npm/p%d@1.%d", i, i)}
		case 3:
			e.Match.Fingerprints = []string{fmt.Sprintf("v1:%032x", i*11)}
		case 4:
			e.Match.Rules, e.Match.Paths = []string{"token-*"}, []string{fmt.Sprintf("services/s%d/module%d/**", i%97, i)}
		case 5:
			e.Match.Paths = []string{fmt.Sprintf("**/module%d/testdata/**", i)}
		}
		exceptions[i] = e
	}
	return exceptions
}

// The promise: under half a second and 200 MB.
func BenchmarkJudge(b *testing.B) {
	in := Input{Subjects: manyFindings(100_000)}
	policies := []*Policy{{Path: "p", Rules: manyRules(200), Exceptions: manyExceptions(500), Unknown: finding.Medium}}
	b.ReportAllocs()
	for b.Loop() {
		Judge(policies, in, today)
	}
}
