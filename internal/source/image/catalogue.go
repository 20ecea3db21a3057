package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The bounds of an image's documents.
const (
	maxDocument  = 4 << 20  // bytes of one
	maxDocuments = 64 << 20 // bytes of all that a file holds together
	maxImages    = 1000
	maxLayers    = 10_000
	maxHistory   = 20_000
)

// catalogue collects the images of a store.
type catalogue struct {
	store store
	want  *v1.Platform // nil for all
	// manifests is the folder of the store in which manifests stand.
	manifests string
	// named says that the label of the root stands, whatever annotations say.
	named bool
	label label // of all that is in it, where named

	images []*found
	left   []leftOut
	others []string // platforms that were not wanted
	read   int64    // bytes of documents so far
}

// found is an image.
type found struct {
	label
	digest   string
	platform string
	config   *v1.ConfigFile
	layers   []layer
}

// leftOut is something that a file lists and that is not an image to scan.
type leftOut struct {
	what, reason string
}

// Reasons for leaving something out.
const (
	reasonAbsent      = "platform not stored in the image file"
	reasonArtifact    = "not a container image"
	reasonAttestation = "attestation"
)

// errPlatform says that an image is not there for the platform that is asked for.
var errPlatform = errors.New("no image for platform")

// nothing says why there is no image.
func (c *catalogue) nothing() error {
	if c.want != nil {
		return fmt.Errorf("%w %s: there is %s", errPlatform, c.want, listed(c.others))
	}
	if len(c.left) > 0 {
		return fmt.Errorf("no container image in it: %s is %s", printable(c.left[0].what), c.left[0].reason)
	}
	return errors.New("no container image in it")
}

// problems are the errors of several images, on one line.
type problems []error

// orNil leaves out what is nil; it is nil where nothing is left.
func (p problems) orNil() error {
	p = slices.DeleteFunc(p, func(err error) bool { return err == nil })
	if len(p) == 0 {
		return nil
	}
	return p
}

// Error implements error.
func (p problems) Error() string {
	const most = 5
	var texts []string
	for _, err := range p[:min(len(p), most)] {
		texts = append(texts, err.Error())
	}
	if n := len(p) - most; n > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(texts, "; ")
}

// Unwrap lets errors.Is look at each.
func (p problems) Unwrap() []error { return p }

func listed(platforms []string) string {
	if len(platforms) == 0 {
		return "none that names a platform"
	}
	platforms = slices.Compact(slices.Sorted(slices.Values(platforms)))
	const most = 20
	if n := len(platforms) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(platforms[:most], ", "), n)
	}
	return strings.Join(platforms, ", ")
}

// add keeps an image.
func (c *catalogue) add(im *found) error {
	if len(c.images) >= maxImages {
		return fmt.Errorf("more than %d images", maxImages)
	}
	c.images = append(c.images, im)
	return nil
}

// has says whether the image of that digest is kept already.
func (c *catalogue) has(digest string) bool {
	return slices.ContainsFunc(c.images, func(im *found) bool { return im.digest == digest })
}

// document reads a JSON document. A zero digest is not checked; then the document
// must be the only one of its name.
func (c *catalogue) document(ctx context.Context, file string, digest v1.Hash) ([]byte, error) {
	if digest == (v1.Hash{}) && !c.store.unique(file) {
		return nil, fmt.Errorf("archive holds %q twice", file)
	}
	r, size, err := c.store.open(ctx, file)
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // only read from
	if size > maxDocument {
		return nil, fmt.Errorf("%s: has %d bytes, more than %d", file, size, maxDocument)
	}
	if c.read += max(size, 0); c.read > maxDocuments {
		return nil, fmt.Errorf("documents are larger than %d bytes together", maxDocuments)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if size < 0 {
		c.read += int64(len(data))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	case size < 0 && len(data) > maxDocument:
		return nil, fmt.Errorf("%s: has more than %d bytes", file, maxDocument)
	case len(data) > maxDocument || int64(len(data)) < size:
		return nil, fmt.Errorf("%s: changed or cut off while it was read", file)
	}
	return data, verifyDocument(file, data, digest)
}

func verifyDocument(file string, data []byte, digest v1.Hash) error {
	if digest == (v1.Hash{}) {
		return nil
	}
	h, err := v1.Hasher(digest.Algorithm)
	if err != nil {
		return err
	}
	h.Write(data)
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != digest.Hex {
		return fmt.Errorf("%w: %s is %s:%s", ErrDigest, file, digest.Algorithm, got)
	}
	return nil
}

// parseConfig reads an image configuration for a number of layers.
func parseConfig(data []byte, layers int) (*v1.ConfigFile, error) {
	config, err := v1.ParseConfigFile(bytes.NewReader(data))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading image configuration: %w", err)
	case layers > maxLayers:
		return nil, fmt.Errorf("image lists %d layers, more than %d", layers, maxLayers)
	case len(config.RootFS.DiffIDs) != layers:
		return nil, fmt.Errorf("image configuration speaks of %d layers, the manifest of %d", len(config.RootFS.DiffIDs), layers)
	case len(config.History) > maxHistory:
		return nil, fmt.Errorf("image history has %d entries, more than %d", len(config.History), maxHistory)
	}
	for i, d := range config.RootFS.DiffIDs {
		if d == (v1.Hash{}) {
			return nil, fmt.Errorf("image configuration gives no diff id for layer %d", i)
		}
	}
	return config, nil
}

// checkLayers makes sure that layers of one digest are one layer.
func checkLayers(layers []layer) error {
	diffIDs := make(map[string]v1.Hash)
	for i := range layers {
		l := &layers[i]
		if d, ok := diffIDs[l.digest()]; ok && d != l.diffID {
			return fmt.Errorf("%w: layer %s cannot unpack to both %s and %s", ErrDigest, l.digest(), d, l.diffID)
		}
		diffIDs[l.digest()] = l.diffID
	}
	return nil
}
