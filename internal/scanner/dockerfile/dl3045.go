package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3045", Severity: finding.Medium,
	Title:       "COPY to a relative path without WORKDIR",
	Remediation: "Set WORKDIR first, or write the absolute path",
}, onFile(func(r *report, f *file) {
	set := make(map[*stage]bool)
	for _, st := range f.stages {
		set[st] = set[st.parent]
		for _, i := range st.instructions {
			switch {
			case i.broken:
			case i.keyword == "WORKDIR":
				set[st] = true
			case i.keyword == "COPY" && !set[st]:
				n := len(i.words) - 1
				if to := unquote(i.words[n].text); !absolute(strings.TrimLeft(to, `"'`)) {
					r.part(i, i.wordSpan(n), "COPY to %s is relative to whatever directory the base image has set", quote(to))
				}
			}
		}
	}
}))
