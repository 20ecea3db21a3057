package dockerfile

import (
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/copy-whole-context", Severity: finding.Medium,
	Title:       "Whole build context is copied, with what is secret in it",
	Remediation: "Leave .git, .env and keys out in a .dockerignore file, or copy by name what the image needs",
	Controls:    []string{"cis-docker-1.6:4.10", "nist-800-190:4.1.4"},
}, onFile(func(r *report, f *file) {
	published := f.published()
	for _, i := range f.instructions {
		st := i.stage
		if t := i.trigger; t != nil {
			i = t
		}
		if _, from := i.flag("from"); from || !published[st] || i.keyword != "COPY" && i.keyword != "ADD" || i.broken || len(i.words) < 2 {
			continue
		}
		for n, w := range i.words[:len(i.words)-1] {
			if source := unquote(w.text); wholeContext(source) {
				r.under(condition{Whole: true, Exclude: i.flagValues("exclude")}, i, i.wordSpan(n), i.identity(), "%s of %s takes the whole build context", i.keyword, quote(source))
				break
			}
		}
	}
}))

// wholeContext says whether a source is all that there is.
func wholeContext(source string) bool {
	source = strings.Trim(path.Clean("/"+source), "/")
	return slices.Contains([]string{"", "*", "**"}, source)
}
