package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC3040", Severity: finding.Medium,
	Title:       "Option of set -o is not defined in sh",
	Remediation: "Set it by SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"], or do without",
}, onCall(setOption, "set"))

func setOption(r *report, w *shellWalk, c *call) {
	if !w.posix() {
		return
	}
	for n := 1; n+1 < len(c.words); n++ {
		flag := c.text(n)
		if len(flag) < 2 || flag[0] != '-' && flag[0] != '+' || flag == "--" {
			return
		}
		if !strings.Contains(flag[1:], "o") {
			continue
		}
		n++
		if name := c.text(n); isName(name) && !slices.Contains(optionsOfSet, name) {
			r.node(w, c.words[n], "sh knows no option %s", quote(name))
		}
	}
}

// optionsOfSet are those that POSIX knows.
var optionsOfSet = []string{
	"allexport", "errexit", "ignoreeof", "monitor", "noclobber", "noexec", "noglob", "nolog", "notify", "nounset", "verbose", "vi", "xtrace",
}
