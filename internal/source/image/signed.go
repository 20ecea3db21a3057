package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// referrers is what the API of that name lists: documents that have another one as their
// subject. https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
const referrers = "referrers"

// Signed says whether the registry of a reference has a signature of its image, or a
// signed statement about it: of what the reference names, or of the image for the
// platform in it. It looks for cosign's, in its tags and among the referrers, and for
// notation's. Whether a signature holds, and whose it is, it does not look at.
func Signed(ctx context.Context, reference string, opt Options) (bool, error) {
	opt = opt.filled()
	want, err := parsePlatform(opt.Platform)
	if err != nil {
		return false, err
	}
	s, err := openRegistry(ctx, reference, opt)
	if err != nil {
		return false, err
	}
	defer s.close() //nolint:errcheck // only read from
	r, ok := s.(*registry)
	if !ok {
		return false, errors.New("not in a registry")
	}
	c := &catalogue{store: s, want: want}
	if err := c.readRegistry(ctx, r); err != nil {
		return false, err
	}
	if len(c.images) == 0 {
		return false, c.nothing()
	}
	digests := []string{r.root.Digest.String()}
	for _, im := range c.images {
		digests = append(digests, im.digest)
	}
	slices.Sort(digests)
	digests = slices.Compact(digests) // of an image that is in no index they are one
	// A mirror need not have signatures: all places must say that there is none.
	var errs problems
	for _, e := range r.endpoints {
		for _, digest := range digests {
			signed, err := e.signed(ctx, digest)
			if signed {
				return true, nil
			}
			errs = append(errs, err)
		}
	}
	return false, errs.orNil()
}

// signed says whether there is a signature of a manifest.
func (e *endpoint) signed(ctx context.Context, digest string) (bool, error) {
	tag := strings.Replace(digest, ":", "-", 1)
	// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
	var signatures v1.Manifest
	if there, err := e.document(ctx, manifests, tag+".sig", &signatures); err != nil || there && len(signatures.Layers) > 0 {
		return err == nil, err
	}
	var list v1.IndexManifest
	there, err := e.document(ctx, referrers, digest, &list)
	if err == nil && !there { // the registry does not know the API: clients keep the list under a tag
		_, err = e.document(ctx, manifests, tag, &list)
	}
	return slices.ContainsFunc(list.Manifests, isSignature), err
}

// isSignature tells by what a referrer says it is.
func isSignature(d v1.Descriptor) bool {
	return d.ArtifactType == "application/vnd.cncf.notary.signature" ||
		d.ArtifactType == "application/vnd.dev.cosign.artifact.sig.v1+json" ||
		strings.HasPrefix(d.ArtifactType, "application/vnd.dev.sigstore.bundle")
}

// document reads one that need not be there.
func (e *endpoint) document(ctx context.Context, kind, id string, into any) (there bool, err error) {
	resp, err := e.get(ctx, kind, id, 0)
	if errors.Is(err, fs.ErrNotExist) || kind == referrers && errors.Is(err, errUnsupported) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	if err := e.noPage(resp); err != nil {
		return false, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return false, e.told(err)
	case len(data) > maxDocument:
		return false, fmt.Errorf("%s: %s has more than %d bytes", e.host(), kind, maxDocument)
	case json.Unmarshal(data, into) != nil:
		return false, faultf("%s: what it has as %s is no document", e.host(), kind)
	case resp.Header.Get("Link") != "":
		return true, faultf("%s lists more %s than are looked at", e.host(), kind)
	}
	return true, nil
}

// errUnsupported says that a registry does not know a request.
var errUnsupported = errors.New("unsupported")

func unsupported(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusMethodNotAllowed || status == http.StatusNotAcceptable
}
