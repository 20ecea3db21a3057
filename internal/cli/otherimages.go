package cli

import (
	"context"
	"fmt"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/scan"
)

// otherImages are those that images among the targets are compared with.
func (o scanOptions) otherImages() (older, bases []target, err error) {
	parse := func(flag, arg string) (target, error) {
		t, err := parseTarget(arg)
		if err != nil {
			return t, err
		}
		if !t.isImage() {
			return t, usage(fmt.Errorf("--%s: %q is no image: write registry:%s, or docker-archive:FILE", flag, arg, arg))
		}
		return t, nil
	}
	if o.newFromImage != "" {
		t, err := parse("new-from-image", o.newFromImage)
		if err != nil {
			return nil, nil, err
		}
		older = append(older, t)
	}
	for _, arg := range o.baseImages {
		t, err := parse("base-image", arg)
		if err != nil {
			return nil, nil, err
		}
		bases = append(bases, t)
	}
	return older, bases, nil
}

// others opens the images that are compared with. One that cannot be opened takes the
// verdict away: it was asked for.
func (p *prepared) others(ctx context.Context, sys System, req *gate.Request) {
	open := func(t target) []scan.Source {
		o := t.reach(ctx, sys, opening{platform: p.options.platform, remote: p.remote})
		req.Unopened = append(req.Unopened, o.failed...)
		return o.sources
	}
	for _, t := range p.older {
		req.Older = append(req.Older, open(t)...)
	}
	for _, t := range p.bases {
		for _, src := range open(t) {
			if img := src.Target().Image; img != nil {
				req.BaseImages = append(req.BaseImages, img)
			}
			if err := src.Close(); err != nil {
				req.Unopened = append(req.Unopened, gate.Unopened{Target: t.name(), Err: fmt.Errorf("closing: %w", err)})
			}
		}
	}
}
