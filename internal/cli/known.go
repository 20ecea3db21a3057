package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/boltseal/boltseal/internal/baseline"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/vex"
)

// knownText is a baseline with the text that it was read from.
type knownText struct {
	*gate.Baseline
	text []byte
}

// known reads what tells of findings beside the policies: the VEX documents and the
// baseline that they name, or that the user named. A policy's files are read where the
// other files of its repository are that are believed.
func (p *prepared) known(ctx context.Context, sys System) error {
	p.baselines = make([]*gate.Baseline, len(p.targets))
	read := make(map[*policy.Policy]bool)
	for i, t := range p.targets {
		policies := p.policies.of(i)
		for _, pol := range policies {
			if read[pol] || len(pol.VEXFiles) == 0 {
				continue
			}
			read[pol] = true
			if err := p.vexOf(ctx, sys, pol, t); err != nil {
				return err
			}
		}
		var err error
		if p.baselines[i], err = p.baselineOf(ctx, policies, t); err != nil {
			return err
		}
	}
	return p.vexByFlag(sys)
}

// of gives the policies that apply to a target, the nearest first.
func (s *policySet) of(target int) []*policy.Policy {
	if s.byTarget == nil {
		return s.loaded
	}
	var own []*policy.Policy
	for _, i := range s.byTarget[target] {
		own = append(own, s.loaded[i])
	}
	return own
}

// believed reads a file that a policy names, from the root of a target's repository.
func (p *prepared) believed(ctx context.Context, t target, pol *policy.Policy, name string) ([]byte, error) {
	files, ok, err := p.options.nativeFilesOf(ctx, t.dir())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, noVerdict(fmt.Errorf("%s names %s: there is no repository to read it from", pol.Path, name))
	}
	data, err := files.read(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, git.ErrNoFile):
		return nil, usage(fmt.Errorf("%s names %s, and there is no such file", pol.Path, name))
	case err != nil:
		return nil, noVerdict(fmt.Errorf("reading %s, which %s names: %w", name, pol.Path, err))
	}
	return data, nil
}

func (p *prepared) vexOf(ctx context.Context, sys System, pol *policy.Policy, t target) error {
	for _, name := range pol.VEXFiles {
		data, err := p.believed(ctx, t, pol, name)
		if err != nil {
			return err
		}
		if err := addVEX(sys, []*policy.Policy{pol}, name, data); err != nil {
			return err
		}
	}
	return nil
}

// vexByFlag has every policy believe the documents that the user named.
func (p *prepared) vexByFlag(sys System) error {
	if len(p.options.vex) > 0 && len(p.policies.loaded) == 0 {
		p.policies.loaded = []*policy.Policy{policy.Default()}
		p.policies.byTarget = nil
	}
	for _, name := range p.options.vex {
		f, err := namedFile(name)
		if err != nil {
			return err
		}
		if err := addVEX(sys, p.policies.loaded, f.name, f.text); err != nil {
			return err
		}
	}
	return nil
}

func addVEX(sys System, policies []*policy.Policy, name string, data []byte) error {
	doc, err := vex.Parse(shown(name), data)
	if err != nil {
		return usage(err)
	}
	for _, n := range doc.Notes {
		sys.warn("%s", masked(errors.New(n)))
	}
	for _, pol := range policies {
		pol.VEX = append(pol.VEX, doc.Statements...)
	}
	return nil
}

// baselineOf gives the baseline of a target: the user's, else that of the policy at
// the root, as what a folder's own policy knows must not count for those above it.
func (p *prepared) baselineOf(ctx context.Context, policies []*policy.Policy, t target) (*gate.Baseline, error) {
	if name := p.options.baseline; name != "" {
		f, err := namedFile(name)
		if err != nil {
			return nil, err
		}
		return p.readBaseline(f.name, f.text)
	}
	root := topmost(policies)
	if root == nil || p.options.noBaseline {
		return nil, nil //nolint:nilnil // there is none
	}
	if root.New.Baseline == "" || root.New.To == policy.ToNothing {
		return nil, nil //nolint:nilnil // there is none
	}
	data, err := p.believed(ctx, t, root, root.New.Baseline)
	if err != nil {
		return nil, err
	}
	return p.readBaseline(root.New.Baseline, data)
}

// topmost gives the policy of the folder that is nearest to the root; nil where there
// is none.
func topmost(policies []*policy.Policy) *policy.Policy {
	var top *policy.Policy
	for _, p := range policies {
		if p.Under == "" && !p.Head && p.Origin().Kind == "" {
			top = p
		}
	}
	return top
}

// readBaseline reads each baseline once: targets that share it are told of it together.
func (p *prepared) readBaseline(name string, data []byte) (*gate.Baseline, error) {
	for _, r := range p.read {
		if r.Name == name && bytes.Equal(r.text, data) {
			return r.Baseline, nil
		}
	}
	b, err := baseline.Parse(name, data)
	if err != nil {
		return nil, usage(err)
	}
	read := &gate.Baseline{Name: name, Baseline: b}
	p.read = append(p.read, knownText{read, data})
	return read, nil
}
