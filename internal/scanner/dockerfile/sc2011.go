package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2011", Severity: finding.Medium,
	Title:       "Output of ls goes to xargs",
	Remediation: "Use find … -print0 | xargs -0, or find … -exec … +",
}, onPipe(runsList))

func runsList(r *report, w *shellWalk, steps []*call) {
	for n, c := range steps[:len(steps)-1] {
		if c.first() == "ls" && steps[n+1].first() == "xargs" {
			r.region(w, int(c.words[0].Pos().Offset()), int(c.end().Offset()), "names with blanks or quotes become several arguments: use find -exec")
		}
	}
}
