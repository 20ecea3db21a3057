package dockerfile

import (
	"slices"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2216", Severity: finding.Medium,
	Title:       "Pipe into a program that does not read",
	Remediation: "Use xargs, or a substitution",
}, onPipe(deafReader))

func deafReader(r *report, w *shellWalk, steps []*call) {
	for _, c := range steps[1:] {
		if c == nil || len(c.words) == 0 {
			continue
		}
		if deaf(c.name) && !slices.ContainsFunc(c.stmt.Redirs, func(d *syntax.Redirect) bool { return d.Op == syntax.RdrIn }) && !c.readsInput() {
			r.node(w, c.words[0], "%s does not read its input: xargs gives it to it as arguments", c.name)
		}
	}
}

// deaf says whether a program never reads its input.
func deaf(name string) bool {
	switch name {
	case "alias", "basename", "bg", "cal", "cd", "chgrp", "chmod", "chown", "cp", "du", "echo", "fg", "fuser", "getconf", "getopt", "getopts",
		"ipcrm", "ipcs", "jobs", "kill", "ln", "locale", "ls", "mv", "printf", "ps", "pwd", "renice", "rm", "rmdir", "set", "sleep",
		"touch", "trap", "ulimit", "unalias", "uname":
		return true
	}
	return false
}

// readsInput says whether a command that reads no input otherwise is told to.
func (c *call) readsInput() bool {
	if c.has("-", "/dev/stdin") || c.name == "rm" && c.flag("i") || (c.name == "cp" || c.name == "mv") && c.flag("i") {
		return true
	}
	return slices.ContainsFunc(c.args(), substitutes)
}
