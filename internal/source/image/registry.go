package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/web"
)

// manifests is where a registry keeps what is a blob as others in a layout.
const manifests = "manifests"

// registry is a store in a registry. Files are named as in a layout, but for
// manifests, which stand in a folder of that name.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
type registry struct {
	// endpoints are mirrors and then the registry itself. What one does not have the
	// next is asked for: names are digests, so it is the same wherever it lies.
	endpoints []*endpoint
	base      *http.Transport
	remote    Remote
	// root is the document that the reference names.
	root descriptor
	data []byte
}

// openRegistry fetches what the reference names.
func openRegistry(ctx context.Context, ref string, opt Options) (store, error) {
	r := &registry{remote: opt.Remote.filled()}
	if r.remote.Offline {
		return nil, errors.New("a registry is not asked under --offline: save the image where there is a network and scan docker-archive:FILE or oci-archive:FILE")
	}
	if isImageID(ref) {
		return nil, errors.New("an image id is known to a daemon only: write NAME:TAG")
	}
	parsed, err := parseReference(ref)
	if err != nil {
		return nil, err
	}
	r.base = r.remote.base()
	if r.endpoints, err = r.places(parsed.Context()); err != nil {
		return nil, err
	}
	if err := r.fetchRoot(ctx, parsed); err != nil {
		r.close() //nolint:errcheck // only read from
		return nil, err
	}
	r.root.label = referenceLabel(ref, parsed)
	return r, nil
}

// places are the mirrors of a repository, and itself.
func (r *registry) places(repo name.Repository) ([]*endpoint, error) {
	var locations []string
	for _, m := range r.remote.Mirrors {
		reg, err := name.NewRegistry(m.Registry)
		if err == nil && reg.RegistryStr() == repo.RegistryStr() {
			locations = append(locations, m.Location+"/"+repo.RepositoryStr())
		}
	}
	locations = append(locations, repo.Name())
	var places []*endpoint
	for i, l := range locations {
		host, _, _ := strings.Cut(l, "/")
		var options []name.Option
		if slices.Contains(r.remote.Insecure, host) || web.IsLoopback(hostname(host)) {
			options = append(options, name.Insecure)
		}
		at, err := name.NewRepository(l, options...)
		if err != nil {
			return nil, fmt.Errorf("%q is no place for an image", printable(l))
		}
		places = append(places, &endpoint{repo: at, remote: r.remote, base: r.base, mirror: i < len(locations)-1})
	}
	return places, nil
}

// hostname takes the port off.
func hostname(host string) string {
	u := url.URL{Host: host}
	return u.Hostname()
}

// fetchRoot fetches the document that the reference names, from the first place
// that has it; the places before are not asked again.
func (r *registry) fetchRoot(ctx context.Context, ref name.Reference) error {
	var errs problems
	for len(r.endpoints) > 0 {
		err := r.rootFrom(ctx, r.endpoints[0], ref)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
		r.endpoints = r.endpoints[1:]
	}
	return errs
}

func (r *registry) rootFrom(ctx context.Context, e *endpoint, ref name.Reference) error {
	body, err := e.manifest(ctx, ref.Identifier())
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(body, maxDocument+1))
	if err != nil {
		return e.told(err)
	}
	if len(data) > maxDocument {
		return fmt.Errorf("%s: manifest has more than %d bytes", e.host(), maxDocument)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if d, ok := ref.(name.Digest); ok {
		if digest, err = v1.NewHash(d.DigestStr()); err != nil {
			return err
		}
		if err := verifyDocument("manifest of "+e.host(), data, digest); err != nil {
			return err
		}
	}
	r.data = data
	r.root = descriptor{Descriptor: v1.Descriptor{Digest: digest, Size: int64(len(data))}}
	return nil
}

// open implements store. The size is not told: what a server says of it proves
// nothing.
func (r *registry) open(ctx context.Context, file string) (io.ReadCloser, int64, error) {
	kind, digest, _ := strings.Cut(file, "/")
	digest = strings.Replace(digest, "/", ":", 1)
	if kind == manifests && digest == r.root.Digest.String() {
		return io.NopCloser(bytes.NewReader(r.data)), int64(len(r.data)), nil
	}
	var errs problems
	for _, e := range r.endpoints {
		body, err := e.open(ctx, kind, digest)
		if err == nil {
			return body, -1, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, 0, errs
}

// blob gives a small blob whole, and verified; what is its name for messages.
func (r *registry) blob(ctx context.Context, what string, digest v1.Hash, most int64) ([]byte, error) {
	body, _, err := r.open(ctx, blobs+"/"+digest.Algorithm+"/"+digest.Hex)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", what, err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes", what, most)
	}
	return data, verifyDocument(what, data, digest)
}

func (r *registry) size(string) (int64, error) { return -1, nil }
func (r *registry) unique(string) bool         { return true }
func (r *registry) damage() error              { return nil }

func (r *registry) close() error {
	r.base.CloseIdleConnections()
	return nil
}

// endpoint is a repository in one registry.
type endpoint struct {
	repo   name.Repository
	remote Remote
	base   *http.Transport
	mirror bool // it stands in for the registry that was named

	mu      sync.Mutex
	session session // once it is signed in
	public  bool    // a job's own credentials were refused, and nobody is to be signed in
	refusal error   // of the machine's identity
}

// session is how a registry is spoken to.
type session struct {
	client *http.Client
	signed bool // with credentials
	spare  bool // they are a job's own: see JobCredentials
	own    bool // they are the machine's identity
	// of is whose identity the machine's is, or why there is none; empty for a registry of
	// no cloud.
	of string
	// refusal is what the machine's identity was told before.
	refusal error
}

func (e *endpoint) host() string {
	if e.repo.RegistryStr() == name.DefaultRegistry {
		return "docker.io"
	}
	return printable(e.repo.RegistryStr())
}

// signIn asks the registry what it wants to know, once. The session says how it was asked
// where that fails as well.
func (e *endpoint) signIn(ctx context.Context) (session, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.session.client != nil {
		return e.session, nil
	}
	auth, s, err := e.signer(ctx)
	if err != nil {
		return session{}, err
	}
	way := e.remote.roundTripper(e.base)
	if s.own {
		way = &atHome{way, e.repo.RegistryStr()}
	}
	t, err := transport.NewWithContext(ctx, e.repo.Registry, auth, way, []string{e.repo.Scope(transport.PullScope)})
	if err != nil {
		return s, e.answered(err, s)
	}
	s.client = &http.Client{Transport: t, CheckRedirect: web.Redirect}
	e.session = s
	return s, nil
}

// signer says who is to be signed in, and begins the session.
func (e *endpoint) signer(ctx context.Context) (authn.Authenticator, session, error) {
	if e.public {
		return authn.Anonymous, session{refusal: e.refusal}, nil
	}
	auth, err := e.credentials(ctx)
	if err != nil {
		return nil, session{}, err
	}
	of := ""
	if auth == authn.Anonymous {
		if auth, of, err = e.identity(ctx); err != nil {
			return nil, session{}, err
		}
	}
	_, isJob := auth.(JobCredentials)
	_, isOwn := auth.(own)
	return auth, session{signed: auth != authn.Anonymous, spare: isJob || isOwn, own: isOwn, of: of}, nil
}

// credentials asks the keychain. A helper is a program that may wait for somebody to
// type; it is not waited for longer than for a server.
func (e *endpoint) credentials(ctx context.Context) (authn.Authenticator, error) {
	if e.remote.Keychain == nil {
		return authn.Anonymous, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.remote.stall)
	defer cancel()
	type answer struct {
		auth authn.Authenticator
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		auth, err := authn.Resolve(ctx, e.remote.Keychain, e.repo)
		answers <- answer{auth, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			// A helper's words can hold what it was to keep.
			return nil, faultf("%s: its credentials cannot be read: look at auths, credsStore and credHelpers in Docker's config.json, and whether docker-credential-… of that name is there and works; or use docker login %s", e.host(), e.host())
		}
		return a.auth, nil
	case <-ctx.Done():
		return nil, faultf("%s: the helper for its credentials gave no answer for %s", e.host(), e.remote.stall)
	}
}

// withoutSpare forgets credentials that a registry refuses and nobody has asked to use.
func (e *endpoint) withoutSpare(s session, refusal error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.public = true
	if s.own && e.refusal == nil {
		e.refusal = refusal
	}
	if e.session.spare {
		e.session = session{}
	}
}

// get asks for a file of the repository, from an offset on.
func (e *endpoint) get(ctx context.Context, kind, id string, offset int64) (*http.Response, error) {
	s, err := e.signIn(ctx)
	var resp *http.Response
	if err == nil {
		resp, err = e.getBy(ctx, s, kind, id, offset)
	}
	if !s.spare || !errors.Is(err, errRefused) {
		return resp, err
	}
	e.withoutSpare(s, err)
	if s, err = e.signIn(ctx); err != nil {
		return nil, err
	}
	return e.getBy(ctx, s, kind, id, offset)
}

func (e *endpoint) getBy(ctx context.Context, s session, kind, id string, offset int64) (*http.Response, error) {
	u := url.URL{Scheme: e.repo.Scheme(), Host: e.repo.RegistryStr(), Path: path.Join("/v2", e.repo.RepositoryStr(), kind, id)}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, faultf("%s: no address", e.host())
	}
	if kind != blobs {
		req.Header["Accept"] = []string{strings.Join(acceptable, ",")}
	}
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, e.answered(err, s)
	}
	if err := transport.CheckError(resp, http.StatusOK, http.StatusPartialContent); err != nil {
		resp.Body.Close() //nolint:errcheck // only read from
		return nil, e.answered(err, s)
	}
	return resp, nil
}

// open gives a manifest or a blob by its digest.
func (e *endpoint) open(ctx context.Context, kind, digest string) (io.ReadCloser, error) {
	if kind == manifests {
		return e.manifest(ctx, digest)
	}
	resp, err := e.get(ctx, kind, digest, 0)
	if err != nil {
		return nil, err
	}
	if err := e.noPage(resp); err != nil {
		resp.Body.Close() //nolint:errcheck // only read from
		return nil, err
	}
	return &resuming{ctx: ctx, endpoint: e, digest: digest, body: resp.Body}, nil
}

// acceptable are the media types of what can be looked at.
var acceptable = []string{
	string(types.OCIImageIndex), string(types.DockerManifestList),
	string(types.OCIManifestSchema1), string(types.DockerManifestSchema2),
}

// manifest gives a manifest or an index by tag or digest. One that is not there is
// no fs.ErrNotExist: only in a file may what an index lists be missing.
func (e *endpoint) manifest(ctx context.Context, id string) (io.ReadCloser, error) {
	resp, err := e.get(ctx, manifests, id, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, faultf("%v", err)
	}
	if err != nil {
		return nil, err
	}
	if err := e.checkType(resp); err != nil {
		resp.Body.Close() //nolint:errcheck // only read from
		return nil, err
	}
	return resp.Body, nil
}

// checkType refuses what is no manifest by its own word. Some registries call
// a manifest plain JSON or nothing at all.
func (e *endpoint) checkType(resp *http.Response) error {
	if err := e.noPage(resp); err != nil {
		return err
	}
	kind := mediaType(resp)
	switch {
	case kind == "" || kind == "application/json" || kind == "text/plain" || kind == "application/octet-stream":
		return nil
	case slices.Contains(acceptable, kind):
		return nil
	case strings.HasPrefix(kind, "application/vnd.docker.distribution.manifest.v1+"):
		return faultf("%s: schema version 1 is not supported: push the image again with a current tool", e.host())
	}
	return faultf("%s answers with media type %q, which is no image manifest", e.host(), printable(kind))
}

// noPage refuses a web page, which portals and proxies answer with.
func (e *endpoint) noPage(resp *http.Response) error {
	if kind := mediaType(resp); kind == "text/html" || kind == "application/xhtml+xml" {
		return faultf("%s answers with a web page (%s): is it a registry, and does a proxy or a sign-in page stand before it?", e.host(), kind)
	}
	return nil
}

func mediaType(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return shown(kind)
}

// resuming is a blob on its way. When the connection breaks it is asked for the
// rest; that it is the rest of the same is for the digest to say.
type resuming struct {
	ctx      context.Context //nolint:containedctx // of the walk that reads
	endpoint *endpoint
	digest   string
	body     io.ReadCloser
	offset   int64
	breaks   int
}

// Read implements io.Reader.
func (r *resuming) Read(p []byte) (int, error) {
	for {
		n, err := r.body.Read(p)
		r.offset += int64(n)
		if err == nil || errors.Is(err, io.EOF) || r.ctx.Err() != nil {
			return n, err
		}
		if r.breaks++; !web.Passes(err) || r.breaks >= web.MaxTries {
			return n, r.endpoint.told(err)
		}
		if resumeErr := r.resume(); resumeErr != nil {
			return n, resumeErr
		}
		if n > 0 {
			return n, nil
		}
	}
}

// resume asks for what has not come.
func (r *resuming) resume() error {
	r.body.Close() //nolint:errcheck // only read from
	if err := r.endpoint.remote.wait(r.ctx, web.FirstPause<<(r.breaks-1)); err != nil {
		return err
	}
	resp, err := r.endpoint.get(r.ctx, blobs, r.digest, r.offset) //nolint:bodyclose // the next call or Close does it
	if err != nil {
		return err
	}
	r.body = resp.Body
	if resp.StatusCode == http.StatusPartialContent {
		if start, _ := web.ContentRange(resp); start != r.offset {
			return faultf("%s answers with another part of the layer than it was asked for", r.endpoint.host())
		}
		return nil
	}
	if _, err := io.CopyN(io.Discard, r.body, r.offset); err != nil {
		return r.endpoint.told(err)
	}
	return nil
}

// Close implements io.Closer.
func (r *resuming) Close() error { return r.body.Close() }

// readRegistry finds the images of what the reference names.
func (c *catalogue) readRegistry(ctx context.Context, r *registry) error {
	c.manifests, c.named = manifests, true
	return c.follow(ctx, []descriptor{r.root})
}
