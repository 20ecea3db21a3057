package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3006", Severity: finding.Medium,
	Title:       "Base image has no tag",
	Remediation: "Name a version, better a digest",
}, onInstruction(func(r *report, i *instruction) {
	base := unquote(i.words[0].text)
	name, tag, digest := image(base)
	if tag == "" && digest == "" && name != "scratch" && i.stage.parent == nil && !strings.HasPrefix(name, "$") {
		r.part(i, i.wordSpan(0), "base image %s has neither tag nor digest", quote(base))
	}
}, "FROM"))
