// Package bitbucket shows a run on Bitbucket Cloud, as a report of Code Insights with
// annotations on lines.
package bitbucket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/web"
)

// The API, which pipelines reach through a proxy beside them that adds their token: over
// plain HTTP, or it could not (https://support.atlassian.com/bitbucket-cloud/docs/code-insights/).
const (
	host     = "api.bitbucket.org"
	Pipeline = "http://localhost:29418"
)

// Limits of Code Insights.
const (
	maxAnnotations = 1000
	atOnce         = 100
	maxSummary     = 450
	maxDetails     = 2000
	maxAnswer      = 1 << 20
	patience       = 3 * time.Minute
)

// Options are what a publisher needs.
type Options struct {
	// Repository is WORKSPACE/NAME, Commit the one that the report is about, Base the
	// branch that it goes to; that may be empty.
	Repository, Commit, Base string
	// Gate tells this gate from others on the same commit; Label stands in the title, and
	// may be empty.
	Gate, Label string
	Report      report.Options
	// Proxy is the address of the pipeline's proxy; Wait is for tests, nil to wait.
	Proxy string
	Wait  func(context.Context, time.Duration) error
}

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9_.{}-]+/[A-Za-z0-9_.{}-]+$`)
	commitID       = regexp.MustCompile(`^[0-9a-f]{12,64}$`)
)

// Publisher shows a run on Bitbucket.
type Publisher struct {
	o      Options
	client *http.Client
	root   string
	id     string
}

// New makes a publisher; it asks nothing of Bitbucket yet.
func New(o Options) (*Publisher, error) {
	if !repositoryName.MatchString(o.Repository) || strings.Contains(o.Repository, "..") {
		return nil, fmt.Errorf("reading BITBUCKET_REPO_FULL_NAME: %q is no repository", o.Repository)
	}
	if !commitID.MatchString(o.Commit) {
		return nil, fmt.Errorf("reading BITBUCKET_COMMIT: %q is no commit", o.Commit)
	}
	proxy, err := url.Parse(o.Proxy)
	if err != nil || !web.IsLoopback(proxy.Hostname()) {
		return nil, errors.New("the proxy of the pipeline is not on this machine")
	}
	reach := web.Options{
		Proxy:    func(*url.URL) (*url.URL, error) { return proxy, nil },
		Insecure: []string{host}, Wait: o.Wait,
	}
	client := &http.Client{Transport: reach.RoundTripper(listening{reach.Transport()}), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	id := "boltseal-" + change.Key(o.Gate)
	return &Publisher{o: o, client: client, id: id, root: "http://" + host + "/2.0/repositories/" + o.Repository + "/commit/" + o.Commit + "/reports/" + id}, nil
}

// listening does not wait for a proxy that is not there: the job is none of a pipeline.
type listening struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l listening) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.inner.RoundTrip(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, web.Faultf("no proxy of a pipeline listens on %s", Pipeline)
	}
	return resp, err
}

type object map[string]any

// Publish makes the report anew: what an earlier job said of the same commit is gone.
func (p *Publisher) Publish(ctx context.Context, run *report.Run) []change.Result {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	annotations, left := p.annotations(run)
	result := change.Result{Part: "report"}
	if left > 0 {
		result.Notes = []string{fmt.Sprintf("Code Insights takes %d annotations of a report, %d more are in the job's reports", maxAnnotations, left)}
	}
	result.Err = p.send(ctx, run, annotations)
	return []change.Result{result}
}

func (p *Publisher) send(ctx context.Context, run *report.Run, annotations []object) error {
	if err := p.call(ctx, http.MethodDelete, p.root, nil); wire.KindOf(err) != wire.Missing && err != nil {
		return wire.Doing("removing the old report", err)
	}
	if err := p.call(ctx, http.MethodPut, p.root, p.summary(run)); err != nil {
		return wire.Doing("making the report", err)
	}
	for some := range slices.Chunk(annotations, atOnce) {
		if err := p.call(ctx, http.MethodPost, p.root+"/annotations", some); err != nil {
			return wire.Doing("making annotations", err)
		}
	}
	return nil
}

// summary is the report itself.
func (p *Publisher) summary(run *report.Run) object {
	result := "FAILED"
	if change.Concludes(run.Verdict) != change.Failure {
		result = "PASSED"
	}
	details := []string{report.Headline(run, p.o.Report)}
	for _, reason := range run.Verdict.Reasons {
		details = append(details, report.Plain(reason))
	}
	number := func(title string, n int) object { return object{"title": title, "type": "NUMBER", "value": n} }
	return object{
		"title": change.Name("boltseal", p.o.Label, p.o.Base), "reporter": "boltseal", "report_type": "SECURITY", "result": result,
		"details": shortened(strings.Join(details, "\n"), maxDetails), "external_id": p.id,
		"data": []object{number("Blocking", run.Verdict.Blocked), number("Warnings", run.Verdict.Warned), number("Accepted", run.Verdict.Suppressed)},
	}
}

// shortened keeps lines apart.
func shortened(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return text
}

// severities are Bitbucket's names of ours.
var severities = map[finding.Severity]string{
	finding.Critical: "CRITICAL", finding.High: "HIGH", finding.Medium: "MEDIUM", finding.Unknown: "MEDIUM", finding.Low: "LOW", finding.Info: "LOW",
}

// annotations are the findings that ask for attention, the worst first, and how many more
// there are.
func (p *Publisher) annotations(run *report.Run) (all []object, left int) {
	wanted := report.Attention(run)
	if len(wanted) > maxAnnotations {
		left = len(wanted) - maxAnnotations
		wanted = wanted[:maxAnnotations]
	}
	for i, f := range wanted {
		a := object{
			"external_id": fmt.Sprintf("%s-%d", p.id, i+1), "annotation_type": "CODE_SMELL",
			"summary": wire.Shortened(f.Title()+": "+f.Message, maxSummary-1), "severity": severities[f.Severity],
		}
		if f.Scanner == finding.Secrets || f.Scanner == finding.Packages {
			a["annotation_type"] = "VULNERABILITY"
		}
		if f.Decision.Action == policy.Block {
			a["result"] = "FAILED"
		}
		if path, line, _, ok := f.Lines(); ok {
			a["path"], a["line"] = path, line
		} else if f.InRepository() {
			a["path"] = f.Location.Path
		}
		all = append(all, a)
	}
	return all, left
}

// statuses are the kinds of the answers that are told apart.
var statuses = map[int]wire.Kind{
	http.StatusUnauthorized: wire.Denied, http.StatusForbidden: wire.Denied, http.StatusNotFound: wire.Missing, http.StatusGone: wire.Missing,
	http.StatusRequestEntityTooLarge: wire.TooLarge,
}

// call makes a call, all of which may be made twice.
func (p *Publisher) call(ctx context.Context, method, address string, v any) error {
	var body []byte
	if v != nil {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return &wire.Fault{Kind: wire.Broken, Message: wire.Short(web.Told(host, err).Error())}
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	kind, known := statuses[resp.StatusCode]
	if !known {
		kind = wire.Invalid
	}
	var problem struct {
		Message string
		Error   struct{ Message string }
	}
	_ = json.Unmarshal(said, &problem)
	message := problem.Error.Message
	if message == "" {
		message = problem.Message
	}
	if message == "" {
		message = http.StatusText(resp.StatusCode)
	}
	return &wire.Fault{Kind: kind, Status: resp.StatusCode, Message: wire.Short(message)}
}
