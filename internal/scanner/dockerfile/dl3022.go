package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3022", Severity: finding.Medium,
	Title:       "COPY --from names no stage and no image",
	Remediation: "Name an earlier stage, or an image with its tag or digest",
}, onFile(func(r *report, f *file) {
	earlier := make(map[string]bool)
	for _, st := range f.stages {
		for i, from := range st.copies() {
			if !findable(st, from, earlier) {
				r.instruction(i, "--from=%s is neither an earlier stage nor an image with a tag", quote(from))
			}
		}
		earlier[st.name] = true
	}
}))

// findable says whether what is copied from is a stage above, or an image with its
// tag or digest. A stage that copies from itself is another rule's business.
func findable(st *stage, from string, earlier map[string]bool) bool {
	if n, numbered := number(from); numbered {
		return n >= 0 && n <= st.index
	}
	name := strings.ToLower(from)
	return earlier[name] || name == st.name || strings.Contains(from, ":")
}
