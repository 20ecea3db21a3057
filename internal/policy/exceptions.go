package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// compiledException is an exception ready for many findings.
type compiledException struct {
	*Exception
	expired       bool
	pending       bool // it does not hold yet
	terms         [finding.Critical + 1]*term
	cves          []string // in capitals
	purls         []purlGlob
	rules         globs
	paths, images globs
	// last is the number of the finding that was last compared, matched how many
	// it matched, lapsed for how many of them its term was over.
	last, matched, lapsed int
	// lapsedFor is the last of these: folders' judges share what they count.
	lapsedFor *subject
	// told says that somebody has been asked to look at it.
	told bool
	// ends is the first day on which the term of something that it matched ends.
	ends time.Time
}

// term is for how long an exception holds for findings of a severity.
type term struct {
	last     time.Time // the last day
	over     bool
	decision Decision // of an exception whose term is over: what blocks
}

func (c *compiling) exception(e *Exception, number int, limits *Limits) *compiledException {
	out := &compiledException{
		Exception: e,
		expired:   c.today.After(e.Expires),
		pending:   c.today.AddDate(0, 0, 1).Before(e.Created),
		purls:     newPURLGlobs(e.Match.PURLs),
		rules:     newGlobs(e.Match.Rules),
		paths:     newGlobs(e.Match.Paths),
		images:    newGlobs(e.Match.Images),
	}
	for _, id := range e.Match.CVEs {
		out.cves = append(out.cves, strings.ToUpper(id))
	}
	by := fmt.Sprintf("exception %d", number)
	byDays := make(map[int]*term)
	for i := range out.terms {
		days := limits.ExceptionMaxAge[finding.Severity(i).Known(c.unknown)]
		if byDays[days] == nil {
			byDays[days] = c.term(e, by, days)
		}
		out.terms[i] = byDays[days]
	}
	return out
}

// term is the exception's own, or ends earlier where days, if there are any, bound it.
func (c *compiling) term(e *Exception, by string, days int) *term {
	t := &term{last: e.Expires}
	why := "its exception expired on " + day(e.Expires)
	if bound := e.Created.AddDate(0, 0, days); days > 0 && bound.Before(e.Expires) {
		t.last = bound
		why = fmt.Sprintf("its exception held until %s, the %s that the policy allows for this severity", day(bound), plural(days, "day"))
	}
	t.over = c.today.After(t.last)
	t.decision = Decision{
		Action: Suppress, By: by, Until: day(t.last), VEX: e.VEX,
		Reason: fmt.Sprintf("%s (owner %s, approved by %s)", e.Reason, e.Owner, e.ApprovedBy) + c.where,
	}
	if t.over {
		t.decision = Decision{
			Action: Block, By: by,
			Reason: fmt.Sprintf("%s: mend it, or %s has the exception renewed (it said: %s)", why, e.Owner, e.Reason) + c.where,
		}
	}
	return t
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
	// lenient says that what has expired never blocks, everywhere that it blocks
	// what was there before as well.
	lenient, everywhere bool
}

func (c *compiling) exceptions(p *Policy) *exceptions {
	x := &exceptions{
		lenient: p.Limits.OnExpired == WarnOfIt, everywhere: c.run.DefaultBranch,
		byKey: make(map[string][]int), byID: make(map[string][]int), byPURL: make(map[string][]int),
		byImage: make(map[string][]int), bySegment: make(map[string][]int),
	}
	for i := range p.Exceptions {
		e := c.exception(&p.Exceptions[i], i+1, &p.Limits)
		x.all = append(x.all, e)
		if !e.pending {
			x.file(i, e)
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
// else the first whose term is over; nil where none does. All that match are counted.
func (x *exceptions) decide(s *subject) (Decision, *compiledException) {
	best := x.find(s, func(e *compiledException) {
		e.matched++
		if t := e.terms[s.severity]; !t.over && (e.ends.IsZero() || t.last.Before(e.ends)) {
			e.ends = t.last
		}
	})
	if best == nil {
		return Decision{}, nil
	}
	t := best.terms[s.severity]
	if !t.over {
		return t.decision, best
	}
	if best.lapsedFor != s {
		best.lapsed, best.lapsedFor = best.lapsed+1, s
	}
	return x.lapsed(t, s), best
}

// lapsed is the decision of a term that is over.
func (x *exceptions) lapsed(t *term, s *subject) Decision {
	d := t.decision
	if x.lenient || !x.everywhere && !s.isNew {
		d.Action = Warn
	}
	return d
}

// find gives the exception that counts, and hands over all that match, each once.
func (x *exceptions) find(s *subject, matched func(*compiledException)) *compiledException {
	if len(x.all) == 0 {
		return nil
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
			matched(e)
			over := e.terms[s.severity].over
			if best == nil || best.terms[s.severity].over && !over || best.terms[s.severity].over == over && i < at {
				best, at = e, i
			}
		}
	}
	x.candidates(s, look)
	return best
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
