package cli

import (
	"encoding/base64"
	"net/url"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/boltseal/boltseal/internal/source/image"
)

func TestCredentials(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("DOCKER_CONFIG", "")
	t.Setenv("REGISTRY_AUTH_FILE", "")
	both := base64.StdEncoding.EncodeToString([]byte("a:b:c"))
	gitlab := map[string]string{"GITLAB_CI": "true", "CI_REGISTRY": "registry.gitlab.example", "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": "job"}
	github := func(server string) map[string]string {
		return map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": server, "GITHUB_ACTOR": "octo", "GITHUB_TOKEN": "job"}
	}
	octo := &authn.AuthConfig{Username: "octo", Password: "job"}
	auths := func(json string) map[string]string { return map[string]string{"DOCKER_AUTH_CONFIG": json} }
	job := &authn.AuthConfig{Username: "ci", Password: "job"}
	abc := &authn.AuthConfig{Username: "a", Password: "b:c"}
	tests := map[string]struct {
		repo string
		env  map[string]string
		want *authn.AuthConfig // nil for an error
	}{
		"none":                               {"ghcr.io/a/b", nil, &authn.AuthConfig{}},
		"the job's on GitLab":                {"registry.gitlab.example/a/b", gitlab, job},
		"the job's, for another registry":    {"ghcr.io/a/b", gitlab, &authn.AuthConfig{}},
		"the job's on GitHub":                {"ghcr.io/a/b", github("https://github.com"), octo},
		"that of the action":                 {"ghcr.io/a/b", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_ACTOR": "octo", "BOLTSEAL_GITHUB_TOKEN": "job"}, octo},
		"GitHub's, for another registry":     {"ghcr.io.example.com/a/b", github("https://github.com"), &authn.AuthConfig{}},
		"GitHub's, for Docker Hub":           {"ghcr/b", github("https://github.com"), &authn.AuthConfig{}},
		"GitHub's, of another server":        {"ghcr.io/a/b", github("https://github.example.com"), &authn.AuthConfig{}},
		"GitHub's, outside of a job":         {"ghcr.io/a/b", map[string]string{"GITHUB_SERVER_URL": "https://github.com", "GITHUB_TOKEN": "job"}, &authn.AuthConfig{}},
		"GitHub's, without a token":          {"ghcr.io/a/b", map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.com"}, &authn.AuthConfig{}},
		"the variable":                       {"ghcr.io/a/b", auths(`{"auths":{"ghcr.io":{"auth":"` + both + `"}}}`), abc},
		"the variable, for another registry": {"quay.io/a/b", auths(`{"auths":{"ghcr.io":{"auth":"` + both + `"}}}`), &authn.AuthConfig{}},
		"the variable, as an address":        {"ghcr.io/a/b", auths(`{"auths":{"https://ghcr.io":{"username":"a","password":"b:c"}}}`), abc},
		"the variable, for a repository":     {"ghcr.io/a/b", auths(`{"auths":{"ghcr.io":{"auth":"eDp5"},"ghcr.io/a/b":{"auth":"` + both + `"}}}`), abc},
		"the variable, Docker Hub":           {"alpine", auths(`{"auths":{"https://index.docker.io/v1/":{"auth":"` + both + `"}}}`), abc},
		"the variable is broken":             {"alpine", auths(`{"auths":`), nil},
		"the variable holds nonsense":        {"alpine", auths(`{"auths":{"docker.io":{"auth":"%%%"}}}`), nil},
	}
	for name_, tt := range tests {
		t.Run(name_, func(t *testing.T) {
			repo, err := name.NewRepository(tt.repo)
			if err != nil {
				t.Fatal(err)
			}
			auth, err := keychain{func(v string) string { return tt.env[v] }}.Resolve(repo)
			if err != nil {
				if tt.want != nil {
					t.Fatal(err)
				}
				return
			}
			got, err := auth.Authorization()
			if err != nil {
				t.Fatal(err)
			}
			got.Auth = ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProxies(t *testing.T) {
	env := map[string]string{
		"https_proxy": "secure.example:3128", "HTTP_PROXY": "http://plain.example:3128", "NO_PROXY": "inside.example,10.0.0.0/8",
	}
	find := proxies(func(v string) string { return env[v] })
	for address, want := range map[string]string{
		"https://ghcr.io/v2/":                 "http://secure.example:3128",
		"http://ghcr.io/v2/":                  "http://plain.example:3128",
		"https://registry.inside.example/v2/": "",
		"http://10.1.2.3:5000/v2/":            "",
		"http://127.0.0.1:5000/v2/":           "",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		got, err := find(u)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if got != nil {
			text = got.String()
		}
		if text != want {
			t.Errorf("proxy for %s is %q, want %q", address, text, want)
		}
	}
	for value, want := range map[string]bool{
		"": true, "proxy:3128": true, "http://u:p@proxy:3128": true, "socks5://proxy": true,
		"http://u:p@bad:port": false, "ftp://proxy": false, "http://": false, ":": false,
	} {
		if got := isProxy(value); got != want {
			t.Errorf("isProxy(%q) = %v", value, got)
		}
	}
}

func TestSocketsOfDaemons(t *testing.T) {
	uid := strconv.Itoa(os.Getuid())
	podman := []string{"/run/user/" + uid + "/podman/podman.sock", "/run/podman/podman.sock"}
	tests := map[string]struct {
		env            map[string]string
		docker, podman []string
	}{
		"no variable": {nil, []string{"/var/run/docker.sock", "/run/user/" + uid + "/docker.sock"}, podman},
		"a home and a runtime folder": {
			map[string]string{"HOME": "/home/a", "XDG_RUNTIME_DIR": "/run/a"},
			[]string{"/var/run/docker.sock", "/run/a/docker.sock", "/home/a/.docker/run/docker.sock"},
			[]string{"/run/a/podman/podman.sock", "/run/podman/podman.sock"},
		},
		"a socket elsewhere": {map[string]string{"DOCKER_HOST": "unix:///a.sock", "CONTAINER_HOST": "unix:///b.sock"}, []string{"/a.sock"}, []string{"/b.sock"}},
		"no socket":          {map[string]string{"DOCKER_HOST": "tcp://docker:2375"}, nil, podman},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := remoteOptions{}.remote(System{Getenv: func(v string) string { return tt.env[v] }}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([2][]string{tt.docker, tt.podman}, [2][]string{r.DockerSockets, r.PodmanSockets}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTargetsWithoutAScheme(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("app:1.0", 0o700); err != nil {
		t.Fatal(err)
	}
	anywhere := func(s string) target { return target{typed: s, scheme: image.SchemeAnywhere, path: s} }
	folder := func(s string) target { return target{typed: s, scheme: "dir", path: s} }
	for arg, want := range map[string]target{
		"app:1.0":              folder("app:1.0"), // it is there
		"app:2.0":              anywhere("app:2.0"),
		"gitea:1.22":           anywhere("gitea:1.22"),
		"ghcr.io/acme/app":     anywhere("ghcr.io/acme/app"),
		"localhost:5000/app":   anywhere("localhost:5000/app"),
		"acme/app":             folder("acme/app"),
		"missing":              folder("missing"),
		"./app:2.0":            folder("./app:2.0"),
		`C:\src`:               folder(`C:\src`),
		"registry:app":         {typed: "registry:app", scheme: "registry", path: "app"},
		"docker:app:1":         {typed: "docker:app:1", scheme: "docker", path: "app:1"},
		"oci-dri:x":            {},
		"dokcer-archive:a.tar": {},
		"dokcer:alpine:3":      {},
		"https://h/app":        {},
		"u:p@h/app":            {},
		"registry:u:p@h/app:1": {},
		"docker:":              {},
	} {
		got, err := parseTarget(arg)
		if (err != nil) != (want.scheme == "") {
			t.Errorf("%s: error %v", arg, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(target{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arg, diff)
		}
	}
}
