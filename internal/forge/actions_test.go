package forge

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// runner is a GitHub runner's view of a job: its variables and files.
type runner struct {
	output, summary string
	stdout          bytes.Buffer
}

func newRunner(t *testing.T) *runner {
	dir := t.TempDir()
	return &runner{output: filepath.Join(dir, "output"), summary: filepath.Join(dir, "summary")}
}

func (r *runner) getenv(name string) string {
	return map[string]string{"GITHUB_OUTPUT": r.output, "GITHUB_STEP_SUMMARY": r.summary}[name]
}

// outputs reads the output file by the runner's grammar: NAME=VALUE, or
// NAME<<DELIMITER up to a line that is the delimiter.
func (r *runner) outputs(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile(r.output)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	lines := strings.Split(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		if lines[i] == "" {
			continue
		}
		name, delimiter, heredoc := strings.Cut(lines[i], "<<")
		if !heredoc {
			name, value, _ := strings.Cut(lines[i], "=")
			got[name] = value
			continue
		}
		var value []string
		for i++; i < len(lines) && lines[i] != delimiter; i++ {
			value = append(value, lines[i])
		}
		got[name] = strings.Join(value, "\n")
	}
	return got
}

func blocked(text string) *report.Run {
	return &report.Run{
		Schema:   report.Schema,
		Tool:     report.Tool{Name: "boltseal", Version: "1"},
		Verdict:  policy.Verdict{Status: policy.Blocked, ExitCode: 1, Blocked: 1},
		Policies: []report.Policy{{Path: ".boltseal.yaml", Digest: "sha256:1"}, {Path: "a/.boltseal.yaml", Digest: "sha256:2"}},
		Scans:    []report.Scan{{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusOK}},
		Findings: []report.Finding{{
			Subject:  policy.Subject{Finding: finding.Finding{Rule: "r", Scanner: finding.Secrets, Target: "dir:.", Message: text, Location: finding.Location{Path: text}}},
			Decision: policy.Decision{Action: policy.Block, By: "rule secrets"},
		}},
	}
}

func TestPublishWritesOutputsAndSummary(t *testing.T) {
	r := newRunner(t)
	actions := NewActions(r.getenv, &r.stdout, report.Options{})
	if err := actions.Publish(t.Context(), blocked("a secret"), map[string]string{"json": "out/boltseal.json", "sarif": "out/boltseal.sarif", "markdown": "out/boltseal.md"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"verdict": "blocked", "exit-code": "1", "blocking-count": "1", "new-count": "0", "policy-digest": "sha256:1 sha256:2",
		"json": "out/boltseal.json", "sarif": "out/boltseal.sarif", "report": "out/boltseal.md",
	}
	if diff := cmp.Diff(want, r.outputs(t)); diff != "" {
		t.Error(diff)
	}
	summary, err := os.ReadFile(r.summary)
	if err != nil || !strings.Contains(string(summary), "a secret") {
		t.Errorf("summary %q, %v", summary, err)
	}
}

func TestAShardHasNoVerdict(t *testing.T) {
	for _, status := range []policy.VerdictStatus{policy.Pass, policy.Blocked, policy.None} {
		r := newRunner(t)
		run := &report.Run{Verdict: policy.Verdict{Status: status}, Shard: &report.Shard{Index: 2, Of: 5}}
		if err := NewActions(r.getenv, &r.stdout, report.Options{}).Publish(t.Context(), run, nil); err != nil {
			t.Fatal(err)
		}
		summary, err := os.ReadFile(r.summary)
		if got := r.outputs(t)["verdict"]; got != "none" || err != nil || strings.Contains(string(summary), "✅") || strings.Contains(string(summary), "pass:") {
			t.Errorf("verdict %s of a shard that is %s, %v: %s", got, status, err, summary)
		}
	}
}

func TestNoOutputCanSetAnother(t *testing.T) {
	r := newRunner(t)
	actions := NewActions(r.getenv, &r.stdout, report.Options{})
	evil := "x\n_GitHubActionsFileCommandDelimeter_\nverdict=pass\nexit-code<<EOF\n0\nEOF\n"
	if err := actions.Publish(t.Context(), blocked("x"), map[string]string{"json": evil}); err != nil {
		t.Fatal(err)
	}
	got := r.outputs(t)
	if got["verdict"] != "blocked" || got["exit-code"] != "1" || got["json"] != evil {
		t.Errorf("got %q", got)
	}
}

func TestASummaryIsNotWrittenUnlessWanted(t *testing.T) {
	r := newRunner(t)
	actions := NewActions(r.getenv, &r.stdout, report.Options{})
	actions.Summary = false
	if err := actions.Publish(t.Context(), blocked("x"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r.summary); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a summary: %v", err)
	}
}

func TestAMissingFileIsAnErrorAndNoPanic(t *testing.T) {
	r := newRunner(t)
	none := NewActions(func(string) string { return "" }, &r.stdout, report.Options{})
	if err := none.Publish(t.Context(), blocked("x"), nil); err == nil || !strings.Contains(err.Error(), "GITHUB_OUTPUT is not set") {
		t.Errorf("without variables: %v", err)
	}
	r.output = filepath.Join(r.output, "no", "such", "folder")
	err := NewActions(r.getenv, &r.stdout, report.Options{}).Publish(t.Context(), blocked("x"), nil)
	if err == nil || !strings.Contains(err.Error(), "writing output") {
		t.Errorf("with a folder that is not there: %v", err)
	}
	if _, err := os.Stat(r.summary); err != nil {
		t.Errorf("the summary was lost with the outputs: %v", err)
	}
}

// obeyed gives the commands that the runner would obey in what was printed.
func obeyed(log string) []string {
	var commands []string
	stopped := ""
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case stopped != "":
			if line == "::"+stopped+"::" {
				stopped = ""
			}
		case strings.HasPrefix(line, "::stop-commands::"):
			stopped = strings.TrimPrefix(line, "::stop-commands::")
		case strings.HasPrefix(line, "::") || strings.Contains(line, "##["):
			commands = append(commands, line)
		}
	}
	return commands
}

func TestQuotedTextHoldsNoCommand(t *testing.T) {
	r := newRunner(t)
	actions := NewActions(r.getenv, &r.stdout, report.Options{})
	evil := "::error::forged\n  ::add-mask::e\nx ##[error]legacy\n::stop-commands::mine\n::mine::\n::endgroup::"
	err := actions.Quoted(func() error {
		_, err := fmt.Fprint(&r.stdout, evil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(&r.stdout, "::notice::after\n")
	if diff := cmp.Diff([]string{"::notice::after"}, obeyed(r.stdout.String())); diff != "" {
		t.Errorf("%s in %q", diff, r.stdout.String())
	}
}

func TestSummaryStaysUnderTheLimit(t *testing.T) {
	r := newRunner(t)
	run := blocked("x")
	for i := range 20_000 {
		f := run.Findings[0]
		f.Message = fmt.Sprintf("finding %d %s", i, strings.Repeat("y", 100))
		run.Findings = append(run.Findings, f)
	}
	if err := NewActions(r.getenv, &r.stdout, report.Options{}).Publish(t.Context(), run, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(r.summary)
	if err != nil || info.Size() > 1<<20 {
		t.Errorf("summary of %d bytes, %v", info.Size(), err)
	}
}
