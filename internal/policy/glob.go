package policy

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Limits of a pattern. Each alternative in braces makes the matcher start over,
// and several groups multiply.
const (
	maxPattern      = 300
	maxGroups       = 2
	maxAlternatives = 20
)

// badGlob says why a pattern cannot be used; "" when it can.
func badGlob(pattern string) string {
	switch {
	case len(pattern) > maxPattern:
		return fmt.Sprintf("has more than %d bytes", maxPattern)
	case strings.Count(pattern, "{") > maxGroups:
		return fmt.Sprintf("has more than %d groups in braces", maxGroups)
	case strings.Contains(pattern, "{") && strings.Count(pattern, ",") > maxAlternatives:
		return fmt.Sprintf("has more than %d alternatives", maxAlternatives)
	case !doublestar.ValidatePattern(pattern):
		return "is malformed: a bracket or brace is not closed, or the last backslash escapes nothing"
	}
	return ""
}

// glob is a pattern ready for many matches: most texts already differ in what
// stands before the first wildcard or behind the last.
type glob struct {
	pattern        string
	prefix, suffix string
	// segment is the longest segment without a wildcard, which every text that
	// matches has; empty where there is none, or it is too hard to tell.
	segment string
	literal bool
}

const wildcards = `*?[]{}\,`

func newGlob(pattern string) glob {
	g := glob{pattern: pattern}
	first := strings.IndexAny(pattern, `*?[{\`)
	if first < 0 {
		g.literal = true
		g.segment = longestSegment(pattern)
		return g
	}
	last := strings.LastIndexAny(pattern, wildcards)
	g.prefix, g.suffix = pattern[:first], pattern[last+1:]
	// "a/**" matches "a", "**/b" matches "b": what adjoins a "**" can be missing.
	if strings.HasPrefix(pattern[first:], "**") {
		g.prefix = strings.TrimSuffix(g.prefix, "/")
	}
	if strings.HasSuffix(pattern[:last+1], "**") {
		g.suffix = strings.TrimPrefix(g.suffix, "/")
	}
	if strings.ContainsAny(pattern, `{\`) {
		g.prefix, g.suffix = "", "" // a group can hold a "**", a backslash hides what follows
	}
	if !strings.ContainsAny(pattern, `[{\`) { // which can hold a "/"
		g.segment = longestSegment(pattern)
	}
	return g
}

func longestSegment(pattern string) string {
	longest := ""
	for s := range strings.SplitSeq(pattern, "/") {
		if len(s) > len(longest) && !strings.ContainsAny(s, wildcards) {
			longest = s
		}
	}
	return longest
}

func (g *glob) match(s string) bool {
	if g.literal {
		return s == g.pattern
	}
	return strings.HasPrefix(s, g.prefix) && strings.HasSuffix(s, g.suffix) && strings.Contains(s, g.segment) &&
		doublestar.MatchUnvalidated(g.pattern, s)
}

// globs match when one of them does. None match nothing.
type globs []glob

func newGlobs(patterns []string) globs {
	out := make(globs, len(patterns))
	for i, p := range patterns {
		out[i] = newGlob(p)
	}
	return out
}

func (gs globs) match(s string) bool {
	for i := range gs {
		if gs[i].match(s) {
			return true
		}
	}
	return false
}

// purlGlob matches package URLs. "*" and "**" are its only wildcards. Without a
// version it matches every version, without qualifiers ("?arch=…") all of them.
type purlGlob struct {
	glob
	versioned, qualified bool
	// name is the pattern without version and qualifiers; literalName says that
	// no wildcard stands in it.
	name        string
	literalName bool
}

func newPURLGlobs(patterns []string) []purlGlob {
	out := make([]purlGlob, len(patterns))
	for i, p := range patterns {
		out[i] = newPURLGlob(p)
	}
	return out
}

func newPURLGlob(pattern string) purlGlob {
	normal := normalPURL(pattern)
	name, qualified := cutQualifiers(normal)
	name, versioned := cutVersion(name)
	return purlGlob{
		glob: newGlob(purlPattern(pattern)), versioned: versioned, qualified: qualified,
		name: name, literalName: !strings.Contains(name, "*"),
	}
}

// purl is a package's URL, whole and cut: without qualifiers, and without version.
type purl struct{ whole, versioned, name string }

func newPURL(s string) purl {
	p := purl{whole: normalPURL(s)}
	p.versioned, _ = cutQualifiers(p.whole)
	p.name, _ = cutVersion(p.versioned)
	return p
}

func (g *purlGlob) match(p purl) bool {
	switch {
	case p.whole == "":
		return false
	case g.qualified:
		return g.glob.match(p.whole)
	case g.versioned:
		return g.glob.match(p.versioned)
	}
	return g.glob.match(p.name)
}

// purlPattern is a purl's pattern for doublestar: what is no wildcard in a package
// URL is escaped. A literal one stays as it is.
func purlPattern(pattern string) string {
	pattern = normalPURL(pattern)
	if !strings.Contains(pattern, "*") && !strings.ContainsAny(pattern, `?[]{}\`) {
		return pattern
	}
	var b strings.Builder
	for i := range len(pattern) {
		if strings.IndexByte(`?[]{}\`, pattern[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// normalPURL writes the "@" of an npm scope as the specification does, so that the
// only "@" left stands before the version.
func normalPURL(s string) string { return strings.Replace(s, "/@", "/%40", 1) }

func cutQualifiers(s string) (string, bool) {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		return s[:i], true
	}
	return s, false
}

func cutVersion(s string) (string, bool) {
	if i := strings.LastIndexByte(s, '@'); i > strings.LastIndexByte(s, '/') {
		return s[:i], true
	}
	return s, false
}
