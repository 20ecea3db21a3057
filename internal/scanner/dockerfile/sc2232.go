package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2232", Severity: finding.Medium,
	Title:       "sudo cannot run a builtin of the shell",
	Remediation: "Write sudo sh -c …",
}, onCall(sudoBuiltin, "sudo"))

func sudoBuiltin(r *report, w *shellWalk, c *call) {
	if len(c.words) < 2 {
		return
	}
	switch c.text(1) {
	case "cd", "command", "declare", "eval", "exec", "exit", "export", "hash", "history", "local", "popd", "pushd", "read", "readonly", "return", "set",
		"shift", "source", "trap", "typeset", "ulimit", "umask", "unset", "wait":
		r.node(w, c.words[0], "%s is part of the shell: sudo finds no program of that name", quote(c.text(1)))
	}
}
