package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2024", Severity: finding.Medium,
	Title:       "sudo does not redirect",
	Remediation: "Write … | sudo tee file, or sudo sh -c …",
}, onCall(sudoRedirect, "sudo"))

func sudoRedirect(r *report, w *shellWalk, c *call) {
	for _, d := range c.stmt.Redirs {
		text, _ := literalWord(d.Word)
		if text == "/dev/null" || text == "/dev/tty" || d.Hdoc != nil || d.N != nil && d.N.Value != "1" && d.N.Value != "0" {
			continue
		}
		switch d.Op {
		case syntax.RdrIn, syntax.RdrOut, syntax.AppOut, syntax.RdrClob:
			r.region(w, int(d.OpPos.Offset()), int(d.OpPos.Offset())+len(d.Op.String()), "the shell opens the file before sudo is run, as who runs the shell")
		}
	}
}
