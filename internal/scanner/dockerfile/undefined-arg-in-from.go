package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/undefined-arg-in-from", Severity: finding.Medium,
	Title:       "FROM uses an argument that is not declared before the first stage",
	Remediation: "Declare it with ARG above the first FROM",
}, onFile(func(r *report, f *file) {
	globals := f.globals()
	for _, st := range f.stages {
		if st.from.broken || len(st.from.words) == 0 {
			continue
		}
		platform, _ := st.from.flag("platform")
		for _, text := range []string{platform, st.base} {
			for _, v := range references(text, f.escape) {
				if _, declared := globals[v.name]; !declared && !platformArgs[v.name] && !proxyArgs[v.name] && !v.fallback {
					r.instruction(st.from, "FROM uses %s, which no ARG before the first FROM declares", quote(v.name))
				}
			}
		}
	}
}))
