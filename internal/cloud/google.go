package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"golang.org/x/oauth2"
	googleauth "golang.org/x/oauth2/google"

	"github.com/boltseal/boltseal/internal/web"
)

// What a registry of Google's is told beside a token, and what the token is asked for:
// no narrower scope is documented for the registries of both kinds.
// https://cloud.google.com/artifact-registry/docs/docker/authentication#token
const (
	googleUser  = "oauth2accesstoken"
	googleScope = "https://www.googleapis.com/auth/cloud-platform"
)

// noGoogle is what is told where nothing is found.
const noGoogle = "no identity of Google Cloud is in GOOGLE_APPLICATION_CREDENTIALS or gcloud's application_default_credentials.json, and "

// google gives a token of the application default credentials, looked for in their order.
// The library's own search is not used: it asks for the metadata server by a client and
// with limits of its own, and on machines that are in no cloud as well.
// https://cloud.google.com/docs/authentication/application-default-credentials
func (k *Keychain) google(ctx context.Context) (Answer, error) {
	if path := k.getenv("GOOGLE_APPLICATION_CREDENTIALS"); path != "" {
		data, err := readSmall(path)
		if err != nil {
			return Answer{}, at("Google Cloud: the file of GOOGLE_APPLICATION_CREDENTIALS", err)
		}
		return k.googleFile(ctx, "GOOGLE_APPLICATION_CREDENTIALS", data)
	}
	if path := k.wellKnown(); path != "" {
		data, err := readSmall(path)
		if err == nil {
			return k.googleFile(ctx, "gcloud's application default credentials", data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return Answer{}, at("Google Cloud: gcloud's application_default_credentials.json", err)
		}
	}
	if !k.mayBe(google) {
		return Answer{Of: noGoogle + "this machine is none of Google's"}, nil
	}
	return k.googleMachine(ctx)
}

// wellKnown is where gcloud puts the credentials of "gcloud auth application-default
// login"; empty where there is no home.
func (k *Keychain) wellKnown() string {
	folder := k.getenv("CLOUDSDK_CONFIG")
	if data := k.getenv("APPDATA"); folder == "" && data != "" {
		folder = filepath.Join(data, "gcloud")
	}
	if home := k.getenv("HOME"); folder == "" && home != "" {
		folder = filepath.Join(home, ".config", "gcloud")
	}
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, "application_default_credentials.json")
}

// googleFile has a token by what a file says. The file is the operator's own, and names
// servers and files that are asked and read; a program in it is run only where Google's
// switch for that is set.
func (k *Keychain) googleFile(ctx context.Context, of string, data []byte) (Answer, error) {
	step := "Google Cloud: a token by " + of
	kind, err := k.googleKind(data)
	if err != nil {
		return Answer{}, at(step, err)
	}
	token, err := k.googleToken(ctx, data, kind)
	if err != nil {
		return Answer{}, at(step, err)
	}
	return k.googleAnswer(token.AccessToken, token.Expiry, of)
}

func (k *Keychain) googleAnswer(token string, until time.Time, of string) (Answer, error) {
	if !isClean(token) {
		return Answer{}, faultf("Google Cloud: %s gives no token", of)
	}
	return Answer{
		Login: &authn.AuthConfig{Username: googleUser, Password: token}, Of: "the identity of Google Cloud from " + of,
		until: k.sooner(until),
	}, nil
}

// googleKind says what a file holds, and refuses what the library would stumble over or
// run.
func (k *Keychain) googleKind(data []byte) (googleauth.CredentialsType, error) {
	var doc struct {
		Type             googleauth.CredentialsType `json:"type"`
		Web              json.RawMessage            `json:"web"`
		Installed        json.RawMessage            `json:"installed"`
		CredentialSource struct {
			File       string          `json:"file"`
			Executable json.RawMessage `json:"executable"`
		} `json:"credential_source"`
	}
	if json.Unmarshal(data, &doc) != nil {
		return "", faultf("it holds no JSON of credentials")
	}
	switch doc.Type {
	case googleauth.ServiceAccount, googleauth.AuthorizedUser, googleauth.ExternalAccount,
		googleauth.ExternalAccountAuthorizedUser, googleauth.ImpersonatedServiceAccount:
	default:
		return "", faultf("it holds credentials of no kind that is known here")
	}
	if doc.Web != nil || doc.Installed != nil {
		return "", faultf("it holds an application, which somebody must sign in to")
	}
	source := doc.CredentialSource
	if source.Executable != nil && k.getenv("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES") != "1" {
		return "", faultf("it names a program, which is run only where GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 allows it")
	}
	if source.File != "" {
		if _, err := readSmall(source.File); err != nil {
			return "", at("the token's file that it names", err)
		}
	}
	return doc.Type, nil
}

// googleToken has the library trade what a file holds for a token. It stops with the
// context, whatever the library waits for.
func (k *Keychain) googleToken(ctx context.Context, data []byte, kind googleauth.CredentialsType) (*oauth2.Token, error) {
	w := &witness{inner: k.requests}
	with := context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: w})
	credentials, err := googleauth.CredentialsFromJSONWithType(with, data, kind, googleScope)
	if err != nil {
		return nil, faultf("what it holds is not whole")
	}
	type result struct {
		token *oauth2.Token
		err   error
	}
	results := make(chan result, 1)
	go func() {
		token, err := credentials.TokenSource.Token()
		results <- result{token, err}
	}()
	select {
	case r := <-results:
		if r.err != nil {
			return nil, w.told()
		}
		return r.token, nil
	case <-ctx.Done():
		return nil, w.stopped(context.Cause(ctx))
	}
}

// witness remembers who was asked last and what went wrong there, in our words: the
// library's errors repeat what servers say.
type witness struct {
	inner http.RoundTripper

	mu   sync.Mutex
	host string
	last error
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.host = req.URL.Hostname()
	w.mu.Unlock()
	resp, err := w.inner.RoundTrip(req)
	w.mu.Lock()
	w.last = err
	w.mu.Unlock()
	return resp, err
}

func (w *witness) told() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return cmp.Or(w.last, faultf("what it holds, or the answer to it, is not whole"))
}

// stopped says who is no longer waited for.
func (w *witness) stopped(cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.host == "" {
		return cause
	}
	return web.Told(w.host, cause)
}

// googleMachine asks the metadata server for a token of the machine's service account.
// https://cloud.google.com/compute/docs/access/authenticate-workloads#applications
func (k *Keychain) googleMachine(ctx context.Context) (Answer, error) {
	ctx, cancel := metadataTime(ctx)
	defer cancel()
	address := "http://" + metadataHost + "/computeMetadata/v1/instance/service-accounts/default/token?" +
		url.Values{"scopes": {googleScope}}.Encode()
	data, err := k.requests.ask(ctx, http.MethodGet, address, http.Header{"Metadata-Flavor": {"Google"}}, nil)
	if errors.Is(err, context.Canceled) {
		return Answer{}, err
	}
	if err != nil {
		return Answer{Of: noGoogle + "this machine has no service account to give (" + err.Error() + ")"}, nil
	}
	var doc struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   seconds `json:"expires_in"`
	}
	if err := document(data, &doc); err != nil {
		return Answer{}, at("Google Cloud: a token of this machine's service account: "+metadataHost, err)
	}
	return k.googleAnswer(doc.AccessToken, k.after(doc.ExpiresIn), "this machine's service account")
}
