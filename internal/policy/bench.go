package policy

import (
	"slices"
	"time"
)

// bench are the judges of a run. Each target has those of the policies that apply
// to it, and the built-in default's where none does: no target goes unjudged.
type bench struct {
	judges   []*judge
	fallback *judge // nil until a target needs it
	byTarget map[string][]*judge
	in       *Input
	now      time.Time
}

func newBench(policies []*Policy, in *Input, now time.Time) *bench {
	b := &bench{byTarget: make(map[string][]*judge), in: in, now: now}
	made := make(map[*Policy]*judge)
	parents := make(map[parentFile]*judge)
	for _, p := range policies {
		file := parentFile{p.Path, p.Ref}
		j := parents[file].beside(p)
		if j == nil {
			j = newJudge(p, in, now, len(policies) > 1)
		}
		if p.origin.Kind != "" {
			parents[file] = j
		}
		b.judges = append(b.judges, j)
		made[p] = j
	}
	for _, j := range b.judges {
		for _, p := range j.policy.Children {
			child, ok := made[p]
			if !ok {
				child = newJudge(p, in, now, true)
				made[p] = child
			}
			j.children = append(j.children, child)
		}
	}
	return b
}

// beside makes the judge of a policy of the same file, for another folder; nil where
// there is none yet, or the file is not the same. What they count they count together.
func (j *judge) beside(p *Policy) *judge {
	if j == nil || p.origin.Kind == "" || p.Digest != j.policy.Digest {
		return nil
	}
	other := *j
	other.policy, other.children, other.statements = p, nil, newStatements(p)
	return &other
}

// onlyHeads says that nobody judges but, at most, what counts of a change's own
// policies: these stand beside a trusted policy, never in its place.
func onlyHeads(judges []*judge) bool {
	return !slices.ContainsFunc(judges, func(j *judge) bool { return !j.policy.Head })
}

// of gives the judges of a target, at least one.
func (b *bench) of(target string) []*judge {
	if judges, ok := b.byTarget[target]; ok {
		return judges
	}
	var judges []*judge
	for _, j := range b.judges {
		if j.policy.appliesTo(target) {
			judges = append(judges, j)
		}
	}
	if onlyHeads(judges) {
		judges = append(judges, b.byDefault())
	}
	b.byTarget[target] = judges
	return judges
}

// byDefault is the judge of what no policy judges.
func (b *bench) byDefault() *judge {
	if b.fallback == nil {
		b.fallback = newJudge(Default(), b.in, b.now, len(b.judges) > 0)
	}
	return b.fallback
}

// all gives every judge that has been needed or has a policy of its own.
func (b *bench) all() []*judge {
	if b.fallback == nil {
		return b.judges
	}
	return append(slices.Clone(b.judges), b.fallback)
}

// appliesTo says whether the policy judges what was found in a target.
func (p *Policy) appliesTo(target string) bool {
	return len(p.Targets) == 0 || slices.Contains(p.Targets, target)
}

// scans gives those of the targets that the judge judges.
func (j *judge) scans(all []Scan) []Scan {
	if len(j.policy.Targets) == 0 {
		return all
	}
	var own []Scan
	for _, s := range all {
		if j.policy.appliesTo(s.Target) {
			own = append(own, s)
		}
	}
	return own
}
