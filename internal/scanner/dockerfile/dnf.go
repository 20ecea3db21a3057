package dockerfile

import (
	"strings"
)

// dnf is a command of dnf or microdnf, taken apart.
type dnf struct {
	// sub is the subcommand with what belongs to it: "install", "module install".
	sub string
	// packages are the operands behind it.
	packages []arg
}

// dnfValued are the options of dnf that take the next word as their value.
var dnfValued = []string{
	"config", "releasever", "installroot", "setopt", "enablerepo", "disablerepo", "repo", "repoid", "repofrompath",
	"exclude", "excludepkgs", "disableexcludes", "disableexcludepkgs", "enableplugin", "disableplugin", "comment",
	"forcearch", "arch", "downloaddir", "destdir", "advisory", "cve", "sec-severity", "debuglevel", "errorlevel",
	"randomwait", "color",
}

func readDNF(c *command) dnf {
	words := c.getopt("cdeRx", dnfValued...).operands
	for len(words) > 0 && strings.HasPrefix(words[0].text, "$") {
		words = words[1:] // a variable in front mostly holds options
	}
	if len(words) == 0 {
		return dnf{}
	}
	d := dnf{words[0].text, words[1:]}
	switch d.sub {
	case "module", "group", "groups", "environment":
		if len(d.packages) > 0 {
			d.sub += " " + d.packages[0].text
			d.packages = d.packages[1:]
		}
	}
	return d
}

// versioned says whether a package is named with its version, as far as a name
// tells: "java-21-openjdk" is taken for one with a version. A file has one.
func versioned(name string) bool {
	for n := range len(name) - 1 {
		if name[n] == '-' && (isDigit(rune(name[n+1])) || name[n+1] == '$') {
			return true
		}
	}
	return strings.HasSuffix(name, ".rpm") || strings.Contains(name, "://") || strings.ContainsAny(name, "<>=")
}
