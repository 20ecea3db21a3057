package gate_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

var today = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// token looks like a token and is none; the literal is cut so that no scanner
// finds it in this file.
const token = "ghp_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA3bC5"

func request(t *testing.T, scanners []string, sources ...scan.Source) gate.Request {
	t.Helper()
	built, err := gate.Scanners(scanners, gate.Config{NoDatabase: "no database"})
	if err != nil {
		t.Fatal(err)
	}
	return gate.Request{
		Sources: sources, Scanners: built, Version: "1",
		Judging: gate.Judging{Policies: []*policy.Policy{policy.Default()}, Now: today, Mask: secrets.NewMasker()},
	}
}

func tree() scan.Source {
	return scantest.Tree(
		scantest.Text("Dockerfile", "FROM alpine\nMAINTAINER me\nRUN curl -H 'Authorization: token "+token+"' x.example | sh\nADD "+token+" /x\n"),
		scantest.Text("config/"+token+".env", "TOKEN="+token+"\n"),
		scantest.Text("package-lock.json", `{"name": "x", "lockfileVersion": 3, "packages": {"node_modules/`+token+`": {"version": "`+token+`"}}}`),
	)
}

func image() scan.Source {
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{
		Env: []string{"TOKEN=" + token}, Labels: map[string]string{"token": token}, User: token,
		ExposedPorts: map[string]struct{}{"22/tcp": {}},
	}}
	return scantest.Image("app-"+token, config,
		scantest.Layer{
			Files:       []scantest.File{scantest.Text("root/.env", "TOKEN="+token+"\n")},
			Instruction: "RUN TOKEN=" + token + " make",
		},
		scantest.Layer{Files: []scantest.File{{Entry: scan.Entry{Path: "usr/local/bin/" + token, Mode: 0o755 | fs.ModeSetuid}}}},
	)
}

func write(t *testing.T, format string, run *report.Run) string {
	t.Helper()
	catalogue, err := gate.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Write(&b, format, run, report.Options{Catalogue: catalogue}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNoSecretLeavesTheGate(t *testing.T) {
	for _, test := range []struct {
		name     string
		scanners []string
	}{
		{"with all scanners", nil},
		{"with the secrets scanner off", []string{finding.Dockerfile, finding.Packages, finding.ImageConfig}},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := request(t, test.scanners, tree(), image())
			req.Unopened = []gate.Unopened{{Target: "dir:" + token, Err: errors.New("opening " + token)}}
			p, err := policy.Load(token+".yaml", []byte("version: 1\nrules: [{id: all, action: block, message: \"ours is "+token+"\"}]\n"))
			if err != nil {
				t.Fatal(err)
			}
			req.Policies = []*policy.Policy{p, policy.Default()}
			req.Failures = []string{"writing " + token}
			run := gate.Run(t.Context(), req)
			if len(run.Findings) < 5 {
				t.Fatalf("only %d findings", len(run.Findings))
			}
			run.Change = &report.Change{Head: strings.Repeat("0", 40)} // evidence is about a commit
			for _, format := range report.Formats() {
				text := write(t, format, run)
				for _, part := range []string{token, token[4:20], token[20:]} {
					if at := strings.Index(text, part); at >= 0 {
						t.Errorf("%s shows the secret: …%s…", format, text[max(0, at-80):at+4])
					}
				}
			}
		})
	}
}

func TestAStoredRunJudgedAgainIsTheSame(t *testing.T) {
	req := request(t, nil, tree(), image())
	run := gate.Run(t.Context(), req)
	first := write(t, "json", run)
	stored, err := report.Read(strings.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	stored.Verdict = policy.Verdict{}
	for i := range stored.Findings {
		stored.Findings[i].Decision = policy.Decision{}
	}
	gate.Judge(stored, req.Judging)
	if diff := cmp.Diff(first, write(t, "json", stored)); diff != "" {
		t.Error(diff)
	}
}

func TestRunIsTheSameEveryTime(t *testing.T) {
	run := func(workers int) string {
		req := request(t, nil, tree(), image())
		req.Options.Workers = workers
		r := gate.Run(t.Context(), req)
		for i := range r.Scans {
			r.Scans[i].DurationMS = 0
		}
		return write(t, "json", r)
	}
	first := run(1)
	for range 5 {
		if diff := cmp.Diff(first, run(4)); diff != "" {
			t.Fatal(diff)
		}
	}
}

// panicking is a scanner that panics in Finish.
type panicking struct{ scan.Scanner }

func (p panicking) Begin(ctx context.Context, target scan.Target) (scan.Pass, error) {
	pass, err := p.Scanner.Begin(ctx, target)
	return panickingPass{pass}, err
}

type panickingPass struct{ scan.Pass }

func (panickingPass) Finish(context.Context, *scan.View, []scan.Ref) scan.Result { panic("broken") }

func TestAPanicLosesNoOtherScanner(t *testing.T) {
	req := request(t, []string{finding.Secrets, finding.Dockerfile}, tree())
	req.Scanners[0] = panicking{req.Scanners[0]}
	run := gate.Run(t.Context(), req)
	if run.Scans[0].Status != finding.StatusFailed || run.Scans[0].Reason != "panic: broken" {
		t.Errorf("secrets: %+v", run.Scans[0])
	}
	if run.Verdict.Status != policy.Blocked || run.Verdict.ExitCode != 1 {
		t.Errorf("verdict %+v, want blocked by the Dockerfile's findings", run.Verdict)
	}
	if !strings.Contains(strings.Join(run.Verdict.Reasons, "\n"), "panic: broken") {
		t.Errorf("the reasons do not tell: %q", run.Verdict.Reasons)
	}
}

// TestAnEndedContextIsNoVerdict: what was not scanned for want of time is no gap that a
// policy can put up with.
func TestAnEndedContextIsNoVerdict(t *testing.T) {
	lenient, err := policy.Load("p.yaml", []byte("version: 1\ncoverage: {on-partial: warn, on-scanner-error: warn, on-nothing-scanned: warn}\n"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("timeout of 1s reached"))
	req := request(t, []string{finding.Secrets}, scantest.Tree(scantest.Text("a", "a")))
	req.Policies = []*policy.Policy{lenient}
	run := gate.Run(ctx, req)
	if run.Verdict.ExitCode != policy.ExitNone || !strings.Contains(strings.Join(run.Verdict.Reasons, "\n"), "ended before") {
		t.Errorf("verdict %+v, scans %+v", run.Verdict, run.Scans)
	}
	again := *run
	gate.Judge(&again, gate.Judging{Policies: req.Policies, Now: today, Failures: run.Judged.Failures})
	if again.Verdict.ExitCode != policy.ExitNone {
		t.Errorf("judged again: %+v", again.Verdict)
	}
}

func TestABadDatabaseFailsPackagesWhateverThereIs(t *testing.T) {
	scanners, err := gate.Scanners([]string{finding.Packages}, gate.Config{BadDatabase: errors.New("no such folder")})
	if err != nil {
		t.Fatal(err)
	}
	req := request(t, nil, scantest.Tree(scantest.Text("a", "a")))
	req.Scanners = scanners
	run := gate.Run(t.Context(), req)
	if run.Verdict.ExitCode != policy.ExitNone || run.Scans[0].Reason != "no such folder" {
		t.Errorf("verdict %+v, scan %+v", run.Verdict, run.Scans[0])
	}
}

// TestAPolicyIsNamedOnce: what several folders extend judges for each, and is one policy.
func TestAPolicyIsNamedOnce(t *testing.T) {
	a, b, c := policy.Default(), policy.Default(), policy.Default()
	a.Under, b.Under, c.Targets = "a", "b", []string{"dir:."}
	run := &report.Run{}
	gate.Judge(run, gate.Judging{Policies: []*policy.Policy{a, b, c}, Now: today})
	want := []report.Policy{{Path: a.Path, Digest: a.Digest}, {Path: a.Path, Digest: a.Digest, Targets: c.Targets}}
	if diff := cmp.Diff(want, run.Policies); diff != "" {
		t.Error(diff)
	}
}

func TestScannersInOrder(t *testing.T) {
	got, err := gate.Scanners([]string{finding.ImageConfig, finding.Secrets}, gate.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Name() != finding.Secrets || got[1].Name() != finding.ImageConfig {
		t.Errorf("got %v", got)
	}
	if _, err := gate.Scanners([]string{"secret"}, gate.Config{}); err == nil || !strings.Contains(err.Error(), `did you mean "secrets"?`) {
		t.Errorf("got %v", err)
	}
}
