package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

// apkValued are the options of apk that take a value.
var apkValued = []string{
	"t", "virtual", "X", "repository", "p", "root", "arch", "cache-dir", "cache-max-age", "keys-dir",
	"repositories-file", "timeout", "wait", "progress-fd", "cache-predownload",
}

var _ = declare(rule.Meta{
	ID: "DL3018", Severity: finding.Medium,
	Title:       "apk adds packages without a version",
	Remediation: "Pin each one: package=version or package~version",
}, onCommand(func(r *report, c *command) {
	if !c.has("add") {
		return
	}
	loose := unpinned(c.operands(apkValued...), "add", func(p string) bool {
		return strings.ContainsAny(p, "=~<>") || strings.HasSuffix(p, ".apk")
	})
	if len(loose) > 0 {
		r.command(c, "apk adds %s without a version", quoteAll(loose))
	}
}, "apk"))
