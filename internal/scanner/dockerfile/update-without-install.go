package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/update-without-install", Severity: finding.Medium,
	Title:       "Package index is fetched in a layer of its own",
	Remediation: "Fetch the index and install in one RUN: apt-get update && apt-get install …",
	Controls:    []string{"cis-docker-1.6:4.7"},
}, onBuilding(func(r *report, i *instruction) {
	if i.script == nil || i.script.foreign {
		return
	}
	for _, m := range i.mounts() {
		if m["type"] == "cache" {
			return // what is fetched is there for the next RUN, and new each time
		}
	}
	var update *command
	for _, c := range i.script.commands {
		switch inner := effective(c); {
		case fetchesIndex(inner):
			if update == nil {
				update = c
			}
		case !preparing(inner):
			return // it may well install
		}
	}
	if update != nil {
		r.command(update, "%s fetches the package index for a later layer, where it may be old", effective(update).name())
	}
}, "RUN"))

// fetchesIndex says whether a command fetches lists of packages.
func fetchesIndex(c *command) bool {
	words := plainTexts(c.operands("o", "c", "t", "option", "config-file", "X", "p", "repository", "setopt", "enablerepo", "disablerepo"))
	if c.name() == "pacman" {
		return len(words) == 0 && c.flag("S") && c.flag("y") && !c.flag("u")
	}
	if len(words) == 0 {
		return false
	}
	switch c.name() {
	case "apt-get", "apt", "aptitude":
		return words[0] == "update"
	case "apk":
		return words[0] == "update"
	case "yum", "dnf", "microdnf", "tdnf":
		return words[0] == "makecache"
	case "zypper":
		return words[0] == "refresh" || words[0] == "ref"
	}
	return false
}

// preparations are programs that install nothing: they prepare sources of packages,
// and clean up.
var preparations = []string{
	"", "echo", "printf", "set", "rm", "mkdir", "rmdir", "cat", "sed", "awk", "grep", "export", "apt-key", "curl", "wget", "gpg", "tee", "touch", "chmod", "chown",
	"cp", "mv", "ln", "true", ":", "cd", "add-apt-repository", "apt-add-repository", "apt-config", "sha256sum", "test", "[", "sleep", "lsb_release",
	"dirname", "id", "date", "uname", "unset", "head", "tail", "cut", "tr", "sort", "install", "dpkg-architecture",
}

func preparing(c *command) bool {
	switch name := c.name(); name {
	case "apt-get", "apt", "aptitude", "yum", "dnf", "microdnf", "tdnf", "zypper", "apk":
		words := plainTexts(c.operands("o", "c", "t", "option", "config-file", "setopt"))
		return len(words) > 0 && slices.Contains([]string{"clean", "autoclean", "autoremove", "remove", "purge", "dist-clean"}, words[0])
	case "dpkg":
		return c.has("--add-architecture") || c.has("--print-architecture")
	default:
		return slices.Contains(preparations, strings.TrimPrefix(name, "/bin/"))
	}
}
