package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page/page.css
var pageStyle string

//go:embed page/page.js
var pageScript string

//go:embed page/page.tmpl
var pageBody string

// firstFindings is how many findings the page shows where its script does not run.
const firstFindings = 100

// htmlRow is one finding in the data of the page.
type htmlRow struct {
	Action   string `json:"action"`
	Severity string `json:"severity"`
	Scanner  string `json:"scanner"`
	Rule     string `json:"rule"`
	Where    string `json:"where"`
	Message  string `json:"message"`
	New      bool   `json:"new"`
	Fixable  bool   `json:"fixable"`
	URL      string `json:"url,omitempty"`
	// Details are pairs of a word of ours and a text.
	Details [][2]string `json:"details"`
}

// htmlData is what the script of the page reads. Pages explain rules.
type htmlData struct {
	Rows  []htmlRow         `json:"rows"`
	Pages map[string]string `json:"pages"`
}

// writeHTML writes one page that stands alone: its policy for contents lets in the two
// hashes of its own style and script, and nothing from a network. What was scanned is in
// it as text that the template escapes, and as JSON without a "<", of which the script
// makes text.
func writeHTML(w io.Writer, run *Run, opt Options) error {
	body, err := template.New("page").Parse(pageBody)
	if err != nil {
		return err
	}
	data := htmlDataOf(run, opt)
	encoded, err := json.Marshal(data) // escapes <, > and &
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w) // keeps the first error until Flush
	_, _ = fmt.Fprintf(b, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>boltseal: %s</title>
<style>%s</style>
</head>
<body>
`, contentHash(pageStyle), contentHash(pageScript), template.HTMLEscapeString(Plain(headline(run))), pageStyle)
	if err := body.Execute(b, htmlPageOf(run, data.Rows)); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(b, "<script type=\"application/json\" id=\"data\">%s</script>\n<script>%s</script>\n</body>\n</html>\n", encoded, pageScript)
	return b.Flush()
}

// contentHash names a text in a Content-Security-Policy.
func contentHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// htmlDataOf gives what blocks first, and what is worse first among it.
func htmlDataOf(run *Run, opt Options) *htmlData {
	data := &htmlData{Rows: make([]htmlRow, 0, len(run.Findings)), Pages: make(map[string]string)}
	all := make([]*Finding, len(run.Findings))
	for i := range run.Findings {
		all[i] = &run.Findings[i]
	}
	several := severalTargets(run)
	looked := make(map[string]bool)
	for _, f := range mostSevere(all) {
		data.Rows = append(data.Rows, htmlRowOf(f, several))
		if looked[f.Rule] {
			continue
		}
		looked[f.Rule] = true
		if r, ok := opt.Catalogue.Find(f.Rule); ok {
			data.Pages[ruleID(f)] = strings.TrimSpace(r.Title + "\n\n" + r.Page.Text)
		}
	}
	return data
}

func htmlRowOf(f *Finding, several bool) htmlRow {
	where := place(f, several)
	if s := spot(f); s != "" {
		separator := ":"
		if f.Location.Image != "" {
			separator = " at "
		}
		where += separator + s
	}
	row := htmlRow{
		Action: Plain(string(f.Decision.Action)), Severity: f.Severity.String(), Scanner: Plain(f.Scanner), Rule: ruleID(f),
		Where: Plain(where), Message: Plain(f.Message), New: f.New != nil && *f.New, Fixable: fixable(f), Details: htmlDetails(f),
	}
	if f.Advisory != nil && strings.HasPrefix(f.Advisory.URL, "https://") {
		row.URL = Plain(f.Advisory.URL)
	}
	return row
}

// fixable says that there is something to upgrade to, or an edit.
func fixable(f *Finding) bool {
	return f.Fix != nil || f.Advisory != nil && len(f.Advisory.Fixed) > 0
}

func htmlDetails(f *Finding) [][2]string {
	details := [][2]string{}
	add := func(name, text string) {
		if text != "" {
			details = append(details, [2]string{name, Plain(text)})
		}
	}
	if f.Excerpt != nil {
		add("line", f.Excerpt.Text)
	}
	add("to do", f.Remediation)
	add("decided by", f.Decision.By)
	add("why", f.Decision.Reason)
	add("until", f.Decision.Until)
	add("severity from", f.SeverityFrom)
	if f.Package != nil {
		add("package", strings.TrimSpace(f.Package.Name+" "+f.Package.Version))
		add("ecosystem", f.Package.Ecosystem)
		add("source", namedSource(f.Package))
	}
	if a := f.Advisory; a != nil {
		add("summary", a.Summary)
		add("also known as", strings.Join(a.Aliases, ", "))
		add("fixed in", strings.Join(a.Fixed, ", "))
		add("the distribution says", a.Statement)
		add("published", a.Published)
		if a.KEV {
			add("exploited", "listed by CISA")
		}
		if a.EPSS > 0 {
			add("chance of exploitation within 30 days (EPSS)", fmt.Sprintf("%.2f%%", a.EPSS*100))
		}
	}
	if f.Secret != nil {
		add("secret", f.Secret.Masked)
	}
	add("layer", f.Location.Layer)
	add("built by", f.Location.Instruction)
	if built := f.Location.Built; built.Path != "" {
		add("stands in", fmt.Sprintf("%s:%d", built.Path, built.StartLine))
	}
	add("origin", f.Location.Origin)
	add("commit", f.Location.Commit)
	add("controls", strings.Join(f.Controls, ", "))
	add("target", f.Target)
	add("fingerprint", f.Fingerprint)
	return details
}
