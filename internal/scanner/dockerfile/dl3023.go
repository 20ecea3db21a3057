package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3023", Severity: finding.High,
	Title:       "COPY --from names the stage that it stands in",
	Remediation: "Name an earlier stage; within a stage, RUN cp copies",
}, onStage(func(r *report, st *stage) {
	for i, from := range st.copies() {
		if n, numbered := number(from); numbered && n == st.index || !numbered && strings.ToLower(from) == st.name {
			r.instruction(i, "--from=%s is the stage itself", quote(from))
		}
	}
}))
