package dockerfile

import (
	"bytes"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/empty-continuation", Severity: finding.Info,
	Title:       "Empty line stands within an instruction",
	Remediation: "Remove the line, or end the instruction before it",
}, onFile(func(r *report, f *file) {
	for _, i := range f.instructions {
		head := i.head()
		text := f.data[head.start:head.end]
		at := head.start
		for line := range bytes.Lines(text) {
			if at > head.start && len(bytes.TrimSpace(line)) == 0 {
				r.part(i, span{at, at}, "the instruction goes on behind an empty line, which will be an error one day")
				break
			}
			at += len(line)
		}
	}
}))
