package forge

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

func published(t *testing.T, run *report.Run, files map[string]string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := NewAzure(&out).Publish(t.Context(), run, files); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(out.String()))
}

func TestAzureCommands(t *testing.T) {
	run := blocked("a; b]c%0Ad\r\n##vso[task.setvariable variable=x]y")
	run.Findings[0].Location = finding.Location{Path: "a;b]c/100%.env", StartLine: 3, StartColumn: 5}
	image := run.Findings[0]
	image.Decision.Action = policy.Warn
	image.Message, image.Location = "old", finding.Location{Path: "etc/x", Image: "acme/app", Built: finding.Built{Path: "Dockerfile", StartLine: 7}}
	inside := image
	inside.Location.Built = finding.Built{}
	accepted := image
	accepted.Decision.Action = policy.Suppress
	run.Findings = append(run.Findings, image, inside, accepted)
	full, err := filepath.Abs("out/boltseal.md")
	if err != nil {
		t.Fatal(err)
	}
	got := published(t, run, map[string]string{"markdown": "out/boltseal.md"})
	want := []string{
		"##vso[task.logissue type=error;sourcepath=a%3Bb%5Dc/100%25.env;linenumber=3;columnnumber=5;code=r]" + `a; b]c%250Ad\r\n#\x23vso[task.setvariable variable=x]y` + "\n",
		"##vso[task.logissue type=warning;sourcepath=Dockerfile;linenumber=7;code=r]old in image acme/app\n",
		"##vso[task.logissue type=warning;code=r]old in image acme/app\n",
		"##vso[task.uploadsummary]" + full + "\n",
		"##vso[task.complete result=Failed]boltseal: blocked\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, line := range got {
		if strings.Count(line, "##") != 1 || strings.Count(line, "\n") != 1 || strings.Contains(line, "\r") {
			t.Errorf("%q holds a second command", line)
		}
	}
}

func TestAzureTellsWhatAsksForAttention(t *testing.T) {
	of := func(action policy.Action, severity finding.Severity, name string) report.Finding {
		f := blocked(name).Findings[0]
		f.Decision.Action, f.Severity, f.Location = action, severity, finding.Location{Path: name}
		return f
	}
	known := of(policy.Warn, finding.Critical, "known")
	known.New = new(false)
	earlier := of(policy.Block, finding.Low, "gone")
	earlier.Location.Commit = strings.Repeat("a", 40)
	run := &report.Run{Findings: []report.Finding{of(policy.Warn, finding.High, "warns"), of(policy.Block, finding.Medium, "mild"), known, of(policy.Block, finding.Critical, "worst"), earlier}}
	run.Verdict.Status = policy.Blocked
	want := []string{
		"##vso[task.logissue type=error;sourcepath=worst;code=r]worst\n",
		"##vso[task.logissue type=error;sourcepath=mild;code=r]mild\n",
		"##vso[task.logissue type=error;code=r]gone\n", // of a commit, and not what is checked out
		"##vso[task.logissue type=warning;sourcepath=warns;code=r]warns\n",
	}
	if diff := cmp.Diff(want, published(t, run, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestAzureOfManyFindingsAndOfNoVerdict(t *testing.T) {
	run := blocked("x")
	for range maxIssues + 4 {
		run.Findings = append(run.Findings, run.Findings[0])
	}
	got := published(t, run, nil)
	if len(got) != maxIssues+2 || !strings.Contains(got[maxIssues], "5 more findings") {
		t.Errorf("%d commands: %q", len(got), got[maxIssues:])
	}
	none := &report.Run{Verdict: policy.Verdict{Status: policy.None, ExitCode: policy.ExitNone, Reasons: []string{"secrets failed on dir:."}}}
	if diff := cmp.Diff([]string{"##vso[task.logissue type=error]no verdict: secrets failed on dir:.\n", "##vso[task.complete result=Failed]boltseal: none\n"}, published(t, none, nil)); diff != "" {
		t.Error(diff)
	}
	if got := published(t, &report.Run{Verdict: policy.Verdict{Status: policy.Pass}}, nil); len(got) != 0 {
		t.Errorf("of a pass: %q", got)
	}
}
