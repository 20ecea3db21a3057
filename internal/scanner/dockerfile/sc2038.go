package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2038", Severity: finding.Medium,
	Title:       "File names from find are cut apart by xargs",
	Remediation: "Write find … -print0 | xargs -0, or find … -exec … +",
}, onPipe(unsafeXargs))

func unsafeXargs(r *report, w *shellWalk, steps []*call) {
	for n, c := range steps[:len(steps)-1] {
		next := steps[n+1]
		if c.first() != "find" || next.first() != "xargs" || next.flag("0", "null") || c.flag("0") ||
			c.has("-print0", "-printf") {
			continue
		}
		r.region(w, int(c.words[0].Pos().Offset()), int(c.end().Offset()), "names with blanks or quotes become several arguments: use -print0 and -0, or -exec")
	}
}
