package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/invalid-default-arg-in-from", Severity: finding.Info,
	Title:       "Defaults of the arguments make no image name",
	Remediation: "Give the ARG a default with which the file builds by itself",
}, onFile(func(r *report, f *file) {
	globals := f.globals()
	for _, st := range f.stages {
		if st.from.broken || !strings.Contains(st.base, "$") {
			continue
		}
		if name, known := expand(unquote(st.base), globals, f.escape); known && !imageName(name) {
			r.instruction(st.from, "without build arguments the base image has no valid name")
		}
	}
}))

// imageName says whether a reference has the form of one: no part of it is empty.
func imageName(ref string) bool {
	name, digest, at := strings.Cut(ref, "@")
	return name != "" && strings.Trim(name[:1], "/:.-_") != "" && !strings.ContainsAny(name, " \t$") && !strings.Contains(name, "//") &&
		strings.TrimRight(name, "/:.-") == name && (!at || strings.Contains(digest, ":")) &&
		name[strings.LastIndexByte(name, ':')+1:] != ""
}
