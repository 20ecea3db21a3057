package policy

import (
	"hash/maphash"
	"strings"
)

// hint tells of most findings that a rule does not match them, without asking its
// globs: by what all of its patterns begin with, and by bits of the ids that it names.
type hint struct {
	path, image, purl string
	// ids has a bit for each id; 0 where there is a glob among them, or none.
	ids uint64
}

func (r *compiledRule) newHint() hint {
	h := hint{path: commonPrefix(r.paths), image: commonPrefix(r.images)}
	packages := make(globs, len(r.packages))
	for i := range r.packages {
		packages[i] = r.packages[i].glob
	}
	h.purl = commonPrefix(packages)
	for _, g := range r.rules {
		if !g.literal {
			h.ids = 0
			break
		}
		h.ids |= idBit(g.pattern)
	}
	return h
}

// excludes says that the rule cannot match.
func (h *hint) excludes(s *subject) bool {
	return !strings.HasPrefix(s.Location.Path, h.path) || !strings.HasPrefix(s.Location.Image, h.image) || !strings.HasPrefix(s.purl.whole, h.purl) ||
		h.ids != 0 && h.ids&s.idBits() == 0
}

// commonPrefix is what every text begins with that one of the globs matches.
func commonPrefix(gs globs) string {
	if len(gs) == 0 {
		return ""
	}
	common := gs[0].start()
	for i := range gs {
		start := gs[i].start()
		n := 0
		for n < min(len(start), len(common)) && start[n] == common[n] {
			n++
		}
		common = common[:n]
	}
	return common
}

// start is what every text that matches begins with.
func (g *glob) start() string {
	if g.literal {
		return g.pattern
	}
	return g.prefix
}

// idSeed is any: bits are compared within a run of the program only.
var idSeed = maphash.MakeSeed()

// idBit is one of 63 bits, by the id.
func idBit(id string) uint64 { return 1 << (maphash.String(idSeed, id) % 63) }

// idBits are those of all of the finding's ids.
func (s *subject) idBits() uint64 {
	if s.bits == 0 {
		for _, id := range s.allIDs() {
			s.bits |= idBit(id)
		}
	}
	return s.bits
}
