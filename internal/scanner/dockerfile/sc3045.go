package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3045", Severity: finding.Medium,
	Title:       "Flag of a builtin is not defined in sh",
	Remediation: "Leave it out, or set SHELL to bash",
}, onCall(builtinFlag, "cd", "hash", "jobs", "printf", "read", "trap", "type", "ulimit", "umask", "unset", "wait"), onNode(declarationFlag))

func builtinFlag(r *report, w *shellWalk, c *call) {
	if !w.posix() {
		return
	}
	allowed, known := w.flagsOf(c.name)
	if !known {
		return
	}
	for n := 1; n < len(c.words); n++ {
		text := c.text(n)
		if len(text) < 2 || text[0] != '-' || text == "--" {
			return
		}
		if strings.Trim(text[1:], allowed) != "" {
			r.node(w, c.words[n], "sh does not define %s of %s", quote(text), c.name)
			return
		}
	}
}

// flagsOf gives the flags of a builtin that sh defines; false where dash has others
// that are not looked at.
func (w *shellWalk) flagsOf(name string) (string, bool) {
	dash := w.dialect == "dash"
	switch name {
	case "cd":
		return "LP", true
	case "jobs":
		return "lp", true
	case "hash":
		if dash {
			return "rv", true
		}
		return "r", true
	case "read":
		if dash {
			return "rp", true
		}
		return "r", true
	case "ulimit":
		return "f", !dash
	case "umask":
		return "S", true
	case "unset":
		return "fv", true
	}
	return "", true
}

func declarationFlag(r *report, w *shellWalk, d *syntax.DeclClause) {
	if !w.posix() || d.Variant.Value != "export" && d.Variant.Value != "readonly" {
		return
	}
	for _, a := range d.Args {
		text, ok := literalWord(a.Value)
		if a.Name != nil || !ok || len(text) < 2 || text[0] != '-' || text == "--" {
			return
		}
		if strings.Trim(text[1:], "p") != "" {
			r.node(w, a.Value, "sh does not define %s of %s", quote(text), d.Variant.Value)
			return
		}
	}
}
