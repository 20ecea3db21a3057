package secrets

import "slices"

// match is where a rule's expression matches a text.
type match struct {
	rule     *secretRule
	from, to int
	piece    piece
}

// edge is how much is shown of the text around a piece, so that the expression
// knows whether a word or a line begins there.
const edge = 4

// beyond is how far behind a region anchors are looked for, of matches that begin
// in it.
const beyond = 4 << 10

// collect finds the anchors and keywords of a window, and the pieces of text in
// which rules can match at all.
func (s *scratch) collect(rules *ruleSet, w *window, wants func(*secretRule) bool) {
	text := w.text
	from := max(0, w.ownFrom-rules.words.longest+1)
	to := min(len(text), w.ownTo+beyond)
	fragment, begin := 0, w.ownFrom
	rules.words.scan(text, from, to, func(word int32, end int) {
		for _, u := range rules.uses[word] {
			if !wants(u.rule) || (u.anchor != nil && !w.holds(u.anchor, end)) {
				continue
			}
			start := end - len(rules.texts[word])
			for fragment < len(w.cuts) && start >= w.cuts[fragment] {
				begin = w.cuts[fragment]
				fragment++
			}
			whole := fragment < len(w.cuts) && start >= begin && end <= w.cuts[fragment]
			st := s.touch(u.rule)
			if u.anchor == nil {
				// One that stands across the end of a fragment counts for both.
				last := fragment
				switch {
				case end <= w.ownFrom:
					continue
				case !whole && start >= w.ownFrom:
					last++
				}
				for n := fragment; n <= last && n < len(w.cuts); n++ {
					if len(st.keyed) == 0 || st.keyed[len(st.keyed)-1] < n {
						st.keyed = append(st.keyed, n)
					}
				}
				continue
			}
			lo, hi := u.anchor.before.back(text, start, s.runs), u.anchor.after.ahead(text, end, s.runs)
			if hi <= w.ownFrom || lo >= w.ownTo {
				continue
			}
			if whole {
				st.inside = addPiece(st.inside, piece{max(lo, begin), min(hi, w.cuts[fragment]), fragment})
			}
			if !whole || lo < begin || hi > w.cuts[fragment] {
				st.across = addPiece(st.across, piece{lo, hi, outside})
			}
		}
	})
}

// holds says whether an anchor, which ends at an offset, can be part of a match there.
func (w *window) holds(a *anchor, end int) bool {
	if w.unbound {
		return a.unbound(w.text, end)
	}
	return a.at(w.text, end)
}

// fragmentOf gives the bounds of a fragment.
func (w *window) fragmentOf(n int) (from, to int) {
	if n == 0 {
		return w.ownFrom, w.cuts[0]
	}
	return w.cuts[n-1], w.cuts[n]
}

// bounds are what may be shown around a piece: its fragment, or all there is.
func (w *window) bounds(p piece) (from, to int) {
	if p.fragment == outside {
		return 0, len(w.text)
	}
	return w.fragmentOf(p.fragment)
}

// crosses says that a match that begins in the region stands across the end of a
// fragment.
func (w *window) crosses(from, to int) bool {
	n, exact := slices.BinarySearch(w.cuts, from)
	if exact {
		n++
	}
	return from >= w.ownFrom && n < len(w.cuts) && w.cuts[n] < to
}

// matches gives the places where rules match, rule by rule: those that the engine
// finds in each fragment, then those that stand across fragments, which replace
// what of them was cut off.
func (s *scratch) matches(w *window, r *secretRule, odd oddly) []match {
	st := &s.rules[r.number]
	st.inside, st.across = joined(st.inside), joined(st.across)
	var inside, across []match
	for _, p := range st.inside {
		if st.hasKeyword(r, p.fragment, odd) {
			inside = append(inside, r.in(w, p)...)
		}
	}
	for _, p := range st.across {
		for _, m := range r.in(w, p) {
			if w.crosses(m.from, m.to) && st.keyedAround(r, w, m, odd) {
				across = append(across, m)
			}
		}
	}
	if len(across) == 0 {
		return inside
	}
	inside = slices.DeleteFunc(inside, func(m match) bool {
		return slices.ContainsFunc(across, func(a match) bool { return a.from < m.to && m.from < a.to })
	})
	return append(inside, across...)
}

// keyedAround says whether a fragment that a match touches holds a keyword.
func (st *ruleState) keyedAround(r *secretRule, w *window, m match, odd oddly) bool {
	for n := range w.cuts {
		from, to := w.fragmentOf(n)
		if from < m.to && m.from < to && st.hasKeyword(r, n, odd) {
			return true
		}
	}
	return false
}

// in runs a rule's expression over a piece.
func (r *secretRule) in(w *window, p piece) []match {
	lo, hi := w.bounds(p)
	lo, hi = max(lo, p.from-edge), min(hi, p.to+edge)
	var out []match
	for _, at := range r.finder().all(w.text[lo:hi]) {
		out = append(out, match{rule: r, from: lo + at[0], to: lo + at[1], piece: p})
	}
	return out
}

// wholeMatches runs the rules without anchors over every fragment that holds a
// keyword of theirs, and around the ends of fragments.
func (s *scratch) wholeMatches(w *window, r *secretRule, odd oddly) []match {
	st := &s.rules[r.number]
	st.inside, st.across = st.inside[:0], st.across[:0]
	keyed := false
	for n := range w.cuts {
		from, to := w.fragmentOf(n)
		now := st.hasKeyword(r, n, odd)
		if now {
			st.inside = append(st.inside, piece{from, to, n})
		}
		if (now || keyed) && from > 0 {
			st.across = append(st.across, piece{max(0, from-beyond), min(len(w.text), from+beyond), outside})
		}
		keyed = now
	}
	if keyed && w.ownTo < len(w.text) {
		st.across = append(st.across, piece{max(0, w.ownTo-beyond), min(len(w.text), w.ownTo+beyond), outside})
	}
	return s.matches(w, r, odd)
}
