package dockerfile

import (
	"path"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3067", Severity: finding.Medium,
	Title:       "COPY takes over a whole file system",
	Remediation: "Build on the other stage, or copy what is needed",
}, onInstruction(func(r *report, i *instruction) {
	from, ok := i.flag("from")
	to := len(i.words) - 1
	if ok && isRoot(i.words[to]) && slices.ContainsFunc(i.words[:to], isRoot) {
		r.instruction(i, "COPY of all that %s holds", quote(from))
	}
}, "COPY"))

func isRoot(w lexeme) bool { return path.Clean(unquote(w.text)) == "/" }
