package secrets

import (
	"slices"
	"strings"
)

// decoded looks for secrets in encoded text. The library decodes a fragment and
// runs all its rules again, up to five times; here that is done for the text
// around what can be decoded at all, and the library is asked about the rules that
// match there.
func (l *looking) decoded(s *scratch) {
	w := l.w
	for n := range w.cuts {
		from, to := w.fragmentOf(n)
		if l.isOdd(n) {
			continue
		}
		for _, b := range l.blocksAround(encodedIn(w.text[from:to]), from, n) {
			l.decodeBlock(s, b)
		}
		if to < len(w.text) {
			zone := l.widened(piece{to - l.rules.margin, to + l.rules.margin, outside})
			if spans := encodedIn(w.text[zone.from:zone.to]); len(spans) > 0 {
				l.decodeBlock(s, zone)
			}
		}
		if l.ctx.Err() != nil {
			return
		}
	}
}

// blocksAround gives the text to decode around what is encoded, joined where it
// meets.
func (l *looking) blocksAround(spans []encodedSpan, base, fragment int) []piece {
	var out []piece
	for _, s := range spans {
		from, to := base+s.from-l.rules.margin, base+s.to+l.rules.margin
		if n := len(out) - 1; n >= 0 && from <= out[n].to {
			out[n].to = max(out[n].to, to)
			continue
		}
		out = append(out, piece{from, to, fragment})
	}
	for i := range out {
		out[i] = l.widened(out[i])
	}
	return joined(out)
}

// widened moves the ends of a piece outwards so that they cut no line, or where
// that is long, no run of characters that could be decoded as one.
func (l *looking) widened(p piece) piece {
	lo, hi := l.w.bounds(p)
	from, to := max(lo, p.from), min(hi, p.to)
	text := l.w.text
	if n := strings.LastIndexByte(text[max(lo, from-longLine):from], '\n'); n >= 0 {
		from = max(lo, from-longLine) + n
	} else if from-lo <= longLine {
		from = lo
	} else {
		for from > lo && inRun[text[from-1]] {
			from--
		}
	}
	if n := strings.IndexByte(text[to:min(hi, to+longLine)], '\n'); n >= 0 {
		to += n + 1
	} else if hi-to <= longLine {
		to = hi
	} else {
		for to < hi && (inRun[text[to]] || text[to] == '=') {
			to++
		}
	}
	return piece{from, to, p.fragment}
}

// decodeBlock asks the library about the rules that match in what a block decodes
// to.
func (l *looking) decodeBlock(s *scratch, b piece) {
	t := l.rules.scratch.Get().(*scratch) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		t.reset()
		l.rules.scratch.Put(t)
	}()
	text := l.w.text[b.from:b.to]
	matching := make(map[*secretRule]bool)
	for range decodeDepth {
		decoded, ok := decodeOnce(text)
		if !ok || decoded.text == "" {
			break
		}
		l.matching(s, t, b, decoded, matching)
		t.reset()
		text = decoded.text
	}
	for _, r := range l.rules.content {
		if matching[r] && l.ctx.Err() == nil {
			l.askDecoded(r, b)
		}
	}
}

// matching notes the rules that match a decoded text where it was decoded.
func (l *looking) matching(s, t *scratch, b piece, decoded *decodedText, matching map[*secretRule]bool) {
	text := decoded.text
	if odd(text) {
		for _, r := range l.rules.content {
			matching[r] = matching[r] || l.wants(r)
		}
		return
	}
	w := &window{text: text, ownTo: len(text), cuts: []int{len(text)}}
	t.collect(l.rules, w, func(r *secretRule) bool { return l.wants(r) && !matching[r] })
	for _, r := range l.rules.whole {
		if l.wants(r) {
			t.touch(r).inside = []piece{{0, len(text), 0}}
		}
	}
	for _, r := range t.touched {
		if matching[r] || !l.keyedDecoded(s, t, r, b, text) {
			continue
		}
		for _, p := range joined(t.rules[r.number].inside) {
			if r.gap || slices.ContainsFunc(r.in(w, p), func(m match) bool {
				return decoded.overlaps(m.from, m.to)
			}) {
				matching[r] = true
				break
			}
		}
	}
	for _, r := range s.touched {
		if r.gap && !matching[r] {
			st := &s.rules[r.number]
			matching[r] = slices.ContainsFunc(append(slices.Clone(st.inside), st.across...), func(p piece) bool {
				return p.from < b.to && b.from < p.to
			})
		}
	}
}

// keyedDecoded says whether the fragment of a block, or what it decodes to, holds a
// keyword of a rule that needs one.
func (l *looking) keyedDecoded(s, t *scratch, r *secretRule, b piece, text string) bool {
	if t.rules[r.number].hasKeyword(r, 0, func() string { return text }) {
		return true
	}
	if b.fragment == outside {
		return s.rules[r.number].keyedAround(r, l.w, match{from: b.from, to: b.to})
	}
	from, to := l.w.bounds(b)
	return s.rules[r.number].hasKeyword(r, b.fragment, func() string { return l.w.text[from:to] })
}

// askDecoded lets the library decode and judge. Rules for which more than the
// surroundings counts see the whole fragment.
func (l *looking) askDecoded(r *secretRule, b piece) {
	if lo, hi := l.w.bounds(b); b.fragment != outside && (r.composite() || r.gap || r.far || r.lines) {
		b.from, b.to = lo, hi
	}
	before := len(l.hits)
	l.ask(r.deep(), b, r)
	asked := l.hits[before:]
	kept := slices.DeleteFunc(asked, func(h hit) bool { return !h.decoded })
	l.hits = l.hits[:before+len(kept)]
}
