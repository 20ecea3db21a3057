package image

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/boltseal/boltseal/internal/cloud"
)

// Identities gives a machine's own credentials for the registries of its cloud.
type Identities interface {
	// Credentials gives those for a registry, as HOST or HOST:443; none for others.
	Credentials(ctx context.Context, host string) (cloud.Answer, error)
}

// own is the machine's identity at a registry. It is asked for whenever it is used, as it
// may end before a scan does.
type own struct {
	from Identities
	host string
}

// Authorization implements authn.Authenticator.
func (o own) Authorization() (*authn.AuthConfig, error) {
	return o.AuthorizationContext(context.Background())
}

// AuthorizationContext implements authn.ContextAuthenticator.
func (o own) AuthorizationContext(ctx context.Context) (*authn.AuthConfig, error) {
	answer, err := o.ask(ctx)
	if err == nil && answer.Login == nil {
		err = faultf("%s", answer.Of)
	}
	return answer.Login, err
}

// ask has errors that are nothing besides: a file that is missing is no image that is.
func (o own) ask(ctx context.Context) (cloud.Answer, error) {
	answer, err := o.from.Credentials(ctx, o.host)
	if err != nil && ctx.Err() == nil {
		err = faultf("%v", err)
	}
	return answer, err
}

// identity asks for the machine's own, where there are no credentials by Docker's
// configuration. A mirror has none: it is not who was named, and Docker's configuration
// can name it. Neither has what is reached over plain HTTP.
func (e *endpoint) identity(ctx context.Context) (authn.Authenticator, string, error) {
	if e.remote.Identities == nil || e.mirror || e.repo.Scheme() != "https" {
		return authn.Anonymous, "", nil
	}
	o := own{e.remote.Identities, e.repo.RegistryStr()}
	answer, err := o.ask(ctx)
	if err != nil {
		return nil, "", e.told(err)
	}
	if answer.Login == nil {
		return authn.Anonymous, answer.Of, nil
	}
	return o, answer.Of, nil
}

// atHome sends a name and a password to the registry alone. A registry says who signs in
// for it, and what it leads to says so as well: a cloud's own registries do it themselves.
type atHome struct {
	inner http.RoundTripper
	host  string
}

// RoundTrip implements http.RoundTripper.
func (a *atHome) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, _, named := req.BasicAuth(); named && withoutPort(req.URL.Host) != withoutPort(a.host) {
		return nil, &fault{Text: fmt.Sprintf("it has %s sign in for it, which is not told this machine's identity", printable(req.URL.Host)), Is: errRefused}
	}
	return a.inner.RoundTrip(req)
}

// withoutPort takes off the port that need not be said.
func withoutPort(host string) string { return strings.ToLower(strings.TrimSuffix(host, ":443")) }
