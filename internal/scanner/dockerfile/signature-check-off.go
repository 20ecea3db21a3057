package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/signature-check-off", Severity: finding.High,
	Title:       "Packages are installed whatever their signature says",
	Remediation: "Install the key of the repository and let the package manager check with it",
	Controls:    []string{"cis-docker-1.6:4.11"},
}, onBuilding(func(r *report, i *instruction) {
	for file, text := range i.documents() {
		if unsigningText(file, text) {
			r.instruction(i, "what is written to %s switches the check of signatures off", quote(file))
		}
	}
	for _, p := range i.variables() {
		if p.set && unsigning(p.key, unquote(p.value)) {
			r.part(i, p.keySpan, "%s switches the check of what is downloaded off", p.key)
		}
	}
}, "ENV", "ARG", "COPY", "ADD"), onFile(func(r *report, f *file) {
	for c := range f.commands() {
		for _, a := range c.settings() {
			if unsigning(a.name, a.value) {
				r.command(c, "%s switches the check of what is downloaded off", a.name)
			}
		}
		if w := c.written(); slices.ContainsFunc(w.files, func(file string) bool { return unsigningText(file, w.text) }) {
			r.command(c, "what is written to %s switches the check of signatures off", quote(w.files[0]))
		}
	}
}), onProgram(func(r *report, c *command) {
	if what := unsigningCommand(c); what != "" {
		r.command(c, "%s switches the check of signatures off", what)
	}
}, "apt-get", "apt", "aptitude", "add-apt-repository", "apt-add-repository", "debootstrap", "dpkg", "yum", "dnf", "microdnf", "tdnf",
	"yum-config-manager", "zypper", "apk", "rpm", "sed"))

// unsigning says whether a variable of that value makes Go take modules that no one
// vouches for.
func unsigning(name, value string) bool {
	switch name {
	case "GOSUMDB":
		return value == "off"
	case "GONOSUMDB":
		return slices.Contains(strings.Split(value, ","), "*")
	case "GONOSUMCHECK":
		return value != "" && value != "0"
	}
	return false
}

// unsigningText says whether text that goes to a configuration file makes a package
// manager accept packages without a valid signature.
func unsigningText(file, text string) bool {
	switch {
	case strings.Contains(file, "sources.list"):
		own := mentions(text, []string{"]file:", "uris:file:", "]copy:"}) && !strings.Contains(text, "http")
		return !own && mentions(text, []string{"trusted=yes", "trusted:yes", "allow-insecure=yes", "allow-insecure:yes"})
	case isConfiguration(file, "apt.conf"):
		return mentions(text, []string{"allowunauthenticatedtrue", "allowinsecurerepositoriestrue", "allowunauthenticated1", "force-yestrue"})
	case isConfiguration(file, "yum.conf") || isConfiguration(file, "dnf.conf") || isConfiguration(file, "*.repo"):
		text = strings.ReplaceAll(text, "repo_gpgcheck", "") // few publishers sign these
		return mentions(text, []string{"gpgcheck=0", "gpgcheck=no", "gpgcheck=false"})
	case isConfiguration(file, "pacman.conf"):
		return mentions(text, []string{"siglevel=never"})
	}
	return false
}

// unsigningWords are words that make a command accept packages without a valid
// signature, by program.
var unsigningWords = map[string][]string{
	"apt-get":     {"--allow-unauthenticated", "--allow-insecure-repositories", "--force-yes"},
	"debootstrap": {"--no-check-gpg"},
	"dpkg":        {"--force-bad-verify", "--no-debsig"},
	"yum":         {"--nogpgcheck", "--no-gpgchecks", "--no-gpg-checks"},
	"zypper": {
		"--no-gpg-checks", "--no-gpgcheck", "--gpgcheck-allow-unsigned", "--gpgcheck-allow-unsigned-package", "--gpgcheck-allow-unsigned-repo",
	},
	"apk": {"--allow-untrusted"},
	"rpm": {"--nosignature", "--nodigest", "--noverify", "--nogpg"},
}

// relatives are programs that take the options of another one.
var relatives = map[string]string{
	"apt": "apt-get", "aptitude": "apt-get", "dnf": "yum", "microdnf": "yum", "tdnf": "yum", "yum-config-manager": "yum",
}

// unsigningCommand names what makes a command accept packages without a valid
// signature; empty for nothing.
func unsigningCommand(c *command) string {
	name := c.name()
	if other, ok := relatives[name]; ok {
		name = other
	}
	switch name {
	case "apt-get":
		if key := unsigningApt(c); key != "" {
			return key
		}
	case "yum":
		for _, v := range c.values("setopt") {
			if key, value, _ := strings.Cut(v, "="); key[strings.LastIndexByte(key, '.')+1:] == "gpgcheck" && switchedOffWord(value) {
				return "--setopt=gpgcheck"
			}
		}
	case "add-apt-repository", "apt-add-repository":
		if slices.ContainsFunc(c.args(), func(a arg) bool { return mentions(a.text, []string{"trusted=yes"}) }) {
			return "trusted=yes"
		}
	case "sed":
		if slices.ContainsFunc(c.args(), func(a arg) bool { return switchesOff(a.text, "gpgcheck") }) {
			return "gpgcheck=0"
		}
	}
	return longOption(c, unsigningWords[name]...)
}

func unsigningApt(c *command) string {
	for _, v := range c.values("o", "option") {
		key, value, _ := strings.Cut(v, "=")
		switch strings.ToLower(key) {
		case "apt::get::allowunauthenticated", "acquire::allowinsecurerepositories", "acquire::allowweakrepositories", "apt::get::force-yes":
			if !switchedOffWord(value) {
				return key
			}
		}
	}
	return ""
}

// switchesOff says whether a command of sed replaces something by "name=0".
func switchesOff(code, name string) bool {
	for part := range strings.SplitSeq(code, ";") {
		part = strings.TrimSpace(part)
		if len(part) < 4 || part[0] != 's' {
			continue
		}
		pieces := strings.Split(part[2:], part[1:2])
		if len(pieces) < 2 {
			continue
		}
		with := strings.ReplaceAll(pieces[1], " ", "")
		if strings.HasPrefix(with, name+"=0") || strings.HasPrefix(with, name+"=no") {
			return true
		}
	}
	return false
}
