package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2034", Severity: finding.Medium,
	Title:       "Variable is set and never read",
	Remediation: "Leave it out, or export it where a program reads it",
}, onScript(neverRead))

func neverRead(r *report, w *shellWalk) {
	for _, name := range w.names {
		u := w.uses[name]
		if u.last == nil || u.read != nil || u.exported || strings.HasPrefix(name, "_") || forShell(name) || w.lint.knows(w.script.run, name) {
			continue
		}
		i, j := w.nameOf(u.last, name)
		r.region(w, i, j, "nothing reads %s: a program does only where it is exported", quote(name))
	}
}

// nameOf is where the name of a variable stands that a node sets.
func (w *shellWalk) nameOf(n syntax.Node, name string) (int, int) {
	i := int(n.Pos().Offset())
	if _, ok := n.(*syntax.ParamExp); ok {
		return i, int(n.End().Offset())
	}
	return i, i + len(name)
}

// forShell says whether a variable is for the shell itself, or for programs that
// know it.
func forShell(name string) bool {
	switch name {
	case "PATH", "HOME", "IFS", "PWD", "OLDPWD", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ", "UID", "EUID", "HOSTNAME",
		"PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND", "PROMPT_DIRTRIM", "CDPATH", "ENV", "MAIL", "MAILCHECK", "MAILPATH", "OPTARG", "OPTIND", "OPTERR", "REPLY",
		"COLUMNS", "LINES", "EDITOR", "VISUAL", "FCEDIT", "FIGNORE", "GLOBIGNORE", "HISTCONTROL", "HISTFILE", "HISTFILESIZE",
		"HISTIGNORE", "HISTSIZE", "HISTTIMEFORMAT", "HOSTFILE", "IGNOREEOF", "INPUTRC", "POSIXLY_CORRECT", "RANDOM", "SECONDS",
		"TIMEFORMAT", "TMOUT", "TMPDIR", "TMP", "DISPLAY", "PAGER", "MAPFILE", "COPROC", "DIRSTACK", "FUNCNAME", "GROUPS", "EXECIGNORE", "FUNCNEST", "EMACS",
		"auto_resume", "histchars", "LD_LIBRARY_PATH", "CLASSPATH", "PYTHONPATH":
		return true
	}
	return strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "BASH") || strings.HasPrefix(name, "COMP_")
}
