package report

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// The part of JUnit's form that Jenkins, GitLab and CircleCI read alike:
// https://github.com/jenkinsci/xunit-plugin (junit-10.xsd).
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    string       `xml:"tests,attr"`
	Failures string       `xml:"failures,attr"`
	Errors   string       `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    string      `xml:"tests,attr"`
	Failures string      `xml:"failures,attr"`
	Errors   string      `xml:"errors,attr"`
	Skipped  string      `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	Skipped *junitResult `xml:"skipped"`
	Error   *junitResult `xml:"error"`
	Failure *junitResult `xml:"failure"`
	Out     string       `xml:"system-out,omitempty"`
}

type junitResult struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a suite for every scan, a test case for every finding and one for
// the scan itself: a test that fails blocks, one that is skipped warns, and what could
// not be scanned is an error. The verdict is a case of its own, so that a run without
// findings and without a verdict is not all green.
func writeJUnit(w io.Writer, run *Run, _ Options) error {
	doc := junitSuites{Name: "boltseal"}
	suites := []junitSuite{{Name: "verdict", Cases: []junitCase{junitVerdict(run)}}}
	for _, part := range byScan(run) {
		suites = append(suites, junitScan(part))
	}
	var tests, failures, errs int
	for i := range suites {
		s := &suites[i]
		f, e, skipped := s.results()
		s.Tests, s.Failures, s.Errors, s.Skipped = strconv.Itoa(len(s.Cases)), strconv.Itoa(f), strconv.Itoa(e), strconv.Itoa(skipped)
		tests, failures, errs = tests+len(s.Cases), failures+f, errs+e
	}
	doc.Tests, doc.Failures, doc.Errors, doc.Suites = strconv.Itoa(tests), strconv.Itoa(failures), strconv.Itoa(errs), suites
	buffered := bufio.NewWriter(w)
	if _, err := buffered.WriteString(xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(buffered)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	if err := buffered.WriteByte('\n'); err != nil {
		return err
	}
	return buffered.Flush()
}

func (s *junitSuite) results() (failures, errs, skipped int) {
	for _, c := range s.Cases {
		switch {
		case c.Failure != nil:
			failures++
		case c.Error != nil:
			errs++
		case c.Skipped != nil:
			skipped++
		}
	}
	return failures, errs, skipped
}

func junitVerdict(run *Run) junitCase {
	c := junitCase{Class: "boltseal", Name: "verdict"}
	line := Plain(headline(run))
	var text strings.Builder
	for _, r := range run.Verdict.Reasons {
		text.WriteString("- " + Plain(r) + "\n")
	}
	switch status := run.Verdict.Status; {
	case passed(run):
		c.Out = line + "\n" + text.String()
	case status == policy.Pass:
		c.Skipped = &junitResult{"shard", line, text.String()}
	case status == policy.Blocked:
		c.Failure = &junitResult{"blocked", line, text.String()}
	default:
		c.Error = &junitResult{"none", line, text.String()}
	}
	return c
}

func junitScan(part *scanPart) junitSuite {
	s := part.scan
	class := "boltseal." + Plain(s.Scanner)
	c := junitCase{Class: class, Name: "scan of " + Plain(scanned(s))}
	line := Plain(outcome(s))
	switch s.Status {
	case finding.StatusOK:
		c.Out = line + "\n"
	case finding.StatusNothing:
		c.Skipped = &junitResult{Type: string(s.Status), Message: line}
	default:
		var text strings.Builder
		for _, e := range s.Errors {
			text.WriteString("- " + Plain(e) + "\n")
		}
		c.Error = &junitResult{Plain(string(s.Status)), line, text.String()}
	}
	suite := junitSuite{Name: strings.TrimSuffix(part.category, "/"), Cases: []junitCase{c}}
	seen := newNames()
	seen.once(c.Name, "")
	for _, f := range part.findings {
		suite.Cases = append(suite.Cases, junitFinding(f, class, seen))
	}
	return suite
}

// junitFinding names a case without its line: Jenkins and GitLab know a test by its
// name, and tell by it what failed before.
func junitFinding(f *Finding, class string, seen *names) junitCase {
	name := ruleID(f) + " in " + Plain(place(f, false))
	if f.Location.Image != "" && f.Location.Path != "" {
		name += ": " + Plain(f.Location.Path)
	}
	if f.Package != nil {
		name += " (" + Plain(f.Package.Name) + ")"
	}
	c := junitCase{Class: class, Name: seen.once(name, " #")}
	line := fmt.Sprintf("%s: %s", f.Severity, Plain(message(f)))
	r := &junitResult{Type: f.Severity.String(), Message: line, Text: junitDetails(f)}
	switch f.Decision.Action {
	case policy.Block:
		c.Failure = r
	case policy.Warn:
		c.Skipped = r
	case policy.Note:
		c.Out = "noted: " + line + "\n" + r.Text
	case policy.Suppress:
		c.Out = "accepted: " + line + "\n" + r.Text
	default:
		c.Error = &junitResult{"undecided", "nothing was decided: " + line, r.Text}
	}
	return c
}

// junitDetails are lines that all begin with a word of ours: no text from what was
// scanned begins one.
func junitDetails(f *Finding) string {
	var b strings.Builder
	for _, l := range []struct{ name, text string }{
		{"where", strings.TrimSuffix(place(f, false)+":"+spot(f), ":")},
		{"layer", f.Location.Layer},
		{"built by", f.Location.Instruction},
		{"to do", f.Remediation},
		{"decided by", f.Decision.By},
		{"why", f.Decision.Reason},
		{"until", f.Decision.Until},
		{"fingerprint", f.Fingerprint},
	} {
		if l.text != "" {
			b.WriteString(l.name + ": " + Plain(l.text) + "\n")
		}
	}
	return b.String()
}
