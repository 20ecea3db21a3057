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
		far := false
		for _, b := range l.blocksAround(encodedIn(w.text[from:to]), from, n) {
			far = l.decodeBlock(s, b, false) || far
		}
		if far {
			l.decodeBlock(s, piece{from, to, n}, true)
		}
		if to < len(w.text) {
			zone := l.widened(piece{to - l.rules.margin, to + l.rules.margin, outside})
			if spans := encodedIn(w.text[zone.from:zone.to]); len(spans) > 0 {
				l.decodeBlock(s, zone, false)
			}
		}
		if l.ctx.Err() != nil {
			return
		}
	}
}

// longBlock bounds how much text is decoded at once, where it is not all one row of
// what is encoded: parts that stand so near each other can be one secret.
const (
	longBlock = 32 << 10
	nearParts = 64
)

// blocksAround gives the text to decode around what is encoded, joined where it
// meets and is not long. Blocks overlap by what a match can reach.
func (l *looking) blocksAround(spans []encodedSpan, base, fragment int) []piece {
	var out []piece
	last := 0
	for _, s := range spans {
		from, to := base+s.from-l.rules.margin, base+s.to+l.rules.margin
		near := s.from-last <= nearParts
		last = max(last, s.to)
		if n := len(out) - 1; n >= 0 && from <= out[n].to && (near || to-out[n].from <= longBlock) {
			out[n].to = max(out[n].to, to)
			continue
		}
		out = append(out, piece{from, to, fragment})
	}
	kept := out[:0]
	for _, b := range out {
		b = l.widened(b)
		if n := len(kept) - 1; n >= 0 && kept[n].from <= b.from && b.to <= kept[n].to {
			continue
		}
		kept = append(kept, b)
	}
	return kept
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

// decodeBlock tells what simple rules find in what a block decodes to, and asks the
// library about the others, with the text that their matches were decoded from. Of
// rules whose matches have no end it says whether they could have one here: they
// are to see the whole fragment, which is what far says.
func (l *looking) decodeBlock(s *scratch, b piece, far bool) bool {
	t := l.rules.scratch.Get().(*scratch) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		t.reset()
		l.rules.scratch.Put(t)
	}()
	m := matching{looking: l, outer: s, inner: t, block: b, far: far, at: make(map[*secretRule][]piece)}
	text := l.w.text[b.from:b.to]
	for range decodeDepth {
		decoded, ok := decodeOnce(text)
		if !ok || decoded.text == "" || l.ctx.Err() != nil {
			break
		}
		m.passes = append(m.passes, decoded)
		m.look(decoded)
		t.reset()
		text = decoded.text
	}
	for _, r := range l.rules.content {
		for _, p := range joined(m.at[r]) {
			if l.ctx.Err() == nil {
				l.askDecoded(r, p)
			}
		}
	}
	return m.hasFar
}

// matching is a block being decoded.
type matching struct {
	*looking
	outer, inner *scratch // of the window, of the decoded text
	block        piece
	far, hasFar  bool
	passes       []*decodedText
	// at are the parts of the window that rules match in when they are decoded.
	at map[*secretRule][]piece
}

// wants says whether a rule is for this look.
func (m *matching) wants(r *secretRule) bool { return r.gap == m.far && m.looking.wants(r) }

// notesFar notes that a rule whose matches have no end may match here.
func (m *matching) notesFar() {
	if m.far || m.block.fragment == outside {
		return
	}
	for _, r := range m.inner.touched {
		m.hasFar = m.hasFar || r.gap
	}
	for _, r := range m.outer.touched {
		st := &m.outer.rules[r.number]
		m.hasFar = m.hasFar || r.gap && slices.ContainsFunc(append(slices.Clone(st.inside), st.across...), func(p piece) bool {
			return p.from < m.block.to && m.block.from < p.to
		})
	}
}

// look notes where rules match a decoded text, if it was decoded there.
func (m *matching) look(decoded *decodedText) {
	text := decoded.text
	w := &window{text: text, ownTo: len(text), cuts: []int{len(text)}}
	m.inner.collect(m.rules, w, m.looking.wants)
	if odd(text) {
		m.unfolded(m.inner, w, m.looking.wants)
	}
	m.notesFar()
	keyed := m.rules.oddlyKeyed(text)
	for _, r := range m.rules.whole {
		if m.wants(r) {
			m.inner.touch(r).inside = []piece{{0, len(text), 0}}
		}
	}
	for _, r := range m.inner.touched {
		if !m.keyedBy(r, keyed) || (r.gap != m.far && m.block.fragment != outside) {
			continue
		}
		for _, p := range joined(m.inner.rules[r.number].inside) {
			for _, found := range r.in(w, p) {
				switch shown := text[found.from:found.to]; {
				case !decoded.overlaps(found.from, found.to) || !r.plausible(shown, m.around(r, decoded, found)):
				case !r.composite():
					m.tell(r, shown, found.from, found.to)
				default:
					m.at[r] = append(m.at[r], m.block)
				}
			}
		}
	}
}

// around gives what allowlists look at: the line is that of the decoded parts which a
// match has part in, as the engine has it.
func (m *matching) around(r *secretRule, decoded *decodedText, found match) surroundings {
	at := surroundings{path: m.path, commit: m.commit, known: true}
	if !r.lines {
		return at
	}
	from, to := -1, 0
	for _, p := range decoded.parts {
		if found.from <= p.to && found.to >= p.from {
			if from < 0 {
				from = p.from
			}
			to = max(to, p.to)
		}
	}
	text := decoded.text
	start := max(0, strings.LastIndexByte(text[:min(from+1, len(text))], '\n'))
	end := len(text)
	if n := strings.IndexByte(text[to:], '\n'); n >= 0 {
		end = to + n
	}
	at.line = text[start:end]
	return at
}

// tell tells what a simple rule found in decoded text: all that the library would
// ask has been asked, and decoding it once more is dear.
func (m *matching) tell(r *secretRule, shown string, from, to int) {
	if r.allows(m.path, m.commit) {
		return
	}
	from, to = m.encoded(from, to)
	text := strings.Trim(shown, "\n")
	group, secretFrom, secretTo := r.group(text)
	h := hit{
		rule: r, secret: text[secretFrom:secretTo], group: group, decoded: true, fragment: m.block.fragment,
		matchAt: from, matchTo: to, from: from, to: to,
	}
	if m.block.fragment == outside && !m.w.crosses(from, to) {
		return
	}
	m.hits = append(m.hits, m.complete(h, m.block))
}

// encoded gives the part of the window from which a part of the last pass was
// decoded.
func (m *matching) encoded(from, to int) (int, int) {
	from, to = undecoded(m.passes, from, to)
	return m.block.from + from, m.block.from + to
}

// undecoded gives the part of the first text from which a part of the last one was
// decoded, pass by pass.
func undecoded(passes []*decodedText, from, to int) (int, int) {
	for _, d := range slices.Backward(passes) {
		from, to = d.before(from, to)
	}
	return from, to
}

// keyedBy says whether the fragment of a block, or what it decodes to, holds a keyword
// of a rule that needs one. What the decoded text holds is known already where ours is
// not the engine's way.
func (m *matching) keyedBy(r *secretRule, here []bool) bool {
	if m.inner.rules[r.number].hasKeyword(r, 0, func(int) []bool { return here }) {
		return true
	}
	st := &m.outer.rules[r.number]
	around := match{from: m.block.from, to: m.block.to}
	if here == nil || len(r.Keywords) == 0 {
		return st.keyedAround(r, m.w, around, m.oddlyKeyed)
	}
	return st.keyedAround(r, m.w, around, m.certainly)
}

// askDecoded lets the library decode and judge, of a composite rule the whole
// fragment, once.
func (l *looking) askDecoded(r *secretRule, b piece) {
	if b.fragment != outside {
		b.from, b.to = l.w.bounds(b)
		seen := seenWhole{r, b.fragment}
		if l.whole[seen] {
			return
		}
		if l.whole == nil {
			l.whole = make(map[seenWhole]bool)
		}
		l.whole[seen] = true
	}
	before := len(l.hits)
	l.ask(r.deep(), b, r)
	asked := l.hits[before:]
	kept := slices.DeleteFunc(asked, func(h hit) bool { return !h.decoded })
	l.hits = l.hits[:before+len(kept)]
}

// seenWhole is a rule that has looked at all of a fragment.
type seenWhole struct {
	rule     *secretRule
	fragment int
}
