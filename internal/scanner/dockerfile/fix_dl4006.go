package dockerfile

import (
	"slices"
	"strings"
)

// fixDL4006 sets a shell that heeds failures in a pipe before the first RUN that
// needs it: one for the stage and those that build on it. It knows the shells of
// well-known base images, and leaves alone what chose a shell itself, and stages in
// which another RUN would not survive the change.
func fixDL4006(h *hit, i *instruction) {
	if i.stage == nil || i.onbuild != nil || i.exec || i.shell != defaultShell {
		return
	}
	s := i.file.facts().stages[i.stage]
	if s.piped != i || s.above.piped || s.below.fragile || s.fragile != nil && s.fragile.line >= i.line {
		return
	}
	if shell := pipefailShell(s.root.base); shell != "" {
		h.description = "set a shell with pipefail"
		h.precede(i, "SHELL", shell)
	}
}

// hidesFailure says whether a RUN has a pipe whose failures its shell does not see.
func hidesFailure(i *instruction) bool {
	s := i.script
	return s != nil && len(s.pipelines) > 0 && !s.foreign && !i.shell.pipefail() && !pipefail(s.options)
}

// isFragile says whether a RUN that works would not with bash and pipefail: because
// the reader of a pipe ends before the writer, which then fails, because a program in
// the middle says no by its exit code, or because echo minds backslashes in one shell
// and not in another.
func isFragile(i *instruction) bool {
	if i.script == nil || i.exec {
		return false
	}
	for _, p := range i.script.pipelines {
		for n, step := range p.steps {
			for _, c := range step {
				if n > 0 && endsEarly(c) || n == 0 && c.name() == "yes" || n < len(p.steps)-1 && saysNo(c) {
					return true
				}
			}
		}
	}
	return mindsEcho(i.script)
}

// mindsEcho says whether a script calls echo with what shells read differently.
func mindsEcho(s *script) bool {
	return slices.ContainsFunc(s.commands, func(c *command) bool {
		return c.name() == "echo" && slices.ContainsFunc(c.args(), func(a arg) bool {
			return strings.Contains(a.raw, `\`) || strings.HasPrefix(a.text, "-") && strings.ContainsAny(a.text, "eE")
		})
	})
}

// isFragileStart says whether what a container is started or checked with, in shell
// form, would end otherwise with pipefail: any pipe may, and nobody sees it in a build.
func isFragileStart(i *instruction) bool {
	words := i.words
	if i.keyword == "HEALTHCHECK" && len(words) > 0 {
		words = words[1:]
	}
	if i.exec || len(words) == 0 {
		return false
	}
	if len(i.heredocs) > 0 || i.end-words[0].i > freely {
		return true
	}
	s := &script{run: i, shell: "sh", mapped: i.sub(words[0].i, i.end)}
	s.parse()
	return s.err != nil || len(s.pipelines) > 0 || mindsEcho(s)
}

// saysNo says whether a program fails as an answer: nothing was found, something
// differs.
func saysNo(c *command) bool {
	c = effective(c)
	switch c.name() {
	case "grep", "egrep", "fgrep", "zgrep", "rg", "pgrep", "pidof", "diff", "cmp", "which", "ldd", "dpkg-query", "false", "test", "[":
		return true
	case "dpkg", "rpm", "pacman":
		return c.flag("S", "search", "s", "status", "q", "query", "Q", "l", "list", "L", "listfiles", "W", "show", "V", "verify")
	}
	return false
}

// endsEarly says whether a program may stop reading before the end of its input.
func endsEarly(c *command) bool {
	switch c.name() {
	case "head", "true", ":", "read", "less", "more", "cmp", "diff":
		return true
	case "grep", "egrep", "fgrep", "rg":
		return c.flag("q", "quiet", "silent", "m", "max-count", "l", "L", "files-with-matches")
	case "sed", "awk", "gawk", "mawk", "perl", "python", "python3", "ruby":
		return slices.ContainsFunc(c.args(), func(a arg) bool { return strings.ContainsAny(a.text, "qQ") || strings.Contains(a.text, "exit") })
	}
	return false
}

// The images with bash, by their short names: distributions, and Docker's own
// images on top of them where no tag says otherwise.
var (
	bashDistributions = []string{
		"debian", "ubuntu", "buildpack-deps", "fedora", "centos", "rockylinux", "almalinux", "amazonlinux", "oraclelinux",
		"redhat/ubi8", "redhat/ubi9", "redhat/ubi8-minimal", "redhat/ubi9-minimal",
		"registry.access.redhat.com/ubi8", "registry.access.redhat.com/ubi9",
		"registry.access.redhat.com/ubi8/ubi", "registry.access.redhat.com/ubi9/ubi",
		"registry.access.redhat.com/ubi8/ubi-minimal", "registry.access.redhat.com/ubi9/ubi-minimal",
		"quay.io/fedora/fedora", "quay.io/centos/centos", "rockylinux/rockylinux",
	}
	bashLanguages = []string{"python", "node", "golang", "ruby", "rust", "perl", "php", "gcc"}
)

// official are the ways to name Docker's own images in full.
var official = []string{"docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/", "library/", "public.ecr.aws/docker/library/", "mirror.gcr.io/library/"}

// pipefailShell gives SHELL's arguments for an image, empty where it is not known
// which shells it has.
func pipefailShell(base string) string {
	name, tag, _ := image(strings.ToLower(unquote(base)))
	for _, prefix := range official {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			name = short
			break
		}
	}
	language := slices.Contains(bashLanguages, name)
	switch {
	case strings.ContainsAny(base, "$"):
		return ""
	case name == "alpine", language && strings.Contains(tag, "alpine"):
		return `["/bin/ash", "-o", "pipefail", "-c"]`
	case slices.Contains(bashDistributions, name), language && !strings.Contains(tag, "windows") && !strings.Contains(tag, "nanoserver"):
		return `["/bin/bash", "-o", "pipefail", "-c"]`
	}
	return ""
}
