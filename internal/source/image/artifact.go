package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/web"
)

// annotationTitle is the name of the file that a layer of an artifact is.
// https://github.com/opencontainers/image-spec/blob/main/annotations.md#pre-defined-annotation-keys
const annotationTitle = "org.opencontainers.image.title"

// Artifact is what stands in a registry as files with names, as oras pushes them,
// and is no image.
type Artifact struct {
	registry *registry
	files    map[string]v1.Descriptor
}

// OpenArtifact finds the files of what a reference names.
func OpenArtifact(ctx context.Context, ref string, remote Remote) (*Artifact, error) {
	opened, err := openRegistry(ctx, ref, Options{Remote: remote})
	if err != nil {
		return nil, err
	}
	r, ok := opened.(*registry)
	if !ok {
		return nil, errors.New("not in a registry")
	}
	a := &Artifact{registry: r, files: make(map[string]v1.Descriptor)}
	if err := a.list(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return a, nil
}

func (a *Artifact) list() error {
	var m v1.Manifest
	if err := json.Unmarshal(a.registry.data, &m); err != nil {
		return errors.New("its manifest cannot be read")
	}
	if m.MediaType != "" && !m.MediaType.IsImage() || len(m.Layers) == 0 {
		return fmt.Errorf("it is no artifact with files: its media type is %q", shown(string(m.MediaType)))
	}
	for _, l := range m.Layers {
		name := l.Annotations[annotationTitle]
		if name == "" {
			continue
		}
		if _, twice := a.files[name]; twice {
			return fmt.Errorf("it has two files called %q", shown(name))
		}
		a.files[name] = l
	}
	if len(a.files) == 0 {
		return errors.New("it has no files with names: is it an image?")
	}
	return nil
}

// Read gives a small file whole, and verified.
func (a *Artifact) Read(ctx context.Context, name string, most int64) ([]byte, error) {
	d, err := a.file(name)
	if err != nil {
		return nil, err
	}
	if d.Size > most {
		return nil, fmt.Errorf("%s has %d bytes, of at most %d", name, d.Size, most)
	}
	return a.registry.blob(ctx, name, d.Digest, d.Size)
}

func (a *Artifact) file(name string) (v1.Descriptor, error) {
	d, ok := a.files[name]
	if !ok || d.Digest.Algorithm != "sha256" || d.Size < 0 {
		return d, fmt.Errorf("it has no file %s", name)
	}
	return d, nil
}

// Open gives a file from an offset on or, where a registry cannot do that, from its
// beginning: start says which. Its digest is not verified.
func (a *Artifact) Open(ctx context.Context, name string, offset int64) (body io.ReadCloser, start int64, err error) {
	d, err := a.file(name)
	if err != nil {
		return nil, 0, err
	}
	var errs problems
	for _, e := range a.registry.endpoints {
		body, start, err := e.from(ctx, d.Digest.String(), offset)
		if err == nil {
			return body, start, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, 0, errs
}

// from gives a blob from an offset on.
func (e *endpoint) from(ctx context.Context, digest string, offset int64) (io.ReadCloser, int64, error) {
	resp, err := e.get(ctx, blobs, digest, offset)
	if err != nil && offset > 0 && ctx.Err() == nil { // some registries give no parts
		resp, err = e.get(ctx, blobs, digest, 0)
	}
	if err != nil {
		return nil, 0, err
	}
	start := int64(0)
	if resp.StatusCode == http.StatusPartialContent {
		if start, _ = web.ContentRange(resp); start != offset {
			err = faultf("%s answers with another part of the file than it was asked for", e.host())
		}
	}
	if err == nil {
		err = e.noPage(resp)
	}
	if err != nil {
		resp.Body.Close() //nolint:errcheck // only read from
		return nil, 0, err
	}
	return web.Body(resp.Body, e.host()), start, nil
}

// Close ends the connections.
func (a *Artifact) Close() error { return a.registry.close() }
