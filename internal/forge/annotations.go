package forge

import (
	"fmt"
	"io"
	"strings"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// perLevel is how many annotations of a level the runner shows of one step
// (https://docs.github.com/actions/reference/limits).
const perLevel = 10

// Annotations shows on their lines what blocks and what is new and warns, by
// commands to the runner: that needs no permission, so a fork's job can do it too.
// Of each level the most severe are shown, and how many more there are.
func (a *Actions) Annotations(run *report.Run) error {
	var errs, warnings []string
	if run.Verdict.Status == policy.None {
		errs = append(errs, command("error", "boltseal", nil, report.Headline(run, a.options)))
	}
	for _, f := range report.Attention(run) {
		if f.Decision.Action == policy.Block {
			errs = append(errs, annotation("error", f))
		} else {
			warnings = append(warnings, annotation("warning", f))
		}
	}
	for _, level := range []struct {
		name  string
		lines []string
	}{{"error", errs}, {"warning", warnings}} {
		lines := level.lines
		if len(lines) > perLevel {
			more := fmt.Sprintf("%d more are in the job summary and in the report", len(lines)-perLevel+1)
			lines = append(lines[:perLevel-1:perLevel-1], command(level.name, "boltseal", nil, more))
		}
		if _, err := io.WriteString(a.stdout, strings.Join(lines, "")); err != nil {
			return fmt.Errorf("writing annotations: %w", err)
		}
	}
	return nil
}

func annotation(level string, f *report.Finding) string {
	var place []string
	if path, start, end, ok := f.Lines(); ok {
		place = []string{"file=" + property(report.Plain(path)), fmt.Sprintf("line=%d", start), fmt.Sprintf("endLine=%d", end)}
	} else if f.InRepository() {
		place = []string{"file=" + property(report.Plain(f.Location.Path))}
	}
	return command(level, f.Title(), place, f.Explained())
}

// command is a command to the runner. Its message is one line, whatever it holds.
func command(level, title string, place []string, message string) string {
	properties := append(place, "title="+property(title))
	return fmt.Sprintf("::%s %s::%s\n", level, strings.Join(properties, ","), data(message))
}

// data escapes a message as the runner reads it
// (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// property escapes a property's value, in which colon and comma mean something too.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
