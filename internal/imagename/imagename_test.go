package imagename

import "testing"

func TestSplit(t *testing.T) {
	for name, want := range map[string][2]string{
		"debian":                         {"", "debian"},
		"debian:12":                      {"", "debian:12"},
		"acme/app":                       {"", "acme/app"},
		"docker.io/library/debian":       {DockerHub, "library/debian"},
		"Index.Docker.IO/debian":         {DockerHub, "debian"},
		"docker.io":                      {"", "docker.io"},
		"GHCR.io/Acme/App@sha256:00":     {"ghcr.io", "Acme/App@sha256:00"},
		"localhost/a/b":                  {"localhost", "a/b"},
		"localhost:5000/a:1":             {"localhost:5000", "a:1"},
		"debian:5000/x":                  {"debian:5000", "x"},
		"Evil/app":                       {"evil", "app"}, // no folder has capitals
		"local/host":                     {"", "local/host"},
		"registry.example.com":           {"", "registry.example.com"},
		"registry.example.com/":          {"registry.example.com", ""},
		"/debian":                        {"", "/debian"},
		"":                               {"", ""},
		"*.example.com/**":               {"*.example.com", "**"},
		"quay.io/index.docker.io/debian": {"quay.io", "index.docker.io/debian"},
	} {
		if registry, rest := Split(name); registry != want[0] || rest != want[1] {
			t.Errorf("%q: %q and %q, want %q", name, registry, rest, want)
		}
	}
}
