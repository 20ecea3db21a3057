package dockerfile

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// fakeChecker answers the same each time, and notes what it was asked.
type fakeChecker struct {
	comments []ShellComment
	err      error
	asked    [][]ShellScript
}

func (*fakeChecker) Name() string { return "fake 1.0" }

func (f *fakeChecker) Check(_ context.Context, scripts []ShellScript) ([]ShellComment, error) {
	f.asked = append(f.asked, scripts)
	return f.comments, f.err
}

func scanWith(t *testing.T, f *fakeChecker, files ...scantest.File) scan.Result {
	t.Helper()
	return scan.Run(t.Context(), scantest.Tree(files...), []scan.Scanner{New(Options{ShellChecker: f})}, scan.Options{})[0]
}

// TestShellCheckerFindings: all scripts of a target go to the program at once, what it
// says finds its place in the files, pragmas hold, and our own checks are silent.
func TestShellCheckerFindings(t *testing.T) {
	f := &fakeChecker{comments: []ShellComment{
		{Script: 0, Line: 1, Column: 12, EndLine: 1, EndColumn: 14, Level: "info", Code: 2086, Message: "Quote\n it."},
		{Script: 0, Line: 1, Column: 1, EndLine: 1, EndColumn: 2, Level: "error", Code: 9999, Message: "Unheard of."},
		{Script: 1, Line: 2, Column: 1, EndLine: 2, EndColumn: 5, Level: "style", Code: 2006, Message: "x"},
		{Script: 1, Line: 99, Column: 99, EndLine: 99, EndColumn: 99, Level: "odd", Code: 1, Message: "x"},
		{Script: 2, Line: 1, Column: 1, EndLine: 1, EndColumn: 2, Level: "info", Code: 2086, Message: "Quote it."},
		{Script: 7, Line: 1, Column: 1, EndLine: 1, EndColumn: 2, Level: "info", Code: 2086, Message: "Quote it."},
	}}
	res := scanWith(t, f,
		scantest.Text("Dockerfile", "FROM debian:12.5\nUSER 1\nARG B=1\nRUN echo ä \\\n # note\n  $A `x`\nRUN <<EOF\ntrue\necho\nEOF\n# hadolint ignore=SC2086\nRUN echo $A\nSHELL [\"pwsh\"]\nRUN echo $A\n"),
		scantest.Text("b/Dockerfile", "FROM debian:12.5\nUSER 1\nSHELL [\"/bin/bash\", \"-c\"]\nRUN true\n"),
	)
	if len(f.asked) != 1 {
		t.Fatalf("asked %d times", len(f.asked))
	}
	var shells []string
	for _, s := range f.asked[0] {
		shells = append(shells, s.Shell+" "+s.Text)
	}
	if diff := cmp.Diff([]string{"sh echo ä   $A `x`", "sh true\necho\n", "sh echo $A", "bash true"}, shells); diff != "" {
		t.Error(diff)
	}
	slices.SortFunc(res.Findings, finding.Compare)
	want := []string{"Dockerfile:4:5-4:6 SC9999", "Dockerfile:6:5-6:7 SC2086", "Dockerfile:9:1-9:5 SC2006", "Dockerfile:10:1-10:1 SC1", "Dockerfile:12:5-12:6 SC2086"}
	if diff := cmp.Diff(want, brief(res.Findings)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"shell code checked by fake 1.0", "1 finding ignored by pragma"}, res.Notes); diff != "" {
		t.Error(diff)
	}
	if last := res.Findings[len(res.Findings)-1]; last.Ignored == "" || res.Findings[0].Ignored != "" {
		t.Errorf("ignored %q", last.Ignored)
	}
	for _, found := range res.Findings[:4] {
		if found.Rule == "SC2086" && (found.Severity != finding.Low || found.Message != "Quote it." || found.Remediation == "") {
			t.Errorf("finding %+v", found)
		}
	}
}

// TestShellCheckerFails: a program that does not answer makes the scan partial and is
// named.
func TestShellCheckerFails(t *testing.T) {
	f := &fakeChecker{err: errors.New("out of order")}
	res := scanWith(t, f, scantest.Text("Dockerfile", "FROM debian:12.5\nUSER 1\nRUN sudo id\n"))
	if res.Status != finding.StatusPartial || res.Reason != "shell code was not checked by fake 1.0: out of order" {
		t.Errorf("status %q: %s", res.Status, res.Reason)
	}
	if len(res.Notes) > 0 {
		t.Errorf("notes %q", res.Notes)
	}
	if diff := cmp.Diff([]string{"Dockerfile:3:5-3:12 DL3004"}, brief(res.Findings)); diff != "" {
		t.Error(diff)
	}
}

// TestShellCheckerIsNotAsked where there is nothing to ask about.
func TestShellCheckerIsNotAsked(t *testing.T) {
	f := &fakeChecker{}
	res := scanWith(t, f, scantest.Text("Dockerfile", "FROM debian:12.5\nUSER 1\nRUN [\"a\"]\n"))
	if len(f.asked) != 0 || len(res.Notes) != 0 {
		t.Errorf("asked %v, notes %v", f.asked, res.Notes)
	}
}

func TestVariablesDeclared(t *testing.T) {
	f := parse("Dockerfile", []byte("ARG Z\nFROM a AS a\nARG A\nENV B=1 C=2\nENV D 3\nRUN a\nENV E=1\nFROM a\nARG 'F'=1\nRUN b\n"))
	l := f.lint(&Native{})
	var got [][]string
	for _, s := range f.scripts() {
		var names []string
		for _, name := range l.declared(s) {
			if len(name) == 1 {
				names = append(names, name)
			}
		}
		got = append(got, names)
	}
	if diff := cmp.Diff([][]string{{"A", "B", "C", "D"}, {"A", "B", "C", "D", "E", "F"}}, got); diff != "" {
		t.Error(diff)
	}
}
