package dockerfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3014", Severity: finding.Medium,
	Title:       "apt-get install waits for an answer",
	Remediation: "Add -y",
	Fixable:     true,
}, onCommand(func(r *report, c *command) {
	if c.has("install") && !aptAssumes(c) {
		fixDL3014(r.command(c, "apt-get asks before it installs, and nobody answers"), c)
	}
}, "apt-get"))

// aptShort are the options of apt-get of one letter that take a value.
const aptShort = "otca"

// aptAssumes says whether apt-get is told to ask nothing. It is also when it is to
// be quiet twice.
func aptAssumes(c *command) bool {
	quiet := 0
	for _, a := range c.args() {
		name, level, set := strings.Cut(a.text, "=")
		short := letters(name, aptShort)
		if name == "--yes" || name == "--assume-yes" || strings.Contains(short, "y") {
			return true
		}
		quiet += strings.Count(short, "q")
		if name == "--quiet" {
			quiet++
		}
		if n, err := strconv.Atoi(level); set && err == nil && (name == "--quiet" || strings.HasSuffix(short, "q")) {
			quiet = n
		}
	}
	return quiet >= 2 || slices.ContainsFunc(c.values("o", "option"), func(option string) bool {
		key, value, _ := strings.Cut(option, "=")
		return strings.EqualFold(key, "APT::Get::Assume-Yes") && aptTrue(unquote(value))
	})
}

// aptTrue reads a boolean as apt does.
func aptTrue(value string) bool {
	return slices.Contains([]string{"1", "yes", "true", "with", "on", "enable"}, strings.ToLower(value))
}
