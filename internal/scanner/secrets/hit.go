package secrets

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/report"
)

// hit is one secret found, with its clear text: it lives no longer than it takes
// to mask and hash it.
type hit struct {
	rule   *secretRule
	secret string
	group  int
	// matchAt and matchTo are where the rule's match stands in the window, from and
	// to where the secret does; of decoded text, where its encoded form stands.
	matchAt, matchTo, from, to int
	// at is the offset of the secret in the whole text.
	at int64
	// line is where the match begins, which is what the engine reports.
	line    int
	region  region
	name    string // what the secret is assigned to, as it is written; see nameBefore
	decoded bool
	allowed bool // a `gitleaks:allow` comment stands on its lines
	// fragment is the one in which it was found; outside for none.
	fragment int
}

// region is a part of a text, counted from 1; the end column stands behind it.
type region struct {
	startLine, startColumn, endLine, endColumn int
}

const allowComment = "gitleaks:allow"

// placer turns what the library says of places in a text into offsets.
type placer struct {
	rules *ruleSet
	text  string
	lines []int // offsets of the newlines in text, once they are needed
}

// offset undoes the library's counting: columns count from 1 on the first line,
// and from the newline before on all others.
func (p *placer) offset(line, column int) int {
	if line > 0 && p.lines == nil {
		p.lines = newlinesOf(p.text)
	}
	if line <= 0 || len(p.lines) == 0 {
		return clamp(column, len(p.text))
	}
	return clamp(p.lines[min(line, len(p.lines))-1]+column, len(p.text))
}

func clamp(n, limit int) int { return max(0, min(n, limit)) }

// place makes a hit of a library's finding, with offsets in the placer's text.
func (p *placer) place(f *report.Finding) (hit, bool) {
	r := p.rules.byID[f.RuleID]
	if r == nil || r.Regex == nil {
		return hit{}, false
	}
	h := hit{rule: r, secret: f.Secret}
	h.decoded = slices.ContainsFunc(f.Tags, func(t string) bool { return strings.HasPrefix(t, "decode-depth:") })
	start := p.offset(f.StartLine, f.StartColumn-1)
	from, to := start, 0
	group, groupFrom, groupTo := r.group(f.Match)
	h.group = group
	if h.decoded {
		to = p.offset(f.EndLine, f.EndColumn)
		if to <= from {
			to = len(p.text)
		}
		h.matchTo = to
	} else {
		for from < len(p.text) && p.text[from] == '\n' && !strings.HasPrefix(p.text[from:], f.Match) {
			from++ // the library trims the match, but not its place
		}
		h.matchTo = clamp(from+len(f.Match), len(p.text))
		from, to = from+groupFrom, from+groupTo
	}
	to = clamp(to, len(p.text))
	from = min(from, to)
	h.matchAt, h.matchTo, h.from, h.to = start, max(start, h.matchTo), from, to
	return h, true
}

// compareHits orders hits by place, what stands in clear before what is decoded.
func compareHits(a, b hit) int {
	return cmp.Or(
		cmp.Compare(a.from, b.from),
		cmp.Compare(a.to, b.to),
		strings.Compare(a.rule.RuleID, b.rule.RuleID),
		compareBools(a.decoded, b.decoded),
		strings.Compare(a.secret, b.secret),
		cmp.Compare(a.matchAt, b.matchAt),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// distinct sorts hits and leaves out what is told twice: the decoder's overlap is
// inclusive, so that a secret beside an encoded byte is found again as decoded.
func distinct(hits []hit) []hit {
	slices.SortStableFunc(hits, compareHits)
	type key struct {
		rule   *secretRule
		secret string
	}
	seen := make(map[key][]hit, len(hits))
	drop := make([]bool, len(hits))
	for _, decoded := range []bool{false, true} {
		for i, h := range hits {
			if h.decoded != decoded {
				continue
			}
			k := key{h.rule, h.secret}
			drop[i] = slices.ContainsFunc(seen[k], func(o hit) bool {
				if !decoded {
					return o.from == h.from && o.to == h.to
				}
				return o.from <= h.to && h.from <= o.to
			})
			if !drop[i] {
				seen[k] = append(seen[k], h)
			}
		}
	}
	out := make([]hit, 0, len(hits))
	for i, h := range hits {
		if !drop[i] {
			out = append(out, h)
		}
	}
	return out
}

// preferSpecific leaves out what a generic rule found where another rule found
// the same on the same line, as the engine does within one fragment.
func preferSpecific(hits []hit) []hit {
	specific := make(map[int][]hit)
	for _, h := range hits {
		if !isGeneric(h.rule.RuleID) {
			specific[h.line] = append(specific[h.line], h)
		}
	}
	return slices.DeleteFunc(hits, func(g hit) bool {
		return isGeneric(g.rule.RuleID) && slices.ContainsFunc(specific[g.line], func(h hit) bool {
			together := h.fragment == g.fragment || h.fragment == outside || g.fragment == outside
			return together && strings.Contains(h.secret, g.secret)
		})
	})
}
