package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2009", Severity: finding.Low,
	Title:       "Output of ps is searched by grep",
	Remediation: "Use pgrep",
}, onPipe(searchesProcesses))

func searchesProcesses(r *report, w *shellWalk, steps []*call) {
	for n, c := range steps[:len(steps)-1] {
		if c.first() == "ps" && steps[n+1].first() == "grep" && !c.flag("p", "pid", "q", "quick-pid") {
			r.region(w, int(c.words[0].Pos().Offset()), int(c.end().Offset()), "the search finds itself as well: use pgrep")
		}
	}
}
