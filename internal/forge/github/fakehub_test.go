package github

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/forgetest"
)

const (
	token    = "ghs_a-token-of-the-tests"
	head     = "1111111111111111111111111111111111111111"
	mergeSHA = "2222222222222222222222222222222222222222"
	pull     = 7
	bot      = "github-actions[bot]"
)

type object = forgetest.Object

func newClock() *forgetest.Clock { return forgetest.NewClock() }

// trouble is what happens to one call instead of, or after, what should.
type trouble = forgetest.Trouble

const htmlError = forgetest.HTMLError

// troubles are every fault that the issue names, and those that were measured.
var troubles = slices.Concat(forgetest.Troubles(), []trouble{
	forgetest.Passing("primary rate limit with 403", says(403, `{"message":"API rate limit exceeded for installation ID 1."}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1793491230")),
	forgetest.Passing("primary rate limit with 429", says(429, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1793491230")),
	forgetest.Passing("secondary rate limit with 403 and Retry-After", says(403, `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/x"}`, "Retry-After", "30")),
	forgetest.Passing("secondary rate limit with 403 alone", says(403, `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes"}`)),
	forgetest.Passing("secondary rate limit with 429", says(429, ``)),
	forgetest.Lasting("403 not accessible", says(403, `{"message":"Resource not accessible by integration"}`)),
	forgetest.Lasting("403 Code Security", says(403, `{"message":"Code Security must be enabled for this repository to use code scanning"}`)),
	forgetest.Lasting("422 with objects", says(422, `{"message":"Validation Failed","errors":[{"resource":"IssueComment","code":"unprocessable","field":"data","message":"Body is too long"}]}`)),
	forgetest.Lasting("422 with strings", says(422, `{"message":"Unprocessable Entity","errors":["line must be part of the diff"]}`)),
})

func says(status int, body string, header ...string) forgetest.Answer {
	return forgetest.Says(status, body, header...)
}

var contractOf = forgetest.Loader("GitHub", "github/openapi-subset.json", "https://api.github.com", func(path string) bool {
	return path == "/graphql" || strings.HasPrefix(path, "/moved")
})

// hub is a GitHub for one repository, in memory, with GitHub's limits.
type hub struct {
	t      *testing.T
	server *httptest.Server
	spec   *forgetest.Contract

	mu       sync.Mutex
	next     int64
	calls    []string
	comments []object
	reviews  int
	lines    []object // review comments
	threads  map[int64]object
	checks   []object
	sarifs   []object
	files    []object
	pulls    []object
	head     string
	base     string
	// at gives call number n (from 1) its trouble; nil for none.
	at func(n int, r *http.Request) *trouble
	// login writes; readOnly refuses to.
	login    string
	readOnly bool
	// viewer and threads of GraphQL may be refused.
	noViewer, noResolve bool
	// onPost runs before a comment is stored, without the lock.
	onPost func()
	// renamed is the name that the repository once had.
	renamed string
	// sarifErrors are what processing says.
	sarifErrors []string
	pending     int
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{
		t: t, next: 100, threads: make(map[int64]object), head: head, base: "main", login: bot, spec: contractOf(t),
		files: []object{
			{"filename": "README.md", "patch": "@@ -1 +1 @@\n-a\n+b"},
			{"filename": "Dockerfile", "patch": "@@ -1,2 +1,4 @@\n-FROM debian\n+FROM debian:latest\n+RUN cd /tmp\n+RUN apt-get update\n CMD x"},
		},
	}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	return h
}

func (h *hub) id() int64 {
	h.next++
	return h.next
}

// ServeHTTP answers a call, or does to it what trouble says.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	h.mu.Lock()
	h.calls = append(h.calls, r.Method+" "+r.URL.Path)
	n := len(h.calls)
	at := h.at
	h.mu.Unlock()
	if got := r.Header.Get("Authorization"); got != "Bearer "+token {
		h.t.Errorf("%s %s: Authorization is %q", r.Method, r.URL.Path, got)
	}
	h.spec.Request(h.t, r, body)
	var bad *trouble
	if at != nil {
		bad = at(n, r)
	}
	done := httptest.NewRecorder()
	if bad == nil || bad.Done {
		h.serve(done, r, body)
	}
	if bad != nil {
		bad.Answer(w, r, done)
		return
	}
	h.spec.Response(h.t, r, done)
	maps.Copy(w.Header(), done.Header())
	// Headers that go-github obeys by itself if it sees them.
	w.Header().Set("X-RateLimit-Remaining", "0")
	w.Header().Set("X-RateLimit-Reset", "99999999999")
	w.WriteHeader(done.Code)
	w.Write(done.Body.Bytes())
}

type call struct {
	h    *hub
	w    *httptest.ResponseRecorder
	r    *http.Request
	in   object
	path []string
}

func (c *call) answer(status int, v any) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(c.w).Encode(c.h.spec.Shaped(c.r, status, v))
	}
}

func (c *call) refuse(status int, message string) {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	fmt.Fprintf(c.w, `{"message":%q}`, message)
}

func (c *call) number(i int) int64 {
	n, _ := strconv.ParseInt(c.path[i], 10, 64)
	return n
}

// list answers with a page of a list.
func (c *call) list(all []object) {
	some, next := forgetest.Page(c.r, all, 30)
	if next > 0 {
		q := c.r.URL.Query()
		q.Set("page", strconv.Itoa(next))
		c.w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, c.h.server.URL, c.r.URL.Path, q.Encode()))
	}
	c.answer(200, some)
}

func (h *hub) serve(w *httptest.ResponseRecorder, r *http.Request, body []byte) {
	c := &call{h: h, w: w, r: r}
	json.Unmarshal(body, &c.in)
	if r.URL.Path == "/graphql" {
		h.mu.Lock()
		defer h.mu.Unlock()
		c.graphql()
		return
	}
	c.path = strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(c.path) < 3 || c.path[0] != "repos" {
		c.refuse(404, "Not Found")
		return
	}
	name := c.path[1] + "/" + c.path[2]
	if name == h.renamed {
		w.Header().Set("Location", h.server.URL+strings.Replace(r.URL.RequestURI(), h.renamed, "acme/app", 1))
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	if name != "acme/app" {
		c.refuse(404, "Not Found")
		return
	}
	if h.readOnly && r.Method != http.MethodGet {
		c.refuse(403, "Resource not accessible by integration")
		return
	}
	c.path = c.path[3:]
	if h.onPost != nil && r.Method == http.MethodPost && (strings.Contains(r.URL.Path, "/issues/") || strings.Contains(r.URL.Path, "/reviews")) {
		h.mu.Lock()
		on := h.onPost
		h.onPost = nil
		h.mu.Unlock()
		if on != nil {
			on()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c.route()
}

func (c *call) route() {
	kind := ""
	if len(c.path) > 0 {
		kind = c.path[0]
	}
	shape := c.r.Method
	for _, p := range c.path {
		if _, err := strconv.Atoi(p); err == nil || len(p) == 40 || strings.HasPrefix(p, "sarif-") {
			p = "*"
		}
		shape += " " + p
	}
	routes := map[string]func(){
		"GET": func() {
			c.answer(200, object{"name": "app", "full_name": "acme/app", "owner": object{"login": "acme"}})
		},
		"GET issues * comments":    func() { c.list(c.h.comments) },
		"POST issues * comments":   c.postComment,
		"PATCH issues comments *":  func() { c.change(c.h.comments, true) },
		"DELETE issues comments *": func() { c.remove(&c.h.comments) },
		"GET pulls":                func() { c.list(c.h.pulls) },
		"GET pulls *": func() {
			c.answer(200, object{"number": pull, "head": object{"sha": c.h.head}, "base": object{"ref": c.h.base}})
		},
		"GET pulls * files":         func() { c.list(c.h.files) },
		"GET pulls * comments":      func() { c.list(c.h.lines) },
		"POST pulls * reviews":      c.postReview,
		"DELETE pulls comments *":   func() { c.remove(&c.h.lines) },
		"POST check-runs":           c.postCheck,
		"GET check-runs *":          func() { c.change(c.h.checks, false) },
		"PATCH check-runs *":        c.patchCheck,
		"GET commits * check-runs":  func() { c.answer(200, object{"total_count": len(c.h.checks), "check_runs": c.h.checks}) },
		"POST code-scanning sarifs": c.postSARIF,
		"GET code-scanning sarifs *": func() {
			status := "complete"
			if c.h.pending > 0 {
				c.h.pending--
				status = "pending"
			} else if len(c.h.sarifErrors) > 0 {
				status = "failed"
			}
			answer := object{"processing_status": status}
			if status == "failed" {
				answer["errors"] = c.h.sarifErrors
			}
			c.answer(200, answer)
		},
	}
	if do, ok := routes[shape]; ok {
		do()
		return
	}
	c.h.t.Errorf("the fake knows no %q (%s)", shape, kind)
	c.refuse(404, "Not Found")
}

func (c *call) user() object { return object{"login": c.h.login, "type": "Bot", "id": 41898282} }

func (c *call) postComment() {
	body, _ := c.in["body"].(string)
	if len(body) > 65536 {
		c.refuse(422, "Validation Failed: body is too long")
		return
	}
	comment := object{"id": c.h.id(), "body": body, "user": c.user()}
	c.h.comments = append(c.h.comments, comment)
	c.answer(201, comment)
}

func (c *call) find(all []object) int {
	id := c.number(len(c.path) - 1)
	return slices.IndexFunc(all, func(o object) bool { return o["id"] == id })
}

func (c *call) change(all []object, write bool) {
	i := c.find(all)
	if i < 0 {
		c.refuse(404, "Not Found")
		return
	}
	if write {
		all[i]["body"] = c.in["body"]
		edits, _ := all[i]["edits"].(int)
		all[i]["edits"] = edits + 1
	}
	c.answer(200, all[i])
}

func (c *call) remove(all *[]object) {
	i := c.find(*all)
	if i < 0 {
		c.refuse(404, "Not Found")
		return
	}
	*all = slices.Delete(*all, i, i+1)
	c.w.WriteHeader(http.StatusNoContent)
}

// postReview takes all comments of a review or none, as GitHub does.
func (c *call) postReview() {
	drafts, _ := c.in["comments"].([]any)
	var made []object
	for _, d := range drafts {
		draft := d.(object)
		for _, end := range []string{"start_line", "line"} {
			if n, ok := draft[end].(float64); ok && !c.shown(draft["path"], int(n)) {
				c.refuse(422, "Unprocessable Entity: line must be part of the diff")
				return
			}
		}
		made = append(made, object{"path": draft["path"], "line": draft["line"], "start_line": draft["start_line"], "body": draft["body"], "user": c.user()})
	}
	if body, _ := c.in["body"].(string); body == "" {
		c.refuse(422, "Unprocessable Entity: body can't be blank")
		return
	}
	c.h.reviews++
	for _, m := range made {
		id := c.h.id()
		m["id"] = id
		c.h.lines = append(c.h.lines, m)
		c.h.threads[id] = object{"id": fmt.Sprint("T", id), "isResolved": false}
	}
	c.answer(200, object{"id": c.h.id(), "user": c.user(), "state": "COMMENTED"})
}

func (c *call) shown(path any, line int) bool {
	for _, f := range c.h.files {
		if f["filename"] == path {
			patch, _ := f["patch"].(string)
			_, ok := change.PatchLines(patch)[line]
			return ok
		}
	}
	return false
}

func (c *call) annotate(check object) bool {
	output, _ := c.in["output"].(object)
	more, _ := output["annotations"].([]any)
	if len(more) > 50 {
		c.refuse(422, "Invalid request: no more than 50 items are allowed")
		return false
	}
	all, _ := check["annotations"].([]any)
	check["annotations"] = append(all, more...)
	for _, name := range []string{"status", "conclusion", "name", "head_sha", "external_id"} {
		if v, ok := c.in[name]; ok {
			check[name] = v
		}
	}
	check["output"] = object{"title": output["title"], "summary": output["summary"], "text": nil, "annotations_count": len(check["annotations"].([]any)), "annotations_url": "https://example.com/"}
	return true
}

func (c *call) postCheck() {
	check := object{"id": c.h.id()}
	if c.annotate(check) {
		c.h.checks = append(c.h.checks, check)
		c.answer(201, check)
	}
}

func (c *call) patchCheck() {
	i := c.find(c.h.checks)
	if i < 0 {
		c.refuse(404, "Not Found")
		return
	}
	if c.annotate(c.h.checks[i]) {
		c.answer(200, c.h.checks[i])
	}
}

func (c *call) postSARIF() {
	text, _ := c.in["sarif"].(string)
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		c.refuse(400, "sarif is no base64")
		return
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		c.refuse(400, "sarif is no gzip")
		return
	}
	var log object
	if err := json.NewDecoder(z).Decode(&log); err != nil {
		c.refuse(400, "sarif is no JSON")
		return
	}
	runs, _ := log["runs"].([]any)
	if len(packed) > 10<<20 {
		c.refuse(413, "too large")
		return
	}
	seen := make(map[any]bool)
	for _, run := range runs {
		r := run.(object)
		category := r["automationDetails"].(object)["id"]
		results, _ := r["results"].([]any)
		if seen[category] || len(runs) > 20 || len(results) > 5000 {
			c.refuse(400, "too many runs, results, or runs of one category")
			return
		}
		seen[category] = true
	}
	id := fmt.Sprint("sarif-", c.h.id())
	c.h.sarifs = append(c.h.sarifs, object{"id": id, "log": log, "commit": c.in["commit_sha"], "ref": c.in["ref"]})
	c.answer(202, object{"id": id, "url": c.h.server.URL + "/x"})
}

func (c *call) graphql() {
	query, _ := c.in["query"].(string)
	variables, _ := c.in["variables"].(object)
	forbidden := []object{{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}}
	switch {
	case strings.HasPrefix(query, "mutation") && (c.h.noResolve || c.h.readOnly):
		c.answer(200, object{"data": nil, "errors": forbidden})
	case strings.HasPrefix(query, "mutation"):
		for _, t := range c.h.threads {
			if t["id"] == variables["id"] {
				t["isResolved"] = strings.Contains(query, "{ resolve")
				t["resolvedBy"] = object{"login": strings.TrimSuffix(c.h.login, "[bot]")}
			}
		}
		c.answer(200, object{"data": object{}})
	case strings.Contains(query, "reviewThreads"):
		nodes := []object{}
		for _, l := range c.h.lines {
			node := object{"comments": object{"nodes": []object{{"databaseId": l["id"]}}}}
			maps.Copy(node, c.h.threads[l["id"].(int64)])
			nodes = append(nodes, node)
		}
		c.answer(200, object{"data": object{"repository": object{"pullRequest": object{"reviewThreads": object{"pageInfo": object{"hasNextPage": false}, "nodes": nodes}}}}})
	case c.h.noViewer:
		c.answer(200, object{"data": nil, "errors": forbidden})
	default:
		c.answer(200, object{"data": object{"viewer": object{"login": c.h.login}}})
	}
}
