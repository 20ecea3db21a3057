package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3028", Severity: finding.Medium,
	Title:       "Variable is one of bash",
	Remediation: "Ask a program for it, or set SHELL to bash",
}, onNode(bashVariable), onNode(bashArithmeticVariable))

func bashVariable(r *report, w *shellWalk, p *syntax.ParamExp) {
	if w.posix() && p.Param != nil && isBashVariable(p.Param.Value) && !w.provided(p.Param.Value) {
		r.node(w, p, "sh does not set %s", quote(p.Param.Value))
	}
}

func bashArithmeticVariable(r *report, w *shellWalk, word *syntax.Word) {
	if !w.posix() || w.place != inArithmetic {
		return
	}
	if name, ok := literalWord(word); ok && isBashVariable(name) && !w.provided(name) {
		r.node(w, word, "sh does not set %s", quote(name))
	}
}

// provided says whether anybody but the shell sets a variable.
func (w *shellWalk) provided(name string) bool {
	u := w.uses[name]
	return u != nil && u.last != nil || w.lint.knows(w.script.run, name)
}

func isBashVariable(name string) bool {
	switch name {
	case "_", "DIRSTACK", "EPOCHREALTIME", "EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HOSTNAME", "HOSTTYPE", "MACHTYPE", "MAPFILE",
		"OSTYPE", "PIPESTATUS", "RANDOM", "SECONDS", "SHELLOPTS", "SHLVL", "UID",
		"BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS", "BASH_COMMAND",
		"BASH_EXECUTION_STRING", "BASH_LINENO", "BASH_REMATCH", "BASH_SOURCE", "BASH_SUBSHELL", "BASH_VERSINFO":
		return true
	}
	return false
}
