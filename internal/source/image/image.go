// Package image reaches container images: in files, as docker save writes them and
// as OCI image layouts; in registries; and in the daemons of Docker and Podman.
// Nothing is unpacked to disk and no layer is held in memory: an archive is indexed
// once and its layers are read where they lie, those of a registry as they come in.
// Everything in an image is hostile input, and so is what a server says; what its
// digests say is checked here, while the bytes go by.
//
//	Open: place -> store (name -> bytes) -> documents -> images -> sources
//	Walk: blob -> digest -> decompress -> bounds -> tar -> entries
//	Confirm: blob -> digest -> decompress -> bounds -> digest
package image

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/scan"
)

// The schemes, as they are typed on the command line.
const (
	SchemeDockerArchive = "docker-archive" // what docker save writes: a tar with manifest.json
	SchemeOCIArchive    = "oci-archive"    // a tar of an OCI image layout
	SchemeOCIDir        = "oci-dir"        // an OCI image layout
	SchemeRegistry      = "registry"       // the image of a reference in its registry
	SchemeDocker        = "docker"         // that of Docker's daemon
	SchemePodman        = "podman"         // that of Podman's
	SchemeAnywhere      = "image"          // the first of docker, podman and registry that has it
)

// Schemes are those that can be typed.
func Schemes() []string {
	return []string{SchemeDocker, SchemePodman, SchemeRegistry, SchemeDockerArchive, SchemeOCIArchive, SchemeOCIDir}
}

// IsReference says that what follows a scheme is a reference and no path.
func IsReference(scheme string) bool {
	return slices.Contains([]string{SchemeRegistry, SchemeDocker, SchemePodman, SchemeAnywhere}, scheme)
}

// ErrDigest says that content is not what its digest promises.
var ErrDigest = errors.New("digest mismatch")

// Options choose and bound what is read. The zero value is ready to use.
type Options struct {
	// Platform chooses images by "os/architecture[/variant]"; empty takes all.
	Platform string
	// MaxEntries bounds the entries of one layer; 0 is DefaultMaxEntries.
	MaxEntries int64
	// MaxUnpacked bounds the bytes of one layer once it is unpacked, and of a
	// compressed archive; 0 is DefaultMaxUnpacked.
	MaxUnpacked int64
	// Remote is for images that lie in no file.
	Remote Remote

	bombFloor int64 // of the ratio guard; 0 is bombFloor, lower in tests
}

// The bounds that hold unless others are given.
const (
	DefaultMaxEntries  = 1_000_000
	DefaultMaxUnpacked = 64 << 30
)

func (o Options) filled() Options {
	if o.MaxEntries <= 0 {
		o.MaxEntries = DefaultMaxEntries
	}
	if o.MaxUnpacked <= 0 {
		o.MaxUnpacked = DefaultMaxUnpacked
	}
	if o.bombFloor <= 0 {
		o.bombFloor = bombFloor
	}
	return o
}

// Open gives a source for every image in the file or directory, or of the reference
// that path is then, in the order in which they are listed. Where it holds several and some cannot be opened, those
// that can are given along with the error; the caller closes what it is given,
// whatever the error says. Sources and error are never both empty.
func Open(ctx context.Context, scheme, path string, opt Options) ([]scan.Source, error) {
	if scheme == SchemeAnywhere {
		return openAnywhere(ctx, path, opt)
	}
	opt = opt.filled()
	want, err := parsePlatform(opt.Platform)
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, scheme, path, opt)
	if err != nil {
		return nil, fmt.Errorf("opening %s:%s: %w", scheme, path, err)
	}
	c := &catalogue{store: s, want: want, manifests: blobs}
	err = c.find(ctx, scheme)
	if d := s.damage(); d != nil && !errors.Is(err, d) {
		err = problems{err, d}.orNil()
	}
	if err == nil && len(c.images) == 0 {
		err = c.nothing()
	}
	if err != nil {
		err = fmt.Errorf("opening %s:%s: %w", scheme, path, err)
	}
	if len(c.images) == 0 {
		s.close() //nolint:errcheck // only read from
		return nil, err
	}
	return c.sources(scheme, path, opt), err
}

// find finds the images of the store.
func (c *catalogue) find(ctx context.Context, scheme string) error {
	switch s := c.store.(type) {
	case *registry:
		return c.readRegistry(ctx, s)
	case *spooled:
		c.label, c.named = s.label, s.label != (label{})
		return c.readDocker(ctx)
	}
	if scheme == SchemeDockerArchive {
		return c.readDocker(ctx)
	}
	return c.readOCI(ctx)
}

// openStore opens what the scheme says the path is.
func openStore(ctx context.Context, scheme, path string, opt Options) (store, error) {
	switch scheme {
	case SchemeOCIDir:
		return openFolder(path)
	case SchemeDockerArchive, SchemeOCIArchive:
		return openArchive(ctx, path, opt)
	case SchemeRegistry:
		return openRegistry(ctx, path, opt)
	case SchemeDocker, SchemePodman:
		return openDaemon(ctx, scheme, path, opt)
	default:
		return nil, fmt.Errorf("unknown scheme %q: use %s", scheme, strings.Join(Schemes(), ", "))
	}
}

// source is one image.
type source struct {
	target scan.Target
	units  []scan.Unit
	layers []layer
	store  *shared
	opt    Options
}

// Target implements scan.Source.
func (s *source) Target() scan.Target { return s.target }

// Units implements scan.Source.
func (s *source) Units() []scan.Unit { return s.units }

// Confirm implements scan.Confirmer.
func (s *source) Confirm(ctx context.Context, layer int) error {
	return s.layers[layer].confirm(ctx, s.store, s.opt)
}

// Close implements scan.Source; the last source that is closed closes the file.
func (s *source) Close() error { return s.store.release() }

// shared is a store that several sources read from.
type shared struct {
	store
	users atomic.Int64
}

func (s *shared) release() error {
	if s.users.Add(-1) == 0 {
		return s.close()
	}
	return nil
}

// sources turns what was found into sources that share the store.
func (c *catalogue) sources(scheme, path string, opt Options) []scan.Source {
	sh := &shared{store: c.store}
	sh.users.Store(int64(len(c.images)))
	names := targetNames(scheme+":"+path, c.images)
	sources := make([]scan.Source, len(c.images))
	for i, im := range c.images {
		img := im.describe(path)
		s := &source{
			target: scan.Target{Kind: scan.KindImage, Name: names[i], Digest: im.digest, Image: img},
			layers: im.layers,
			store:  sh,
			opt:    opt,
		}
		for n := range im.layers {
			l := &im.layers[n]
			s.units = append(s.units, scan.Unit{
				Name: "layer " + short(l.digest()), Digest: l.content(), Sequential: true,
				Walk: func(ctx context.Context, v scan.Visitor) error { return l.walk(ctx, sh, opt, v) },
			})
		}
		if i == 0 {
			s.tell(c.left)
		}
		sources[i] = s
	}
	return sources
}

// tell makes the image tell what its file lists beside images. That is no content
// of any layer, so the unit that tells it has no digest and is walked every time:
// the smallest layer, or where there is none, a unit of its own.
func (s *source) tell(left []leftOut) {
	if len(left) == 0 {
		return
	}
	if len(s.units) == 0 {
		s.units = []scan.Unit{{Name: "image", Sequential: true, Walk: func(context.Context, scan.Visitor) error { return nil }}}
	}
	smallest := 0
	for n, l := range s.target.Image.Layers {
		if l.Size < s.target.Image.Layers[smallest].Size {
			smallest = n
		}
	}
	u := &s.units[smallest]
	walk := u.Walk
	u.Digest = ""
	u.Walk = func(ctx context.Context, v scan.Visitor) error {
		for _, o := range left {
			v.Skipped(o.what, o.reason)
		}
		return walk(ctx, v)
	}
}

// describe gives what the image says of itself.
func (im *found) describe(path string) *scan.Image {
	img := &scan.Image{
		Name:      im.name,
		Reference: im.reference,
		Platform:  im.platform,
		Config:    im.config,
	}
	if img.Name == "" {
		img.Name = fileName(path)
	}
	if img.Reference == "" {
		img.Reference = img.Name
	}
	history := layerHistory(im.config.History, len(im.layers))
	for i, l := range im.layers {
		sl := scan.Layer{
			Digest:    l.digest(),
			DiffID:    l.diffID.String(),
			MediaType: l.mediaType,
			Size:      l.size,
			History:   -1,
		}
		if history != nil {
			sl.History = history[i]
			sl.Instruction = instruction(im.config.History[history[i]].CreatedBy)
		}
		img.Layers = append(img.Layers, sl)
	}
	return img
}

// short shortens a digest for messages.
func short(digest string) string {
	algorithm, hex, ok := strings.Cut(digest, ":")
	if !ok {
		return digest
	}
	return algorithm + ":" + hex[:min(len(hex), 12)]
}

// layer is a layer of an image as the image's documents describe it.
type layer struct {
	file      string  // its name in the store
	blob      v1.Hash // of the file; zero where nothing says
	diffID    v1.Hash // of the unpacked tar
	size      int64   // of the file
	mediaType string
	urls      []string // where a layer that is not distributed can be had
}

// digest is what people know the layer by.
func (l *layer) digest() string {
	if l.blob != (v1.Hash{}) {
		return l.blob.String()
	}
	return l.diffID.String()
}

// content is the address of what the layer's walk yields. It holds the diff id as
// well, which is of the image and not of the blob: what was kept of a blob must not
// speak for an image that expects something else in it.
func (l *layer) content() string {
	if l.blob != (v1.Hash{}) {
		return l.blob.String() + "+" + l.diffID.String()
	}
	return l.diffID.String()
}
