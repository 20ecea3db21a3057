package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2126", Severity: finding.Info,
	Title:       "Lines of grep are counted by wc",
	Remediation: "Write grep -c",
}, onPipe(countsLines))

func countsLines(r *report, w *shellWalk, steps []*call) {
	for n, c := range steps[:len(steps)-1] {
		next := steps[n+1]
		if c.first() != "grep" || next.first() != "wc" || len(next.words) == 1 ||
			c.flag("l", "files-with-matches", "L", "files-without-matches", "o", "only-matching", "r", "R", "recursive", "A", "after-context", "B", "before-context") ||
			next.flag("m", "chars", "w", "words", "c", "bytes", "L", "max-line-length") {
			continue
		}
		r.region(w, int(c.words[0].Pos().Offset()), int(c.end().Offset()), "grep -c counts by itself")
	}
}
