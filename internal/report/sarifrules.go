package report

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// maxTags is how many tags of a rule GitHub keeps.
const maxTags = 10

// sarifRules are the rules of one run, in the order of their first finding.
type sarifRules struct {
	list  []*sarif.ReportingDescriptor
	index map[string]int
}

func newSARIFRules(c rule.Catalogue, findings []*Finding) sarifRules {
	rules := sarifRules{list: []*sarif.ReportingDescriptor{}, index: make(map[string]int)}
	worst := make(map[string]*Finding)
	for _, f := range findings {
		id := ruleID(f)
		if w := worst[id]; w == nil || f.Severity > w.Severity || f.Severity == w.Severity && score(f) > score(w) {
			worst[id] = f
		}
	}
	for _, f := range findings {
		id := ruleID(f)
		if _, ok := rules.index[id]; ok {
			continue
		}
		rules.index[id] = len(rules.list)
		descriptor := descriptorOf(id, worst[id])
		if r, ok := c.Find(f.Rule); ok {
			descriptor = catalogued(id, r)
		}
		rules.list = append(rules.list, descriptor.WithProperties(properties(worst[id])))
	}
	return rules
}

// ruleID is a finding's rule as SARIF has it: never empty.
func ruleID(f *Finding) string {
	if id := Plain(f.Rule); id != "" {
		return id
	}
	return "unknown"
}

// catalogued describes a rule that has a page.
func catalogued(id string, r rule.Rule) *sarif.ReportingDescriptor {
	help := r.Page.Text
	if r.Remediation != "" {
		help += "\n\nWhat to do: " + r.Remediation + "."
	}
	if help = strings.TrimSpace(help); help == "" {
		help = r.Title
	}
	var markdown strings.Builder
	markdown.WriteString(help)
	for _, c := range r.Page.Cases {
		if c.Name == "bad/1" || c.Name == "good/1" {
			markdown.WriteString("\n\n" + example(c))
		}
	}
	full := r.Title + "."
	if r.Page.Text != "" {
		full, _, _ = strings.Cut(r.Page.Text, "\n\n")
	}
	return describe(id, r.Title, strings.Join(strings.Fields(full), " "), help, markdown.String())
}

// example is a case of a rule's page as markdown.
func example(c rule.Case) string {
	kind := "Good"
	if c.Bad {
		kind = "Bad"
	}
	var b strings.Builder
	for i, f := range c.Files {
		if i > 0 {
			b.WriteString("\n\n")
		}
		// Pages are ours; four backticks are more than any has.
		fmt.Fprintf(&b, "%s (`%s`):\n\n````\n%s\n````", kind, f.Path, strings.TrimRight(string(f.Data), "\n"))
	}
	return b.String()
}

// descriptorOf describes a rule without a page, a vulnerability above all, by its
// worst finding.
func descriptorOf(id string, f *Finding) *sarif.ReportingDescriptor {
	title := id
	if f.Advisory != nil && f.Advisory.Summary != "" {
		title = id + ": " + f.Advisory.Summary
	}
	lines := []string{title}
	if f.Package != nil {
		lines = append(lines, "Package: "+f.Package.Name+" "+f.Package.Version+" ("+f.Package.Ecosystem+")")
	}
	if a := f.Advisory; a != nil {
		if ids := f.IDs(); len(ids) > 0 {
			lines = append(lines, "Known as: "+strings.Join(ids, ", "))
		}
		if len(a.Fixed) > 0 {
			lines = append(lines, "Fixed in: "+strings.Join(a.Fixed, ", "))
		} else {
			lines = append(lines, "Fixed in: no version yet")
		}
		if a.KEV {
			lines = append(lines, "Known to be exploited (CISA KEV)")
		}
	}
	if f.Remediation != "" {
		lines = append(lines, "What to do: "+f.Remediation)
	}
	var text, markdown []string
	for _, l := range lines {
		text = append(text, Plain(l))
		markdown = append(markdown, zwsp+mdText(l, maxText))
	}
	d := describe(id, text[0], text[0], strings.Join(text, "\n"), strings.Join(markdown, "\n\n"))
	if f.Advisory != nil && isLink(f.Advisory.URL) {
		d.WithHelpURI(f.Advisory.URL)
	}
	return d
}

// describe sets every text of a rule: the library writes a null for a short
// description that is missing, which is no valid SARIF.
func describe(id, short, full, help, markdown string) *sarif.ReportingDescriptor {
	return sarif.NewRule(id).
		WithShortDescription(sarif.NewMultiformatMessageString(cut(Plain(short), 1000))).
		WithFullDescription(sarif.NewMultiformatMessageString(cut(Plain(full), 1000))).
		WithTextHelp(help).
		WithMarkdownHelp(markdown)
}

// isLink says whether a URL may stand where people click.
func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && s == Plain(s)
}

// properties are what GitHub reads of a rule: the tag "security" and the number
// beside it make its results security alerts with a severity.
func properties(f *Finding) sarif.Properties {
	tags := []string{"security", Plain(f.Scanner)}
	if f.Advisory != nil {
		tags = append(tags, "vulnerability")
	}
	for _, c := range f.Controls {
		if len(tags) == maxTags {
			break
		}
		tags = append(tags, Plain(c))
	}
	p := sarif.Properties{"tags": unique(tags)}
	if s := score(f); s > 0 {
		p["security-severity"] = fmt.Sprintf("%.1f", s)
	}
	return p
}

func unique(texts []string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, t := range texts {
		if t != "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}

// scores stand for severities that nobody computed.
var scores = map[finding.Severity]float64{
	finding.Critical: 9.5, finding.High: 8.0, finding.Medium: 5.5, finding.Low: 3.0, finding.Info: 0.5,
}

// score is the number for a finding's severity: the CVSS score where there is one
// that says the same, as a vendor may rate its own package otherwise; 0 where the
// severity is unknown.
func score(f *Finding) float64 {
	best := 0.0
	if f.Advisory != nil {
		for _, c := range f.Advisory.CVSS {
			if finding.FromCVSS(c.Score) == f.Severity && c.Score <= 10 {
				best = max(best, c.Score)
			}
		}
	}
	if best > 0 {
		return best
	}
	return scores[f.Severity]
}
