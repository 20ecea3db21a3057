package dockerfile

import (
	"slices"
	"strings"
)

// pipValued are the options of pip install that take a value, pip's own with them.
var pipValued = []string{
	"r", "requirement", "c", "constraint", "e", "editable", "t", "target", "i", "index-url", "pypi-url",
	"extra-index-url", "f", "find-links", "C", "config-settings", "config-setting", "b", "build", "build-dir",
	"platform", "python-version", "implementation", "abi", "root", "prefix", "src", "source", "source-dir",
	"upgrade-strategy", "global-option", "install-option", "build-option", "no-binary", "only-binary",
	"progress-bar", "root-user-action", "report", "group", "python", "log", "log-file", "local-log",
	"keyring-provider", "proxy", "retries", "timeout", "default-timeout", "exists-action", "trusted-host",
	"cert", "client-cert", "cache-dir", "use-feature", "use-deprecated", "resume-retries",
	"uploaded-prior-to", "build-constraint", "requirements-from-script",
}

// pipShort are those of one letter.
const pipShort = "rcetifCb"

// pipListed are the options that name a file or group which says what is
// installed, or in which version.
var pipListed = []string{"requirement", "constraint", "group", "requirements-from-script"}

// pipPackages gives what a pip install names on its command line. Nothing where a
// file says what it is, or in which version.
func pipPackages(c *command) []string {
	n := pipInstall(c)
	if n < 0 {
		return nil
	}
	install := *c
	install.words = c.words[n:]
	if install.long(pipListed...) || slices.ContainsFunc(install.args(), listsPackages) {
		return nil
	}
	return append(textsOf(install.operands(pipValued...)), install.values("e", "editable")...)
}

// listsPackages says whether a word holds -r or -c, alone or behind other options.
func listsPackages(a arg) bool { return strings.ContainsAny(letters(a.text, pipShort), "rc") }

// distributions are the endings of files that pip installs.
var distributions = []string{".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".egg"}

// pipPinned says whether a requirement has a version, or is something that needs
// none: a path, an archive, a commit.
func pipPinned(requirement string) bool {
	if name, address, direct := strings.Cut(requirement, "@"); direct && !strings.ContainsAny(name, `+:/\`) {
		requirement = strings.TrimSpace(address)
	}
	if pipRepository(requirement) {
		return pipRevision(requirement)
	}
	if strings.ContainsAny(requirement, `/\`) || strings.HasPrefix(requirement, ".") || strings.HasPrefix(requirement, "~") {
		return true // an address or a path
	}
	name, _, _ := strings.Cut(requirement, ";") // conditions compare versions as well
	return strings.ContainsAny(name, "<>=~!") ||
		slices.ContainsFunc(distributions, func(ending string) bool { return strings.HasSuffix(name, ending) })
}

// pipRepository says whether a requirement is fetched from version control.
func pipRepository(requirement string) bool {
	kind, _, plus := strings.Cut(requirement, "+")
	return plus && slices.Contains([]string{"git", "hg", "svn", "bzr"}, kind)
}

// pipRevision says whether an address in version control ends in "@" and a revision.
// The "@" of a user is in front of the first slash of the path.
func pipRevision(address string) bool {
	address, _, _ = strings.Cut(address, "#")
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	_, path, _ := strings.Cut(address, "/")
	return strings.Contains(path, "@")
}
