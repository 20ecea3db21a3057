package forge

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

func annotated(t *testing.T, run *report.Run) []string {
	t.Helper()
	r := newRunner(t)
	if err := NewActions(r.getenv, &r.stdout, report.Options{}).Annotations(run); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(r.stdout.String(), "\n"), "\n")
}

func subject(rule string, severity finding.Severity, action policy.Action, path string) report.Finding {
	return report.Finding{
		Subject: policy.Subject{Finding: finding.Finding{
			Rule: rule, Severity: severity, Message: rule + ": 100%", Target: "dir:.", Remediation: "Mend it", Location: finding.Location{Path: path, StartLine: 3, EndLine: 4},
		}},
		Decision: policy.Decision{Action: action},
	}
}

func TestAnnotations(t *testing.T) {
	known := subject("known", finding.High, policy.Warn, "d")
	known.New = new(false)
	image := subject("image", finding.Low, policy.Block, "etc/passwd")
	image.Location.Image = "app"
	run := &report.Run{Findings: []report.Finding{
		subject("mild", finding.Low, policy.Block, "a,b:c%"), subject("bad", finding.Critical, policy.Block, "x"),
		subject("warns", finding.Low, policy.Warn, "w"), known, subject("note", finding.Low, policy.Note, "n"), subject("accepted", finding.Low, policy.Suppress, "n"), image,
	}}
	want := []string{
		"::error file=x,line=3,endLine=4,title=bad (critical)::bad: 100%25%0AMend it",
		"::error file=a%2Cb%3Ac%25,line=3,endLine=4,title=mild (low)::mild: 100%25%0AMend it",
		"::error title=image (low)::image: 100%25%0AIn image app etc/passwd:3%0AMend it",
		"::warning file=w,line=3,endLine=4,title=warns (low)::warns: 100%25%0AMend it",
	}
	if diff := cmp.Diff(want, annotated(t, run)); diff != "" {
		t.Error(diff)
	}
}

func TestTenAnnotationsOfALevel(t *testing.T) {
	for n, want := range map[int]int{10: 10, 11: 10, 5000: 10} {
		run := &report.Run{}
		for i := range n {
			run.Findings = append(run.Findings, subject(fmt.Sprint("r", i), finding.Medium, policy.Block, "x"))
		}
		run.Findings = append(run.Findings, subject("last", finding.Critical, policy.Block, "x"))
		lines := annotated(t, run)
		if len(lines) != want || !strings.Contains(lines[0], "title=last") {
			t.Errorf("%d findings: %d lines, the first %s", n+1, len(lines), lines[0])
		}
		if more := fmt.Sprintf("::error title=boltseal::%d more are in the job summary", n+1-9); !strings.HasPrefix(lines[9], more) {
			t.Errorf("%d findings: %s, want %s", n+1, lines[9], more)
		}
	}
}

func TestNoVerdictIsAnnotated(t *testing.T) {
	lines := annotated(t, &report.Run{Verdict: policy.Verdict{Status: policy.None, ExitCode: policy.ExitNone}})
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "::error title=boltseal::") || !strings.Contains(lines[0], "no verdict") {
		t.Errorf("%q", lines)
	}
}

// A hostile name is one annotation, and nothing else: no command begins in the
// middle of a line by the runner's grammar, old or new.
func TestAnnotationsAreHarmless(t *testing.T) {
	evil := "a\r\n::error::forged\n##[error]x ::stop-commands::y,line=9::%0A %s \x1b[31m @team"
	f := subject(evil, finding.High, policy.Block, evil)
	f.Message, f.Remediation = evil, evil
	lines := annotated(t, &report.Run{Findings: []report.Finding{f}})
	if len(lines) != 1 || !regexp.MustCompile(`^::error file=[^,:]+,line=3,endLine=4,title=[^,:]+::`).MatchString(lines[0]) {
		t.Errorf("%q", lines)
	}
	if strings.Contains(lines[0], "##[") || strings.ContainsAny(lines[0], "\r\x1b") {
		t.Errorf("%q", lines[0])
	}
}
