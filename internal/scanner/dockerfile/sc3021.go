package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3021", Severity: finding.Medium,
	Title:       ">& with a file is not defined in sh",
	Remediation: "Write > file 2>&1",
}, onNode(bothToFile))

func bothToFile(r *report, w *shellWalk, d *syntax.Redirect) {
	if !w.posix() || d.Op != syntax.DplOut || d.N != nil {
		return
	}
	if text, ok := literalWord(d.Word); ok && text != "-" && strings.Trim(text, "0123456789") != "" {
		r.region(w, int(d.OpPos.Offset()), int(d.End().Offset()), "sh sends to another descriptor only: write > file 2>&1")
	}
}
