package cli

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpproxy"

	"github.com/boltseal/boltseal/internal/source/image"
)

// remoteOptions are the flags of images that lie in no file.
type remoteOptions struct {
	offline  bool
	insecure []string
	mirrors  []string
}

func (o *remoteOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.offline, "offline", false, "ask no registry and fetch no advisories; the daemons of this machine are no network")
	f.StringSliceVar(&o.insecure, "insecure-registry", nil, "registry that may be reached over plain HTTP, as HOST or HOST:PORT; repeatable (default: loopback only)")
	f.StringSliceVar(&o.mirrors, "registry-mirror", nil, "where to ask before a registry, as docker.io=mirror.example.com[/PATH]; repeatable")
}

// remote says how images are reached. Values that are refused are not repeated: an
// address can hold a password.
func (o remoteOptions) remote(sys System, targets []target) (image.Remote, error) {
	r := image.Remote{
		Offline:    o.offline,
		Keychain:   keychain{sys.Getenv},
		Identities: sys.ownIdentities(),
		Proxy:      proxies(sys.Getenv),
		Insecure:   o.insecure,
	}
	for _, host := range o.insecure {
		if !image.IsRegistry(host) {
			return r, usage(errors.New("--insecure-registry: write HOST or HOST:PORT"))
		}
	}
	for _, m := range o.mirrors {
		registry, location, _ := strings.Cut(m, "=")
		location = strings.TrimSuffix(location, "/")
		if !image.IsRegistry(registry) || image.CheckReference(location+"/x") != nil {
			return r, usage(errors.New("--registry-mirror: write the registry and its mirror, as docker.io=mirror.example.com"))
		}
		r.Mirrors = append(r.Mirrors, image.Mirror{Registry: registry, Location: location})
	}
	return r, o.sockets(sys, targets, &r)
}

// sockets finds out where daemons may listen. One that a variable puts elsewhere is
// asked nowhere else.
func (o remoteOptions) sockets(sys System, targets []target, r *image.Remote) error {
	runtime := sys.Getenv("XDG_RUNTIME_DIR")
	if runtime == "" {
		runtime = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	r.DockerSockets = []string{"/var/run/docker.sock", filepath.Join(runtime, "docker.sock")}
	if home := sys.Getenv("HOME"); home != "" {
		r.DockerSockets = append(r.DockerSockets, filepath.Join(home, ".docker/run/docker.sock"))
	}
	r.PodmanSockets = []string{filepath.Join(runtime, "podman/podman.sock"), "/run/podman/podman.sock"}
	for _, d := range []struct {
		scheme, variable string
		sockets          *[]string
	}{
		{image.SchemeDocker, "DOCKER_HOST", &r.DockerSockets},
		{image.SchemePodman, "CONTAINER_HOST", &r.PodmanSockets},
	} {
		value := sys.Getenv(d.variable)
		if value == "" {
			continue
		}
		path, isUnix := strings.CutPrefix(value, "unix://")
		if isUnix {
			*d.sockets = []string{path}
			continue
		}
		*d.sockets = nil
		if slices.ContainsFunc(targets, func(t target) bool { return t.scheme == d.scheme }) {
			return usage(fmt.Errorf("%s is not unix://PATH, and a daemon is asked over a socket only: save the image and scan docker-archive:FILE", d.variable))
		}
	}
	return nil
}

// proxies finds the proxy for an address by the usual variables.
func proxies(getenv func(string) string) func(*url.URL) (*url.URL, error) {
	get := func(name string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return getenv(strings.ToLower(name))
	}
	config := &httpproxy.Config{HTTPProxy: get("HTTP_PROXY"), HTTPSProxy: get("HTTPS_PROXY"), NoProxy: get("NO_PROXY")}
	find := config.ProxyFunc()
	return func(u *url.URL) (*url.URL, error) {
		variable, value := "HTTPS_PROXY", config.HTTPSProxy
		if u.Scheme == "http" {
			variable, value = "HTTP_PROXY", config.HTTPProxy
		}
		// The library goes without a proxy whose address it does not understand.
		if !isProxy(value) {
			return nil, fmt.Errorf("%s is not the address of a proxy", variable)
		}
		return find(u)
	}
}

// isProxy says whether a value is empty or the address of a proxy, which may lack its
// scheme.
func isProxy(value string) bool {
	if value != "" && !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && (value == "" || (u.Hostname() != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)))
}

// keychain knows what a job knows of credentials: DOCKER_AUTH_CONFIG, Docker's or
// Podman's configuration with its helpers, and the job's own token on GitLab and GitHub.
type keychain struct{ getenv func(string) string }

// Resolve implements authn.Keychain.
func (k keychain) Resolve(at authn.Resource) (authn.Authenticator, error) {
	if auth, err := authConfig(k.getenv("DOCKER_AUTH_CONFIG"), at); auth != nil || err != nil {
		return auth, err
	}
	auth, err := authn.DefaultKeychain.Resolve(at)
	if err != nil || auth != authn.Anonymous {
		return auth, err
	}
	user, password := k.getenv("CI_REGISTRY_USER"), k.getenv("CI_REGISTRY_PASSWORD")
	if password != "" && k.getenv("GITLAB_CI") == "true" && at.RegistryStr() == k.getenv("CI_REGISTRY") {
		return authn.FromConfig(authn.AuthConfig{Username: user, Password: password}), nil
	}
	return k.github(at), nil
}

// ghcr is GitHub's registry. The instances of others have their own.
const ghcr = "ghcr.io"

// github is the token of a job of GitHub Actions, for the registry of github.com alone.
func (k keychain) github(at authn.Resource) authn.Authenticator {
	if at.RegistryStr() != ghcr || k.getenv("GITHUB_ACTIONS") != "true" || k.getenv("GITHUB_SERVER_URL") != "https://github.com" {
		return authn.Anonymous
	}
	token := ""
	for _, name := range githubTokens {
		token = cmp.Or(token, k.getenv(name))
	}
	if token == "" {
		return authn.Anonymous
	}
	user := cmp.Or(k.getenv("GITHUB_ACTOR"), "github-actions")
	return image.JobCredentials{Authenticator: authn.FromConfig(authn.AuthConfig{Username: user, Password: token})}
}
