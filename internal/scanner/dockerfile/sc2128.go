package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2128", Severity: finding.Medium,
	Title:       "Array without an index is its first element",
	Remediation: "Write \"${name[@]}\"",
}, onNode(wholeArray))

func wholeArray(r *report, w *shellWalk, p *syntax.ParamExp) {
	if p.Param == nil || p.Index != nil || p.Length || p.Excl || p.Slice != nil {
		return
	}
	u := w.uses[p.Param.Value]
	if u != nil && u.array && !u.scalar || arrays(p.Param.Value) {
		r.node(w, p, "this is the first element of %s only", quote(p.Param.Value))
	}
}

// arrays says whether bash makes an array of that name.
func arrays(name string) bool {
	switch name {
	case "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_CMDS", "BASH_LINENO", "BASH_REMATCH", "BASH_SOURCE", "BASH_VERSINFO",
		"COMP_WORDS", "COPROC", "DIRSTACK", "FUNCNAME", "GROUPS", "MAPFILE", "PIPESTATUS":
		return true
	}
	return false
}
