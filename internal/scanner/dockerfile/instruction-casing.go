package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/instruction-casing", Severity: finding.Info,
	Title:       "Keywords are written in different cases",
	Remediation: "Write all keywords in upper case",
}, onFile(func(r *report, f *file) {
	upper, lower := 0, 0
	for _, i := range f.instructions {
		switch {
		case i.broken:
		case i.written() == i.keyword:
			upper++
		case i.written() == strings.ToLower(i.keyword):
			lower++
		}
	}
	for _, i := range f.instructions {
		want := i.keyword
		if lower > upper {
			want = strings.ToLower(want)
		}
		if !i.broken && i.written() != want {
			r.part(i, i.keywordSpan(), "%s is written otherwise than most keywords of the file: %s", quote(i.written()), want)
		}
	}
}))

// written is the keyword as it stands in the file.
func (i *instruction) written() string {
	text := i.text[i.at:i.end]
	if n := strings.IndexAny(text, separators); n >= 0 {
		return text[:n]
	}
	return text
}
