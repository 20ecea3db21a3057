package forge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// Azure speaks to the agent of Azure Pipelines through standard output
// (https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands).
type Azure struct {
	stdout io.Writer
	// Summary says whether the markdown report becomes part of the run's summary.
	Summary bool
}

// NewAzure takes the job's standard output.
func NewAzure(stdout io.Writer) *Azure { return &Azure{stdout: stdout, Summary: true} }

// maxIssues is how many findings of each kind become issues, the most severe: the table
// has all.
const maxIssues = 50

// Publish implements Publisher.
func (a *Azure) Publish(_ context.Context, run *report.Run, files map[string]string) error {
	var out bytes.Buffer
	shown := map[string]int{}
	for _, f := range report.Attention(run) {
		kind := "warning"
		if f.Decision.Action == policy.Block {
			kind = "error"
		}
		if shown[kind]++; shown[kind] <= maxIssues {
			logIssue(&out, kind, f)
		}
	}
	for _, kind := range []string{"error", "warning"} {
		if more := shown[kind] - maxIssues; more > 0 {
			logging(&out, "task.logissue", []string{"type", kind}, fmt.Sprintf("%d more findings: the reports name them", more))
		}
	}
	if run.Verdict.Status == policy.None {
		for _, reason := range run.Verdict.Reasons[:min(len(run.Verdict.Reasons), maxIssues)] {
			logging(&out, "task.logissue", []string{"type", "error"}, "no verdict: "+reason)
		}
	}
	var bad error
	if file := files["markdown"]; a.Summary && file != "" {
		// The agent wants the whole path.
		full, err := filepath.Abs(filepath.FromSlash(file))
		if err != nil {
			bad = fmt.Errorf("naming the summary: %w", err)
		} else {
			logging(&out, "task.uploadsummary", nil, full)
		}
	}
	if run.Verdict.ExitCode != policy.ExitPass {
		logging(&out, "task.complete", []string{"result", "Failed"}, "boltseal: "+string(run.Verdict.Status))
	}
	if _, err := a.stdout.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing commands: %w", err)
	}
	return bad
}

func logIssue(out *bytes.Buffer, kind string, f *report.Finding) {
	path, line, _, ok := f.Lines()
	column := 0
	if own := f.InRepository(); own && (!ok || path == f.Location.Path) {
		path, column = f.Location.Path, f.Location.StartColumn
	}
	properties := []string{"type", kind}
	if path != "" {
		properties = append(properties, "sourcepath", path)
		for _, n := range []struct {
			name  string
			value int
		}{{"linenumber", line}, {"columnnumber", column}} {
			if n.value > 0 {
				properties = append(properties, n.name, strconv.Itoa(n.value))
			}
		}
	}
	text := f.Message
	if f.Location.Image != "" {
		text += " in image " + f.Location.Image
	}
	logging(out, "task.logissue", append(properties, "code", f.Rule), text)
}

// azureProperty escapes what ends a property; all else is escaped as for GitHub's runner.
var azureProperty = strings.NewReplacer("]", "%5D", ";", "%3B")

// logging writes one command; properties are names and values in turn. Plain leaves no
// second command in a text.
func logging(out *bytes.Buffer, name string, properties []string, message string) {
	out.WriteString("##vso[" + name)
	for i := 0; i+1 < len(properties); i += 2 {
		sep := ";"
		if i == 0 {
			sep = " "
		}
		out.WriteString(sep + properties[i] + "=" + azureProperty.Replace(data(report.Plain(properties[i+1]))))
	}
	out.WriteString("]" + data(report.Plain(message)) + "\n")
}
