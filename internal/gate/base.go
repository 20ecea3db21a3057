package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/boltseal/boltseal/internal/builtfrom"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
)

// FindBase gives the image that a FROM names as its registry has it now, for a platform
// and without its content: its layers are known by their digests and diff ids.
type FindBase func(ctx context.Context, reference, platform string) (scan.Target, error)

// fetched is what became of asking for a base.
type fetched struct {
	scan.Target
	err error
}

// reader reads Dockerfiles as the linter among the scanners does.
func reader(scanners []scan.Scanner) *dockerfile.Recipes {
	for _, s := range scanners {
		if linter, ok := s.(*dockerfile.Scanner); ok {
			return linter.Recipes()
		}
	}
	return dockerfile.NewRecipes(dockerfile.Options{})
}

// trusted are the Dockerfiles whose FROM counts for what is the base's: those of the
// trees, and where a tree is compared with a commit that is trusted, those of that
// commit in their place.
func (b *builds) trusted(ctx context.Context, req *Request) (recipes []builtfrom.Recipe, elsewhere bool, err error) {
	for _, tree := range b.treeNames() {
		switch c := req.Compare[tree]; {
		case c != nil && c.Trusted != nil:
			elsewhere = true
			there, err := recipesAt(ctx, c.Trusted, tree, reader(req.Scanners), req.Options)
			if err != nil {
				return nil, true, fmt.Errorf("the Dockerfiles of %s cannot be read: %w", c.Trusted.Name, err)
			}
			recipes = append(recipes, there...)
		case c == nil && req.Untrusted:
			elsewhere = true // whoever wrote the change wrote this as well
		default:
			recipes = append(recipes, b.recipes.Of(tree)...)
		}
	}
	return recipes, elsewhere, nil
}

// recipesAt reads the Dockerfiles of a tree as it was at a reference.
func recipesAt(ctx context.Context, ref *Reference, tree string, read *dockerfile.Recipes, opt scan.Options) ([]builtfrom.Recipe, error) {
	src, err := ref.Open(ctx, tree, nil)
	if err != nil {
		return nil, err
	}
	results := scan.Run(ctx, src, []scan.Scanner{read}, opt)
	if lost, ok := src.(interface{ Lost() error }); ok {
		err = lost.Lost()
	}
	for _, res := range results {
		if err == nil && res.Status.Worse(finding.StatusPartial) == res.Status {
			err = errors.New(res.Reason)
		}
	}
	return read.Of(tree), errors.Join(err, src.Close())
}

// from is what the FROM names that counts. The same file at the trusted commit is asked
// first: a change to its other lines changes nothing of that.
func (k *build) from(trusted []builtfrom.Recipe, elsewhere bool) string {
	if !elsewhere {
		return k.lineage.Base
	}
	if base := k.lineage.BaseIn(trusted); base != "" {
		return base
	}
	lineage := builtfrom.Trace(layerEntries(k.image), trusted)
	return lineage.Base
}

// upon is the base that the image is built upon, as far as a FROM tells. Another one than
// that which counts for what is excused: a change that brings in a base is held to that, and
// one that does away with a base is not. It is empty where nobody knows, as where only the
// build says what a variable holds.
func (k *build) upon(from string) string {
	switch {
	case from == "" || k.lineage.From.Path == "":
		return from
	case k.lineage.Open:
		return ""
	}
	return k.lineage.Base
}

// maxShownFrom is how long a name is, in bytes, that notes repeat. It is not cut: it is
// masked later, and no mask knows half a secret.
const maxShownFrom = 300

func shownFrom(from string) string {
	if len(from) > maxShownFrom {
		return "what FROM names"
	}
	return from
}

// findBase asks for the base that a FROM names, and compares its layers. What cannot be
// told is a note: nothing is the base's then.
func (b *builds) findBase(ctx context.Context, k *build, from string, find FindBase) {
	got, shown := b.fetch(ctx, from, k.image.Platform, find), shownFrom(from)
	if got.err != nil {
		k.note("which layers are the base's is not known: %s cannot be looked at: %v", shown, got.err)
		return
	}
	if !k.begins(got.Image) {
		k.note("which layers are the base's is not known: they are not those of %s as its registry has it now (%s): the tag has moved since, or the image is built upon another one", shown, got.Digest)
		return
	}
	if k.builtUpon(ctx, got.Image); k.base >= 0 {
		k.baseName = imageconfig.Pinned(from, got.Digest)
	}
}

// fetch asks for each base once.
func (b *builds) fetch(ctx context.Context, from, platform string, find FindBase) fetched {
	key := [2]string{from, platform}
	got, asked := b.fetched[key]
	if !asked {
		got.Target, got.err = find(ctx, from, platform)
		if got.err == nil && got.Image == nil {
			got.err = errors.New("it is no image")
		}
		b.fetched[key] = got
	}
	return got
}

// AskSigned says whether the registry of what FROM names has a signature of it, for a
// platform.
type AskSigned func(ctx context.Context, reference, platform string) (bool, error)

// once asks about each base once.
func (ask AskSigned) once() AskSigned {
	if ask == nil {
		return nil
	}
	type answer struct {
		signed bool
		err    error
	}
	known := make(map[[2]string]answer)
	return func(ctx context.Context, reference, platform string) (bool, error) {
		key := [2]string{reference, platform}
		a, asked := known[key]
		if !asked {
			a.signed, a.err = ask(ctx, reference, platform)
			known[key] = a
		}
		return a.signed, a.err
	}
}

// signed asks whether the base has a signature, where somebody wants to know. That of an
// image without a base is of no concern.
func (k *build) signed(ctx context.Context, from string, ask AskSigned) {
	switch {
	case ask == nil || from == scratch:
		return
	case from == "":
		k.unknown = "whether the base has a signature is not known: no Dockerfile that counts says what the image is built upon"
		return
	}
	switch signed, err := ask(ctx, from, k.image.Platform); {
	case err != nil:
		k.unknown = fmt.Sprintf("whether %s has a signature is not known: %v", shownFrom(from), err)
	case !signed:
		k.unsigned = from
	}
}

// unsigned gives the findings of bases without a signature, where the configuration of
// images was scanned. Where nobody knows, that scan is partial.
func (b *builds) unsigned(scans []report.Scan, mask func(string) string) (findings []finding.Finding) {
	for _, t := range b.images {
		i := slices.IndexFunc(scans, func(s report.Scan) bool {
			return s.Scanner == finding.ImageConfig && s.Target == mask(t.Name)
		})
		k := b.known[t.Name]
		switch {
		case i < 0:
		case k.unsigned != "":
			f := imageconfig.UnsignedBase(k.image, k.unsigned)
			f.Target = t.Name
			findings = append(findings, f)
		case k.unknown != "":
			why := mask(oneLine(k.unknown))
			if scans[i].Status = scans[i].Status.Worse(finding.StatusPartial); scans[i].Reason == "" {
				scans[i].Reason = why
			} else {
				scans[i].Notes = append(scans[i].Notes, why)
			}
		}
	}
	return findings
}

func (k *build) note(format string, args ...any) {
	k.notes = append(k.notes, fmt.Sprintf(format, args...))
}

// tell adds what there is to say of images to how one scanner ended on them, once: that
// of packages, where it ran, or another that looks at images.
func (b *builds) tell(scans []report.Scan, mask func(string) string) {
	ranks := []string{finding.Dockerfile, finding.Secrets, finding.ImageConfig, finding.Packages}
	for _, t := range b.images {
		at := -1
		for i := range scans {
			if scans[i].Target == mask(t.Name) && (at < 0 || slices.Index(ranks, scans[i].Scanner) > slices.Index(ranks, scans[at].Scanner)) {
				at = i
			}
		}
		if at < 0 {
			continue
		}
		for _, n := range b.known[t.Name].notes {
			scans[at].Notes = append(scans[at].Notes, mask(oneLine(n)))
		}
	}
}
