package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/imagename"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// maxBases bounds the globs of bases.
const maxBases = 200

// readBases reads what images may be built upon.
func readBases(v yamlpos.Value) []string {
	if items := v.OneOrMore(); len(items) > maxBases {
		v.Fail("let a glob match more", "%d bases, more than the %d allowed", len(items), maxBases)
		return nil
	}
	return list(v, func(v yamlpos.Value) string {
		text := v.Text()
		switch {
		case text == "":
		case strings.Contains(text, "://") || strings.ContainsAny(text, " \t\n"):
			v.Fail("write it as FROM does: debian:12, ghcr.io/acme/**, or with @sha256:…", "%q is no base", text)
			return ""
		default:
			ref := splitReference(text)
			for _, part := range []string{fullName(ref.name), ref.tag, ref.digest} {
				if why := badGlob(part); why != "" {
					v.Fail("", "base %q %s", text, why)
					return ""
				}
			}
		}
		return text
	})
}

// reference is the name of an image, cut; tag and digest are empty where it has none.
type reference struct{ name, tag, digest string }

func splitReference(s string) reference {
	var r reference
	r.name, r.digest, _ = strings.Cut(s, "@")
	if i := strings.LastIndexByte(r.name, ':'); i > strings.LastIndexByte(r.name, '/') {
		r.name, r.tag = r.name[:i], r.name[i+1:]
	}
	return r
}

// library is the folder of Docker Hub of a name without a folder.
const library = "library"

// fullName writes the name of an image, or a glob over such, with its registry: what
// docker pulls for "debian" is docker.io/library/debian.
func fullName(name string) string {
	host, rest := imagename.Split(name)
	host = cmp.Or(host, imagename.DockerHub)
	if host == imagename.DockerHub && !strings.Contains(rest, "/") {
		rest = library + "/" + rest
	}
	return host + "/" + rest
}

// imageNameForm is what a full name looks like: what is none, as one with "..", is no
// image that a glob means.
// https://github.com/distribution/reference, the grammar of its package comment
var imageNameForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9.\[\]:-]+(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$`)
})

// imageTagForm is what a tag looks like: what holds a variable is none.
var imageTagForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
})

// maxReference is longer than any reference that a registry takes.
const maxReference = 4096

// baseGlob matches references. Without a tag or digest it matches all of them.
type baseGlob struct{ name, tag, digest glob }

func newBaseGlob(pattern string) baseGlob {
	r := splitReference(pattern)
	return baseGlob{newGlob(fullName(r.name)), newGlob(r.tag), newGlob(r.digest)}
}

// match says whether a reference is meant. Where it has a digest a tag beside it is only
// a word, and is held to the glob all the same.
func (g *baseGlob) match(r reference) bool {
	tag := r.tag
	if tag == "" && r.digest == "" {
		tag = "latest"
	}
	return g.name.match(r.name) && (g.tag.pattern == "" || g.tag.match(tag)) && (g.digest.pattern == "" || g.digest.match(r.digest))
}

// Bases are what some policies say of the images that others may be built upon. The
// zero value trusts all.
type Bases struct{ lists []baseList }

type baseList struct {
	under string
	globs []baseGlob
}

// TrustedBases gives what policies say. Each list counts: what one leaves out is not
// trusted.
func TrustedBases(policies []*Policy) Bases {
	var b Bases
	for _, p := range policies {
		if len(p.TrustedBases) == 0 {
			continue
		}
		l := baseList{under: p.Under}
		for _, pattern := range p.TrustedBases {
			l.globs = append(l.globs, newBaseGlob(pattern))
		}
		b.lists = append(b.lists, l)
	}
	return b
}

// SignedBases says whether any of the policies wants bases to have signatures.
func SignedBases(policies []*Policy) bool {
	return slices.ContainsFunc(policies, func(p *Policy) bool { return p.SignedBases })
}

// Any says whether there is a list at all.
func (b Bases) Any() bool { return len(b.lists) > 0 }

// Asked says whether any list counts for a file of the repository; "" stands for what
// lies in none, as an image.
func (b Bases) Asked(path string) bool {
	return slices.ContainsFunc(b.lists, func(l baseList) bool { return l.covers(path) })
}

// Trust says whether all lists that count for a file have a reference, as FROM writes it.
func (b Bases) Trust(path, ref string) bool {
	var r reference
	if len(ref) <= maxReference {
		r = splitReference(ref)
		r.name = fullName(r.name)
	}
	for _, l := range b.lists {
		if !l.covers(path) {
			continue
		}
		if !r.isWhole() || !slices.ContainsFunc(l.globs, func(g baseGlob) bool { return g.match(r) }) {
			return false
		}
	}
	return true
}

// isWhole says whether a reference, with its full name, is one of which all is told.
func (r reference) isWhole() bool {
	return imageNameForm().MatchString(r.name) && (r.tag == "" || imageTagForm().MatchString(r.tag)) && !strings.ContainsAny(r.digest, "@$")
}

func (l *baseList) covers(path string) bool {
	return l.under == "" || strings.HasPrefix(path, l.under+"/")
}

// looserBases tells of bases that a changed policy allows beside those of the trusted
// one; empty where there are none.
func looserBases(trusted, changed *Policy) string {
	before, after := trusted.TrustedBases, changed.TrustedBases
	switch {
	case len(before) == 0:
		return ""
	case len(after) == 0:
		return "targets.trusted-bases is taken away"
	}
	if n := missingFrom(before, after); n > 0 {
		return plural(n, "more trusted base")
	}
	return ""
}

// basesText writes the lists of policies for comparing them.
func basesText(lists [][]string) string {
	if len(lists) == 0 {
		return "any"
	}
	var texts []string
	for _, l := range lists {
		texts = append(texts, strings.Join(l, " "))
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), " and ")
}

// fewerBases says that of every list before there is one that allows no more.
func fewerBases(before, after [][]string) bool {
	for _, l := range before {
		if !slices.ContainsFunc(after, func(now []string) bool { return missingFrom(l, now) == 0 }) {
			return false
		}
	}
	return len(after) > 0
}
