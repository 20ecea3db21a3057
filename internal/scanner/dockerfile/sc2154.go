package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2154", Severity: finding.Medium,
	Title:       "Variable is never set",
	Remediation: "Set it, or correct its name; say ${name:-} where it may be missing",
}, onScript(neverSet))

func neverSet(r *report, w *shellWalk) {
	for _, name := range w.names {
		u := w.uses[name]
		if u.last != nil || u.read == nil || u.guarded || u.checked || strings.ToUpper(name) == name || !isName(name) || fromShell(name) || w.lint.knows(w.script.run, name) {
			continue
		}
		r.node(w, u.read, "nothing sets %s: not the script, no ENV and no ARG", quote(name))
	}
}

// fromShell says whether a shell or its surroundings set a variable with small
// letters in its name.
func fromShell(name string) bool {
	switch name {
	case "auto_resume", "histchars", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy", "rsync_proxy":
		return true
	}
	return strings.HasPrefix(name, "BASH_") || strings.HasPrefix(name, "FLAGS_")
}
