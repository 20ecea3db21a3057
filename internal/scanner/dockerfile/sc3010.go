package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3010", Severity: finding.Medium,
	Title:       "[[ ]] is not defined in sh",
	Remediation: "Write [ ], with all its operands quoted, or set SHELL to bash",
}, onNode(doubleBracket))

func doubleBracket(r *report, w *shellWalk, t *syntax.TestClause) {
	if w.posix() {
		r.node(w, t, "sh knows no [[ ]]: write [ ]")
	}
}
