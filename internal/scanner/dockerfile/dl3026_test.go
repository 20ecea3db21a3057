package dockerfile

import (
	"testing"
)

func TestRegistry(t *testing.T) {
	given := map[string]string{"HOST": "quay.io", "OTHER": "$HOST"}
	for ref, want := range map[string]string{
		"debian":                       "docker.io",
		"team/app:1":                   "docker.io",
		"Docker.io/team/app":           "docker.io",
		"index.docker.io/app":          "docker.io",
		"localhost/app":                "localhost",
		"localhost:5000/app":           "localhost:5000",
		"GHCR.io/app@sha256:0":         "ghcr.io",
		"$HOST/app":                    "quay.io",
		"${HOST}/app":                  "quay.io",
		"${HOST:-ghcr.io}/app":         "quay.io",
		"${NONE:-ghcr.io}/app":         "ghcr.io",
		"$OTHER/app":                   "",
		"$NONE/app":                    "",
		"$NONE":                        "",
		"${NONE":                       "",
		"$":                            "",
		"eu.$HOST/app":                 "",
		"debian:$TAG":                  "docker.io",
		"team/$APP":                    "docker.io",
		"ghcr.io/$APP:${TAG:-x.org/b}": "ghcr.io",
	} {
		if got, _ := registry(substitute(ref, given)); got != want {
			t.Errorf("registry of %q is %q, want %q", ref, got, want)
		}
	}
}

func TestTrusts(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"ghcr.io", "ghcr.io", true},
		{"GHCR.io", "ghcr.io", true},
		{"ghcr.io", "eu.ghcr.io", false},
		{"*", "quay.io", true},
		{"*.example.org", "eu.example.org", true},
		{"*.example.org", "example.org", false},
		{"registry.*", "registry.internal:5000", true},
		{"registry.*.org", "registry.example.org", false},
		{"*.example.*", "eu.example.org", false},
		{"hub.docker.com", "docker.io", true},
		{"index.docker.io", "docker.io", true},
		{"docker.io", "quay.io", false},
		{"", "quay.io", false},
	} {
		if got := trusts([]string{c.pattern}, c.host); got != c.want {
			t.Errorf("%q trusts %q: %v", c.pattern, c.host, got)
		}
	}
}
