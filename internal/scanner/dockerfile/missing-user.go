package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/missing-user", Severity: finding.Medium,
	Title:       "Final stage has no USER",
	Remediation: "Create a user and switch to it with USER",
	Controls:    []string{"cis-docker-1.6:4.1"},
	Fixable:     true,
}, onFile(func(r *report, f *file) {
	final := f.final()
	if final == nil || final.from.broken || final.windows() {
		return
	}
	for st := final; st != nil; st = st.parent {
		if hasUser(st) || unprivileged(st.base) {
			return
		}
	}
	if root := final.root(); root.base == "scratch" && !final.starts() {
		return // files to be exported, nothing to be run
	}
	fixMissingUser(r.at(final.from, final.from.head(), "USER", "final stage has no USER, so the container runs as the base image's user: mostly root"), final)
}))

func hasUser(st *stage) bool {
	for _, i := range st.instructions {
		if i.keyword == "USER" {
			return true
		}
	}
	return false
}

// unprivileged says whether an image's name promises a user that is not root.
func unprivileged(base string) bool {
	for _, word := range []string{"nonroot", "non-root", "rootless", "unprivileged"} {
		if strings.Contains(base, word) {
			return true
		}
	}
	return false
}

// root is the stage at the end of the chain of parents.
func (st *stage) root() *stage {
	for st.parent != nil {
		st = st.parent
	}
	return st
}

// starts says whether a stage says what its container runs.
func (st *stage) starts() bool {
	for ; st != nil; st = st.parent {
		for _, i := range st.instructions {
			if i.keyword == "CMD" || i.keyword == "ENTRYPOINT" {
				return true
			}
		}
	}
	return false
}
