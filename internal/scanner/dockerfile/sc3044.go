package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3044", Severity: finding.Medium,
	Title:       "Command is one of bash",
	Remediation: "Find another way, or set SHELL to bash",
}, onNode(bashDeclaration), onCall(bashCommand,
	"caller", "compgen", "complete", "compopt", "disown", "dirs", "enable", "mapfile", "popd", "pushd", "readarray", "shopt", "suspend"))

func bashDeclaration(r *report, w *shellWalk, d *syntax.DeclClause) {
	if name := d.Variant.Value; w.posix() && (name == "declare" || name == "typeset") {
		r.node(w, d, "sh knows no %s", name)
	}
}

func bashCommand(r *report, w *shellWalk, c *call) {
	if w.posix() {
		r.node(w, c.node, "sh knows no %s", c.name)
	}
}
