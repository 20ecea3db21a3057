package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2164", Severity: finding.Medium,
	Title:       "Failure of cd is not noticed",
	Remediation: "Write cd … || exit, or set -e before",
}, onCall(uncheckedCd, "cd", "pushd", "popd"))

func uncheckedCd(r *report, w *shellWalk, c *call) {
	if w.setsErrexit() || w.conditional() || c.name != "cd" && c.flag("n") {
		return
	}
	if len(c.words) == 2 && staysNear(c.text(1)) {
		return
	}
	r.node(w, c.node, "what follows is run in the wrong folder where %s fails", c.name)
}

// staysNear says whether a path is only dots and slashes: it always exists.
func staysNear(path string) bool {
	return path != "" && strings.Trim(path, "./") == "" && !strings.Contains(path, "...")
}
