package dockerfile

import (
	"slices"
	"strings"
)

// yumValued are the options of yum and dnf that take a value.
var yumValued = []string{
	"c", "config", "d", "debuglevel", "e", "errorlevel", "rpmverbosity", "R", "randomwait", "x", "exclude", "excludepkgs",
	"enablerepo", "disablerepo", "repo", "repoid", "repofrompath", "disableexcludes", "disableexcludepkgs",
	"disableplugin", "enableplugin", "releasever", "releasever-major", "releasever-minor", "setopt", "installroot",
	"color", "arch", "advisory", "advisories", "bz", "bzs", "cve", "cves", "sec-severity", "secseverity", "forcearch",
	"downloaddir", "destdir", "comment",
}

// yumShort are those of one letter.
const yumShort = "cdeRx"

// yumAssumes says whether yum or dnf is told to ask nothing.
func yumAssumes(c *command) bool {
	return c.short('y', yumShort) || c.long("assumeyes") || slices.ContainsFunc(c.values("setopt"), func(option string) bool {
		key, value, _ := strings.Cut(option, "=")
		return key == "assumeyes" && slices.Contains([]string{"1", "yes", "true", "on"}, strings.ToLower(value))
	})
}

// yumAsks says whether a command is an install of yum or dnf that waits for an answer.
func yumAsks(c *command) bool {
	install := c.subcommand(yumValued...)
	if install == nil || yumAssumes(c) {
		return false
	}
	switch install.name() {
	case "install", "groupinstall", "localinstall":
		return true
	case "group", "groups", "module":
		return yumNested(install) == "install"
	}
	return false
}

// yumNested is the subcommand of a subcommand: "install" of "module install".
func yumNested(c *command) string {
	if sub := c.subcommand(yumValued...); sub != nil {
		return sub.name()
	}
	return ""
}

// rpmPinned says whether a package to install has a version, "name-1.2-3.el9", as far
// as a name tells ("java-21-openjdk" is taken for one), or is a file, which has one.
func rpmPinned(p string) bool {
	if strings.HasSuffix(p, ".rpm") || strings.Contains(p, "://") || strings.ContainsAny(p, "<>=") {
		return true
	}
	for n := strings.IndexByte(p, '-'); n >= 0 && n+1 < len(p); n++ {
		if p[n] == '-' && (p[n+1] >= '0' && p[n+1] <= '9' || p[n+1] == '$') {
			return true
		}
	}
	return false
}
