package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3015", Severity: finding.Low,
	Title:       "apt-get installs recommended packages",
	Remediation: "Add --no-install-recommends and name what is needed",
	Controls:    []string{"cis-docker-1.6:4.3"},
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	n := slices.IndexFunc(c.words, func(a arg) bool { return a.text == "install" })
	if n < 0 || c.flag("no-install-recommends") || slices.ContainsFunc(c.values("o", "option"), noRecommends) {
		return
	}
	h := r.command(c, "apt-get install brings recommended packages along")
	if c.editable() {
		h.description = "add --no-install-recommends"
		h.insert(c.words[n].where.end, " --no-install-recommends")
	}
}, "apt-get"))

// noRecommends says whether an option of apt switches recommended packages off.
func noRecommends(option string) bool {
	key, value, _ := strings.Cut(option, "=")
	return strings.EqualFold(key, "APT::Install-Recommends") && slices.Contains([]string{"false", "0", "no", "off"}, strings.ToLower(unquote(value)))
}

// editable says whether a command can be mended where it stands: it is written for
// a Unix shell, and not as an array of strings.
func (c *command) editable() bool {
	return c.node != nil && !c.script.foreign && c.script.err == nil
}
