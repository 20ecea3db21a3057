package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/definition-description", Severity: finding.Info,
	Title:       "Comment above an argument or stage does not begin with its name",
	Remediation: "Write: # name what it is for; or part the comment by an empty line",
	Off:         true,
}, onFile(func(r *report, f *file) {
	above := make(map[int]comment, len(f.comments))
	for _, c := range f.comments {
		above[c.line+1] = c
	}
	for _, i := range f.instructions {
		c, ok := above[i.line]
		if !ok || i.broken || strings.HasPrefix(c.text, nativePragma) || strings.HasPrefix(c.text, ownPragma) {
			continue
		}
		name := ""
		switch {
		case i.keyword == "ARG" && len(i.words) == 1:
			name = i.pairs()[0].key
		case i.keyword == "FROM" && i.stage.name != "":
			name = i.words[2].text
		}
		if word, _, _ := strings.Cut(c.text, " "); name != "" && word != name {
			r.at(i, c.span, i.identity()+" description", "comment above %s does not begin with that name", quote(name))
		}
	}
}))
