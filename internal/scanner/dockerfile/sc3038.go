package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3038", Severity: finding.Medium,
	Title:       "Flags of exec are not defined in sh",
	Remediation: "Leave them out, or set SHELL to bash",
}, onNode(execFlag))

func execFlag(r *report, w *shellWalk, node *syntax.CallExpr) {
	if !w.posix() || len(node.Args) < 2 {
		return
	}
	if name, ok := literalWord(node.Args[0]); !ok || name != "exec" {
		return
	}
	if flag, ok := literalWord(node.Args[1]); ok && len(flag) > 1 && flag[0] == '-' && flag != "--" {
		r.node(w, node.Args[1], "sh knows no flags of exec")
	}
}
