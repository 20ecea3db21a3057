package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3052", Severity: finding.Medium,
	Title:       "Base of a number is not defined in sh",
	Remediation: "Use printf",
}, onNode(numberBase))

func numberBase(r *report, w *shellWalk, word *syntax.Word) {
	if !w.posix() || w.place != inArithmetic {
		return
	}
	if base, _, ok := strings.Cut(w.raw(word), "#"); ok && base != "" && strings.Trim(base, "0123456789") == "" {
		r.node(w, word, "sh knows no numbers in another base")
	}
}
