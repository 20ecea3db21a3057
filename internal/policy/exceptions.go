package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// compiledException is an exception ready for many findings.
type compiledException struct {
	*Exception
	expired       bool
	pending       bool // it does not hold yet
	decision      Decision
	cves          []string // in capitals
	purls         []purlGlob
	rules         globs
	paths, images globs
	// last is the number of the finding that was last compared, matched how many
	// it matched, blocked how many block because it has expired.
	last, matched, blocked int
}

// eastmost is how far ahead of UTC a day begins somewhere.
const eastmost = 14 * time.Hour

func compileException(e *Exception, number int, now time.Time, where string) *compiledException {
	c := &compiledException{
		Exception: e,
		expired:   !now.Before(e.end()),
		pending:   now.Add(eastmost).Before(e.Created),
		purls:     newPURLGlobs(e.Match.PURLs),
		rules:     newGlobs(e.Match.Rules),
		paths:     newGlobs(e.Match.Paths),
		images:    newGlobs(e.Match.Images),
	}
	for _, id := range e.Match.CVEs {
		c.cves = append(c.cves, strings.ToUpper(id))
	}
	c.decision = Decision{
		Action: Suppress,
		By:     fmt.Sprintf("exception %d", number),
		Reason: fmt.Sprintf("%s (owner %s, approved by %s)", e.Reason, e.Owner, e.ApprovedBy) + where,
		Until:  day(e.Expires),
	}
	if c.expired {
		c.decision = Decision{
			Action: Block,
			By:     c.decision.By,
			Reason: fmt.Sprintf("its exception expired on %s: mend it, or %s has the exception renewed (it said: %s)", day(e.Expires), e.Owner, e.Reason) + where,
		}
	}
	return c
}

func (e *compiledException) matches(s *subject) bool {
	return (len(e.cves) == 0 || overlap(e.cves, s.upperIDs())) &&
		s.imageIs(e.images) && s.pathIs(e.paths, e.images) &&
		s.packageIs(e.purls) && s.ruleIs(e.rules) &&
		(len(e.Match.Fingerprints) == 0 || overlap(e.Match.Fingerprints, s.allKeys()))
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// exceptions finds those that can match a finding without asking each. Every
// exception stands under the values of one of its fields, or in rest.
type exceptions struct {
	all []*compiledException
	// byID is by advisory or rule in capitals, byPURL by package URL without
	// version, bySegment by one of a path's segments.
	byKey, byID, byPURL, byImage, bySegment map[string][]int
	rest                                    []int
	finding                                 int
}

func newExceptions(p *Policy, now time.Time, where string) *exceptions {
	x := &exceptions{
		byKey: make(map[string][]int), byID: make(map[string][]int), byPURL: make(map[string][]int),
		byImage: make(map[string][]int), bySegment: make(map[string][]int),
	}
	for i := range p.Exceptions {
		c := compileException(&p.Exceptions[i], i+1, now, where)
		x.all = append(x.all, c)
		if !c.pending {
			x.file(i, c)
		}
	}
	return x
}

// file puts exception i where the findings that it can match will look.
func (x *exceptions) file(i int, c *compiledException) {
	index, keys := x.place(c)
	if index == nil {
		x.rest = append(x.rest, i)
		return
	}
	for _, k := range keys {
		index[k] = append(index[k], i)
	}
}

func (x *exceptions) place(c *compiledException) (map[string][]int, []string) {
	if len(c.Match.Fingerprints) > 0 {
		return x.byKey, c.Match.Fingerprints
	}
	if len(c.cves) > 0 {
		return x.byID, c.cves
	}
	if keys, ok := allOf(c.purls, func(g purlGlob) (string, bool) { return g.name, g.literalName }); ok {
		return x.byPURL, keys
	}
	if keys, ok := allOf(c.rules, func(g glob) (string, bool) { return strings.ToUpper(g.pattern), g.literal }); ok {
		return x.byID, keys
	}
	if keys, ok := allOf(c.paths, func(g glob) (string, bool) { return g.segment, g.segment != "" }); ok {
		return x.bySegment, keys
	}
	if keys, ok := allOf(c.images, func(g glob) (string, bool) { return g.pattern, g.literal }); ok {
		return x.byImage, keys
	}
	return nil, nil
}

// allOf gives every value's key; false when one has none, or there are no values.
func allOf[T any](values []T, key func(T) (string, bool)) ([]string, bool) {
	keys := make([]string, len(values))
	for i, v := range values {
		k, ok := key(v)
		if !ok {
			return nil, false
		}
		keys[i] = k
	}
	return keys, len(keys) > 0
}

// decide gives the decision of the exception that matches: the first that holds,
// else the first that has expired. All that match are counted.
func (x *exceptions) decide(s *subject) (Decision, bool) {
	if len(x.all) == 0 {
		return Decision{}, false
	}
	x.finding++
	var best *compiledException
	at := 0
	look := func(candidates []int) {
		for _, i := range candidates {
			e := x.all[i]
			if e.last == x.finding {
				continue
			}
			e.last = x.finding
			if !e.matches(s) {
				continue
			}
			e.matched++
			if best == nil || best.expired && !e.expired || best.expired == e.expired && i < at {
				best, at = e, i
			}
		}
	}
	x.candidates(s, look)
	if best == nil {
		return Decision{}, false
	}
	if best.expired {
		best.blocked++
	}
	return best.decision, true
}

// candidates hands over the exceptions that can match, some of them twice.
func (x *exceptions) candidates(s *subject, look func([]int)) {
	if len(x.byKey) > 0 {
		for _, k := range s.allKeys() {
			look(x.byKey[k])
		}
	}
	if len(x.byID) > 0 {
		for _, id := range s.upperIDs() {
			look(x.byID[id])
		}
	}
	if len(x.byPURL) > 0 && s.purl.name != "" {
		look(x.byPURL[s.purl.name])
	}
	if len(x.bySegment) > 0 {
		for segment := range strings.SplitSeq(s.Location.Path, "/") {
			look(x.bySegment[segment])
		}
	}
	if len(x.byImage) > 0 {
		look(x.byImage[s.Location.Image])
	}
	look(x.rest)
}
