// Package rule describes rules: what each one is called, how bad what it finds
// is, and the page that explains it. A page is documentation, the text of
// `boltseal explain` and the rule's test at once; ruletest runs it.
package rule

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/nearest"
)

// Meta is what a rule says of itself. ID, Scanner and Title are never empty.
type Meta struct {
	// ID is how policies, pragmas and reports name the rule. Never reused.
	ID string
	// Scanner is the scanner that it belongs to.
	Scanner string
	// Title is one line, without a full stop.
	Title string
	// Severity of its findings, unless the finding says otherwise.
	Severity finding.Severity
	// Remediation is one line that says what to do about a finding.
	Remediation string
	// Controls are the compliance controls that it touches, "catalogue:control".
	Controls []string
	// Off says that it only runs when configured.
	Off bool
	// Fixable says that its findings can carry a fix.
	Fixable bool
}

// Rule is a rule with its page.
type Rule struct {
	Meta
	Page Page
}

// Page explains a rule: why it matters, what to do, with bad and good cases.
type Page struct {
	// Text is prose in markdown.
	Text string
	// Cases are examples; each bad one makes the rule fire.
	Cases []Case
	// Want is what the bad cases make it say, a line a finding:
	// "bad/1/path:line:col severity message".
	Want string
}

// Case is a set of files that lie side by side.
type Case struct {
	// Name is "bad/1" or "good/1".
	Name  string
	Bad   bool
	Files []File
}

// File is one file of a case, its path relative to the case.
type File struct {
	Path string
	Data []byte
}

// ParsePage reads a page: prose, then files named "bad/N/path", "good/N/path"
// and "want" in txtar form (https://pkg.go.dev/golang.org/x/tools/txtar).
func ParsePage(data []byte) (Page, error) {
	archive := txtar.Parse(data)
	page := Page{Text: strings.TrimSpace(string(archive.Comment))}
	for _, f := range archive.Files {
		if f.Name == "want" {
			page.Want = string(f.Data)
			continue
		}
		kind, rest, _ := strings.Cut(f.Name, "/")
		number, path, _ := strings.Cut(rest, "/")
		if (kind != "bad" && kind != "good") || number == "" || path == "" {
			return Page{}, fmt.Errorf("file %q: want bad/N/PATH, good/N/PATH or want", f.Name)
		}
		name := kind + "/" + number
		i := slices.IndexFunc(page.Cases, func(c Case) bool { return c.Name == name })
		if i < 0 {
			i = len(page.Cases)
			page.Cases = append(page.Cases, Case{Name: name, Bad: kind == "bad"})
		}
		page.Cases[i].Files = append(page.Cases[i].Files, File{Path: path, Data: f.Data})
	}
	return page, nil
}

// Catalogue is a list of rules, sorted by id.
type Catalogue []Rule

// NewCatalogue sorts rules by id. Ids that come twice are a programming error
// and give an error.
func NewCatalogue(rules ...Rule) (Catalogue, error) {
	c := Catalogue(slices.Clone(rules))
	slices.SortFunc(c, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(c); i++ {
		if c[i].ID == c[i-1].ID {
			return nil, fmt.Errorf("two rules have the id %s", c[i].ID)
		}
	}
	return c, nil
}

// Find gives the rule with that id, in any case of letters.
func (c Catalogue) Find(id string) (Rule, bool) {
	for _, r := range c {
		if strings.EqualFold(r.ID, id) {
			return r, true
		}
	}
	return Rule{}, false
}

// Nearest gives the id most like a mistyped one, or "" when none is near.
func (c Catalogue) Nearest(id string) string {
	ids := make([]string, len(c))
	for i, r := range c {
		ids[i] = r.ID
	}
	return nearest.Word(id, ids)
}
