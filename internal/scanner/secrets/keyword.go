package secrets

import "strings"

// keywords finds which of a list of words a text holds, in any case of letters:
// Aho and Corasick's automaton over classes of bytes. It answers what the
// engine's own filter would, on text that is not lower-cased first.
type keywords struct {
	class [256]uint8
	width int
	next  []int32 // state*width+class: the state to go to
	found [][]int // by state: the words that end there
	words []string
	// longest is the length of the longest word.
	longest int
}

// newKeywords takes lower-case words in a fixed order; the answer names them by
// their index.
func newKeywords(words []string) *keywords {
	k := &keywords{words: words, width: 1}
	for _, w := range words {
		k.longest = max(k.longest, len(w))
		for i := range len(w) {
			if k.class[w[i]] == 0 {
				k.class[w[i]] = uint8(k.width)
				k.width++
			}
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		k.class[c] = k.class[c+'a'-'A']
	}
	k.build()
	return k
}

// build makes the tree of words and then, level by level, fills in where each
// state goes when the text leaves the tree.
func (k *keywords) build() {
	k.addState()
	for n, w := range k.words {
		s := int32(0)
		for i := range len(w) {
			at := int(s)*k.width + int(k.class[w[i]])
			if k.next[at] == 0 {
				k.next[at] = k.addState()
			}
			s = k.next[at]
		}
		k.found[s] = append(k.found[s], n)
	}
	back := make([]int32, len(k.found))
	queue := []int32{0}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for c := range k.width {
			at := int(s)*k.width + c
			child := k.next[at]
			other := int32(0)
			if s != 0 {
				other = k.next[int(back[s])*k.width+c]
			}
			if child == 0 {
				k.next[at] = other
				continue
			}
			back[child] = other
			k.found[child] = append(k.found[child], k.found[other]...)
			queue = append(queue, child)
		}
	}
}

func (k *keywords) addState() int32 {
	k.next = append(k.next, make([]int32, k.width)...)
	k.found = append(k.found, nil)
	return int32(len(k.found) - 1)
}

// The only runes outside ASCII that become ASCII when they are lower-cased, which
// the engine does to the text.
const kelvin, dottedI = "\u212a", "\u0130"

// fold lower-cases a text where that makes a difference to the automaton.
func fold(text string) string {
	if strings.Contains(text, kelvin) || strings.Contains(text, dottedI) {
		return strings.ToLower(text)
	}
	return text
}

// any says whether the text holds a word.
func (k *keywords) any(text string) bool {
	text = fold(text)
	s := 0
	for i := range len(text) {
		s = int(k.next[s*k.width+int(k.class[text[i]])])
		if k.found[s] != nil {
			return true
		}
	}
	return false
}

// each calls f for every word found, with the offset behind it. Offsets are those
// of the folded text.
func (k *keywords) each(text string, f func(word, end int)) {
	text = fold(text)
	s := 0
	for i := range len(text) {
		s = int(k.next[s*k.width+int(k.class[text[i]])])
		for _, w := range k.found[s] {
			f(w, i+1)
		}
	}
}
