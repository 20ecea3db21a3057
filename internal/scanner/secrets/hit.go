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
	// matchAt is the offset at which the rule's match begins, from and to where
	// the secret stands; of decoded text, where its encoded form stands.
	matchAt, from, to int64
	// line is where the match begins, which is what the engine reports.
	line    int
	region  region
	decoded bool
	allowed bool // a `gitleaks:allow` comment stands on its line
}

// region is a part of a text, counted from 1; the end column stands behind it.
type region struct {
	startLine, startColumn, endLine, endColumn int
}

const allowComment = "gitleaks:allow"

// placer turns what the library says of places in a window's text into offsets.
type placer struct {
	rules *ruleSet
	w     *window
	text  string
	lines []int // offsets of the newlines in text
}

func newPlacer(rules *ruleSet, w *window, text string) *placer {
	p := &placer{rules: rules, w: w, text: text}
	for i := 0; ; i++ {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			return p
		}
		i += n
		p.lines = append(p.lines, i)
	}
}

// offset undoes the library's counting: columns count from 1 on the first line,
// and from the newline before on all others.
func (p *placer) offset(line, column int) int {
	if line <= 0 || len(p.lines) == 0 {
		return clamp(column, len(p.text))
	}
	return clamp(p.lines[min(line, len(p.lines))-1]+column, len(p.text))
}

func clamp(n, limit int) int { return max(0, min(n, limit)) }

// place makes a hit of a library's finding.
func (p *placer) place(f *report.Finding) (hit, bool) {
	r := p.rules.byID[f.RuleID]
	if r == nil || r.Regex == nil {
		return hit{}, false
	}
	h := hit{rule: r, secret: f.Secret, allowed: strings.Contains(f.Line, allowComment)}
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
	} else {
		for from < len(p.text) && p.text[from] == '\n' && !strings.HasPrefix(p.text[from:], f.Match) {
			from++ // the library trims the match, but not its place
		}
		from, to = from+groupFrom, from+groupTo
	}
	to = clamp(to, len(p.text))
	from = min(from, to)
	h.matchAt, h.from, h.to = p.w.at+int64(start), p.w.at+int64(from), p.w.at+int64(to)
	h.line = p.w.line + f.StartLine + 1
	h.region = p.region(from, to)
	if h.region.startLine != h.line {
		// The match begins on a line before the secret. Its line is what
		// baselines and ignore files know, so the region begins there.
		h.region.startLine, h.region.startColumn = h.line, p.column(start)
	}
	return h, true
}

func (p *placer) region(from, to int) region {
	last := max(from, to-1)
	return region{
		startLine: p.lineOf(from), startColumn: p.column(from),
		endLine: p.lineOf(last), endColumn: p.column(last) + min(1, to-from),
	}
}

// lineOf gives the number of the line of an offset; a newline ends its line.
func (p *placer) lineOf(offset int) int {
	n, _ := slices.BinarySearch(p.lines, offset)
	return p.w.line + n + 1
}

func (p *placer) column(offset int) int {
	n, _ := slices.BinarySearch(p.lines, offset)
	if n == 0 {
		return p.w.column + offset + 1
	}
	return offset - p.lines[n-1]
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
// the same on the same line, as the engine does within one text.
func preferSpecific(hits []hit) []hit {
	specific := make(map[int][]string)
	for _, h := range hits {
		if !isGeneric(h.rule.RuleID) {
			specific[h.line] = append(specific[h.line], h.secret)
		}
	}
	return slices.DeleteFunc(hits, func(g hit) bool {
		return isGeneric(g.rule.RuleID) && slices.ContainsFunc(specific[g.line], func(s string) bool {
			return strings.Contains(s, g.secret)
		})
	})
}
