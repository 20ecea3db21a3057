package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2227", Severity: finding.Medium,
	Title:       "Redirection in the middle of find",
	Remediation: "Put it at the end, or into sh -c of -exec",
}, onCall(findRedirect, "find"))

func findRedirect(r *report, w *shellWalk, c *call) {
	if len(c.words) < 2 || !c.has("-exec", "-execdir", "-ok", "-okdir", "-fls", "-fprint", "-print", "-delete", "-name") {
		return
	}
	last := c.words[len(c.words)-1].Pos()
	for _, d := range c.stmt.Redirs {
		if last.After(d.OpPos) {
			r.region(w, int(d.Pos().Offset()), int(d.Pos().Offset())+1, "this redirects find as a whole, not what -exec runs")
		}
	}
}
