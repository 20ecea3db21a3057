package packages

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// finding says that an advisory affects a package.
func (p *pass) finding(l *located, a vulndb.Advisory) finding.Finding {
	pkg := l.Package
	pkg.Requires = nil // the list of packages says it
	f := finding.Finding{
		Rule: ruleOf(&a), Scanner: finding.Packages, Target: p.target.Name,
		Message: message(&pkg, &a), Remediation: remediation(&pkg, &a),
		Package: &pkg, Advisory: advisory(&a),
	}
	f.Severity, f.SeverityFrom = severity(&a)
	if len(pkg.Paths) > 0 {
		f.Location.Path = pkg.Paths[0]
		f.Location.StartLine = l.line
	}
	image := ""
	if p.target.Image != nil {
		image = p.target.Image.Name
		f.Location.Image, f.Location.Layer, f.Location.Instruction = image, pkg.Layer, l.instruction
		f.Location.StartLine = 0
	}
	f.Identity = finding.PackageIdentity(image, f.Location.Path, &pkg)
	return f
}

// ruleOf is the CVE where there is one, else GitHub's id, else the record's own.
func ruleOf(a *vulndb.Advisory) string {
	ids := append([]string{a.ID}, a.Aliases...)
	for _, prefix := range []string{"CVE-", "GHSA-"} {
		var with []string
		for _, id := range ids {
			if strings.HasPrefix(id, prefix) {
				with = append(with, id)
			}
		}
		if len(with) > 0 {
			return slices.Min(with)
		}
	}
	return a.ID
}

// severity is malware's, else the vendor's word, else the first CVSS score.
func severity(a *vulndb.Advisory) (finding.Severity, string) {
	if a.Malware {
		return finding.Critical, "malware"
	}
	if s, err := finding.ParseSeverity(a.Rating); err == nil && s != finding.Unknown {
		return s, "vendor"
	}
	if len(a.CVSS) > 0 {
		return finding.FromCVSS(a.CVSS[0].Score), fmt.Sprintf("cvss%d", a.CVSS[0].Version)
	}
	return finding.Unknown, ""
}

func advisory(a *vulndb.Advisory) *finding.Advisory {
	out := &finding.Advisory{
		ID: a.ID, Aliases: a.Aliases, Summary: a.Summary, Published: a.Published,
		Fixed: a.Fixed, Statement: a.Statement, KEV: a.KEV != nil, Malware: a.Malware, URL: a.URL,
	}
	for _, c := range a.CVSS {
		out.CVSS = append(out.CVSS, finding.CVSS{Vector: c.Vector, Score: c.Score})
	}
	if a.EPSS != nil {
		out.EPSS = a.EPSS.Score
	}
	return out
}

func message(p *inventory.Package, a *vulndb.Advisory) string {
	name := p.Name
	if p.Version != "" {
		name += " " + p.Version
	}
	what := "vulnerable"
	if a.Malware {
		what = "malware"
	}
	text := strings.TrimRight(a.Summary, ". ")
	if text == "" {
		text = ruleOf(a)
	}
	return fmt.Sprintf("%s is %s: %s", name, what, text)
}

func remediation(p *inventory.Package, a *vulndb.Advisory) string {
	switch {
	case a.Malware:
		return "remove it, and take every machine that installed it for compromised"
	case len(a.Fixed) == 0 && a.Statement != "":
		return "no fixed version is published; its source says: " + a.Statement
	case len(a.Fixed) == 0:
		return "no fixed version is published"
	case p.Source != nil && p.Source.Name != "" && p.Source.Name != p.Name:
		return fmt.Sprintf("upgrade to %s of %s", a.Fixed[0], p.Source.Name)
	}
	return "upgrade to " + a.Fixed[0]
}
