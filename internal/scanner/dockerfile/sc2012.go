package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2012", Severity: finding.Low,
	Title:       "Output of ls is read by a program",
	Remediation: "Use find, or a loop over a pattern",
}, onPipe(readsList))

func readsList(r *report, w *shellWalk, steps []*call) {
	if listed(steps, "grep") || listed(steps, "xargs") {
		return
	}
	for n, c := range steps[:len(steps)-1] {
		if c.first() == "ls" && !c.flag("N") {
			_ = n
			r.region(w, int(c.words[0].Pos().Offset()), int(c.end().Offset()), "ls prints for people: names with unusual characters come out wrong")
		}
	}
}

// listed says whether ls is read by a program.
func listed(steps []*call, reader string) bool {
	for n, c := range steps[:len(steps)-1] {
		if c.first() == "ls" && steps[n+1].first() == reader {
			return true
		}
	}
	return false
}

// first is the first word of a command as it is written when it is a literal.
func (c *call) first() string {
	if c == nil || len(c.node.Args) == 0 {
		return ""
	}
	text, _ := literalWord(c.node.Args[0])
	return text
}

func (c *call) end() syntax.Pos { return c.words[len(c.words)-1].End() }
