package dockerfile

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3007", Severity: finding.Medium,
	Title:       "Base image is tagged latest",
	Remediation: "Name a version, better a digest",
}, onInstruction(func(r *report, i *instruction) {
	base := unquote(i.words[0].text)
	if _, tag, digest := image(base); tag == "latest" && digest == "" {
		r.part(i, i.wordSpan(0), "base image %s moves with every release", quote(base))
	}
}, "FROM"))
