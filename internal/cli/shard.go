package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
)

// parseShard reads "I/N".
func parseShard(text string) (index, of int, err error) {
	first, second, ok := strings.Cut(text, "/")
	if ok {
		index, err = strconv.Atoi(first)
		if err == nil {
			of, err = strconv.Atoi(second)
		}
	}
	if !ok || err != nil || index < 1 || of < index || of > gate.MaxShards {
		return 0, 0, usage(fmt.Errorf("--shard %q: write I/N, as 2/5 for the second of five jobs, at most %d", text, gate.MaxShards))
	}
	return index, of, nil
}

// share says what of the targets is due here; nil for all of it.
func (p *prepared) share() (*gate.Share, error) {
	o := p.options
	if o.shard == "" {
		return nil, nil //nolint:nilnil // documented
	}
	if o.newFromImage != "" {
		return nil, usage(errors.New("--shard and --new-from-image do not go together: an image that is compared is scanned by one job"))
	}
	s := &gate.Share{Places: make(map[string]int)}
	var err error
	if s.Index, s.Of, err = parseShard(o.shard); err != nil {
		return nil, err
	}
	s.Histories = slices.ContainsFunc(p.targets, func(t target) bool { return t.scheme == "git" })
	s.Plan, err = p.plan(s.Of)
	return s, err
}

// places gives every target that is no history its place among them; -1 for others.
func (p *prepared) places() []int {
	places := make([]int, len(p.targets))
	n := 0
	for i, t := range p.targets {
		if places[i] = -1; t.scheme != "git" {
			places[i] = n
			n++
		}
	}
	return places
}

// plan is a digest of what the whole run is to do, shards aside.
func (p *prepared) plan(of int) (string, error) {
	type read struct{ Path, Ref, Digest, Under string }
	o := p.options
	var failOn string
	if p.judging.FailOn != nil {
		failOn = p.judging.FailOn.String()
	}
	plan := struct {
		Version, Commit                                     string
		Of                                                  int
		Targets, Scanners, Dockerfiles, VEX, Trusted, Bases []string
		Policies                                            []read
		FailOn, Event, Environment, Platform, Baseline      string
		BaselineRun, Shellcheck, NewFrom                    string
		NoGitignore, DefaultBranch, InChange                bool
		Archives                                            int
	}{
		Version: Version, Commit: p.commit, Of: of, Scanners: slices.Sorted(slices.Values(o.scanners)), Dockerfiles: o.dockerfiles, VEX: o.vex, Trusted: o.trusted, Bases: o.baseImages,
		FailOn: failOn, Event: string(o.event), Environment: o.environment, Platform: o.platform, Baseline: o.baseline,
		BaselineRun: o.baselineRun, Shellcheck: o.shellcheck, NewFrom: o.newFrom,
		NoGitignore: o.noGitignore, DefaultBranch: o.defaultBranch, InChange: o.inChange, Archives: o.archives,
	}
	for _, t := range p.targets {
		plan.Targets = append(plan.Targets, t.name())
	}
	for _, pol := range p.policies.loaded {
		plan.Policies = append(plan.Policies, read{pol.Path, pol.Ref, pol.Digest, pol.Under})
	}
	text, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("writing the plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// checkedOut is the commit of the repository that the targets lie in; empty where
// there is none, or there are several.
func (o scanOptions) checkedOut(ctx context.Context, targets []target) (string, error) {
	var repo *git.Repo
	for _, t := range targets {
		if !t.isTree() {
			continue
		}
		real, err := realPath(t.dir())
		if err != nil {
			return "", nil //nolint:nilerr // the target itself will say so
		}
		found, err := git.Find(ctx, real)
		switch {
		case errors.Is(err, git.ErrNoRepository):
			return "", nil
		case err != nil:
			return "", err
		case repo != nil && repo.Root != found.Root:
			return "", nil
		}
		repo = found
	}
	if repo == nil || repo.Available() != nil {
		return "", nil //nolint:nilerr // without git nobody knows the commit
	}
	objects, err := repo.Objects(ctx)
	if err != nil {
		return "", err
	}
	head, err := objects.Head(ctx)
	return head, errors.Join(err, objects.Close())
}

// headOf is the commit that a run's one anchor has checked out.
func (s *anchors) headOf() string {
	if all := s.all(); len(all) == 1 {
		return all[0].head
	}
	return ""
}

// opens says whether a target is opened in this shard. Of images that are due elsewhere
// others may have been built upon, which only a tree's FROM can tell.
func (p *prepared) opens(t target, place int, share *gate.Share) bool {
	if share == nil || t.scheme == "git" || t.scheme == "dir" || t.scheme == "staged" || t.scheme == "stdin" || share.Due(place) {
		return true
	}
	return t.isImage() && !p.options.inChange && slices.ContainsFunc(p.targets, func(t target) bool { return t.scheme == "dir" })
}
