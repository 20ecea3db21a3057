package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/system-upgrade", Severity: finding.Low,
	Title:       "Whole system is upgraded in a layer",
	Remediation: "Take a newer base image, and upgrade by name what cannot wait for one",
}, onProgram(func(r *report, c *command) {
	if upgradesAll(c) {
		r.command(c, "%s upgrades all packages to whatever there is at the time of the build", c.name())
	}
}, "apt-get", "apt", "aptitude", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman"))

// upgradeValued are options of package managers that take the next word.
var upgradeValued = []string{
	"o", "c", "t", "option", "config-file", "target-release", "X", "p", "repository", "root", "setopt", "repo", "releasever", "x", "exclude",
	"installroot", "enablerepo", "disablerepo",
}

// upgradesAll says whether a command upgrades everything: it names no package.
func upgradesAll(c *command) bool {
	words := plainTexts(c.operands(upgradeValued...))
	if c.name() == "pacman" {
		return len(words) == 0 && slices.ContainsFunc(c.args(), func(a arg) bool {
			return !strings.HasPrefix(a.text, "--") && isFlag(a.text, "S") && isFlag(a.text, "u")
		})
	}
	if len(words) == 0 {
		return false
	}
	alone := len(words) == 1
	switch verb := words[0]; c.name() {
	case "apt-get", "apt", "aptitude":
		return slices.Contains([]string{"dist-upgrade", "full-upgrade", "safe-upgrade"}, verb) || verb == "upgrade" && alone
	case "apk":
		return verb == "upgrade" && alone
	case "zypper": // dist-upgrade has a code of hadolint's
		return alone && slices.Contains([]string{"update", "up", "patch"}, verb)
	default:
		return alone && !c.flag("security", "advisory", "cve") &&
			slices.Contains([]string{"update", "upgrade", "distro-sync", "upgrade-minimal", "update-minimal"}, verb)
	}
}
