package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	ociIndex  = "index.json"
	ociLayout = "oci-layout"
	// maxDepth is how deep indices are nested.
	maxDepth = 8
)

// descriptor is a manifest or an index on the way.
type descriptor struct {
	v1.Descriptor
	label
	depth int
}

// listing is what decides whether a manifest is taken. One that was not, listed
// as something else, is looked at again.
type listing struct {
	digest         v1.Hash
	platform, kind string
}

func (d *descriptor) listing() listing {
	return listing{d.Digest, platformName(d.Platform), d.Annotations[annotationType]}
}

// readOCI finds the images of a layout. An error names those that could not be
// opened.
func (c *catalogue) readOCI(ctx context.Context) error {
	data, err := c.document(ctx, ociIndex, v1.Hash{})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no %s in it: it is cut off or no image layout; for what docker save writes use %s:PATH", ociIndex, SchemeDockerArchive)
	}
	if err != nil {
		return err
	}
	todo, err := c.children(data, descriptor{})
	if err != nil {
		return fmt.Errorf("reading %s: %w", ociIndex, err)
	}
	return c.follow(ctx, todo)
}

// follow visits what is listed, and what that lists in its turn.
func (c *catalogue) follow(ctx context.Context, todo []descriptor) error {
	var errs problems
	seen := make(map[listing]bool)
	for len(todo) > 0 {
		last := len(todo) - 1
		d := todo[last]
		todo = todo[:last]
		if seen[d.listing()] { // two tags of one image
			continue
		}
		seen[d.listing()] = true
		if len(seen) > maxImages {
			errs = append(errs, fmt.Errorf("more than %d manifests", maxImages))
			break
		}
		below, err := c.visit(ctx, d)
		if err != nil {
			errs = append(errs, fmt.Errorf("manifest %s: %w", short(d.Digest.String()), err))
		}
		todo = append(todo, below...)
	}
	return errs.orNil()
}

// children gives what an index lists, last first.
func (c *catalogue) children(data []byte, d descriptor) ([]descriptor, error) {
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if d.depth >= maxDepth {
		return nil, fmt.Errorf("indices are nested deeper than %d", maxDepth)
	}
	var children []descriptor
	for i, m := range index.Manifests {
		if m.Digest == (v1.Hash{}) {
			return nil, fmt.Errorf("manifest %d of the index has no digest", i)
		}
		if hasPlatform(m.Platform) && !c.wanted(m.Platform) {
			continue
		}
		children = append(children, descriptor{m, c.labelOf(m.Annotations, d.label), d.depth + 1})
	}
	slices.Reverse(children)
	return children, nil
}

// shape is what tells a manifest from an index. The media type does not: a
// document that is both would be read by some as the one, by others as the other.
// https://github.com/advisories/GHSA-77vh-xpmg-72qh
type shape struct {
	SchemaVersion int               `json:"schemaVersion"`
	Manifests     []json.RawMessage `json:"manifests"`
	Layers        []json.RawMessage `json:"layers"`
	Config        json.RawMessage   `json:"config"`
	FSLayers      json.RawMessage   `json:"fsLayers"`
}

// visit reads a manifest, or gives what an index lists.
func (c *catalogue) visit(ctx context.Context, d descriptor) ([]descriptor, error) {
	data, err := c.document(ctx, path.Join(c.manifests, d.Digest.Algorithm, d.Digest.Hex), d.Digest)
	if errors.Is(err, fs.ErrNotExist) && d.Platform != nil && (c.want == nil || !hasPlatform(d.Platform)) {
		// An index lists platforms and attestations that were never fetched;
		// nobody can run them from this file.
		c.left = append(c.left, leftOut{platformName(d.Platform), reasonAbsent})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if d.Size != int64(len(data)) {
		return nil, fmt.Errorf("%w: has %d bytes, the index says %d", ErrDigest, len(data), d.Size)
	}
	var s shape
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("reading manifest: %w", err)
	}
	switch isManifest := s.Layers != nil || s.Config != nil; {
	case isManifest && s.Manifests != nil:
		return nil, errors.New("is both an image and an index")
	case s.Manifests != nil:
		return c.children(data, d)
	case s.FSLayers != nil:
		return nil, errors.New("schema version 1 is not supported: push or save the image again with a current tool")
	case !isManifest:
		return nil, errors.New("is neither an image nor an index")
	}
	return nil, c.manifest(ctx, d, data)
}

// manifest reads an image.
func (c *catalogue) manifest(ctx context.Context, d descriptor, data []byte) error {
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("reading manifest: %w", err)
	}
	if isAttestation(d, m) {
		c.left = append(c.left, leftOut{"attestation " + short(d.Digest.String()), reasonAttestation})
		return nil
	}
	if !isConfig(m.Config.MediaType) {
		c.left = append(c.left, leftOut{string(m.Config.MediaType), reasonArtifact})
		return nil
	}
	if m.Config.Digest == (v1.Hash{}) {
		return errors.New("manifest names no image configuration")
	}
	data, err = c.document(ctx, blobName(m.Config.Digest.Algorithm, m.Config.Digest.Hex), m.Config.Digest)
	if err != nil {
		return fmt.Errorf("reading image configuration: %w", err)
	}
	if m.Config.Size != int64(len(data)) {
		return fmt.Errorf("%w: image configuration has %d bytes, the manifest says %d", ErrDigest, len(data), m.Config.Size)
	}
	config, err := parseConfig(data, len(m.Layers))
	if err != nil {
		return err
	}
	p := platformOf(config, d.Platform)
	if !hasPlatform(d.Platform) && !c.wanted(p) {
		return nil
	}
	if c.has(d.Digest.String()) {
		return nil
	}
	im := &found{label: d.label, digest: d.Digest.String(), platform: platformName(p), config: config}
	if im.layers, err = ociLayers(m, config); err != nil {
		return err
	}
	return c.add(im)
}

// The annotation and the media type by which BuildKit marks its attestations.
// https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
const (
	annotationType  = "vnd.docker.reference.type"
	attestationType = "attestation-manifest"
	inTotoType      = "application/vnd.in-toto+json"
)

// isAttestation says whether a manifest is one of what an image is, not an image.
// A mark alone is easily put on an image that somebody wants to hide: nothing in it
// may be a layer either.
func isAttestation(d descriptor, m *v1.Manifest) bool {
	if d.Annotations[annotationType] != attestationType {
		return false
	}
	if !isConfig(m.Config.MediaType) {
		return true
	}
	return len(m.Layers) > 0 && !slices.ContainsFunc(m.Layers, func(l v1.Descriptor) bool {
		return l.MediaType != inTotoType
	})
}

// isConfig says whether a media type is that of an image configuration.
func isConfig(t types.MediaType) bool {
	return t == types.OCIConfigJSON || t == types.DockerConfigJSON || t == ""
}

func ociLayers(m *v1.Manifest, config *v1.ConfigFile) ([]layer, error) {
	layers := make([]layer, len(m.Layers))
	for i, l := range m.Layers {
		if l.Digest == (v1.Hash{}) {
			return nil, fmt.Errorf("layer %d of the manifest has no digest", i)
		}
		layers[i] = layer{
			file:      blobName(l.Digest.Algorithm, l.Digest.Hex),
			blob:      l.Digest,
			diffID:    config.RootFS.DiffIDs[i],
			size:      max(l.Size, 0),
			mediaType: string(l.MediaType),
			urls:      l.URLs,
		}
	}
	return layers, checkLayers(layers)
}
