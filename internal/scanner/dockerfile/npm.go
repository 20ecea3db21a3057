package dockerfile

import (
	"slices"
	"strings"
)

// npmValued are the options of npm that take a value.
var npmValued = []string{
	"C", "prefix", "w", "workspace", "registry", "reg", "cache", "userconfig", "globalconfig", "loglevel", "tag", "omit",
	"include", "only", "also", "install-strategy", "location", "L", "node-options", "script-shell", "shell",
	"scope", "before", "min-release-age", "save-prefix", "depth", "audit-level", "auth-type", "otp", "cpu", "os", "libc", "cafile", "ca", "cert",
	"key", "proxy", "https-proxy", "http-proxy", "noproxy", "python", "jobs", "user-agent", "maxsockets",
	"local-address", "fetch-retries", "fetch-retry-factor", "fetch-retry-mintimeout", "fetch-retry-maxtimeout",
	"fetch-timeout", "cache-min", "cache-max", "git", "logs-dir", "logs-max", "umask", "tmp", "target", "arch",
	"platform", "runtime", "dist-url", "disturl", "user", "group", "viewer", "editor", "replace-registry-host",
}

// npmInstall are the names of npm's install, misspellings that npm accepts with them.
var npmInstall = []string{
	"install", "add", "i", "in", "ins", "inst", "insta", "instal", "isnt", "isnta", "isntal", "isntall",
}

// npmPackages gives what an npm install names.
func npmPackages(c *command) []string {
	install := c.subcommand(npmValued...)
	if install == nil || !slices.Contains(npmInstall, install.name()) {
		return nil
	}
	return slices.DeleteFunc(textsOf(install.operands(npmValued...)), func(word string) bool {
		return word == "true" || word == "false" // of a switch
	})
}

// npmPinned says whether what npm installs has a version or tag, or is something
// that needs none: a path, an archive, a commit or tag of a repository.
func npmPinned(spec string) bool {
	from := len(spec) - len(strings.TrimPrefix(spec, "@")) // a scope begins with "@"
	if at := strings.IndexByte(spec[from:], '@'); at >= 0 && npmName(spec[:from+at]) {
		return npmVersion(spec[from+at+1:])
	}
	if npmPath(spec) {
		return true
	}
	return npmRemote(spec) && npmRevision(spec)
}

// npmVersion says whether what stands behind "name@" says which version: it may be
// another name with its version, or an address.
func npmVersion(version string) bool {
	if alias, ok := strings.CutPrefix(version, "npm:"); ok {
		at := strings.LastIndexByte(alias, '@')
		return at > 0 && at+1 < len(alias)
	}
	return version != "" && (!npmRemote(version) || npmPath(version) || npmRevision(version))
}

// npmName says whether what stands in front of an "@" is a package's name.
func npmName(name string) bool {
	scope, rest, scoped := strings.Cut(name, "/")
	if scoped {
		return strings.HasPrefix(scope, "@") && rest != "" && !strings.ContainsAny(rest, "/:")
	}
	return name != "" && !strings.ContainsAny(name, ":") && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "git+")
}

// npmPath says whether npm takes a word for a folder or an archive.
func npmPath(spec string) bool {
	for _, start := range []string{".", "/", "~/", "file:"} {
		if strings.HasPrefix(spec, start) {
			return true
		}
	}
	for _, ending := range []string{".tgz", ".tar.gz", ".tar"} {
		if strings.HasSuffix(spec, ending) {
			return true
		}
	}
	return strings.Contains(spec, `\`)
}

// npmHosts are the hosts whose addresses npm takes for repositories.
var npmHosts = []string{"github.com/", "gitlab.com/", "bitbucket.org/", "gist.github.com/"}

// npmRemote says whether npm fetches a word from an address or a repository:
// "owner/name" is one at GitHub.
func npmRemote(spec string) bool {
	return !strings.HasPrefix(spec, "@") && strings.ContainsAny(spec, "/") || strings.Contains(spec, ":")
}

// npmRevision says whether an address names a revision, or a file that needs none.
func npmRevision(spec string) bool {
	address, revision, _ := strings.Cut(spec, "#")
	if revision != "" {
		return true
	}
	scheme, rest, web := strings.Cut(address, "://")
	if !web || scheme != "https" && scheme != "http" || strings.HasSuffix(address, ".git") {
		return false
	}
	return !slices.ContainsFunc(npmHosts, func(host string) bool {
		return strings.HasPrefix(strings.TrimPrefix(rest, "www."), host) && strings.Count(strings.Trim(rest, "/"), "/") == 2
	})
}
