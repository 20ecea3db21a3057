package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// OneFile fetches the one file of an artifact in a registry, as oras push makes it,
// of at most limit bytes. The reference must have a digest, which all that comes is
// held to. A digest that does not match is ErrDigest.
func OneFile(ctx context.Context, ref string, limit int64, r Remote) (data []byte, err error) {
	parsed, err := parseReference(ref)
	if err != nil {
		return nil, err
	}
	if _, ok := parsed.(name.Digest); !ok {
		return nil, errors.New("an artifact is named by its digest")
	}
	s, err := openRegistry(ctx, ref, Options{Remote: r})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	from := s.(*registry) //nolint:forcetypeassert // that is what was opened
	manifest, err := v1.ParseManifest(bytes.NewReader(from.data))
	if err != nil {
		return nil, fmt.Errorf("the manifest of the artifact is broken: %w", err)
	}
	if len(manifest.Layers) != 1 {
		return nil, fmt.Errorf("the artifact has %d files, one is wanted", len(manifest.Layers))
	}
	layer := manifest.Layers[0]
	if layer.Digest == (v1.Hash{}) {
		return nil, errors.New("the manifest of the artifact does not say what its file is")
	}
	return from.blob(ctx, "the artifact's file", layer.Digest, limit)
}
