// Package ruletest runs the pages of rules as tests: a rule without a page, prose,
// a bad and a good case does not build a green tree. With -update the pages' want
// is written from what the rules say.
package ruletest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/fix"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var update = flag.Bool("update", false, "write the want of rule pages from what the rules say")

// Run tests rules by their pages: every bad case makes the rule say exactly what
// the page wants, no good case makes it say anything. Only findings of the page's
// own rule count. source makes a target that holds a case's files.
//
// Pages lie in the directory of the test: "dl3007.txtar" for DL3007,
// "setuid-file.txtar" for image/setuid-file.
func Run(t *testing.T, scanner scan.Scanner, rules []rule.Rule, source func(files []rule.File) scan.Source) {
	t.Helper()
	if _, err := rule.NewCatalogue(rules...); err != nil {
		t.Error(err)
	}
	for _, r := range rules {
		t.Run(PageName(r.ID), func(t *testing.T) {
			for _, problem := range Complete(r, scanner.Name()) {
				t.Error(problem)
			}
			runPage(t, scanner, r, source)
		})
	}
}

// PageName is the name of a rule's page.
func PageName(id string) string {
	return strings.ToLower(id[strings.LastIndexByte(id, '/')+1:]) + ".txtar"
}

// Complete says what a rule lacks.
func Complete(r rule.Rule, scanner string) []string {
	var lacks []string
	if r.ID == "" || r.Title == "" || r.Remediation == "" {
		lacks = append(lacks, fmt.Sprintf("rule %q lacks its id, title or remediation", r.ID))
	}
	if r.Scanner != scanner {
		lacks = append(lacks, fmt.Sprintf("rule %s belongs to scanner %q, not %q", r.ID, r.Scanner, scanner))
	}
	for _, line := range []string{r.Title, r.Remediation} {
		if strings.HasSuffix(line, ".") || strings.Contains(line, "\n") {
			lacks = append(lacks, fmt.Sprintf("rule %s: %q is not one line without a full stop", r.ID, line))
		}
	}
	if r.Severity == finding.Unknown {
		lacks = append(lacks, fmt.Sprintf("rule %s has no severity", r.ID))
	}
	if len(r.Page.Text) == 0 && len(r.Page.Cases) == 0 {
		return append(lacks, fmt.Sprintf("rule %s has no page %s", r.ID, PageName(r.ID)))
	}
	if len(strings.Fields(r.Page.Text)) < 10 {
		lacks = append(lacks, fmt.Sprintf("the page of %s explains nothing", r.ID))
	}
	for _, bad := range []bool{true, false} {
		if !slices.ContainsFunc(r.Page.Cases, func(c rule.Case) bool { return c.Bad == bad }) {
			lacks = append(lacks, fmt.Sprintf("the page of %s has no %s case", r.ID, map[bool]string{true: "bad", false: "good"}[bad]))
		}
	}
	return lacks
}

func runPage(t *testing.T, scanner scan.Scanner, r rule.Rule, source func([]rule.File) scan.Source) {
	t.Helper()
	var got []string
	for _, c := range r.Page.Cases {
		found := findings(t, scanner, r.ID, source(c.Files))
		switch {
		case !c.Bad && len(found) > 0:
			t.Errorf("%s is good, but %s says:\n%s", c.Name, r.ID, strings.Join(lines(c.Name, found), "\n"))
		case c.Bad && len(found) == 0:
			t.Errorf("%s is bad, but %s says nothing", c.Name, r.ID)
		}
		if c.Bad {
			got = append(got, lines(c.Name, found)...)
			checkFix(t, scanner, r, c, found, source)
		}
	}
	want := strings.TrimRight(r.Page.Want, "\n")
	said := strings.Join(got, "\n")
	if *update && said != want && len(got) > 0 {
		writeWant(t, r.ID, said+"\n")
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(said, "\n")); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", PageName(r.ID), diff)
	}
}

// findings scans a source and gives what one rule says of it, in order; not what the
// source asks to pass over.
func findings(t *testing.T, scanner scan.Scanner, id string, s scan.Source) []finding.Finding {
	t.Helper()
	var found []finding.Finding
	for _, res := range scan.Run(t.Context(), s, []scan.Scanner{scanner}, scan.Options{}) {
		if res.Status != finding.StatusOK {
			t.Errorf("scan ended %q: %s", res.Status, res.Reason)
		}
		for _, f := range res.Findings {
			if f.Rule == id && f.Ignored == "" {
				found = append(found, f)
			}
		}
	}
	slices.SortFunc(found, finding.Compare)
	return found
}

// lines writes findings as pages do.
func lines(name string, found []finding.Finding) []string {
	out := make([]string, len(found))
	for i, f := range found {
		out[i] = strings.Join([]string{place(name, f.Location), f.Severity.String(), f.Message}, " ")
	}
	return out
}

// place is "bad/1/path:line:col", less what is not known.
func place(name string, l finding.Location) string {
	if l.Path != "" {
		name += "/" + l.Path
	}
	if l.StartLine > 0 {
		name += fmt.Sprintf(":%d:%d", l.StartLine, l.StartColumn)
	}
	return name
}

// checkFix applies the fixes of a case: what had one must be gone, and nothing new
// may be there. One fix can mend several findings; one that waits for another is
// applied after it.
func checkFix(t *testing.T, scanner scan.Scanner, r rule.Rule, c rule.Case, found []finding.Finding, source func([]rule.File) scan.Source) {
	t.Helper()
	files := slices.Clone(c.Files)
	for {
		contents := make(map[string][]byte, len(files))
		for _, f := range files {
			contents[f.Path] = f.Data
		}
		res := fix.Apply(contents, found)
		for _, l := range res.Left {
			if !errors.Is(l.Err, fix.ErrConflict) {
				t.Errorf("%s: a fix cannot be applied: %v", c.Name, l.Err)
			}
		}
		if len(res.Applied) == 0 {
			return
		}
		if !r.Fixable {
			t.Errorf("rule %s has fixes, but does not say so", r.ID)
		}
		for i, f := range files {
			if data, changed := res.Files[f.Path]; changed {
				files[i].Data = data
			}
		}
		after := findings(t, scanner, r.ID, source(files))
		if most := len(found) - len(res.Applied); len(after) > most {
			t.Errorf("%s mended: %d findings, want at most %d:\n%s\n%s", c.Name, len(after), most, strings.Join(lines(c.Name, after), "\n"), files[0].Data)
			return
		}
		found = after
	}
}

// writeWant replaces the want of a page and leaves the rest of it alone.
func writeWant(t *testing.T, id, want string) {
	t.Helper()
	name := PageName(id)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := txtar.Parse(data)
	page.Files = slices.DeleteFunc(page.Files, func(f txtar.File) bool { return f.Name == "want" })
	page.Files = append(page.Files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(name, txtar.Format(page), 0o644); err != nil { //nolint:gosec // a source file
		t.Fatal(err)
	}
	t.Logf("%s: want written; run again without -update", name)
}
