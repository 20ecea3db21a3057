package imageconfig

import (
	"cmp"
	"strings"

	"github.com/boltseal/boltseal/internal/imagename"
)

// host gives the registry that a reference names, lower case; "" where it names none.
func host(ref string) string {
	registry, _ := imagename.Split(ref)
	return registry
}

// tag gives the tag of a reference, "latest" where it names neither tag nor digest;
// false where it names a digest.
func tag(ref string) (string, bool) {
	if strings.Contains(ref, "@") {
		return "", false
	}
	if i := strings.LastIndexAny(ref, "/:"); i >= 0 && ref[i] == ':' {
		return ref[i+1:], true
	}
	return "latest", true
}

// TrustsRegistryOf says whether the registry of a base is one that bases may come from. A
// base that names none is Docker Hub's.
func (o *Options) TrustsRegistryOf(base string) bool {
	return len(o.TrustedRegistries) == 0 || o.trusts(cmp.Or(host(base), imagename.DockerHub))
}

// trusts says whether a registry is on the list.
func (o *Options) trusts(registry string) bool {
	for _, pattern := range o.TrustedRegistries {
		pattern = strings.ToLower(pattern)
		if pattern == "index.docker.io" || pattern == "hub.docker.com" {
			pattern = imagename.DockerHub
		}
		end, before := strings.CutPrefix(pattern, "*")
		start, after := strings.CutSuffix(pattern, "*")
		switch {
		case before && strings.HasSuffix(registry, end), after && strings.HasPrefix(registry, start), pattern == registry:
			return true
		}
	}
	return false
}
