package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// maxNested bounds the policies of folders.
const maxNested = 200

var errTooNested = fmt.Errorf("%w: more than %d folders have a policy of their own", ErrBad, maxNested)

// policyFolder gives the folder of a policy file; false for another file.
func policyFolder(file string) (string, bool) {
	return path.Dir(file), slices.Contains(Names, path.Base(file))
}

// covers says whether a finding lies below the policy's folder. What lies inside an
// image lies below none.
func (p *Policy) covers(s *subject) bool {
	if p.Under == "" {
		return true
	}
	return !s.inImage && strings.HasPrefix(s.Location.Path, p.Under+"/")
}

// covering gives the judges of a finding, at least one: of those of its target the
// ones below whose folder it lies.
func (b *bench) covering(s *subject) []*judge {
	all := b.of(s.Target)
	nested := false
	for _, j := range all {
		nested = nested || j.policy.Under != ""
	}
	if !nested {
		return all
	}
	var judges []*judge
	for _, j := range all {
		if j.policy.covers(s) {
			judges = append(judges, j)
		}
	}
	if onlyHeads(judges) {
		judges = append(judges, b.byDefault())
	}
	return judges
}

// Nested finds the policies of the folders below one, whose files are given by their
// paths; each judges what lies below its own folder.
func Nested(files Files, dir string, paths []string) ([]*Policy, error) {
	var found []*Policy
	for _, at := range paths {
		folder, ok := policyFolder(at)
		if !ok || folder == "." || dir != "." && dir != "" && !strings.HasPrefix(folder, dir+"/") {
			continue
		}
		if len(found) > 0 && found[len(found)-1].Under == folder {
			continue // both names were looked for
		}
		p, err := readFirst(files, folder)
		if err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		p.Under = folder
		if found = append(found, p); len(found) > maxNested {
			return nil, errTooNested
		}
	}
	return found, nil
}

// HeadOf is what counts of the policy of a change's head beside the trusted one: its
// rules, coverage and limits. Everything else is the trusted one's; nil stands for a
// trusted branch without that file.
func HeadOf(head, trusted *Policy) *Policy {
	p := &Policy{
		Trust: Trust{HeadMay: HeadTightens, NativeIgnores: Honour}, New: Comparison{To: ToMergeBase},
		Limits: Limits{OnExpired: Fail, OnUnmatched: WarnOfIt}, Unknown: head.Unknown,
	}
	if trusted != nil {
		copied := *trusted
		p = &copied
		p.Limits = tighter(trusted.Limits, head.Limits)
	}
	p.Path, p.Ref, p.Digest = head.Path, head.Ref, head.Digest
	p.Targets, p.Under = head.Targets, head.Under
	p.Rules, p.Coverage = head.Rules, head.Coverage
	p.Extends, p.Children, p.Relaxable, p.builtIn = nil, nil, nil, false
	// Exceptions that match nothing are the trusted policy's to name.
	p.Head = true
	return p
}

// tighter gives the tighter of two limits each.
func tighter(a, b Limits) Limits {
	if b.OnExpired == WarnOfIt {
		b.OnExpired = a.OnExpired
	}
	if b.OnUnmatched == WarnOfIt {
		b.OnUnmatched = a.OnUnmatched
	}
	if b.ExceptionMaxAge == nil {
		b.ExceptionMaxAge = a.ExceptionMaxAge
	}
	return b
}

// Alike gives the test whether all that policies say of paths is the same of two of
// them: only then a file that moves from one to the other stays what it was. What an
// expression says of paths nobody can tell beforehand.
func Alike(policies []*Policy) func(a, b string) bool {
	var lists []globs
	var folders []string
	for _, p := range policies {
		if slices.ContainsFunc(p.Rules, func(r Rule) bool { return celTellsPaths(r.CEL) }) {
			return func(string, string) bool { return false }
		}
		for _, patterns := range p.pathLists() {
			lists = append(lists, newGlobs(patterns))
		}
		if p.Under != "" {
			folders = append(folders, p.Under+"/")
		}
	}
	return func(a, b string) bool {
		return !slices.ContainsFunc(lists, func(g globs) bool { return g.match(a) != g.match(b) }) &&
			!slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(a, f) != strings.HasPrefix(b, f) })
	}
}

// pathLists are all lists of globs over paths.
func (p *Policy) pathLists() [][]string {
	lists := [][]string{p.Exclude, p.Dockerfiles}
	for i := range p.Rules {
		lists = append(lists, p.Rules[i].When.Paths)
	}
	for i := range p.Exceptions {
		lists = append(lists, p.Exceptions[i].Match.Paths)
	}
	for i := range p.Scopes {
		lists = append(lists, p.Scopes[i].Paths)
	}
	return lists
}

// IsAbout says whether a file is a policy that is about a folder: its own, one of a
// folder above or of one below.
func IsAbout(file, folder string) bool {
	at, ok := policyFolder(file)
	return ok && (at == "." || at == folder || folder == "." || strings.HasPrefix(folder, at+"/") || strings.HasPrefix(at, folder+"/"))
}

// UnderOf gives the folder below which the policy at a path judges, for whoever scans
// a folder: its own where that lies below; empty for everywhere.
func UnderOf(file, folder string) string {
	at, _ := policyFolder(file)
	if at == "." || at == folder || folder != "." && !strings.HasPrefix(at, folder+"/") {
		return ""
	}
	return at
}
