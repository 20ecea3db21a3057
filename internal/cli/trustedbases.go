package cli

import "github.com/boltseal/boltseal/internal/policy"

// imageBases says what images may be built upon, by the policies that judge images;
// nil where they do not say. All images of a run have the same ones.
func (p *prepared) imageBases() func(reference string) bool {
	for i, t := range p.targets {
		if !t.isImage() {
			continue
		}
		bases := policy.TrustedBases(p.policies.of(i))
		if !bases.Asked("") {
			return nil
		}
		return func(ref string) bool { return bases.Trust("", ref) }
	}
	return nil
}

// treeBases says what the Dockerfiles of targets may name; nil where no policy says.
func (p *prepared) treeBases() func(target, path, reference string) bool {
	byTarget := make(map[string]policy.Bases)
	asked := false
	for i, t := range p.targets {
		if t.isImage() {
			continue
		}
		bases := policy.TrustedBases(p.policies.of(i))
		byTarget[t.name()] = bases
		asked = asked || bases.Any()
	}
	if !asked {
		return nil
	}
	return func(target, path, ref string) bool { return byTarget[target].Trust(path, ref) }
}
