package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/unpinned-digest", Severity: finding.Low,
	Title:       "Base image is not pinned to a digest",
	Remediation: "Write the digest behind the tag: image:tag@sha256:…, and let a bot renew it",
	Controls:    []string{"cis-docker-1.6:4.2"},
	Off:         true,
}, onFile(func(r *report, f *file) {
	globals := f.globals()
	for _, st := range f.stages {
		if st.from.broken || st.parent != nil || len(st.from.words) == 0 {
			continue
		}
		ref, known := expand(unquote(st.base), globals, f.escape)
		if known && ref != "scratch" && f.named[strings.ToLower(ref)] == nil && !strings.Contains(ref, "@") && imageName(ref) {
			r.part(st.from, st.from.wordSpan(0), "base image %s can be another one tomorrow: it has no digest", quote(ref))
		}
	}
}))
