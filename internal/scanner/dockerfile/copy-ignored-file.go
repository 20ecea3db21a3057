package dockerfile

import (
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/copy-ignored-file", Severity: finding.Medium,
	Title:       "What is copied is left out by .dockerignore",
	Remediation: "Take it out of .dockerignore, or add an exception: !path",
}, onBuilding(func(r *report, i *instruction) {
	if _, from := i.flag("from"); from || len(i.words) < 2 {
		return
	}
	for n, w := range i.words[:len(i.words)-1] {
		source := unquote(w.text)
		if remote(source) || strings.HasPrefix(source, "<<") || strings.ContainsAny(source, `$*?[\`) || wholeContext(source) {
			continue
		}
		file := strings.TrimPrefix(path.Clean("/"+source), "/")
		r.under(condition{Source: file}, i, i.wordSpan(n), i.keyword+" "+w.text, "%s is left out of the build context by .dockerignore", quote(source))
	}
}, "COPY", "ADD"))
