package gate

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/boltseal/boltseal/internal/builtfrom"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
)

// The words for where a layer is from.
const (
	originBase = "base" // the image that FROM names has it
	originOurs = "ours" // what was built upon that added it
)

// builds knows what the Dockerfiles and the images of a run have to do with each
// other. Images say of themselves what they like: what they say finds a line to show,
// and only layers that are equal to those of an image at hand are a base's.
type builds struct {
	recipes *dockerfile.Recipes // nil where there are no trees beside images
	trees   []string
	images  []scan.Target // those of the run, in its order
	// bases are images that the user says images are built upon.
	bases   []*scan.Image
	known   map[string]*build // by target
	fetched map[[2]string]fetched
	// open are the sources of images that may be asked what their layers unpack to.
	open []scan.Source
}

// build is what is known of one image.
type build struct {
	image   *scan.Image
	lineage builtfrom.Lineage
	// base is how many of the layers are those of the base image, -1 where nobody
	// knows; baseName is what the base is called.
	base     int
	baseName string
	notes    []string
	source   scan.Confirmer // nil where it is closed
	asked    map[int]error  // what source says of layers
	// unsigned names the base of which its registry has no signature; unknown says why
	// nobody knows whether it has one.
	unsigned, unknown string
}

// newBuilds looks at what is to be scanned.
func newBuilds(req *Request) *builds {
	b := &builds{bases: req.BaseImages, known: make(map[string]*build), fetched: make(map[[2]string]fetched)}
	for _, src := range req.Sources {
		switch t := src.Target(); {
		case t.Kind == scan.KindTree:
			b.trees = append(b.trees, t.Name)
		case t.Kind == scan.KindImage && t.Image != nil && t.Image.Config != nil:
			b.images = append(b.images, t)
			b.known[t.Name] = &build{image: t.Image, base: -1}
		}
	}
	if len(b.images) == 0 || len(b.trees) == 0 {
		return b
	}
	b.recipes = reader(req.Scanners)
	return b
}

// scanners adds the reader of Dockerfiles to those of a tree.
func (b *builds) scanners(t scan.Target, scanners []scan.Scanner) []scan.Scanner {
	if b.recipes == nil || t.Kind != scan.KindTree {
		return scanners
	}
	return append(slices.Clone(scanners), b.recipes)
}

// keeps takes a source that was scanned, if it may still be asked what layers unpack to.
func (b *builds) keeps(src scan.Source) bool {
	k := b.known[src.Target().Name]
	confirmer, ok := src.(scan.Confirmer)
	if k == nil || !ok || b.recipes == nil && len(b.bases) == 0 || !slices.ContainsFunc(k.image.Layers, unsure) {
		return false
	}
	k.source, k.asked = confirmer, make(map[int]error)
	b.open = append(b.open, src)
	return true
}

// unsure says that nothing but the image says what the layer unpacks to.
func unsure(l scan.Layer) bool { return l.Digest != l.DiffID }

// treeNames are the trees of the run, each once.
func (b *builds) treeNames() []string {
	return slices.Compact(slices.Sorted(slices.Values(b.trees)))
}

// trace finds out what can be known, once everything is scanned.
func (b *builds) trace(ctx context.Context, req *Request) {
	ask := req.Signed.once()
	var recipes []builtfrom.Recipe
	if b.recipes != nil {
		for _, t := range b.treeNames() {
			recipes = append(recipes, b.recipes.Of(t)...)
		}
	}
	if len(recipes) == 0 {
		for _, t := range b.images {
			b.givenBase(ctx, b.known[t.Name])
			b.known[t.Name].signed(ctx, "", ask)
		}
		return
	}
	trusted, elsewhere, err := b.trusted(ctx, req)
	for _, t := range b.images {
		k := b.known[t.Name]
		k.lineage = builtfrom.Trace(layerEntries(k.image), recipes)
		b.givenBase(ctx, k)
		var from string
		if err == nil {
			from = k.from(trusted, elsewhere)
		}
		k.signed(ctx, k.upon(from), ask)
		if k.base >= 0 {
			continue
		}
		if err != nil {
			k.note("which layers are the base's is not known: %v", err)
			continue
		}
		if !req.Untrusted {
			b.baseAmong(ctx, k, from)
		}
		if k.base < 0 && req.FindBase != nil && from != "" && from != scratch {
			b.findBase(ctx, k, from, req.FindBase)
		}
	}
}

func layerEntries(img *scan.Image) []builtfrom.Entry {
	out := make([]builtfrom.Entry, len(img.Config.History))
	for i, h := range img.Config.History {
		out[i] = builtfrom.Entry{CreatedBy: h.CreatedBy, Empty: h.EmptyLayer}
	}
	return out
}

// givenBase compares the layers with those of the images that the user names. A base
// counts only if all of its layers begin the image; of several it is the one with most.
func (b *builds) givenBase(ctx context.Context, k *build) {
	for _, base := range b.bases {
		k.builtUpon(ctx, base)
	}
}

// baseAmong does so with the images of this run that FROM names.
func (b *builds) baseAmong(ctx context.Context, k *build, from string) {
	for _, other := range b.images {
		if o := other.Image; o != k.image && names(from, o) && o.Platform == k.image.Platform {
			k.builtUpon(ctx, o)
		}
	}
}

// builtUpon takes a base that the image begins with, unless another one has more layers.
func (k *build) builtUpon(ctx context.Context, base *scan.Image) {
	if n := len(base.Layers); n > k.base && k.begins(base) && k.confirmed(ctx, base) {
		k.base, k.baseName = n, base.Reference
	}
}

// begins says whether the image begins with all layers of a base, if it tells the truth.
func (k *build) begins(base *scan.Image) bool {
	n := len(base.Layers)
	return n > 0 && n <= len(k.image.Layers) && slices.EqualFunc(k.image.Layers[:n], base.Layers, alike)
}

// confirmed says whether it does. What it said and is not so is a note.
func (k *build) confirmed(ctx context.Context, base *scan.Image) bool {
	for i, l := range base.Layers {
		if err := k.confirm(ctx, i, l); err != nil {
			k.note("which layers are the base's is not known: layer %s is not shown to be the one of %s: %v", k.image.Layers[i].Digest, base.Reference, err)
			return false
		}
	}
	return true
}

// alike says whether a layer may be that of a base: stored alike, or unpacking to the
// same if the image tells the truth.
func alike(l, base scan.Layer) bool {
	return l.Digest != "" && l.Digest == base.Digest || l.DiffID != "" && l.DiffID == base.DiffID
}

// confirm makes sure that a layer is the one that is alike. A registry's layer is often
// stored as it is in its base; if it was packed anew, only unpacking it tells.
func (k *build) confirm(ctx context.Context, i int, base scan.Layer) error {
	l := k.image.Layers[i]
	if l.Digest == base.Digest || !unsure(l) {
		return nil
	}
	if k.source == nil {
		return errors.New("it cannot be read again")
	}
	err, asked := k.asked[i]
	if !asked {
		err = k.source.Confirm(ctx, i)
		k.asked[i] = err
	}
	return err
}

// scratch is what FROM names for no base.
const scratch = "scratch"

// names says whether what FROM names is the image.
func names(from string, img *scan.Image) bool {
	if from == "" || from == scratch {
		return false
	}
	a, err := name.ParseReference(from)
	if err != nil {
		return false
	}
	b, err := name.ParseReference(img.Reference)
	return err == nil && a.Name() == b.Name()
}

// origin says where a layer is from, by its index.
func (k *build) origin(layer int) string {
	switch {
	case k.base < 0 || layer < 0:
		return ""
	case layer < k.base:
		return originBase
	}
	return originOurs
}

// layer is the index of the layer of a digest, -1 for none.
func (k *build) layer(digest string) int {
	if digest == "" {
		return -1
	}
	return slices.IndexFunc(k.image.Layers, func(l scan.Layer) bool { return l.Digest == digest })
}

// shown are the images as the run file has them.
func (b *builds) shown(mask func(string) string) []report.Image {
	var out []report.Image
	for _, t := range b.images {
		k := b.known[t.Name]
		img := report.Image{Target: mask(t.Name), Name: mask(t.Image.Name), From: mask(k.lineage.Base), Base: mask(k.baseName), Layers: []report.ImageLayer{}}
		for i, l := range t.Image.Layers {
			layer := report.ImageLayer{Digest: l.Digest, DiffID: l.DiffID, Size: l.Size, Instruction: mask(l.Instruction), Origin: k.origin(i)}
			if place := k.place(i, 0, ""); place.Path != "" {
				layer.Built = lines(place, mask)
			}
			img.Layers = append(img.Layers, layer)
		}
		out = append(out, img)
	}
	return out
}

func lines(p builtfrom.Place, mask func(string) string) finding.Built {
	return finding.Built{Path: mask(p.Path), StartLine: p.First, EndLine: p.Last}
}

// packages says of packages where they are from.
func (b *builds) packages(packages []inventory.Package) {
	for i := range packages {
		if k := b.known[packages[i].Target]; k != nil {
			packages[i].Origin = k.origin(k.layer(packages[i].Layer))
		}
	}
}

// findings completes findings in images.
func (b *builds) findings(findings []finding.Finding) {
	for i := range findings {
		f := &findings[i]
		k := b.known[f.Target]
		if k == nil {
			continue
		}
		layer := k.layer(f.Location.Layer)
		f.Location.Origin = k.origin(layer)
		if f.Package != nil {
			p := *f.Package
			p.Origin = f.Location.Origin
			f.Package = &p
		}
		if place := k.place(layer, f.Location.Step, f.Location.Instruction); place.Path != "" {
			f.Location.Built = lines(place, func(s string) string { return s }) // Seal masks it
		}
	}
}

// place is the line that brought a layer, did a step of the history or set what an
// instruction says; where none is known, the FROM that begins the image.
func (k *build) place(layer, step int, instruction string) builtfrom.Place {
	history := step - 1
	if layer >= 0 {
		history = k.image.Layers[layer].History
	} else if step == 0 && instruction != "" {
		history = k.said(instruction)
	}
	if history >= 0 && history < len(k.lineage.Places) && k.lineage.Places[history] != (builtfrom.Place{}) {
		return k.lineage.Places[history]
	}
	if layer >= 0 {
		return builtfrom.Place{} // a step that no line explains
	}
	return k.lineage.From
}

// said is the last entry of the history that is an instruction; -1 for none.
func (k *build) said(instruction string) int {
	for i, h := range slices.Backward(k.image.Config.History) {
		text := h.CreatedBy
		if _, after, found := strings.Cut(text, "#(nop) "); found {
			text = after
		}
		if strings.HasPrefix(strings.TrimSpace(text), instruction) {
			return i
		}
	}
	return -1
}
