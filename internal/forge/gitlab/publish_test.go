package gitlab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/forgetest"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

var found, runOf = forgetest.Found, forgetest.RunOf

func twoFindings() *report.Run {
	return runOf(found("DL3007", "Dockerfile", 1, policy.Block), found("DL3003", "Dockerfile", 2, policy.Block))
}

func oneFinding() *report.Run { return runOf(found("DL3003", "Dockerfile", 2, policy.Block)) }

func options(l *lab) Options {
	return Options{
		API: l.server.URL + "/api/v4", Token: token, Clock: newClock(), Gate: "gate",
		Target: Target{Project: project, Number: merge, Head: head, Base: "main", Ref: "change", Commit: head, Pipeline: 5, Job: "https://gitlab.example.com/acme/app/-/jobs/1"},
		Status: true, Note: true, Discussions: true,
		Mask: func(s string) string { return strings.ReplaceAll(s, "hunter2", "…") },
		Read: func(string, int64) ([]byte, error) {
			return []byte("FROM debian:latest\nRUN cd /tmp\nRUN apt-get update\nCMD x\n"), nil
		},
	}
}

// only asks for one part.
func only(l *lab, part string) Options {
	o := options(l)
	o.Status, o.Note, o.Discussions = part == "status", part == "note", part == "discussions"
	return o
}

func publish(t *testing.T, o Options, run *report.Run) []change.Result {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p.Publish(t.Context(), run)
}

// mustPublish fails where a part was not published.
func mustPublish(t *testing.T, o Options, run *report.Run) {
	t.Helper()
	for _, r := range publish(t, o, run) {
		if r.Err != nil || len(r.Notes) > 0 {
			t.Errorf("%s: %v %q", r.Part, r.Err, r.Notes)
		}
	}
}

// state is what people see at the end.
type state struct {
	Notes    []string // first words of each
	Lines    []string // path:line of every discussion, and whether it is resolved
	Statuses []string
}

func (l *lab) state() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	var s state
	for _, n := range l.notes {
		if position, ok := n["position"].(object); ok {
			line := fmt.Sprintf("%v:%v", position["new_path"], position["new_line"])
			if n["resolved"] == true {
				line += " resolved"
			}
			s.Lines = append(s.Lines, line)
			continue
		}
		_, after, _ := strings.Cut(n["body"].(string), " -->\n")
		first, _, _ := strings.Cut(after, "\n")
		s.Notes = append(s.Notes, first)
	}
	for _, status := range l.statuses {
		s.Statuses = append(s.Statuses, fmt.Sprint(status["name"], ": ", status["state"]))
	}
	return s
}

func (l *lab) want(t *testing.T, want state) {
	t.Helper()
	if diff := cmp.Diff(want, l.state()); diff != "" {
		t.Errorf("GitLab does not show what it should:\n%s", diff)
	}
	if len(l.commands) > 0 {
		t.Errorf("GitLab was made to do %q", l.commands)
	}
}

const (
	blockedTwice = "## boltseal ❌ blocked: 2 findings block"
	blockedOnce  = "## boltseal ❌ blocked: 1 finding blocks"
)

var twoShown = state{Notes: []string{blockedTwice}, Lines: []string{"Dockerfile:1", "Dockerfile:2"}, Statuses: []string{"boltseal → main: failed"}}

func TestOnePush(t *testing.T) {
	l := newLab(t)
	mustPublish(t, options(l), twoFindings())
	l.want(t, twoShown)
	status := maps.Clone(l.statuses[0])
	delete(status, "id")
	want := object{
		"sha": head, "state": "failed", "name": "boltseal → main", "description": "❌ blocked: 2 findings block",
		"ref": "change", "target_url": "https://gitlab.example.com/acme/app/-/jobs/1", "pipeline_id": float64(5),
	}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Error(diff)
	}
	l.spec.AtHand(t)
	if l.spec.Checked < 8 {
		t.Errorf("only %d requests were held against the description", l.spec.Checked)
	}
}

func TestThreePushesMakeOneNote(t *testing.T) {
	l := newLab(t)
	for range 3 {
		mustPublish(t, options(l), twoFindings())
	}
	want := twoShown
	want.Statuses = slices.Repeat(want.Statuses, 3)
	l.want(t, want)
	if edits := l.notes[0]["edits"]; edits != nil {
		t.Errorf("the note was updated %v times though nothing changed", edits)
	}
}

func TestWhatIsMendedTurnsGreen(t *testing.T) {
	l := newLab(t)
	o := options(l)
	o.Status = false
	mustPublish(t, o, twoFindings())
	mustPublish(t, o, oneFinding())
	l.want(t, state{Notes: []string{blockedOnce}, Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2"}})
	mustPublish(t, o, runOf())
	l.want(t, state{Notes: []string{"## boltseal ✅ pass: no findings"}, Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2 resolved"}})
	mustPublish(t, o, twoFindings()) // and back again
	l.want(t, state{Notes: []string{blockedTwice}, Lines: twoShown.Lines})
}

func TestNothingToSayMakesNoNote(t *testing.T) {
	l := newLab(t)
	mustPublish(t, options(l), runOf())
	l.want(t, state{Statuses: []string{"boltseal → main: success"}})
}

func TestStates(t *testing.T) {
	waived, none := twoFindings(), runOf()
	waived.Verdict.ExitCode = policy.ExitPass
	none.Verdict = policy.Verdict{Status: policy.None, ExitCode: policy.ExitNone}
	for want, runs := range map[string][]*report.Run{"success": {runOf(), waived}, "failed": {twoFindings(), none}} {
		for _, run := range runs {
			l := newLab(t)
			mustPublish(t, only(l, "status"), run)
			l.want(t, state{Statuses: []string{"boltseal → main: " + want}})
		}
	}
	// What had to be published and was not is no success.
	l := newLab(t)
	l.at = func(_ int, r *http.Request) *forgetest.Trouble {
		if strings.Contains(r.URL.Path, "/discussions") {
			return &forgetest.Trouble{Answer: forgetest.Says(403, `{"message":"403 Forbidden"}`)}
		}
		return nil
	}
	o := options(l)
	o.Require = true
	publish(t, o, runOf())
	l.want(t, state{Statuses: []string{"boltseal → main: failed"}})
}

func TestGatesOfTheirOwnNotes(t *testing.T) {
	l := newLab(t)
	for _, gate := range []string{"amd64", "arm64"} {
		o := options(l)
		o.Gate, o.Label = gate, gate
		mustPublish(t, o, twoFindings())
	}
	l.want(t, state{
		Notes: []string{blockedTwice, blockedTwice}, Lines: slices.Concat(twoShown.Lines, twoShown.Lines),
		Statuses: []string{"boltseal amd64 → main: failed", "boltseal arm64 → main: failed"},
	})
}

func TestTwoJobsAtOnceLeaveOneOfEach(t *testing.T) {
	l := newLab(t)
	o := only(l, "note")
	l.onPost = func() { mustPublish(t, o, oneFinding()) }
	mustPublish(t, o, twoFindings())
	l.want(t, state{Notes: []string{blockedTwice}})

	l = newLab(t)
	o = only(l, "discussions")
	l.onPost = func() { mustPublish(t, o, runOf(found("DL3007", "Dockerfile", 1, policy.Block))) }
	mustPublish(t, o, twoFindings())
	l.want(t, state{Lines: twoShown.Lines})
}

func TestMarkersOfOthersAreNothing(t *testing.T) {
	marker := change.CommentMarker("gate")
	theirs := func(id int, body string, author int, system bool) object {
		return object{
			"id": id, "body": body, "author": object{"id": author, "username": "x"}, "system": system, "discussion": fmt.Sprint("disc-", id),
			"noteable_id": 1, "noteable_type": "MergeRequest", "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z",
		}
	}
	l := newLab(t)
	l.notes = []object{
		theirs(1, marker+"spoof", 5, false), theirs(2, "see: "+marker+"in our own text", us, false), theirs(3, marker+"of the system", us, true),
	}
	before := fmt.Sprint(l.notes)
	mustPublish(t, only(l, "note"), twoFindings())
	if len(l.notes) != 4 || fmt.Sprint(l.notes[:3]) != before {
		t.Errorf("notes of others were changed, or no note was made: %v", l.notes)
	}
}

// TestDiscussionsOfOthersAreNothing: a copy of our marker keeps no finding from its line, and
// what stands below it is not ours to resolve.
func TestDiscussionsOfOthersAreNothing(t *testing.T) {
	l := newLab(t)
	o := only(l, "discussions")
	mustPublish(t, o, twoFindings())
	for _, n := range l.notes {
		n["author"] = object{"id": 5, "username": "mallory"}
	}
	mustPublish(t, o, twoFindings())
	mustPublish(t, o, runOf())
	l.want(t, state{Lines: []string{"Dockerfile:1", "Dockerfile:2", "Dockerfile:1 resolved", "Dockerfile:2 resolved"}})
}

func TestNotesBeyondTheFirstPageAreFound(t *testing.T) {
	l := newLab(t)
	l.next = 1000
	for i := range 250 {
		l.notes = append(l.notes, object{
			"id": i + 1, "body": "talk", "author": object{"id": 5, "username": "x"}, "system": false, "discussion": fmt.Sprint("disc-", i+1),
			"noteable_id": 1, "noteable_type": "MergeRequest", "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z",
		})
	}
	for range 3 {
		mustPublish(t, options(l), twoFindings())
	}
	if len(l.notes) != 253 {
		t.Errorf("%d notes, want 253", len(l.notes))
	}
}

func TestATokenThatMayNotDegrades(t *testing.T) {
	l := newLab(t)
	l.readOnly = true
	run := twoFindings()
	results := publish(t, options(l), run)
	if len(results) != 3 {
		t.Fatalf("%d results", len(results))
	}
	for _, r := range results {
		if !wire.Degraded(r.Err) {
			t.Errorf("%s: %v, want what says that the token may not", r.Part, r.Err)
		}
	}
	l.want(t, state{})
	if diff := cmp.Diff(twoFindings(), run); diff != "" {
		t.Errorf("publishing changed the run: %s", diff)
	}
}

func TestALateJobWritesNothingInTheMergeRequest(t *testing.T) {
	for name, late := range map[string]func(*lab){
		"newer commits":      func(l *lab) { l.head = merged },
		"another branch":     func(l *lab) { l.base = "release" },
		"nobody says who we": func(l *lab) { l.noUser = true },
	} {
		l := newLab(t)
		late(l)
		for _, r := range publish(t, options(l), twoFindings()) {
			if inMerge := r.Part != "status"; inMerge != (r.Err != nil) {
				t.Errorf("%s: %s: %v", name, r.Part, r.Err)
			}
		}
		l.want(t, state{Statuses: twoShown.Statuses})
	}
	l := newLab(t)
	l.diffHead = merged // not made yet
	results := publish(t, only(l, "discussions"), twoFindings())
	if results[0].Err == nil || !strings.Contains(results[0].Err.Error(), "has not made the diff") {
		t.Errorf("%v", results)
	}
}

func TestAnUnknownCheckoutMakesNoStatus(t *testing.T) {
	l := newLab(t)
	o := only(l, "status")
	o.Target.Commit, o.Target.Why = "", "it is not known"
	if r := publish(t, o, runOf()); r[0].Err == nil {
		t.Errorf("%v", r)
	}
	l.want(t, state{})
}

// TestDiscussionsStandOnTheLinesOfTheDiff: a line that the change leaves has both numbers.
func TestDiscussionsStandOnTheLinesOfTheDiff(t *testing.T) {
	l := newLab(t)
	mustPublish(t, only(l, "discussions"), runOf(
		found("a", "Dockerfile", 3, policy.Block), found("b", "Dockerfile", 4, policy.Warn), found("c", "Dockerfile", 99, policy.Block), found("d", "gone.txt", 1, policy.Block)))
	l.want(t, state{Lines: []string{"Dockerfile:3", "Dockerfile:4"}})
	for i, want := range []any{nil, float64(2)} {
		if got := l.notes[i]["position"].(object)["old_line"]; got != want {
			t.Errorf("old line %v, want %v", got, want)
		}
	}
}

func TestAMergedResultsLinesAreComparedWithTheDiff(t *testing.T) {
	l := newLab(t)
	o := only(l, "discussions")
	o.Target.Commit = merged
	// The target branch put a line before the second one.
	o.Read = func(string, int64) ([]byte, error) { return []byte("FROM debian:latest\nARG X\nRUN cd /tmp\n"), nil }
	mustPublish(t, o, runOf(found("DL3007", "Dockerfile", 1, policy.Block), found("x", "Dockerfile", 2, policy.Block), found("DL3003", "Dockerfile", 3, policy.Block)))
	l.want(t, state{Lines: []string{"Dockerfile:1"}})
}

func TestALineThatGitLabDoesNotTakeIsTold(t *testing.T) {
	l := newLab(t)
	l.at = func(_ int, r *http.Request) *forgetest.Trouble {
		if r.Method == http.MethodPost {
			return &forgetest.Trouble{Answer: forgetest.Says(400, `{"message":"400 Bad request - Note {:line_code=>[\"can't be blank\"]}"}`)}
		}
		return nil
	}
	r := publish(t, only(l, "discussions"), twoFindings())
	if r[0].Err != nil || len(r[0].Notes) != 1 || !strings.Contains(r[0].Notes[0], "2 of the lines") || !strings.Contains(r[0].Notes[0], "line_code") {
		t.Errorf("%v", r)
	}
}

func fixed(f report.Finding, line int, text string) report.Finding {
	f.Fix = &finding.Fix{Edits: []finding.Edit{{Path: "Dockerfile", StartLine: line, StartColumn: 1, EndLine: line, EndColumn: 3, Text: text}}}
	return f
}

func TestSuggestions(t *testing.T) {
	long := found("DL3003", "Dockerfile", 2, policy.Block)
	long.Location.EndLine, long.Location.EndColumn = 3, 18
	for name, c := range map[string]struct {
		finding report.Finding
		want    string // "" for none
		line    int
	}{
		"one line":                             {fixed(found("x", "Dockerfile", 1, policy.Block), 1, "fr"), "```suggestion:-0+0\nfrOM debian:latest\n```", 1},
		"two lines, from the last one upwards": {fixed(long, 2, "ru"), "```suggestion:-1+0\nruN cd /tmp\nRUN apt-get update\n```", 3},
		"a fence in it":                        {fixed(found("x", "Dockerfile", 1, policy.Block), 1, "```\n/close\nFR"), "", 1},
		"a fence alone":                        {fixed(found("x", "Dockerfile", 1, policy.Block), 1, "~~~"), "", 1},
		"a line that is a quick action":        {fixed(found("x", "Dockerfile", 1, policy.Block), 1, "a\n /merge\nFR"), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			mustPublish(t, only(l, "discussions"), runOf(c.finding))
			if len(l.notes) != 1 {
				t.Fatalf("%d discussions", len(l.notes))
			}
			_, got, _ := strings.Cut(l.notes[0]["body"].(string), "Mend it\n\n")
			if line := l.notes[0]["position"].(object)["new_line"]; got != c.want || line != float64(c.line) {
				t.Errorf("on line %v: %q", line, got)
			}
			l.want(t, state{Lines: []string{fmt.Sprint("Dockerfile:", c.line)}})
		})
	}
}

// TestNothingIsAQuickAction: GitLab obeys a line of a note that begins with a slash, with
// the rights of the token.
func TestNothingIsAQuickAction(t *testing.T) {
	evil := "x\n/close\r\n  /merge\n```\n/approve\n```\n<!-- -->\n/assign @team\n> /label ~bug\n\u2028/lock"
	run := twoFindings()
	for i := range run.Findings {
		f := &run.Findings[i]
		f.Rule, f.Message, f.Remediation, f.Decision.By, f.Decision.Reason = evil, evil, evil, evil, "/close"
	}
	run.Findings = append(run.Findings, found("/close", "/merge", 1, policy.Block), found("a", "b\n/close", 1, policy.Block))
	run.Verdict.Reasons = []string{evil, "/close", "/merge"}
	run.Scans[0].Reason, run.Scans[0].Target = evil, "/close"
	l := newLab(t)
	publish(t, options(l), run)
	if s := l.state(); len(s.Notes) != 1 || len(s.Lines) != 2 || len(l.commands) > 0 {
		t.Errorf("%+v, commands %q", s, l.commands)
	}
	for text, want := range map[string]string{
		"/close": "\u200b/close", "a\n \t/close\nb": "a\n\u200b \t/close\nb", "a/b\n": "a/b\n", "": "", "a\n/": "a\n\u200b/",
	} {
		if got := unquick(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestThreadsOfPeople(t *testing.T) {
	l := newLab(t)
	o := only(l, "discussions")
	mustPublish(t, o, twoFindings())
	for _, n := range l.notes { // a person has resolved them
		n["resolved"], n["resolved_by"] = true, object{"id": 5}
	}
	mustPublish(t, o, twoFindings())
	l.want(t, state{Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2 resolved"}})
}

func TestWhatWasNotLookedForIsNotMended(t *testing.T) {
	for _, status := range []finding.Status{finding.StatusFailed, finding.StatusPartial} {
		l := newLab(t)
		o := only(l, "discussions")
		mustPublish(t, o, twoFindings())
		run := runOf()
		run.Scans[0].Status = status
		mustPublish(t, o, run)
		l.want(t, state{Lines: twoShown.Lines})
	}
}

func TestNoMoreDiscussionsThanAnybodyReads(t *testing.T) {
	l := newLab(t)
	var patch strings.Builder
	patch.WriteString("@@ -0,0 +1,100 @@")
	var findings []report.Finding
	for i := range 100 {
		patch.WriteString("\n+x")
		findings = append(findings, found("r", "Dockerfile", i+1, policy.Block))
	}
	l.diffs[1]["diff"] = patch.String()
	mustPublish(t, only(l, "discussions"), runOf(findings...))
	if n := len(l.notes); n != change.MaxComments {
		t.Errorf("%d discussions", n)
	}
}

// TestNullsInLists wants everything to be shown as if they were not there.
func TestNullsInLists(t *testing.T) {
	l := newLab(t)
	l.at = func(int, *http.Request) *forgetest.Trouble { return forgetest.Nulls() }
	mustPublish(t, options(l), twoFindings())
	l.want(t, twoShown)
	mustPublish(t, options(l), twoFindings())
	want := twoShown
	want.Statuses = slices.Repeat(want.Statuses, 2)
	l.want(t, want)
}

// TestADiscussionOfANull wants it to be nobody's.
func TestADiscussionOfANull(t *testing.T) {
	l := newLab(t)
	l.at = func(_ int, r *http.Request) *forgetest.Trouble {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/discussions") {
			return &forgetest.Trouble{Answer: forgetest.Says(200, `[{"id":"disc-1","notes":[null]},{"id":"disc-2","notes":null}]`)}
		}
		return nil
	}
	mustPublish(t, only(l, "discussions"), twoFindings())
	l.want(t, state{Lines: twoShown.Lines})
}

// TestEveryTroubleAtEveryCall makes each call of three pushes fail in each way. What passes
// must leave everything as if nothing had been; what does not must be told. Nothing may
// stand there twice, ever.
func TestEveryTroubleAtEveryCall(t *testing.T) {
	pushes := []func() *report.Run{twoFindings, twoFindings, oneFinding}
	plain := newLab(t)
	for _, run := range pushes {
		mustPublish(t, options(plain), run())
	}
	calls, ideal := len(plain.calls), plain.state()
	ideal.Statuses = nil
	plain.want(t, state{Notes: []string{blockedOnce}, Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2"}, Statuses: slices.Repeat(twoShown.Statuses, 3)})
	for _, bad := range troubles {
		t.Run(bad.Name, func(t *testing.T) {
			for n := 1; n <= calls; n++ {
				l := newLab(t)
				struck := ""
				l.at = func(i int, _ *http.Request) *forgetest.Trouble {
					if i != n {
						return nil
					}
					struck = l.calls[i-1]
					return &bad
				}
				var results []change.Result
				for _, run := range pushes {
					results = append(results, publish(t, options(l), run())...)
				}
				l.server.Close()
				l.after(t, fmt.Sprintf("call %d (%s)", n, struck), bad, results, ideal)
			}
		})
	}
}

// after checks what a trouble has left behind.
func (l *lab) after(t *testing.T, where string, bad forgetest.Trouble, results []change.Result, ideal state) {
	t.Helper()
	told := slices.ContainsFunc(results, func(r change.Result) bool { return r.Err != nil || len(r.Notes) > 0 })
	for _, r := range results {
		if r.Err != nil && strings.Contains(r.Err.Error(), token) {
			t.Errorf("%s: the token is in %q", where, r.Err)
		}
	}
	got := l.state()
	seen := make(map[string]bool)
	for _, line := range got.Lines {
		line = strings.TrimSuffix(line, " resolved")
		if seen[line] {
			t.Errorf("%s: two discussions on %s", where, line)
		}
		seen[line] = true
	}
	if len(got.Notes) > 1 {
		t.Errorf("%s: %d notes", where, len(got.Notes))
	}
	for _, s := range got.Statuses {
		if strings.Contains(s, "success") {
			t.Errorf("%s: a status says %s", where, s)
		}
	}
	if len(got.Statuses) < len(results)/3 && !told { // one that is made twice replaces itself
		t.Errorf("%s: %d statuses, and nobody said so", where, len(got.Statuses))
	}
	got.Statuses = nil
	diff := cmp.Diff(ideal, got)
	if diff != "" && !told {
		t.Errorf("%s failed, something is missing, and nobody said so:\n%s", where, diff)
	}
	if bad.Passing && (diff != "" || told) {
		t.Errorf("%s failed once, and it was not made good (%v):\n%s", where, results, diff)
	}
}

func TestAnEndedContextEndsIt(t *testing.T) {
	l := newLab(t)
	p, err := New(options(l))
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

func TestHowLongWeWait(t *testing.T) {
	for name, c := range map[string]struct {
		answer forgetest.Answer
		want   time.Duration
	}{
		"as Retry-After says":         {forgetest.Says(429, "", "Retry-After", "7"), 7 * time.Second},
		"until the limit is reset":    {forgetest.Says(429, "Retry later", "RateLimit-Reset", fmt.Sprint(newClock().Now().Add(40*time.Second).Unix())), 41 * time.Second},
		"a minute where nothing says": {forgetest.Says(429, ""), time.Minute},
		"a little after a failure":    {forgetest.Says(502, forgetest.HTMLError), time.Second},
	} {
		l := newLab(t)
		l.at = func(n int, _ *http.Request) *forgetest.Trouble {
			if n == 1 {
				return &forgetest.Trouble{Answer: c.answer}
			}
			return nil
		}
		clock := newClock()
		o := only(l, "status")
		o.Clock = clock
		mustPublish(t, o, twoFindings())
		if diff := cmp.Diff([]time.Duration{c.want}, clock.Slept()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// refusing refuses every call.
func refusing(body string) func(int, *http.Request) *forgetest.Trouble {
	return func(int, *http.Request) *forgetest.Trouble {
		return &forgetest.Trouble{Answer: forgetest.Says(403, body)}
	}
}
