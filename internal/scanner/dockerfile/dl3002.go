package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3002", Severity: finding.Medium,
	Title:       "Last USER of a stage is root",
	Remediation: "End the stage with a user that is not root",
	Controls:    []string{"cis-docker-1.6:4.1"},
}, onStage(func(r *report, st *stage) {
	var last *instruction
	for _, i := range st.instructions {
		if i.keyword == "USER" && !i.broken {
			last = i
		}
	}
	if last == nil {
		return
	}
	user, _, _ := strings.Cut(unquote(last.words[0].text), ":")
	if user == "root" || user == "0" {
		r.part(last, last.wordSpan(0), "last USER of the stage is root")
	}
}))
