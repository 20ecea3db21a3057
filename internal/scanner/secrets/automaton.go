package secrets

import "slices"

// automaton finds a list of words in a text, in any case of letters: Aho and
// Corasick's machine over classes of bytes, with a table of where each state goes.
type automaton struct {
	class [256]uint8
	width int32
	next  []int32 // state+class: the state to go to; states are multiples of width
	// States from accept on end a word; found tells which, by state.
	accept int32
	found  [][]int32
	// longest is the length of the longest word.
	longest int
}

// newAutomaton takes lower-case words; hits name them by their index.
func newAutomaton(words []string) *automaton {
	m := &automaton{width: 1}
	for _, w := range words {
		m.longest = max(m.longest, len(w))
		for i := range len(w) {
			if m.class[w[i]] == 0 {
				m.class[w[i]] = uint8(m.width)
				m.width++
			}
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		m.class[c] = m.class[c+'a'-'A']
	}
	m.build(words)
	return m
}

// build makes the tree of words and then, level by level, fills in where each
// state goes when the text leaves the tree.
func (m *automaton) build(words []string) {
	next, found := m.tree(words)
	width := int(m.width)
	back := make([]int32, len(found))
	queue := []int32{0}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for c := range width {
			at := int(s)*width + c
			child := next[at]
			other := int32(0)
			if s != 0 {
				other = next[int(back[s])*width+c]
			}
			if child == 0 {
				next[at] = other
				continue
			}
			back[child] = other
			found[child] = append(found[child], found[other]...)
			queue = append(queue, child)
		}
	}
	m.number(next, found)
}

// tree gives, for every state and class, the child or 0, and by state the words
// that end there.
func (m *automaton) tree(words []string) (next []int32, found [][]int32) {
	states := prefixes(words)
	next, found = make([]int32, 0, states*int(m.width)), make([][]int32, 0, states)
	add := func() int32 {
		next = next[:len(next)+int(m.width)]
		found = append(found, nil)
		return int32(len(found) - 1)
	}
	add()
	for n, w := range words {
		s := int32(0)
		for i := range len(w) {
			at := s*m.width + int32(m.class[w[i]])
			if next[at] == 0 {
				next[at] = add()
			}
			s = next[at]
		}
		found[s] = append(found[s], int32(n))
	}
	return next, found
}

// prefixes counts what words begin with, each once, and the empty text.
func prefixes(words []string) int {
	n, before := 1, ""
	for _, w := range slices.Sorted(slices.Values(words)) {
		shared := 0
		for shared < min(len(w), len(before)) && w[shared] == before[shared] {
			shared++
		}
		n += len(w) - shared
		before = w
	}
	return n
}

// number orders the states so that those that end a word come last.
func (m *automaton) number(next []int32, found [][]int32) {
	order := make([]int32, len(found))
	n := int32(0)
	for _, ending := range []bool{false, true} {
		if ending {
			m.accept = n * m.width
		}
		for s := range found {
			if (found[s] != nil) == ending {
				order[s] = n
				n++
			}
		}
	}
	m.next = make([]int32, len(next))
	m.found = make([][]int32, len(found))
	for s := range found {
		m.found[order[s]] = found[s]
		for c := range m.width {
			m.next[order[s]*m.width+c] = order[next[int32(s)*m.width+c]] * m.width
		}
	}
}

// scan calls f with every word that ends in text[from:to], and the offset behind
// it. What stands before from is not seen.
func (m *automaton) scan(text string, from, to int, f func(word int32, end int)) {
	s := int32(0)
	for i := from; i < to; i++ {
		s = m.next[s+int32(m.class[text[i]])]
		if s >= m.accept {
			for _, w := range m.found[s/m.width] {
				f(w, i+1)
			}
		}
	}
}
