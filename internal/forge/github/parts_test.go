package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// only asks for one part.
func only(h *hub, part string) Options {
	o := options(h)
	o.Check, o.Upload, o.Comment, o.Review = part == "check", part == "sarif", part == "comment", part == "review"
	return o
}

// fixed adds a fix to a finding.
func fixed(f report.Finding, edits ...finding.Edit) report.Finding {
	f.Fix = &finding.Fix{Edits: edits}
	return f
}

func TestSuggestions(t *testing.T) {
	edit := func(line, from, to int, text string) finding.Edit {
		return finding.Edit{Path: "Dockerfile", StartLine: line, StartColumn: from, EndLine: line, EndColumn: to, Text: text}
	}
	long := found("DL3003", "Dockerfile", 2, policy.Block)
	long.Location.EndLine, long.Location.EndColumn = 3, 18
	for name, c := range map[string]struct {
		finding report.Finding
		patch   string
		want    string // "" for no suggestion
		lines   string
	}{
		"one line":                        {fixed(found("DL3007", "Dockerfile", 1, policy.Block), edit(1, 6, 19, "debian:12")), "", "```suggestion\nFROM debian:12\n```\n", "1"},
		"an insertion":                    {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 5, 5, " --platform=a")), "", "```suggestion\nFROM --platform=a debian:latest\n```\n", "1"},
		"a line that goes away":           {fixed(long, finding.Edit{Path: "Dockerfile", StartLine: 2, StartColumn: 1, EndLine: 3, EndColumn: 1}), "", "```suggestion\nRUN apt-get update\n```\n", "2-3"},
		"two lines":                       {fixed(long, edit(2, 1, 12, "WORKDIR /tmp"), edit(3, 5, 12, "apk")), "", "```suggestion\nWORKDIR /tmp\nRUN apk update\n```\n", "2-3"},
		"beyond the lines of the comment": {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 1, 2, "a"), edit(2, 1, 2, "b")), "", "", "1"},
		"in another file":                 {fixed(found("x", "Dockerfile", 1, policy.Block), finding.Edit{Path: "b", StartLine: 1, StartColumn: 1, EndLine: 1, EndColumn: 1, Text: "x"}), "", "", "1"},
		"beyond the end of the line":      {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 90, 99, "a")), "", "", "1"},
		"fences in it":                    {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 1, 1, "```` ")), "", "`````suggestion\n```` FROM debian:latest\n`````\n", "1"},
		"a secret beside it":              {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 1, 2, "a")), "@@ -1 +1 @@\n-a\n+FROM hunter2", "", "1"},
		"what reads otherwise than it is": {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 1, 2, "a")), "@@ -1 +1 @@\n-a\n+FROM \u202e", "", "1"},
		"lines of two hunks":              {fixed(long, edit(3, 1, 1, "x")), "@@ -1 +2 @@\n-a\n+RUN cd /tmp\n@@ -9 +3 @@\n-b\n+c", "", "2"},
		"CR at the end of a line is kept": {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 1, 2, "f")), "@@ -1 +1 @@\n-a\n+FROM a\r", "```suggestion\nfROM a\r\n```\n", "1"},
		"a fix that changes nothing":      {fixed(found("x", "Dockerfile", 1, policy.Block), edit(1, 1, 2, "F")), "", "", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t)
			if c.patch != "" {
				h.files[1]["patch"] = c.patch
			}
			mustPublish(t, only(h, "review"), runOf(c.finding))
			if len(h.lines) != 1 {
				t.Fatalf("%d comments", len(h.lines))
			}
			body := h.lines[0]["body"].(string)
			_, got, _ := strings.Cut(body, "Mend it\n\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, body)
			}
			lines := fmt.Sprint(h.lines[0]["line"])
			if s := h.lines[0]["start_line"]; s != nil {
				lines = fmt.Sprint(s, "-", lines)
			}
			if lines != c.lines {
				t.Errorf("it stands on %s, want %s", lines, c.lines)
			}
		})
	}
}

func TestLinesThatAreNotInTheDiffGetNoReviewComment(t *testing.T) {
	image, old, nowhere := found("a", "Dockerfile", 1, policy.Block), found("b", "Dockerfile", 1, policy.Block), found("c", "", 0, policy.Block)
	image.Location.Image = "acme/app"
	old.Location.Commit = "1234"
	known := found("d", "Dockerfile", 1, policy.Warn)
	known.New = new(false)
	h := newHub(t)
	o := only(h, "review")
	o.Comment = true
	mustPublish(t, o, runOf(image, old, nowhere, known, found("e", "Dockerfile", 99, policy.Block), found("f", "gone.txt", 1, policy.Block)))
	if s := h.state(); len(s.Lines) != 0 || len(s.Comments) != 1 {
		t.Errorf("%+v, want the comment alone", s)
	}
}

func TestAMergeCommitsLinesAreComparedWithTheDiff(t *testing.T) {
	h := newHub(t)
	o := only(h, "review")
	o.Target.Commit, o.Target.Ref = mergeSHA, "refs/pull/7/merge"
	// The target branch put a line before the second one.
	o.Read = func(string, int64) ([]byte, error) { return []byte("FROM debian:latest\nARG X\nRUN cd /tmp\n"), nil }
	mustPublish(t, o, runOf(found("DL3007", "Dockerfile", 1, policy.Block), found("x", "Dockerfile", 2, policy.Block), found("DL3003", "Dockerfile", 3, policy.Block)))
	h.want(t, state{Lines: []string{"Dockerfile:1"}})

	h = newHub(t)
	o = only(h, "review")
	o.Target.Commit = mergeSHA
	o.Read = func(string, int64) ([]byte, error) { return nil, errors.New("gone") }
	mustPublish(t, o, twoFindings())
	h.want(t, state{})
}

func TestWhatWasNotLookedForIsNotMended(t *testing.T) {
	for _, status := range []finding.Status{finding.StatusFailed, finding.StatusPartial} {
		h := newHub(t)
		o := only(h, "review")
		mustPublish(t, o, twoFindings())
		run := runOf()
		run.Scans[0].Status = status
		mustPublish(t, o, run)
		run.Scans = nil
		mustPublish(t, o, run)
		lost := runOf()
		lost.Judged.Failures = []string{"shard 2 of 3 is missing"}
		mustPublish(t, o, lost)
		h.want(t, state{Lines: twoShown.Lines})
	}
}

func TestThreadsOfPeople(t *testing.T) {
	h := newHub(t)
	h.noResolve = true
	o := only(h, "review")
	mustPublish(t, o, twoFindings())
	first := h.lines[0]["id"].(int64)
	h.lines = append(h.lines, object{"id": int64(900), "in_reply_to_id": first, "body": "why?", "path": "Dockerfile", "line": 1, "user": object{"login": "dev", "type": "User"}})
	results := publish(t, o, runOf())
	if results[0].Err == nil || !strings.Contains(results[0].Err.Error(), "was answered to") {
		t.Errorf("%v", results)
	}
	if len(h.lines) != 2 || h.lines[0]["id"] != first {
		t.Errorf("left are %v, want the comment that was answered to, and the answer", h.lines)
	}

	h = newHub(t)
	o = only(h, "review")
	mustPublish(t, o, twoFindings())
	for _, thread := range h.threads {
		thread["isResolved"], thread["resolvedBy"] = true, object{"login": "dev"}
	}
	mustPublish(t, o, twoFindings())
	h.want(t, state{Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2 resolved"}})
}

func TestALateJobWritesNothingInThePullRequest(t *testing.T) {
	for name, change := range map[string]func(*hub){
		"newer commits":  func(h *hub) { h.head = mergeSHA },
		"another branch": func(h *hub) { h.base = "release" },
	} {
		h := newHub(t)
		change(h)
		results := publish(t, options(h), twoFindings())
		for _, r := range results {
			if inPull := r.Part == "comment" || r.Part == "review"; inPull != (r.Err != nil) {
				t.Errorf("%s: %s: %v", name, r.Part, r.Err)
			}
		}
		h.want(t, state{Checks: twoShown.Checks, Annotations: 2, SARIF: 2})
	}
}

func TestAnUnknownCheckoutMakesNoCheckAndNoAlerts(t *testing.T) {
	h := newHub(t)
	o := options(h)
	o.Target.Commit, o.Target.Ref, o.Target.Why = "", "", "it is not known"
	for _, r := range publish(t, o, runOf()) {
		if checked := r.Part == "check" || r.Part == "sarif"; checked != (r.Err != nil) {
			t.Errorf("%s: %v", r.Part, r.Err)
		}
	}
	if s := h.state(); len(s.Checks) > 0 || s.SARIF > 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhoWeAreWhenNobodySays(t *testing.T) {
	h := newHub(t)
	h.noViewer = true
	for range 3 {
		mustPublish(t, only(h, "comment"), twoFindings())
	}
	h.want(t, state{Comments: []string{blockedTwice}})
	h = newHub(t)
	h.login = "acme-gate[bot]" // a token of an app
	for range 3 {
		mustPublish(t, only(h, "comment"), twoFindings())
	}
	h.want(t, state{Comments: []string{blockedTwice}})
}

func TestConclusions(t *testing.T) {
	warnOnly, none := twoFindings(), runOf()
	warnOnly.Verdict.ExitCode = policy.ExitPass
	none.Verdict = policy.Verdict{Status: policy.None, ExitCode: policy.ExitNone}
	both := runOf()
	both.Verdict.ExitCode = policy.ExitNone // a report that could not be written
	for name, c := range map[string]struct {
		run       *report.Run
		untrusted bool
		want      string
	}{
		"a pass":                  {runOf(), false, "success"},
		"a block":                 {twoFindings(), false, "failure"},
		"a block that is waived":  {warnOnly, false, "neutral"},
		"no verdict":              {none, false, "failure"},
		"a pass that failed":      {both, false, "failure"},
		"a pass of a fork":        {runOf(), true, "neutral"},
		"a block of a fork":       {twoFindings(), true, "failure"},
		"no verdict about a fork": {none, true, "failure"},
	} {
		h := newHub(t)
		o := only(h, "check")
		o.Untrusted = c.untrusted
		mustPublish(t, o, c.run)
		if got := h.checks[0]["conclusion"]; got != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestACheckFailsWhereSomethingHadToBePublishedAndWasNot(t *testing.T) {
	for _, require := range []bool{false, true} {
		h := newHub(t)
		h.sarifErrors = []string{"no"}
		o := options(h)
		o.Require = require
		publish(t, o, runOf())
		want := map[bool]string{false: "success", true: "failure"}[require]
		if got := h.checks[0]["conclusion"]; got != want {
			t.Errorf("required %t: %v, want %s", require, got, want)
		}
	}
}

func TestAForksWordIsNoCheckThatARuleRequires(t *testing.T) {
	h := newHub(t)
	o := only(h, "check")
	mustPublish(t, o, runOf())
	o.Untrusted = true
	mustPublish(t, o, runOf())
	if h.checks[0]["name"] == h.checks[1]["name"] {
		t.Errorf("both are called %v", h.checks[0]["name"])
	}
}

func manyFindings(n int) []report.Finding {
	all := make([]report.Finding, n)
	for i := range all {
		all[i] = found("DL3007", "Dockerfile", i+1, policy.Block)
	}
	return all
}

func TestAnnotationsInBatches(t *testing.T) {
	for n, calls := range map[int]int{0: 1, 50: 1, 51: 2, 130: 3, 700: 10} {
		h := newHub(t)
		mustPublish(t, only(h, "check"), runOf(manyFindings(n)...))
		s := h.state()
		if s.Annotations != min(n, maxAnnotations) || len(h.calls) != calls+1 || h.checks[0]["status"] != "completed" {
			t.Errorf("%d findings: %d annotations, %d calls: %v", n, s.Annotations, len(h.calls), s.Checks)
		}
	}
}

// Whatever becomes of the annotations, the check ends, and never as a success.
func TestAnnotationsInTrouble(t *testing.T) {
	for _, bad := range troubles {
		for n := 2; n <= 4; n++ {
			h := newHub(t)
			h.at = func(i int, _ *http.Request) *trouble {
				if i == n {
					return &bad
				}
				return nil
			}
			results := publish(t, only(h, "check"), runOf(manyFindings(130)...))
			s := h.state()
			if results[0].Err == nil && s.Annotations != 130 || s.Annotations > 130 {
				t.Errorf("%s at call %d: %d annotations: %v", bad.Name, n, s.Annotations, results[0].Err)
			}
			if bad.Passing && results[0].Err != nil {
				t.Errorf("%s at call %d: %v", bad.Name, n, results[0].Err)
			}
			if len(s.Checks) > 1 || len(s.Checks) == 1 && s.Checks[0] != "boltseal → main: completed failure" {
				t.Errorf("%s at call %d: %v (%v)", bad.Name, n, s.Checks, results[0].Err)
			}
		}
	}
}

func TestACommentThatIsTooLongIsShortened(t *testing.T) {
	h := newHub(t)
	mustPublish(t, only(h, "comment"), runOf(manyFindings(5000)...))
	body := h.comments[0]["body"].(string)
	if len(body) > 65_536 || !strings.Contains(body, "cut here to keep this short") {
		t.Errorf("%d bytes", len(body))
	}
	h = newHub(t)
	posts := 0
	h.at = func(_ int, r *http.Request) *trouble {
		if r.Method == "POST" && strings.Contains(r.URL.Path, "comments") {
			if posts++; posts == 1 {
				return &trouble{Answer: says(422, `{"message":"Validation Failed","errors":["body is too long"]}`)}
			}
		}
		return nil
	}
	mustPublish(t, only(h, "comment"), runOf(manyFindings(5000)...))
	if len(h.comments) != 1 || len(h.comments[0]["body"].(string)) > 30_100 {
		t.Errorf("%d comments", len(h.comments))
	}
}

func TestNoMoreReviewCommentsThanAnybodyReads(t *testing.T) {
	h := newHub(t)
	var patch strings.Builder
	patch.WriteString("@@ -0,0 +1,100 @@")
	for range 100 {
		patch.WriteString("\n+x")
	}
	h.files[1]["patch"] = patch.String()
	mustPublish(t, only(h, "review"), runOf(manyFindings(100)...))
	if len(h.lines) != change.MaxComments || h.reviews != 1 {
		t.Errorf("%d comments in %d reviews", len(h.lines), h.reviews)
	}
}

func TestFilesBeyondTheFirstPageAreFound(t *testing.T) {
	h := newHub(t)
	var many []object
	for i := range 250 {
		many = append(many, object{"filename": fmt.Sprint("f", i), "patch": "@@ -1 +1 @@\n-a\n+b"})
	}
	h.files = slices.Concat(many, h.files)
	mustPublish(t, only(h, "review"), twoFindings())
	h.want(t, state{Lines: twoShown.Lines})
}

// runs are the runs of all uploads, by category.
func (h *hub) runs() map[string]object {
	runs := make(map[string]object)
	for _, s := range h.sarifs {
		for _, r := range s["log"].(object)["runs"].([]any) {
			run := r.(object)
			runs[run["automationDetails"].(object)["id"].(string)] = run
		}
	}
	return runs
}

func TestUploads(t *testing.T) {
	h := newHub(t)
	h.pending = 3
	run := twoFindings()
	accepted := found("DL3008", "Dockerfile", 3, policy.Suppress)
	run.Findings = append(run.Findings, accepted)
	run.Scans = append(run.Scans,
		report.Scan{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusFailed, Reason: "no memory"},
		report.Scan{Scanner: finding.Packages, Target: "dir:.", Status: finding.StatusPartial, Reason: "half of it"},
		report.Scan{Scanner: finding.ImageConfig, Target: "registry:acme/app:v1", Platform: "linux/amd64", Status: finding.StatusOK},
		report.Scan{Scanner: finding.ImageConfig, Target: "registry:acme/app:v1", Platform: "linux/arm64", Status: finding.StatusNothing},
	)
	results := publish(t, only(h, "sarif"), run)
	if results[0].Err != nil || len(results[0].Notes) != 2 {
		t.Errorf("%v", results)
	}
	runs := h.runs()
	var categories []string
	for c := range runs {
		categories = append(categories, c)
	}
	slices.Sort(categories)
	want := []string{"boltseal/dockerfile/dir:./", "boltseal/imageconfig/registry:acme/app linux/amd64/", "boltseal/imageconfig/registry:acme/app linux/arm64/"}
	if diff := cmp.Diff(want, categories); diff != "" {
		t.Error(diff)
	}
	all := runs[want[0]]["results"].([]any)
	if len(all) != 2 {
		t.Fatalf("%d results, want the two that nobody accepted", len(all))
	}
	prints := all[0].(object)["partialFingerprints"].(object)
	content, _ := options(h).Read("", 0)
	if got, want := prints["primaryLocationLineHash"], report.LineHashes(content, map[int]bool{1: true})[1]; got != want || want == "" {
		t.Errorf("primaryLocationLineHash is %v, want %s", got, want)
	}
	if h.sarifs[0]["commit"] != head || h.sarifs[0]["ref"] != "refs/pull/7/head" {
		t.Errorf("%v %v", h.sarifs[0]["commit"], h.sarifs[0]["ref"])
	}
}

func TestUploadsKeepTheLimits(t *testing.T) {
	h := newHub(t)
	run := runOf(manyFindings(6000)...)
	for i := range run.Findings[:2000] {
		run.Findings[i].Severity = finding.Low
	}
	for i := range 44 {
		run.Scans = append(run.Scans, report.Scan{Scanner: finding.Packages, Target: fmt.Sprint("registry:app", i), Status: finding.StatusOK})
	}
	o := only(h, "sarif")
	o.Category = "nightly"
	results := publish(t, o, run)
	if results[0].Err != nil || len(results[0].Notes) != 1 || !strings.Contains(results[0].Notes[0], "1000 more") {
		t.Errorf("%v", results)
	}
	if len(h.sarifs) != 3 || len(h.runs()) != 45 {
		t.Errorf("%d uploads with %d runs", len(h.sarifs), len(h.runs()))
	}
	kept := h.runs()["boltseal/nightly/dockerfile/dir:./"]
	low := 0
	for _, r := range kept["results"].([]any) {
		if r.(object)["properties"].(object)["severity"] == "low" {
			low++
		}
	}
	if n := len(kept["results"].([]any)); n != 5000 || low != 1000 {
		t.Errorf("%d results, %d of them mild", n, low)
	}
	if text := fmt.Sprint(kept["invocations"]); !strings.Contains(text, "1000 results are left out") {
		t.Error("the file does not say what was cut")
	}
}

func TestAFileThatIsTooLargeIsSplit(t *testing.T) {
	h := newHub(t)
	run := runOf(manyFindings(8)...)
	run.Scans = append(run.Scans, report.Scan{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusOK})
	large := trouble{Answer: says(413, htmlError)}
	posts := 0
	h.at = func(_ int, r *http.Request) *trouble {
		if r.Method == "POST" {
			if posts++; posts <= 3 {
				return &large
			}
		}
		return nil
	}
	results := publish(t, only(h, "sarif"), run)
	if results[0].Err != nil || len(results[0].Notes) != 1 {
		t.Errorf("%v", results)
	}
	if n := len(h.runs()["boltseal/dockerfile/dir:./"]["results"].([]any)); n != 2 || len(h.runs()) != 2 {
		t.Errorf("%d results in %d runs", n, len(h.runs()))
	}
}

func TestWhatProcessingSaysIsTold(t *testing.T) {
	h := newHub(t)
	h.sarifErrors = []string{"locationFromSarifResult: expected\na physical location"}
	if r := publish(t, only(h, "sarif"), twoFindings()); r[0].Err == nil || !strings.Contains(r[0].Err.Error(), `expected\na physical`) {
		t.Errorf("%v", r)
	}
	h = newHub(t)
	h.pending = 1000
	if r := publish(t, only(h, "sarif"), twoFindings()); r[0].Err != nil || len(r[0].Notes) != 1 {
		t.Errorf("%v", r)
	}
}

func TestAnEndedContextEndsIt(t *testing.T) {
	h := newHub(t)
	p, err := New(options(h))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range p.Publish(ctx, twoFindings()) {
		if !errors.Is(r.Err, context.Canceled) {
			t.Errorf("%s: %v", r.Part, r.Err)
		}
	}
}
