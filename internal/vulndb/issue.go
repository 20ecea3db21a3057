package vulndb

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
)

// entry is a package of a record, as an index holds it.
type entry struct {
	*affected
	record *record
}

// hit is a record with what it says of one version of one package.
type hit struct {
	record  *record
	entries []entry // all that name the package, in this release
	in      bool    // at least one of them affects the version
}

// evaluate asks each record that names a package, by id: stores have orders of their
// own. c is nil for no version.
func evaluate(entries []entry, c *comparator) (hits []hit, problem error) {
	byID := func(a, b entry) int { return strings.Compare(a.record.id, b.record.id) }
	if !slices.IsSortedFunc(entries, byID) {
		entries = slices.Clone(entries)
		slices.SortStableFunc(entries, byID)
	}
	hits = make([]hit, 0, len(entries))
	for start := 0; start < len(entries); {
		h := hit{record: entries[start].record}
		end := start
		for ; end < len(entries) && entries[end].record.id == h.record.id; end++ {
			in, err := entries[end].contains(c)
			problem = errors.Join(problem, err)
			h.in = h.in || in
		}
		h.entries = entries[start:end:end]
		hits = append(hits, h)
		start = end
	}
	return hits, problem
}

// issue is what becomes an advisory: records that speak of the same thing.
type issue struct {
	ids     map[string]bool
	own     []hit  // records of this issue alone
	bundles []hit  // records that cover others too
	best    string // id, once all of the others are known
}

// issues groups hits by what they are about. Aliases are the same issue, however
// far they reach and even in a circle. A record that covers several CVEs (DSA, USN,
// ALSA) belongs to each of them, but not to one that a record of its own clears.
func issues(hits []hit) []*issue {
	if !slices.ContainsFunc(hits, func(h hit) bool { return h.in }) {
		return nil
	}
	names := unions{}
	cleared := make(map[string]bool)
	for _, h := range hits {
		if h.record.bundle() {
			continue
		}
		if h.in {
			for _, id := range h.record.same() {
				names.join(h.record.id, id)
			}
		}
	}
	for _, h := range hits {
		if !h.in && !h.record.bundle() {
			for _, id := range h.record.same() {
				cleared[id] = true
			}
		}
	}
	found := make(map[string]*issue)
	get := func(id string) *issue {
		root := names.root(id)
		if found[root] == nil {
			found[root] = &issue{ids: map[string]bool{id: true}}
		}
		return found[root]
	}
	for _, h := range hits {
		if h.in && !h.record.bundle() {
			i := get(h.record.id)
			i.own = append(i.own, h)
			for _, id := range h.record.same() {
				i.ids[id] = true
			}
		}
	}
	for _, h := range hits {
		if !h.in || !h.record.bundle() {
			continue
		}
		for _, id := range cves(h.record.upstream) {
			if cleared[id] && found[names.root(id)] == nil {
				continue
			}
			i := get(id)
			i.ids[id], i.ids[h.record.id] = true, true
			if len(i.bundles) == 0 || i.bundles[len(i.bundles)-1].record != h.record {
				i.bundles = append(i.bundles, h)
			}
		}
	}
	for _, i := range found {
		i.best = i.id()
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *issue) int {
		return strings.Compare(a.best, b.best)
	})
}

// bundle says whether a record covers several issues.
func (r *record) bundle() bool { return len(cves(r.upstream)) > 1 }

// same are the ids of the record's issue, its own among them.
func (r *record) same() []string {
	ids := append([]string{r.id}, r.aliases...)
	if upstream := cves(r.upstream); len(upstream) == 1 {
		return append(ids, upstream[0])
	}
	if len(r.upstream) == 1 {
		return append(ids, r.upstream[0])
	}
	return ids
}

// idRank orders ids by how well they speak for an issue: malware, GitHub's, the
// ecosystem's or distribution's own, CVE, collections without an own list.
func idRank(id string) int {
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "MAL":
		return 0
	case "GHSA":
		return 1
	case "CVE":
		return 3
	case "VCID", "NSWG", "SNYK", "GSD":
		return 4
	}
	return 2
}

func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(idRank(a), idRank(b)), strings.Compare(a, b))
}

// speakers are the records that describe the issue.
func (i *issue) speakers() []hit {
	if len(i.own) > 0 {
		return i.own
	}
	return i.bundles
}

// id is the best id among those of the issue's records.
func (i *issue) id() string {
	best := ""
	for _, h := range i.speakers() {
		if best == "" || compareIDs(h.record.id, best) < 0 {
			best = h.record.id
		}
	}
	if len(i.own) == 0 { // several issues of one bundle: the id must tell them apart
		if ids := cves(slices.Sorted(maps.Keys(i.ids))); len(ids) > 0 {
			return best + " " + ids[0]
		}
	}
	return best
}

// advisory makes one of the issue. c is nil for a package without a version.
func (i *issue) advisory(c *comparator) Advisory {
	id, _, _ := strings.Cut(i.best, " ")
	a := Advisory{ID: id, URL: page(id)}
	for other := range i.ids {
		if other != id {
			a.Aliases = append(a.Aliases, other)
		}
		a.Malware = a.Malware || strings.HasPrefix(other, "MAL-")
	}
	slices.Sort(a.Aliases)
	speakers := slices.Clone(i.speakers())
	slices.SortFunc(speakers, func(a, b hit) int { return compareIDs(a.record.id, b.record.id) })
	var vectors []string
	for _, h := range speakers {
		r := h.record
		a.Summary = cmp.Or(a.Summary, r.summary)
		a.Rating = worseRating(a.Rating, h.rating())
		vectors = append(vectors, r.vectors...)
		a.CWE = append(a.CWE, r.cwes...)
		for _, e := range h.entries {
			vectors = append(vectors, e.vectors...)
			a.Statement = laterStatement(a.Statement, e.statement)
		}
	}
	for _, h := range slices.Concat(i.own, i.bundles) {
		if p := h.record.published; p != "" && (a.Published == "" || p < a.Published) {
			a.Published = p
		}
	}
	if a.Rating == "" { // of the update that brings the fix, where the issue has none
		for _, h := range i.bundles {
			a.Rating = worseRating(a.Rating, h.rating())
		}
	}
	a.CVSS = scores(vectors)
	slices.Sort(a.CWE)
	a.CWE = slices.Compact(a.CWE)
	a.Fixed = fixes(speakers, c)
	return a
}

// rating is the entry's for this very package where there is one, else the record's.
func (h *hit) rating() string {
	worst := ""
	for _, e := range h.entries {
		worst = worseRating(worst, e.rating)
	}
	return cmp.Or(worst, h.record.rating)
}

func page(id string) string {
	if strings.HasPrefix(id, "GHSA-") {
		return "https://github.com/advisories/" + id
	}
	return "https://osv.dev/vulnerability/" + id
}

// maxFixes bounds the versions that an advisory names.
const maxFixes = 16

// fixes are the versions above c's that some record calls fixed and none affected.
func fixes(hits []hit, c *comparator) []string {
	if c == nil {
		return nil
	}
	var candidates []string
	for _, h := range hits {
		for _, e := range h.entries {
			candidates = append(candidates, e.fixedAbove(c)...)
		}
	}
	slices.SortStableFunc(candidates, func(a, b string) int {
		return cmp.Or(c.order(a, b), strings.Compare(a, b))
	})
	candidates = slices.Compact(candidates)
	var out []string
	for _, v := range candidates {
		if len(out) == maxFixes {
			break
		}
		if mends(hits, c, v) {
			out = append(out, strings.Clone(v)) // not with all versions that it lies among
		}
	}
	return out
}

func (a *affected) fixedAbove(c *comparator) []string {
	var out []string
	for _, r := range a.ranges {
		for _, e := range r.events {
			if e.kind != fixed {
				continue
			}
			if order, err := c.compare(e.version); err == nil && order < 0 {
				out = append(out, e.version)
			}
		}
	}
	return out
}

// mends says whether no record affects a version.
func mends(hits []hit, below *comparator, version string) bool {
	c, err := below.to(below.family, version)
	if err != nil {
		return false
	}
	for _, h := range hits {
		for _, e := range h.entries {
			if in, _ := e.contains(c); in {
				return false
			}
		}
	}
	return true
}

// unions joins names that mean the same.
type unions map[string]string

func (u unions) root(name string) string {
	for {
		parent, ok := u[name]
		if !ok || parent == name {
			return name
		}
		if grand, ok := u[parent]; ok {
			u[name] = grand // halve the way for the next one
		}
		name = parent
	}
}

func (u unions) join(a, b string) {
	a, b = u.root(a), u.root(b)
	if a != b {
		u[max(a, b)] = min(a, b)
	}
}
