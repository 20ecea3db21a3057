// Package imagename takes names of images apart, as FROM writes them.
package imagename

import "strings"

// DockerHub is the registry of a name that names none.
const DockerHub = "docker.io"

// Split gives the registry that a name begins with, in lower case, and what stands behind
// it; no registry and all of the name where it begins with none. The first word of a name
// is a registry where it could be no folder of Docker Hub, which goes by one name here. A
// tag and a digest stay where they are.
// https://github.com/distribution/reference, splitDockerDomain in its normalize.go
func Split(name string) (registry, rest string) {
	first, rest, below := strings.Cut(name, "/")
	if !below || !strings.ContainsAny(first, ".:") && first != "localhost" && first == strings.ToLower(first) {
		return "", name
	}
	if first = strings.ToLower(first); first == "index.docker.io" {
		first = DockerHub
	}
	return first, rest
}
