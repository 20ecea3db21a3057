package dockerfile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/imagename"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3026", Severity: finding.High,
	Title:       "Image is from a registry that is not trusted",
	Remediation: "Use an image of a registry from trustedRegistries in .hadolint.yaml",
	Controls:    []string{"cis-docker-1.6:4.2"},
}, onFile(func(r *report, f *file) {
	trusted := r.lint.native.TrustedRegistries
	if len(trusted) == 0 {
		return
	}
	given := f.globalArgs()
	for _, i := range f.instructions {
		for _, u := range i.images() {
			host, known := registry(substitute(u.ref, given))
			if known && trusts(trusted, host) {
				continue
			}
			if !known {
				host = "a variable"
			}
			r.at(i, u.where, i.keyword+" "+u.ref, "image %s is from %s, which is not a trusted registry", quote(u.ref), host)
		}
	}
}))

// use is an image that an instruction needs.
type use struct {
	ref   string
	where span
}

// images gives the images that an instruction names, without stages of the file.
func (i *instruction) images() []use {
	if i.broken || i.stage == nil {
		return nil
	}
	if i.trigger != nil {
		i = i.trigger
	}
	var uses []use
	switch i.keyword {
	case "FROM":
		if ref := unquote(i.stage.base); i.stage.parent == nil && ref != "scratch" {
			uses = append(uses, use{ref, i.wordSpan(0)})
		}
	case "COPY":
		if from, ok := i.flag("from"); ok && i.fromImage(from) {
			uses = append(uses, use{from, i.head()})
		}
	case "RUN":
		for _, from := range i.mountsFrom() {
			if i.fromImage(from) {
				uses = append(uses, use{from, i.head()})
			}
		}
	}
	return uses
}

// mountsFrom gives what the mounts of a RUN are from.
func (i *instruction) mountsFrom() []string {
	var sources []string
	for _, m := range i.flagValues("mount") {
		for field := range strings.SplitSeq(m, ",") {
			if key, from, _ := strings.Cut(field, "="); strings.EqualFold(key, "from") {
				sources = append(sources, from)
			}
		}
	}
	return sources
}

// fromImage says whether what is copied or mounted from is an image, not a stage.
// In a trigger it may be a stage of another file, unless it cannot be one's name.
func (i *instruction) fromImage(from string) bool {
	_, numbered := number(from)
	if i.onbuild != nil {
		return strings.ContainsAny(from, "/:")
	}
	return from != "" && from != "scratch" && !numbered && i.file.named[strings.ToLower(from)] == nil
}

// globalArgs gives the defaults of the ARGs before the first FROM.
func (f *file) globalArgs() map[string]string {
	given := make(map[string]string)
	for p := range f.preambleArgs() {
		given[p.key] = unquote(p.value)
	}
	return given
}

// substitute replaces the variable that a reference begins with by its default. It
// does not look into the default, so nothing can grow.
func substitute(ref string, given map[string]string) string {
	name, ok := strings.CutPrefix(ref, "$")
	if !ok {
		return ref
	}
	fallback := ""
	rest := ""
	if braced, ok := strings.CutPrefix(name, "{"); ok {
		name, rest, _ = strings.Cut(braced, "}")
		name, fallback, _ = strings.Cut(name, ":-")
	} else if n := strings.IndexAny(name, "/:@.-$"); n >= 0 {
		name, rest = name[:n], name[n:]
	}
	switch {
	case given[name] != "":
		return given[name] + rest
	case fallback != "":
		return fallback + rest
	}
	return ref
}

// registry gives the host that an image is from, lower case; false where a
// variable decides.
func registry(ref string) (string, bool) {
	first, _, path := strings.Cut(ref, "/")
	if strings.Contains(first, "$") && (path || strings.HasPrefix(first, "$")) {
		return "", false
	}
	host, _ := imagename.Split(ref)
	return cmp.Or(host, imagename.DockerHub), true
}

// trusts says whether a registry is on the list. Docker's own goes by three names.
func trusts(trusted []string, host string) bool {
	hosts := []string{host}
	if host == imagename.DockerHub {
		hosts = append(hosts, "index.docker.io", "hub.docker.com")
	}
	return slices.ContainsFunc(trusted, func(pattern string) bool {
		return slices.ContainsFunc(hosts, func(h string) bool { return fits(strings.ToLower(pattern), h) })
	})
}

// fits matches a registry with a pattern that may begin or end with "*".
func fits(pattern, host string) bool {
	if end, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(host, end)
	}
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(host, start)
	}
	return pattern == host
}
