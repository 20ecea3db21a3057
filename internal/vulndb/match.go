package vulndb

import (
	"errors"
	"slices"
)

// contains says whether the comparator's version is affected
// (https://ossf.github.io/osv-schema/#evaluation). c is nil for a package without
// a version: it is affected by what affects every version, and by nothing else.
// An error says that an event could not be compared: the answer goes without it.
func (a *affected) contains(c *comparator) (bool, error) {
	switch {
	case a.gitOnly:
		return false, nil
	case len(a.ranges) == 0 && len(a.versions) == 0:
		return true, nil // "this package", without saying more
	case c == nil:
		return slices.ContainsFunc(a.ranges, versionRange.everything), nil
	case slices.Contains(a.versions, c.text):
		return true, nil
	}
	var problem error
	for _, r := range a.ranges {
		in, err := r.contains(c)
		if in {
			return true, err
		}
		problem = errors.Join(problem, err)
	}
	if len(a.ranges) == 0 {
		return c.equalsAny(a.versions), nil
	}
	return false, problem
}

// equalsAny finds another spelling of the version: "1.0" for "1.0.0".
func (c *comparator) equalsAny(versions []string) bool {
	return slices.ContainsFunc(versions, func(v string) bool {
		order, err := c.compare(v)
		return err == nil && order == 0
	})
}

// everything says whether no version is outside the range.
func (r versionRange) everything() bool {
	from0 := false
	for _, e := range r.events {
		if e.kind != introduced || e.version != "0" {
			return false
		}
		from0 = true
	}
	return from0
}

// contains evaluates the events in the order of their versions, whatever order they
// are written in: of the events that the version has reached, the last one decides.
// A range without a beginning begins at 0.
func (r versionRange) contains(c *comparator) (in bool, problem error) {
	last := -1
	begins := false
	inLimit, limits := false, false
	for i, e := range r.events {
		begins = begins || e.kind == introduced
		if e.kind == limit {
			limits = true
			below, err := c.below(e.version)
			inLimit = inLimit || below
			problem = errors.Join(problem, err)
			continue
		}
		reached, err := c.reaches(e)
		problem = errors.Join(problem, err)
		if err != nil || !reached {
			continue
		}
		if last < 0 || r.events[last].before(c, e) {
			last = i
		}
	}
	if limits && !inLimit {
		return false, problem
	}
	if last < 0 {
		return !begins && len(r.events) > 0, problem
	}
	return r.events[last].kind == introduced, problem
}

// below says whether the version is below a limit.
func (c *comparator) below(version string) (bool, error) {
	if version == "*" {
		return true, nil
	}
	if err := plausible(c.family, version); err != nil {
		return false, &VersionError{c.family, version, err}
	}
	order, err := c.compare(version)
	return err == nil && order < 0, err
}

// reaches says whether an event has happened by c's version. An end at what is no
// version ends nothing: GitHub's records say "last affected: None" for that.
func (c *comparator) reaches(e event) (bool, error) {
	if e.kind == introduced && e.version == "0" {
		return true, nil
	}
	if err := e.plausible(c.family); err != nil {
		if e.kind != introduced {
			return false, nil
		}
		return false, &VersionError{c.family, e.version, err}
	}
	order, err := c.compare(e.version)
	if e.kind == lastAffected {
		return order > 0, err
	}
	return order >= 0, err
}

// before says whether e comes before other, which stands behind it in the record.
// At one version the order of the record counts, but for "last affected", which
// ends behind that version.
func (e event) before(c *comparator, other event) bool {
	order := c.order(e.version, other.version)
	if order == 0 {
		return e.kind != lastAffected || other.kind == lastAffected
	}
	return order < 0
}

// order orders two versions that were comparable before; 0 is the lowest.
func (c *comparator) order(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "0":
		return -1
	case b == "0":
		return 1
	}
	of, err := c.to(c.family, a)
	if err != nil {
		return 0
	}
	order, err := of.compare(b)
	if err != nil {
		return 0
	}
	return order
}
