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

func readDNF(c *command) dnf {
	words := c.getopt(yumShort, yumValued...).operands
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
