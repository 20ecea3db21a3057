package dockerfile

import "strings"

// Fixes that add an option to a program, or call it by its better name.

// fixDL3014 lets apt-get ask nothing.
func fixDL3014(h *hit, c *command) {
	h.addWord(c, c.index("install", "upgrade", "dist-upgrade", "full-upgrade", "reinstall", "build-dep", "remove", "purge", "autoremove"), "-y")
}

// fixDL3019 lets apk keep no index.
func fixDL3019(h *hit, c *command) { h.addWord(c, c.place(c.subcommand(apkValued...)), "--no-cache") }

// fixDL3030 lets yum ask nothing.
func fixDL3030(h *hit, c *command) { h.addWord(c, c.place(c.subcommand(yumValued...)), "-y") }

// fixDL3038 lets dnf and microdnf ask nothing.
func fixDL3038(h *hit, c *command) { fixDL3030(h, c) }

// fixDL3034 lets zypper ask nothing. It is an option of zypper itself, so it stands
// before the subcommand.
func fixDL3034(h *hit, c *command) {
	if c.name() == "zypper" {
		h.addWord(c, 0, "--non-interactive")
	}
}

// fixDL3027 calls apt-get instead of apt where both do the same. apt-get takes a
// name that is none for a pattern, which apt does not, and upgrades no package that
// needs a new one.
func fixDL3027(h *hit, c *command) {
	if c.name() != "apt" || c.words[0].raw != "apt" {
		return
	}
	operands := c.operands("t", "target-release", "default-release", "c", "config-file", "o", "option")
	if len(operands) == 0 {
		return
	}
	for _, o := range operands[1:] {
		if strings.ContainsAny(o.text, "*?^[~$`|\\") {
			return
		}
	}
	name := "apt-get"
	switch operands[0].text {
	case "install", "update", "remove":
	case "upgrade":
		if h.addWord(c, c.index("upgrade"), "--with-new-pkgs"); h.edits == nil {
			return
		}
	default:
		return
	}
	switch at := c.words[0].where; {
	case c.editable():
		h.insert(at.end, name[len("apt"):])
	case c.node == nil && c.run.exec && c.script.shell == "":
		h.insert(at.end-1, name[len("apt"):])
	default:
		return
	}
	h.description = "call " + name
}
