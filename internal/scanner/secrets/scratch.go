package secrets

import (
	"cmp"
	"slices"
)

// piece is a part of a text that a rule's expression is to look at: around one
// anchor or several near each other.
type piece struct {
	from, to int
	// fragment is the one in which it lies, or outside where it stands across the
	// end of one.
	fragment int
}

const outside = -1

// scratch is what is known of a window while it is looked at, by rule.
type scratch struct {
	runs  runs
	rules []ruleState
	// touched are the rules of which something is known.
	touched []*secretRule
}

// ruleState is what is known of one rule in a window.
type ruleState struct {
	touched bool
	// inside are the pieces cut to their fragment, across those that are longer.
	inside, across []piece
	// keyed are the fragments that hold one of the rule's keywords, in order.
	keyed []int
}

func newScratch(s *ruleSet) *scratch {
	return &scratch{runs: make(runs, s.legs), rules: make([]ruleState, len(s.content))}
}

// reset makes ready for another text.
func (s *scratch) reset() {
	clear(s.runs)
	for _, r := range s.touched {
		st := &s.rules[r.number]
		st.touched = false
		st.inside, st.across, st.keyed = st.inside[:0], st.across[:0], st.keyed[:0]
	}
	s.touched = s.touched[:0]
}

func (s *scratch) touch(r *secretRule) *ruleState {
	st := &s.rules[r.number]
	if !st.touched {
		st.touched = true
		s.touched = append(s.touched, r)
	}
	return st
}

// addPiece appends a piece, joined with the last one where they meet: most come in
// order.
func addPiece(pieces []piece, p piece) []piece {
	if n := len(pieces) - 1; n >= 0 {
		last := &pieces[n]
		if last.fragment == p.fragment && p.from <= last.to && last.from <= p.to {
			last.from, last.to = min(last.from, p.from), max(last.to, p.to)
			return pieces
		}
	}
	return append(pieces, p)
}

// joined sorts pieces and joins those that meet.
func joined(pieces []piece) []piece {
	if len(pieces) < 2 {
		return pieces
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Or(cmp.Compare(a.fragment, b.fragment), cmp.Compare(a.from, b.from)) })
	out := pieces[:1]
	for _, p := range pieces[1:] {
		last := &out[len(out)-1]
		if last.fragment == p.fragment && p.from <= last.to {
			last.to = max(last.to, p.to)
			continue
		}
		out = append(out, p)
	}
	return out
}

// oddly says of each rule whether a fragment holds one of its keywords as the engine
// compares them; nil of a fragment without letters for which that is another way than
// ours.
type oddly func(fragment int) []bool

// hasKeyword says whether a fragment holds a keyword of the rule. Of a rule without
// far keywords every match holds one.
func (st *ruleState) hasKeyword(r *secretRule, fragment int, odd oddly) bool {
	if len(r.Keywords) == 0 {
		return true
	}
	if keyed := odd(fragment); keyed != nil {
		return keyed[r.number]
	}
	if !r.far && r.anchors != nil {
		return true
	}
	_, ok := slices.BinarySearch(st.keyed, fragment)
	return ok
}
