package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/untrusted-base", Severity: finding.High,
	Title:       "Image is none that the policy trusts as a base",
	Remediation: "Use an image that targets.trusted-bases lists, or have the policy's owners add this one",
	Controls:    []string{"cis-docker-1.6:4.2", "nist-800-190:4.1.5"},
}, onFile(func(r *report, f *file) {
	trusts := r.lint.native.trustsBase
	if trusts == nil {
		return
	}
	defaults := f.defaults()
	for _, i := range f.instructions {
		for _, u := range i.images() {
			ref, known := expand(u.ref, defaults, f.escape)
			switch {
			case !known:
				// Part of a name, a tag or a digest: each can make another registry of it.
				r.at(i, u.where, i.keyword+" "+u.ref, "whether image %s is among the trusted bases of the policy cannot be told: only the build says what its variables hold", quote(u.ref))
			case !trusts(f.path, ref):
				r.at(i, u.where, i.keyword+" "+u.ref, "image %s is not among the trusted bases of the policy", quote(u.ref))
			}
		}
	}
}))
