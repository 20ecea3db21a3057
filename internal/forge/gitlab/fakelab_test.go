package gitlab

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/forgetest"
)

const (
	token   = "glp" + "at-a-token-of-the-tests"
	head    = "1111111111111111111111111111111111111111"
	merged  = "2222222222222222222222222222222222222222"
	base    = "3333333333333333333333333333333333333333"
	project = "42"
	merge   = 7
	us      = 900
)

type object = forgetest.Object

func newClock() *forgetest.Clock { return forgetest.NewClock() }

// troubles are every fault that the issue names, and those that were measured.
var troubles = slices.Concat(forgetest.Troubles(), []forgetest.Trouble{
	forgetest.Passing("429 with Retry-After", forgetest.Says(429, `{"message":{"error":"This endpoint has been requested too many times. Try again later."}}`, "Retry-After", "30")),
	forgetest.Passing("429 with RateLimit-Reset", forgetest.Says(429, "Retry later\n", "Content-Type", "text/plain", "RateLimit-Remaining", "0", "RateLimit-Reset", "1793491230")),
	forgetest.Passing("429 with RateLimit-Reset alone", forgetest.Says(429, "Retry later\n", "Content-Type", "text/plain", "RateLimit-Reset", "1793491230")),
	forgetest.Passing("429 alone", forgetest.Says(429, "Retry later\n", "Content-Type", "text/plain")),
	forgetest.Passing("403 that says when", forgetest.Says(403, "Forbidden", "Retry-After", "5")),
	forgetest.Lasting("403", forgetest.Says(403, `{"message":"403 Forbidden"}`)),
	forgetest.Lasting("403 of a scope", forgetest.Says(403, `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token."}`)),
	forgetest.Lasting("400 with attributes", forgetest.Says(400, `{"message":{"note":["is too long"]}}`)),
	forgetest.Lasting("409", forgetest.Says(409, `{"message":"409 Conflict"}`)),
	forgetest.Lasting("422", forgetest.Says(422, `{"message":["is invalid"]}`)),
})

var contractOf = forgetest.Loader("GitLab", "gitlab/openapi-subset.json", "https://gitlab.example.com", func(path string) bool {
	return strings.HasPrefix(path, "/moved")
})

// lab is a GitLab for one project with one merge request, in memory.
type lab struct {
	t      *testing.T
	server *httptest.Server
	spec   *forgetest.Contract

	mu       sync.Mutex
	next     int
	calls    []string
	notes    []object // all, those of discussions too
	statuses []object
	diffs    []object
	head     string
	base     string
	// diffHead is the commit that the diff leads to.
	diffHead string
	// commands are the quick actions that our notes have brought about.
	commands []string
	// user writes; readOnly refuses to, and noUser to say who it is.
	user             int
	readOnly, noUser bool
	// at gives call number n (from 1) its trouble; nil for none.
	at func(n int, r *http.Request) *forgetest.Trouble
	// onPost runs before a note is stored, without the lock.
	onPost func()
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{
		t: t, next: 100, head: head, base: "main", diffHead: head, user: us, spec: contractOf(t),
		diffs: []object{
			{"old_path": "README.md", "new_path": "README.md", "diff": "@@ -1 +1 @@\n-a\n+b"},
			{"old_path": "docker/Dockerfile", "new_path": "Dockerfile", "renamed_file": true, "diff": "@@ -1,2 +1,4 @@\n-FROM debian\n+FROM debian:latest\n+RUN cd /tmp\n+RUN apt-get update\n CMD x\n"},
		},
	}
	l.server = httptest.NewServer(l)
	t.Cleanup(l.server.Close)
	return l
}

func (l *lab) id() int {
	l.next++
	return l.next
}

// ServeHTTP answers a call, or does to it what trouble says.
func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	l.mu.Lock()
	l.calls = append(l.calls, r.Method+" "+r.URL.Path)
	n := len(l.calls)
	at := l.at
	l.mu.Unlock()
	if got := r.Header.Get("PRIVATE-TOKEN"); got != token {
		l.t.Errorf("%s %s: PRIVATE-TOKEN is %q", r.Method, r.URL.Path, got)
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v4")
	if !ok && !strings.HasPrefix(r.URL.Path, "/moved") {
		l.t.Errorf("%s is no path of the API", r.URL.Path)
	}
	plain := r.Clone(r.Context())
	plain.URL.Path, plain.URL.RawPath = path, ""
	if !ok {
		plain.URL.Path = r.URL.Path
	}
	l.spec.Request(l.t, plain, body)
	var bad *forgetest.Trouble
	if at != nil {
		bad = at(n, r)
	}
	done := httptest.NewRecorder()
	if bad == nil || bad.Done {
		l.serve(done, plain, body)
	}
	if bad != nil {
		bad.Answer(w, r, done)
		return
	}
	l.spec.Response(l.t, plain, done)
	maps.Copy(w.Header(), done.Header())
	// Headers that go-gitlab obeys by itself if it sees them.
	w.Header().Set("RateLimit-Limit", "1")
	w.Header().Set("RateLimit-Remaining", "0")
	w.Header().Set("RateLimit-Reset", "99999999999")
	w.WriteHeader(done.Code)
	w.Write(done.Body.Bytes())
}

type call struct {
	l    *lab
	w    *httptest.ResponseRecorder
	r    *http.Request
	in   object
	path []string
}

func (c *call) answer(status int, v any) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	json.NewEncoder(c.w).Encode(v)
}

func (c *call) refuse(status int, message string) { c.answer(status, object{"message": message}) }

// list answers with a page of a list.
func (c *call) list(all []object) {
	some, next := forgetest.Page(c.r, all, 20)
	c.w.Header().Set("X-Next-Page", "")
	if next > 0 {
		c.w.Header().Set("X-Next-Page", strconv.Itoa(next))
	}
	c.answer(200, some)
}

func (l *lab) serve(w *httptest.ResponseRecorder, r *http.Request, body []byte) {
	c := &call{l: l, w: w, r: r}
	json.Unmarshal(body, &c.in)
	if l.onPost != nil && r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/merge_requests/") {
		l.mu.Lock()
		on := l.onPost
		l.onPost = nil
		l.mu.Unlock()
		if on != nil {
			on()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.path = strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if r.URL.Path == "/user" {
		if l.noUser {
			c.refuse(403, "403 Forbidden")
			return
		}
		c.answer(200, object{"id": l.user, "username": "project_42_bot"})
		return
	}
	if len(c.path) < 3 || c.path[0] != "projects" || c.path[1] != project {
		c.refuse(404, "404 Project Not Found")
		return
	}
	if l.readOnly && r.Method != http.MethodGet {
		c.refuse(403, "403 Forbidden")
		return
	}
	c.path = c.path[2:]
	c.route()
}

func (c *call) route() {
	shape := c.r.Method
	for _, p := range c.path {
		if _, err := strconv.Atoi(p); err == nil || len(p) == 40 || strings.HasPrefix(p, "disc-") {
			p = "*"
		}
		shape += " " + p
	}
	routes := map[string]func(){
		"GET merge_requests *": func() {
			c.answer(200, object{"iid": merge, "sha": c.l.head, "target_branch": c.l.base, "diff_refs": object{"base_sha": base, "start_sha": base, "head_sha": c.l.diffHead}})
		},
		"GET merge_requests * diffs":                    func() { c.list(c.l.diffs) },
		"GET merge_requests * notes":                    func() { c.list(c.l.notes) },
		"POST merge_requests * notes":                   func() { c.write("", nil) },
		"PUT merge_requests * notes *":                  c.edit,
		"DELETE merge_requests * notes *":               c.remove,
		"GET merge_requests * discussions":              func() { c.list(c.l.discussions()) },
		"POST merge_requests * discussions":             c.discuss,
		"PUT merge_requests * discussions *":            c.resolve,
		"DELETE merge_requests * discussions * notes *": c.remove,
		"POST statuses *":                               c.status,
	}
	if do, ok := routes[shape]; ok {
		do()
		return
	}
	c.l.t.Errorf("the fake knows no %q", shape)
	c.refuse(404, "404 Not Found")
}

// What GitLab leaves out where it looks for quick actions: blocks of code and of HTML
// comments.
var (
	noActions = regexp.MustCompile("(?ms)^```.+?\n```$|^<!--.+?-->\n?")
	actions   = regexp.MustCompile(`(?m)^\s*/([a-z_]+)`)
)

// note makes a note as GitLab would, and obeys what it takes for a quick action.
func (c *call) note(extra object) object {
	body, _ := c.in["body"].(string)
	for _, m := range actions.FindAllStringSubmatch(noActions.ReplaceAllString(body, ""), -1) {
		c.l.commands = append(c.l.commands, m[1])
	}
	n := object{
		"id": c.l.id(), "body": strings.TrimSpace(body), "system": false, "noteable_id": 1, "noteable_iid": merge, "noteable_type": "MergeRequest",
		"created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z", "author": object{"id": c.l.user, "username": "project_42_bot"},
		"resolvable": false, "discussion": fmt.Sprint("disc-", c.l.next),
	}
	maps.Copy(n, extra)
	return n
}

func (c *call) write(_ string, extra object) object {
	body, _ := c.in["body"].(string)
	if len(body) > 1_000_000 {
		c.answer(400, object{"message": object{"note": []string{"is too long"}}})
		return nil
	}
	n := c.note(extra)
	c.l.notes = append(c.l.notes, n)
	if extra == nil {
		c.answer(201, n)
	}
	return n
}

func (c *call) find() int {
	id, _ := strconv.Atoi(c.path[len(c.path)-1])
	return slices.IndexFunc(c.l.notes, func(o object) bool { return o["id"] == id })
}

func (c *call) edit() {
	i := c.find()
	if i < 0 {
		c.refuse(404, "404 Not found")
		return
	}
	n := c.note(nil)
	edits, _ := c.l.notes[i]["edits"].(int)
	c.l.notes[i]["body"], c.l.notes[i]["edits"] = n["body"], edits+1
	c.answer(200, c.l.notes[i])
}

func (c *call) remove() {
	i := c.find()
	if i < 0 {
		c.refuse(404, "404 Not found")
		return
	}
	c.l.notes = slices.Delete(c.l.notes, i, i+1)
	c.w.WriteHeader(http.StatusNoContent)
}

// discussions are the notes by their discussion.
func (l *lab) discussions() []object {
	var all []object
	for _, n := range l.notes {
		i := slices.IndexFunc(all, func(d object) bool { return d["id"] == n["discussion"] })
		if i < 0 {
			all = append(all, object{"id": n["discussion"], "individual_note": n["resolvable"] != true, "notes": []object{n}})
			continue
		}
		all[i]["notes"] = append(all[i]["notes"].([]object), n)
	}
	return all
}

// discuss opens a discussion where the diff has the line, under both of its numbers.
func (c *call) discuss() {
	position, _ := c.in["position"].(object)
	number := func(name string) int {
		n, _ := position[name].(float64)
		return int(n)
	}
	ok := false
	for _, d := range c.l.diffs {
		if d["new_path"] == position["new_path"] && d["old_path"] == position["old_path"] {
			line, shown := change.PatchLines(d["diff"].(string))[number("new_line")]
			ok = shown && line.Old == number("old_line")
		}
	}
	if !ok || position["head_sha"] != c.l.diffHead || position["base_sha"] != base || position["start_sha"] != base {
		c.refuse(400, `400 Bad request - Note {:line_code=>["can't be blank", "must be a valid line code"]}`)
		return
	}
	n := c.write("", object{"resolvable": true, "resolved": false, "position": position, "type": "DiffNote"})
	c.answer(201, object{"id": n["discussion"], "individual_note": false, "notes": []object{n}})
}

func (c *call) resolve() {
	for _, n := range c.l.notes {
		if n["discussion"] == c.path[len(c.path)-1] {
			n["resolved"] = c.in["resolved"]
			n["resolved_by"] = object{"id": c.l.user}
			c.answer(200, object{"id": n["discussion"], "individual_note": false, "notes": []object{n}})
			return
		}
	}
	c.refuse(404, "404 Discussion Not Found")
}

func (c *call) status() {
	s := object{"id": c.l.id(), "sha": c.path[1]}
	maps.Copy(s, c.in)
	c.l.statuses = append(c.l.statuses, s)
	c.answer(201, s)
}
