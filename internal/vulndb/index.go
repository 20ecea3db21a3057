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
	x.count(r)
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
}

// count takes note of a record.
func (x *index) count(r *record) {
	x.info.Records++
	x.info.Date = max(x.info.Date, r.modified)
	if r.withdrawn {
		x.info.Withdrawn++
	}
}

// store finds what the records of one family say of a package.
type store interface {
	// covers says whether there is anything on a release.
	covers(release string) bool
	// lookup gives the entries of a package in a release. Their records need no
	// summary yet.
	lookup(name, release string) ([]entry, error)
	// complete adds the summaries of the records that affect a version.
	complete(hits []hit) error
}

// match answers for a package of a family.
func match(family string, s store, p *inventory.Package) Match {
	release := inventory.Release(p.Ecosystem)
	if inventory.HasReleases(family) {
		if release == "" {
			return Match{Err: fmt.Errorf("%w: which %s is it?", ErrNoRelease, family)}
		}
		if !s.covers(release) {
			return Match{Err: fmt.Errorf("%w for %s", ErrNoData, p.Ecosystem)}
		}
	}
	var m Match
	var found []Advisory
	for _, l := range p.Lookups() {
		advisories, err := lookup(family, s, l, release)
		m.Err = errors.Join(m.Err, err)
		found = append(found, advisories...)
	}
	slices.SortStableFunc(found, compareAdvisories)
	m.Advisories = slices.CompactFunc(found, func(a, b Advisory) bool { return compareAdvisories(a, b) == 0 })
	return m
}

// lookup answers for one name of a package.
func lookup(family string, s store, l inventory.Named, release string) ([]Advisory, error) {
	entries, err := s.lookup(inventory.NormalName(family, l.Name), release)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	var c *comparator
	if l.Version != "" {
		if c, err = newComparator(family, l.Version); err != nil {
			return nil, err
		}
	}
	hits, problem := evaluate(entries, c)
	if err := s.complete(hits); err != nil {
		return nil, errors.Join(problem, err)
	}
	var found []Advisory
	for _, i := range issues(hits) {
		found = append(found, i.advisory(c))
	}
	return found, problem
}

func compareAdvisories(a, b Advisory) int {
	if order := strings.Compare(a.ID, b.ID); order != 0 {
		return order
	}
	return slices.Compare(a.Aliases, b.Aliases)
}

// lookup implements store. A record under a distribution's bare name says nothing of
// any release of it: such records have been seen to belong to another distribution.
func (x *index) lookup(name, release string) ([]entry, error) {
	all := x.byName[name]
	if !inventory.HasReleases(x.family) {
		return all, nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(e entry) bool {
		return !sameRelease(x.family, release, inventory.Release(e.ecosystem))
	}), nil
}

// complete implements store: everything is there.
func (x *index) complete([]hit) error { return nil }

// covers implements store.
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
