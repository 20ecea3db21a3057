package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC1001", Severity: finding.Low,
	Title:       "Backslash has no effect",
	Remediation: "Leave the backslash out, or quote the word",
}, onNode(uselessBackslash))

func uselessBackslash(r *report, w *shellWalk, lit *syntax.Lit) {
	w.uselessEscapes(lit, func(i int, c byte) {
		if strings.IndexByte("ntr", c) < 0 {
			r.region(w, i, i+2, "the backslash before %s changes nothing", quote(string(rune(c))))
		}
	})
}

// uselessEscapes calls for each backslash of an unquoted text before a character
// that means the same without it.
func (w *shellWalk) uselessEscapes(lit *syntax.Lit, found func(int, byte)) {
	if strings.IndexByte(lit.Value, '\\') < 0 || w.quoted || w.place == inExpansion || w.place == inArithmetic || w.place == inDocument {
		return
	}
	if t, ok := w.parent(1).(*syntax.BinaryTest); ok && t.Op == syntax.TsReMatch && t.Y == syntax.TestExpr(w.word) {
		return
	}
	at, text := int(lit.ValuePos.Offset()), w.raw(lit)
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if c := text[i]; strings.IndexByte("|&;<>()\\ '\t\n\r\"$`?*@!+[]{}.,~#", c) < 0 && c < 0x80 {
			found(at+i-1, c)
		}
	}
}
