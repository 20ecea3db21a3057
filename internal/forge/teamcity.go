package forge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// TeamCity speaks to the agent of TeamCity through standard output
// (https://www.jetbrains.com/help/teamcity/service-messages.html).
type TeamCity struct{ stdout io.Writer }

// NewTeamCity takes the job's standard output.
func NewTeamCity(stdout io.Writer) *TeamCity { return &TeamCity{stdout: stdout} }

// maxInspections is how many findings become inspections, the most severe. maxProblem is
// how long the description of a problem or an inspection is, maxType a type's id.
const (
	maxInspections = 500
	maxProblem     = 1000
	maxType        = 200
)

// Publish implements Publisher: findings are inspections, and what is no pass is a
// problem of the build.
func (c *TeamCity) Publish(_ context.Context, run *report.Run, files map[string]string) error {
	var out bytes.Buffer
	wanted := report.Attention(run)
	types := make(map[string]bool)
	for _, f := range wanted[:min(len(wanted), maxInspections)] {
		inspect(&out, types, f)
	}
	if run.Verdict.ExitCode != policy.ExitPass {
		text := report.Headline(run, report.Options{})
		if more := len(wanted) - maxInspections; more > 0 {
			text += fmt.Sprintf("; %d more findings are in the reports", more)
		}
		message(&out, "buildProblem", "description", report.Line(text, maxProblem), "identity", "boltseal")
	}
	if file := files["html"]; file != "" {
		message(&out, "publishArtifacts", "", filepath.ToSlash(filepath.Dir(filepath.FromSlash(file)))+" => boltseal")
	}
	if _, err := c.stdout.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing service messages: %w", err)
	}
	return nil
}

// inspect writes a finding, and first its type where it is new.
func inspect(out *bytes.Buffer, types map[string]bool, f *report.Finding) {
	id := report.Line(f.Rule, maxType)
	if !types[id] {
		types[id] = true
		message(out, "inspectionType", "id", id, "name", id, "description", f.Scanner+" rule "+id, "category", "boltseal "+f.Scanner)
	}
	severity := "WARNING"
	if f.Decision.Action == policy.Block {
		severity = "ERROR"
	}
	path, line, _, ok := f.Lines()
	if !ok {
		if path, line = f.Location.Path, 0; !f.InRepository() {
			path = strings.TrimLeft(f.Location.Image+":"+f.Location.Path, ":")
		}
	}
	attributes := []string{"typeId", id, "message", report.Line(f.Message, maxProblem), "file", path, "SEVERITY", severity}
	if line > 0 {
		attributes = append(attributes, "line", fmt.Sprint(line))
	}
	message(out, "inspection", attributes...)
}

// message writes one service message; attributes are names and values in turn, and a
// value alone has no name.
func message(out *bytes.Buffer, name string, attributes ...string) {
	out.WriteString("##teamcity[" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		out.WriteByte(' ')
		if attributes[i] != "" {
			out.WriteString(attributes[i] + "=")
		}
		out.WriteByte('\'')
		escape(out, report.Plain(attributes[i+1]))
		out.WriteByte('\'')
	}
	out.WriteString("]\n")
}

// escape leaves no quote, bracket or line break as it is; what is not ASCII is written by
// its code units.
func escape(out *bytes.Buffer, text string) {
	for _, r := range text {
		switch {
		case r == '\n':
			out.WriteString("|n")
		case r == '\r':
			out.WriteString("|r")
		case strings.ContainsRune("|'[]", r):
			out.WriteString("|" + string(r))
		case r < 0x20:
			out.WriteByte(' ')
		case r < 0x7f:
			out.WriteRune(r)
		case r > 0xffff:
			out.WriteByte('?') // an escape has four digits
		default:
			fmt.Fprintf(out, "|0x%04x", r)
		}
	}
}
