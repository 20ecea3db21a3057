package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
	"github.com/boltseal/boltseal/internal/source/image"
)

// findBaseLimit is how long one base is waited for: a scan can do without.
const findBaseLimit = 30 * time.Second

// findBase asks registries for the bases that Dockerfiles name: for their manifests and
// configurations, which tell their layers. nil where no registry may be asked, or the
// user has named the bases.
func (p *prepared) findBase() gate.FindBase {
	if p.options.offline || len(p.bases) > 0 {
		return nil
	}
	asking := p.askingForBases()
	return func(ctx context.Context, reference, platform string) (found scan.Target, err error) {
		err = asking(ctx, reference, func(ctx context.Context) error {
			found, err = documents(ctx, reference, image.Options{Platform: platform, Remote: p.remote})
			return err
		})
		return found, err
	}
}

// askingForBases asks the registry of a base for as long as it is waited for, or says why
// it is not asked.
func (p *prepared) askingForBases() func(ctx context.Context, reference string, ask func(context.Context) error) error {
	held := imageconfig.Options{TrustedRegistries: p.options.trusted}
	trusts := p.imageBases()
	return func(ctx context.Context, reference string, ask func(context.Context) error) error {
		switch err := image.CheckReference(reference); {
		case err != nil:
			return err
		case !held.TrustsRegistryOf(reference):
			return errors.New("its registry is not trusted, and is not asked (--trusted-registry)")
		case trusts != nil && !trusts(reference):
			return errors.New("it is not among targets.trusted-bases of the policy, and is not asked for")
		}
		ctx, cancel := context.WithTimeoutCause(ctx, findBaseLimit, fmt.Errorf("no answer in %s", findBaseLimit))
		defer cancel()
		err := ask(ctx)
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return cause
		}
		return err
	}
}

// signed asks registries whether the bases that Dockerfiles name have signatures; nil
// where no policy that judges images wants to know.
func (p *prepared) signed() gate.AskSigned {
	i := slices.IndexFunc(p.targets, target.isImage)
	if i < 0 || !policy.SignedBases(p.policies.of(i)) {
		return nil
	}
	asking := p.askingForBases()
	return func(ctx context.Context, reference, platform string) (signed bool, err error) {
		err = asking(ctx, reference, func(ctx context.Context) error {
			signed, err = image.Signed(ctx, reference, image.Options{Platform: platform, Remote: p.remote})
			return err
		})
		return signed, err
	}
}

// documents gives what the documents of an image in its registry say.
func documents(ctx context.Context, reference string, opt image.Options) (scan.Target, error) {
	sources, err := image.Open(ctx, image.SchemeRegistry, reference, opt)
	var found []scan.Target
	for _, src := range sources {
		if t := src.Target(); t.Image != nil {
			found = append(found, t)
		}
		err = errors.Join(err, src.Close())
	}
	switch {
	case err != nil:
		return scan.Target{}, err
	case len(found) != 1: // whichever was taken could be another one
		return scan.Target{}, fmt.Errorf("it has %d images for platform %q", len(found), opt.Platform)
	}
	return found[0], nil
}
