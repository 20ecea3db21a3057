package bitbucket

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/forge/forgetest"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

const at = "/2.0/repositories/acme/app/commit/1111111111111111111111111111111111111111/reports/"

// cloud is Bitbucket behind the proxy of a pipeline.
type cloud struct {
	t           *testing.T
	reports     map[string]object
	annotations map[string]object
	calls       []string
	troubles    []int // statuses of the first calls; 0 for none
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Host != "api.bitbucket.org" || r.URL.Scheme != "http" {
		c.t.Errorf("the proxy is asked for %s", r.URL)
	}
	id, more, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, at), "/")
	c.calls = append(c.calls, strings.TrimSpace(r.Method+" "+more))
	if n := len(c.calls) - 1; n < len(c.troubles) && c.troubles[n] != 0 {
		w.WriteHeader(c.troubles[n])
		fmt.Fprint(w, `{"type":"error","error":{"message":"no\n##[x]"}}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == http.MethodDelete && c.reports[id] == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(c.reports, id)
		clear(c.annotations)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		var in object
		c.decode(body, &in)
		c.check(in, []string{"SECURITY"}, []string{"PASSED", "FAILED"})
		c.reports[id] = in
	case r.Method == http.MethodPost && more == "annotations" && c.reports[id] != nil:
		var in []object
		c.decode(body, &in)
		if len(in) > 100 {
			c.t.Errorf("%d annotations at once", len(in))
		}
		for _, a := range in {
			c.check(a, nil, []string{"FAILED", "<nil>"})
			if !slices.Contains([]string{"CRITICAL", "HIGH", "MEDIUM", "LOW"}, fmt.Sprint(a["severity"])) || !slices.Contains([]string{"VULNERABILITY", "CODE_SMELL"}, fmt.Sprint(a["annotation_type"])) {
				c.t.Errorf("no annotation: %v", a)
			}
			if summary, _ := a["summary"].(string); summary == "" || len([]rune(summary)) > 450 {
				c.t.Errorf("a summary of %d characters", len([]rune(summary)))
			}
			if line, ok := a["line"]; ok && line.(float64) < 1 {
				c.t.Errorf("line %v", line)
			}
			c.annotations[a["external_id"].(string)] = a
		}
		if len(c.annotations) > 1000 {
			c.t.Error("too many annotations")
		}
	default:
		c.t.Errorf("%s %s: Bitbucket knows none", r.Method, r.URL.Path)
	}
}

func (c *cloud) decode(body []byte, v any) {
	if err := json.Unmarshal(body, v); err != nil {
		c.t.Errorf("%s: %v", body, err)
	}
}

func (c *cloud) check(in object, types, results []string) {
	if types != nil && !slices.Contains(types, fmt.Sprint(in["report_type"])) || !slices.Contains(results, fmt.Sprint(in["result"])) || in["external_id"] == "" {
		c.t.Errorf("Bitbucket takes no %v", in)
	}
}

func newCloud(t *testing.T, troubles ...int) (*cloud, Options) {
	t.Helper()
	c := &cloud{t: t, reports: map[string]object{}, annotations: map[string]object{}, troubles: troubles}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, Options{
		Repository: "acme/app", Commit: strings.Repeat("1", 40), Base: "main", Gate: "g", Proxy: server.URL,
		Wait: func(context.Context, time.Duration) error { return nil },
	}
}

var runOf = forgetest.RunOf

func found(action policy.Action, scanner, text string, line int) report.Finding {
	return report.Finding{
		Subject:  policy.Subject{Finding: finding.Finding{Rule: "r", Scanner: scanner, Severity: finding.High, Target: "dir:.", Message: text, Location: finding.Location{Path: "a/b", StartLine: line}}},
		Decision: policy.Decision{Action: action},
	}
}

func publish(t *testing.T, o Options, run *report.Run) (string, []string) {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := p.Publish(t.Context(), run)[0]
	if r.Err != nil {
		return r.Err.Error(), r.Notes
	}
	return "", r.Notes
}

func TestReport(t *testing.T) {
	c, o := newCloud(t)
	image := found(policy.Block, finding.Packages, "old", 0)
	image.Location = finding.Location{Path: "etc/x", Image: "acme/app"}
	run := runOf(found(policy.Block, finding.Secrets, "a\nsecret", 3), image, found(policy.Warn, finding.Dockerfile, strings.Repeat("ä", 999), 0))
	for range 2 { // a job that runs again
		if err, _ := publish(t, o, run); err != "" {
			t.Fatal(err)
		}
	}
	var got []object
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for k := range c.annotations {
			if !yield(k) {
				return
			}
		}
	}) {
		a := c.annotations[id]
		delete(a, "external_id")
		if s := a["summary"].(string); len(s) > 100 {
			a["summary"] = s[:20]
		}
		got = append(got, a)
	}
	want := []object{
		{"annotation_type": "VULNERABILITY", "severity": "HIGH", "result": "FAILED", "summary": `r (high): a\nsecret`, "path": "a/b", "line": 3.0},
		{"annotation_type": "VULNERABILITY", "severity": "HIGH", "result": "FAILED", "summary": "r (high): old"},
		{"annotation_type": "CODE_SMELL", "severity": "HIGH", "summary": "r (high): " + strings.Repeat("ä", 5), "path": "a/b"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"DELETE", "PUT", "POST annotations", "DELETE", "PUT", "POST annotations"}, c.calls); diff != "" || len(c.reports) != 1 {
		t.Errorf("%d reports: %s", len(c.reports), diff)
	}
	for _, r := range c.reports {
		if r["result"] != "FAILED" || r["title"] != "boltseal → main" {
			t.Errorf("the report is %v", r)
		}
	}
	// Mended: nothing of the old one stays.
	if err, _ := publish(t, o, runOf()); err != "" || len(c.annotations) > 0 {
		t.Errorf("%s: annotations %v", err, c.annotations)
	}
	for _, r := range c.reports {
		if r["result"] != "PASSED" {
			t.Errorf("the report is %v", r)
		}
	}
	// Another gate has another report.
	o.Gate = "another"
	if err, _ := publish(t, o, run); err != "" || len(c.reports) != 2 {
		t.Errorf("%s: %d reports", err, len(c.reports))
	}
}

func TestNoMoreThanBitbucketTakes(t *testing.T) {
	c, o := newCloud(t)
	var all []report.Finding
	for i := range 1234 {
		all = append(all, found(policy.Block, finding.Dockerfile, fmt.Sprint("finding ", i), i+1))
	}
	err, notes := publish(t, o, runOf(all...))
	if err != "" || len(c.annotations) != 1000 || len(c.calls) != 12 || len(notes) != 1 || !strings.Contains(notes[0], "234 more") {
		t.Errorf("%s: %d annotations in %d calls, %q", err, len(c.annotations), len(c.calls), notes)
	}
}

func TestTroubles(t *testing.T) {
	for name, c := range map[string]struct {
		troubles []int
		want     string
	}{
		"busy, then well":        {[]int{503, 0, 0, 429}, ""},
		"not allowed":            {[]int{403}, `removing the old report: status 403: no\n#\x23[x]`},
		"not taken":              {[]int{0, 400}, "making the report: status 400"},
		"annotations not taken":  {[]int{0, 0, 413}, "making annotations: status 413"},
		"a redirect":             {[]int{0, 302}, "making the report: status 302"},
		"down, for as long as .": {[]int{500, 500, 500, 500, 500, 500}, "api.bitbucket.org: answers 500"},
	} {
		t.Run(name, func(t *testing.T) {
			_, o := newCloud(t, c.troubles...)
			err, _ := publish(t, o, runOf(found(policy.Block, finding.Secrets, "x", 1)))
			if (err == "") != (c.want == "") || !strings.Contains(err, c.want) {
				t.Errorf("got %q, want %q", err, c.want)
			}
		})
	}
}

func TestWhereNothingListens(t *testing.T) {
	_, o := newCloud(t)
	server := httptest.NewServer(nil)
	server.Close()
	o.Proxy = server.URL
	waited := 0
	o.Wait = func(context.Context, time.Duration) error { waited++; return nil }
	if err, _ := publish(t, o, runOf()); !strings.Contains(err, "no proxy of a pipeline listens") || waited > 0 {
		t.Errorf("got %q after %d waits", err, waited)
	}
}

func TestWhatIsNoTarget(t *testing.T) {
	_, good := newCloud(t)
	for name, change := range map[string]func(*Options){
		"another path":      func(o *Options) { o.Repository = "../../user" },
		"a longer path":     func(o *Options) { o.Repository = "acme/app/x" },
		"a query":           func(o *Options) { o.Repository = "acme/app?x" },
		"no commit":         func(o *Options) { o.Commit = "main" },
		"a proxy elsewhere": func(o *Options) { o.Proxy = "http://proxy.example.com:29418" },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
