package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2010", Severity: finding.Medium,
	Title:       "Output of ls is searched by grep",
	Remediation: "Use a pattern, or find -name",
}, onPipe(searchesList))

func searchesList(r *report, w *shellWalk, steps []*call) {
	for n, c := range steps[:len(steps)-1] {
		if c.first() == "ls" && steps[n+1].first() == "grep" {
			r.region(w, int(c.words[0].Pos().Offset()), int(c.end().Offset()), "ls prints for people: a pattern of the shell or find -name tells files apart")
		}
	}
}
