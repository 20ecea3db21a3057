package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3047", Severity: finding.Low,
	Title:       "wget fills the log with its progress",
	Remediation: "Add --progress=dot:giga, or --no-verbose",
}, onCommand(func(r *report, c *command) {
	p := c.getopt("aABDeiIloOPQRtTUwXn")
	if p.has("q", "quiet", "no-verbose", "o", "output-file", "a", "append-output", "progress") {
		return
	}
	for _, o := range p.options {
		if o.name == "n" && strings.Contains(o.value, "v") && strings.Trim(o.value, "cdHpv") == "" {
			return
		}
	}
	r.command(c, "wget writes its progress to the log")
}, "wget"))
