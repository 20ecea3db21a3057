package dockerfile

import (
	"slices"
)

// zypperGlobal are the options in front of zypper's subcommand that take a value,
// zypperLocal those behind it: some letters mean something else there.
var (
	zypperGlobal = []string{
		"c", "config", "userdata", "s", "table-style", "D", "reposd-dir", "C", "cache-dir", "raw-cache-dir",
		"solv-cache-dir", "pkg-cache-dir", "R", "root", "installroot", "releasever", "p", "plus-repo", "plus-content",
	}
	zypperLocal = []string{"r", "repo", "from", "t", "type", "download", "with-interactive"}
)

// zypperShort are the global ones of one letter.
const zypperShort = "csDCRp"

// zypper gives zypper's subcommand, and an empty one where there is none.
func zypper(c *command) *command {
	if sub := c.subcommand(zypperGlobal...); sub != nil {
		return sub
	}
	return &command{}
}

// zypperInstalls says whether a command is zypper's install.
func zypperInstalls(c *command) bool {
	return c.name() == "zypper" && slices.Contains([]string{"install", "in"}, zypper(c).name())
}

// zypperAsks says whether a command changes packages and waits for an answer. -n
// is "by name" behind the subcommand.
func zypperAsks(c *command) bool {
	sub := zypper(c)
	switch sub.name() {
	case "install", "in", "remove", "rm", "source-install", "si", "update", "up", "patch", "dist-upgrade", "dup",
		"install-new-recommends", "inr", "verify", "ve":
	default:
		return false
	}
	global := *c
	global.words = c.words[:len(c.words)-len(sub.words)]
	return !global.short('n', zypperShort) && !c.long("non-interactive", "no-confirm") && !sub.short('y', "")
}
