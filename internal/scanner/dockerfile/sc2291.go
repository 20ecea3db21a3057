package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2291", Severity: finding.Low,
	Title:       "Blanks in the arguments of echo collapse",
	Remediation: "Quote them where they are meant",
}, onCall(collapsing, "echo"))

func collapsing(r *report, w *shellWalk, c *call) {
	args := c.args()
	for n := 1; n < len(args); n++ {
		i, j := int(args[n-1].End().Offset()), int(args[n].Pos().Offset())
		if gap := w.script.raw(i, j); strings.Trim(gap, " \t") == "" && w.width(i, gap) >= 4 {
			r.node(w, c.node, "echo puts one blank between its arguments, however many stand here")
			return
		}
	}
}

// tab is how far tabs go, in columns.
const tab = 8

// width is how many columns white space takes that begins at byte i.
func (w *shellWalk) width(i int, gap string) int {
	if strings.IndexByte(gap, '\t') < 0 {
		return len(gap)
	}
	line := w.script.text[max(0, i-measuredLine):i]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	from := columns(0, line)
	return columns(from, gap) - from
}

// columns is the column that a text ends in.
func columns(column int, text string) int {
	for _, c := range text {
		if column++; c == '\t' {
			column += (tab - column%tab) % tab
		}
	}
	return column
}

// measuredLine is how much of a line is looked at to know where its tabs lead, in bytes.
const measuredLine = 4096
