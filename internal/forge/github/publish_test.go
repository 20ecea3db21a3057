package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/forgetest"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

var found, runOf = forgetest.Found, forgetest.RunOf

func options(h *hub) Options {
	return Options{
		API: h.server.URL, Token: token, Clock: newClock(), Gate: "gate", Job: "1.1",
		Target: Target{Owner: "acme", Repo: "app", Number: pull, Head: head, Base: "main", Ref: "refs/pull/7/head", Commit: head},
		Check:  true, Upload: true, Comment: true, Review: true,
		Mask: func(s string) string { return strings.ReplaceAll(s, "hunter2", "…") },
		Read: func(string, int64) ([]byte, error) {
			return []byte("FROM debian:latest\nRUN cd /tmp\nRUN apt-get update\nCMD x\n"), nil
		},
	}
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
		if r.Err != nil {
			t.Errorf("%s: %v", r.Part, r.Err)
		}
	}
}

// state is what people see at the end.
type state struct {
	Comments    []string // first words of each
	Lines       []string // path:line of every review comment, + where resolved
	Checks      []string
	Annotations int
	SARIF       int // results of the last upload
}

func (h *hub) state() state {
	h.mu.Lock()
	defer h.mu.Unlock()
	var s state
	for _, c := range h.comments {
		body := c["body"].(string)
		_, after, ok := strings.Cut(body, " -->\n")
		if !ok {
			after = body
		}
		first, _, _ := strings.Cut(after, "\n")
		s.Comments = append(s.Comments, first)
	}
	for _, l := range h.lines {
		text := fmt.Sprintf("%v:%v", l["path"], l["line"])
		if h.threads[l["id"].(int64)]["isResolved"] == true {
			text += " resolved"
		}
		s.Lines = append(s.Lines, text)
	}
	for _, c := range h.checks {
		s.Checks = append(s.Checks, fmt.Sprint(c["name"], ": ", c["status"], " ", c["conclusion"]))
		all, _ := c["annotations"].([]any)
		s.Annotations += len(all)
	}
	if n := len(h.sarifs); n > 0 {
		for _, r := range h.sarifs[n-1]["log"].(object)["runs"].([]any) {
			results, _ := r.(object)["results"].([]any)
			s.SARIF += len(results)
		}
	}
	return s
}

func (h *hub) want(t *testing.T, want state) {
	t.Helper()
	if diff := cmp.Diff(want, h.state()); diff != "" {
		t.Errorf("GitHub does not show what it should:\n%s", diff)
	}
}

const blockedTwice = "## boltseal ❌ blocked: 2 findings block"

func twoFindings() *report.Run {
	return runOf(found("DL3007", "Dockerfile", 1, policy.Block), found("DL3003", "Dockerfile", 2, policy.Block))
}

var twoShown = state{
	Comments: []string{blockedTwice}, Lines: []string{"Dockerfile:1", "Dockerfile:2"},
	Checks: []string{"boltseal → main: completed failure"}, Annotations: 2, SARIF: 2,
}

func TestOnePush(t *testing.T) {
	h := newHub(t)
	mustPublish(t, options(h), twoFindings())
	h.want(t, twoShown)
	if h.reviews != 1 {
		t.Errorf("%d reviews, want one for all comments", h.reviews)
	}
	h.spec.AtHand(t)
	if h.spec.Checked < 8 {
		t.Errorf("only %d requests were held against GitHub's description", h.spec.Checked)
	}
}

func TestTenPushesMakeOneComment(t *testing.T) {
	h := newHub(t)
	for i := range 10 {
		o := options(h)
		o.Job = fmt.Sprint(i)
		mustPublish(t, o, twoFindings())
	}
	want := twoShown
	want.Checks, want.Annotations = slices.Repeat(want.Checks, 10), 20
	h.want(t, want)
	if edits := h.comments[0]["edits"]; edits != nil {
		t.Errorf("the comment was updated %v times though nothing changed", edits)
	}
}

func TestWhatIsMendedTurnsGreen(t *testing.T) {
	h := newHub(t)
	o := options(h)
	o.Check, o.Upload = false, false
	mustPublish(t, o, twoFindings())
	mustPublish(t, o, runOf(found("DL3003", "Dockerfile", 2, policy.Block)))
	h.want(t, state{Comments: []string{"## boltseal ❌ blocked: 1 finding blocks"}, Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2"}})
	mustPublish(t, o, runOf())
	h.want(t, state{Comments: []string{"## boltseal ✅ pass: no findings"}, Lines: []string{"Dockerfile:1 resolved", "Dockerfile:2 resolved"}})
	mustPublish(t, o, twoFindings()) // and back again
	h.want(t, state{Comments: []string{blockedTwice}, Lines: twoShown.Lines})
}

func TestNothingToSayMakesNoComment(t *testing.T) {
	h := newHub(t)
	mustPublish(t, options(h), runOf())
	h.want(t, state{Checks: []string{"boltseal → main: completed success"}})
}

func TestMatrixJobsDoNotOverwriteEachOther(t *testing.T) {
	h := newHub(t)
	for _, gate := range []string{"gate amd64", "gate arm64"} {
		o := options(h)
		o.Gate, o.Label = gate, strings.TrimPrefix(gate, "gate ")
		mustPublish(t, o, twoFindings())
	}
	h.want(t, state{
		Comments: []string{blockedTwice, blockedTwice}, Lines: slices.Concat(twoShown.Lines, twoShown.Lines), Annotations: 4, SARIF: 2,
		Checks: []string{"boltseal amd64 → main: completed failure", "boltseal arm64 → main: completed failure"},
	})
}

func TestTwoJobsAtOnceLeaveOneComment(t *testing.T) {
	h := newHub(t)
	o := options(h)
	o.Check, o.Upload, o.Review = false, false, false
	h.onPost = func() { mustPublish(t, o, runOf(found("DL3007", "Dockerfile", 1, policy.Block))) }
	mustPublish(t, o, twoFindings())
	h.want(t, state{Comments: []string{blockedTwice}})
}

func TestTwoJobsAtOnceLeaveOneReviewComment(t *testing.T) {
	h := newHub(t)
	o := options(h)
	o.Check, o.Upload, o.Comment = false, false, false
	h.onPost = func() { mustPublish(t, o, runOf(found("DL3007", "Dockerfile", 1, policy.Block))) }
	mustPublish(t, o, twoFindings())
	h.want(t, state{Lines: twoShown.Lines})
}

func TestMarkersOfOthersAreNothing(t *testing.T) {
	marker := change.CommentMarker("gate")
	theirs := []object{
		{"id": int64(1), "body": marker + "spoof", "user": object{"login": "mallory", "type": "User"}},
		{"id": int64(2), "body": "see: " + marker + "in our own text", "user": object{"login": bot, "type": "Bot"}},
		{"id": int64(3), "body": marker + "a user may be called so", "user": object{"login": "github-actions", "type": "User"}},
		{"id": int64(4), "body": "&lt;!-- boltseal --&gt;", "user": object{"login": bot, "type": "Bot"}},
	}
	h := newHub(t)
	h.comments = slices.Clone(theirs)
	o := options(h)
	o.Check, o.Upload, o.Review = false, false, false
	mustPublish(t, o, twoFindings())
	if len(h.comments) != len(theirs)+1 {
		t.Fatalf("%d comments, want one more than %d", len(h.comments), len(theirs))
	}
	for i, c := range theirs {
		if diff := cmp.Diff(c, h.comments[i]); diff != "" {
			t.Errorf("a comment of somebody else was changed: %s", diff)
		}
	}
}

func TestCommentsBeyondTheFirstPageAreFound(t *testing.T) {
	h := newHub(t)
	o := options(h)
	o.Check, o.Upload, o.Review = false, false, false
	for i := range 250 {
		h.comments = append(h.comments, object{"id": int64(i + 1), "body": "talk", "user": object{"login": "someone", "type": "User"}})
	}
	mustPublish(t, o, twoFindings())
	mustPublish(t, o, twoFindings())
	if len(h.comments) != 251 {
		t.Errorf("%d comments, want 251", len(h.comments))
	}
}

func TestAForkTokenDegrades(t *testing.T) {
	h := newHub(t)
	h.readOnly = true
	run := twoFindings()
	results := publish(t, options(h), run)
	if len(results) != 4 {
		t.Fatalf("%d results", len(results))
	}
	for _, r := range results {
		if !wire.Degraded(r.Err) {
			t.Errorf("%s: %v, want what says that the token may not", r.Part, r.Err)
		}
	}
	h.want(t, state{})
	if diff := cmp.Diff(twoFindings(), run); diff != "" {
		t.Errorf("publishing changed the run: %s", diff)
	}
}

func TestARenamedRepositoryKeepsItsComment(t *testing.T) {
	h := newHub(t)
	h.renamed = "old/name"
	o := options(h)
	o.Target.Owner, o.Target.Repo = "old", "name"
	mustPublish(t, o, twoFindings())
	h.want(t, twoShown)
}

// TestNullsInLists wants everything to be shown as if they were not there.
func TestNullsInLists(t *testing.T) {
	h := newHub(t)
	h.at = func(int, *http.Request) *trouble { return forgetest.Nulls() }
	mustPublish(t, options(h), twoFindings())
	h.want(t, twoShown)
	mustPublish(t, options(h), twoFindings())
	want := twoShown
	want.Checks, want.Annotations = slices.Repeat(want.Checks, 2), 4
	h.want(t, want)
	if _, err := Pulls(t.Context(), options(h), Origin{Owner: "acme", Repo: "app", HeadOwner: "mallory", HeadRepo: "app", Branch: "patch-1", SHA: head}); err != nil {
		t.Error(err)
	}
}

// TestANullForTheListOfChecks wants a check that may have been made to be told as not
// made.
func TestANullForTheListOfChecks(t *testing.T) {
	h := newHub(t)
	h.at = func(_ int, r *http.Request) *trouble {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/check-runs"):
			return &trouble{Answer: says(502, forgetest.HTMLError)}
		case strings.HasSuffix(r.URL.Path, "/check-runs"):
			return &trouble{Answer: says(200, "null")}
		}
		return nil
	}
	o := options(h)
	o.Upload, o.Comment, o.Review = false, false, false
	results := publish(t, o, twoFindings())
	if len(results) != 1 || results[0].Err == nil || len(h.checks) > 0 {
		t.Errorf("%+v, %d checks", results, len(h.checks))
	}
}

// TestEveryTroubleAtEveryCall makes each call of a whole publication fail in each
// way. What passes must leave everything as if nothing had been; what does not
// must be told. Nothing may stand there twice, ever.
func TestEveryTroubleAtEveryCall(t *testing.T) {
	plain := newHub(t)
	mustPublish(t, options(plain), twoFindings())
	mustPublish(t, options(plain), runOf(found("DL3003", "Dockerfile", 2, policy.Block)))
	calls, ideal := len(plain.calls), plain.state()
	for _, bad := range troubles {
		t.Run(bad.Name, func(t *testing.T) {
			for n := 1; n <= calls; n++ {
				h := newHub(t)
				struck := ""
				h.at = func(i int, _ *http.Request) *trouble {
					if i != n {
						return nil
					}
					struck = h.calls[i-1]
					return &bad
				}
				results := publish(t, options(h), twoFindings())
				results = append(results, publish(t, options(h), runOf(found("DL3003", "Dockerfile", 2, policy.Block)))...)
				h.server.Close()
				told := slices.ContainsFunc(results, func(r change.Result) bool { return r.Err != nil || len(r.Notes) > 0 })
				for _, r := range results {
					if r.Err != nil && strings.Contains(r.Err.Error(), token) {
						t.Errorf("call %d (%s): the token is in %q", n, struck, r.Err)
					}
				}
				h.unique(t, struck)
				diff := cmp.Diff(ideal, h.state())
				if diff != "" && !told {
					t.Errorf("call %d (%s) failed, something is missing, and nobody said so:\n%s", n, struck, diff)
				}
				if bad.Passing && (diff != "" || told) {
					t.Errorf("call %d (%s) failed once, and it was not made good (%v):\n%s", n, struck, results, diff)
				}
			}
		})
	}
}

// unique checks that nothing is there twice.
func (h *hub) unique(t *testing.T, struck string) {
	t.Helper()
	s := h.state()
	if len(s.Comments) > 1 {
		t.Errorf("%s: %d comments", struck, len(s.Comments))
	}
	seen := make(map[string]bool)
	for _, l := range s.Lines {
		l = strings.TrimSuffix(l, " resolved")
		if seen[l] {
			t.Errorf("%s: two review comments on %s", struck, l)
		}
		seen[l] = true
	}
	for _, c := range s.Checks {
		if strings.Contains(c, "success") {
			t.Errorf("%s: a check says %s", struck, c)
		}
	}
	if s.Annotations > 3 {
		t.Errorf("%s: %d annotations", struck, s.Annotations)
	}
}
