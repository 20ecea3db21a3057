package vulndb

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// index finds the records of one ecosystem family by package.
type index struct {
	family   string
	byName   map[string][]entry
	releases map[string]bool
	info     SourceInfo
}

func newIndex(family string) *index {
	return &index{
		family: family, byName: make(map[string][]entry), releases: make(map[string]bool),
		info: SourceInfo{Ecosystem: family},
	}
}

// add takes a record for the packages that belong to the family.
func (x *index) add(r *record) {
	x.info.Records++
	if r.modified > x.info.Date {
		x.info.Date = r.modified
	}
	for i := range r.affected {
		a := &r.affected[i]
		if inventory.Family(a.ecosystem) != x.family {
			continue
		}
		x.releases[inventory.Release(a.ecosystem)] = true
		if r.withdrawn || r.dropped {
			continue
		}
		x.byName[a.name] = append(x.byName[a.name], entry{a, r})
	}
	if r.withdrawn {
		x.info.Withdrawn++
	}
}

// match answers for a package of the family.
func (x *index) match(p *inventory.Package) Match {
	release := inventory.Release(p.Ecosystem)
	if inventory.HasReleases(x.family) {
		if release == "" {
			return Match{Err: fmt.Errorf("%w: which %s is it?", ErrNoRelease, x.family)}
		}
		if !x.covers(release) {
			return Match{Err: fmt.Errorf("%w for %s", ErrNoData, p.Ecosystem)}
		}
	}
	var m Match
	var found []Advisory
	for _, l := range p.Lookups() {
		entries := x.lookup(l.Name, release)
		if len(entries) == 0 {
			continue
		}
		var c *comparator
		if l.Version != "" {
			var err error
			if c, err = newComparator(x.family, l.Version); err != nil {
				m.Err = errors.Join(m.Err, err)
				continue
			}
		}
		hits, err := evaluate(entries, c)
		m.Err = errors.Join(m.Err, err)
		for _, i := range issues(hits) {
			found = append(found, i.advisory(c))
		}
	}
	slices.SortStableFunc(found, compareAdvisories)
	m.Advisories = slices.CompactFunc(found, func(a, b Advisory) bool { return compareAdvisories(a, b) == 0 })
	return m
}

func compareAdvisories(a, b Advisory) int {
	if order := strings.Compare(a.ID, b.ID); order != 0 {
		return order
	}
	return slices.Compare(a.Aliases, b.Aliases)
}

// lookup gives the entries of a package in a release. A record under a
// distribution's bare name says nothing of any release of it: such records have
// been seen to belong to another distribution.
func (x *index) lookup(name, release string) []entry {
	all := x.byName[inventory.NormalName(x.family, name)]
	if !inventory.HasReleases(x.family) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(e entry) bool {
		return !sameRelease(x.family, release, inventory.Release(e.ecosystem))
	})
}

func (x *index) covers(release string) bool {
	if x.releases[release] {
		return true
	}
	for r := range x.releases {
		if sameRelease(x.family, release, r) {
			return true
		}
	}
	return false
}

// sameRelease compares a package's release with a record's. Red Hat's records name
// a part of a release: "enterprise_linux:9::appstream".
func sameRelease(family, release, record string) bool {
	if family == "Red Hat" {
		return record == release || strings.HasPrefix(record, release+"::")
	}
	return record == release
}
