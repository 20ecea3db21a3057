package image

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/web"
)

// Remote is how images are reached that lie in no file. With the zero value
// registries are asked anonymously and directly, and there is no daemon.
type Remote struct {
	// Offline refuses registries. The socket of a daemon is no network.
	Offline bool
	// Keychain gives the credentials for a registry; nil has none.
	Keychain authn.Keychain
	// Identities gives the machine's own for the registries of its cloud, where Keychain has
	// nothing for them; nil has none.
	Identities Identities
	// Proxy gives the proxy for an address, nil for none. Its errors are told.
	Proxy func(*url.URL) (*url.URL, error)
	// Insecure are the registries, as HOST or HOST:PORT, that may be reached over
	// plain HTTP. Beside them only loopback addresses may.
	Insecure []string
	// Mirrors are asked before the registry that they stand for, in their order.
	Mirrors []Mirror
	// DockerSockets and PodmanSockets are where a daemon may listen; the first that
	// is there is asked.
	DockerSockets, PodmanSockets []string
	// MaxSpool bounds what a daemon's image takes on disk while it is scanned; 0 is
	// DefaultMaxSpool.
	MaxSpool int64

	stall time.Duration                              // 0 is web.StallLimit, shorter in tests
	wait  func(context.Context, time.Duration) error // nil waits
	reach func(*http.Transport)                      // in tests, who is reached by a name
}

// JobCredentials are what a CI job has for a registry without anybody having asked to use
// it. A registry that refuses them is asked once more without: what is public needs none.
type JobCredentials struct{ authn.Authenticator }

// Mirror is a place that has what a registry has.
type Mirror struct {
	Registry string // HOST or HOST:PORT that it stands for
	Location string // HOST or HOST:PORT, maybe with a path that goes before the repository's
}

// DefaultMaxSpool holds unless another bound is given.
const DefaultMaxSpool = 16 << 30

// CheckReference says whether a text can name an image. Its errors do not repeat the
// text: what is no reference may hold a password.
func CheckReference(ref string) error {
	_, err := parseReference(ref)
	return err
}

// LooksLikeReference says that a text without a scheme is meant to name an image: it
// has a tag, a digest or a host. A bare word is not: a folder's name that was
// mistyped must not fetch what a stranger has pushed under it.
func LooksLikeReference(ref string) bool {
	parsed, err := parseReference(ref)
	if err != nil {
		return false
	}
	if _, isDigest := parsed.(name.Digest); isDigest {
		return true
	}
	host, path, below := strings.Cut(ref, "/")
	if below && (host == "localhost" || strings.ContainsAny(host, ".:")) {
		return path != ""
	}
	return strings.Contains(ref, ":")
}

// IsRegistry says whether a text names a registry as HOST or HOST:PORT.
func IsRegistry(host string) bool {
	if host == "" || strings.ContainsAny(host, "/@ ") {
		return false
	}
	_, err := name.NewRegistry(host, name.StrictValidation)
	return err == nil
}

// parseReference reads the reference of an image.
func parseReference(ref string) (name.Reference, error) {
	before, _, isDigest := strings.Cut(ref, "@sha")
	switch {
	case ref == "":
		return nil, errors.New("no image is named")
	case len(ref) > maxName:
		return nil, fmt.Errorf("reference is longer than %d bytes", maxName)
	case strings.Contains(ref, "://"):
		return nil, errors.New("write the image as HOST/NAME:TAG, without https://")
	case strings.Contains(before, "@") || (!isDigest && strings.Contains(ref, "@")):
		return nil, errors.New("an image is NAME:TAG or NAME@sha256:DIGEST; credentials do not belong in it: use docker login")
	}
	parsed, err := name.ParseReference(ref)
	if err != nil || strings.HasPrefix(ref, ".") || strings.HasPrefix(ref, "/") {
		return nil, errors.New("not the name of an image: write HOST/NAME:TAG or HOST/NAME@sha256:DIGEST, in lower case")
	}
	return parsed, nil
}

// errNotHere says that a daemon does not have an image, or that there is no daemon.
var errNotHere = errors.New("not there")

// openAnywhere asks the daemons and then the registry.
func openAnywhere(ctx context.Context, ref string, opt Options) ([]scan.Source, error) {
	var tried problems
	for _, scheme := range []string{SchemeDocker, SchemePodman} {
		sources, err := Open(ctx, scheme, ref, opt)
		isElsewhere := errors.Is(err, errNotHere) || errors.Is(err, errPlatform)
		if len(sources) > 0 || !isElsewhere {
			return sources, err
		}
		tried = append(tried, err)
	}
	sources, err := Open(ctx, SchemeRegistry, ref, opt)
	if err != nil && len(sources) == 0 {
		err = append(problems{err}, tried...)
	}
	return sources, err
}

// sockets are where the daemon of a scheme may listen.
func (r Remote) sockets(scheme string) []string {
	if scheme == SchemePodman {
		return r.PodmanSockets
	}
	return r.DockerSockets
}

func (r Remote) filled() Remote {
	if r.MaxSpool <= 0 {
		r.MaxSpool = DefaultMaxSpool
	}
	if r.stall <= 0 {
		r.stall = web.StallLimit
	}
	if r.wait == nil {
		r.wait = web.Pause
	}
	return r
}
