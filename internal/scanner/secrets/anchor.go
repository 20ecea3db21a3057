package secrets

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// anchor is a text that every match of an expression must hold, or one of several
// of which it must hold one: lower-case ASCII, to be looked for in any case of
// letters. The reaches bound how far the match extends from it on both sides.
type anchor struct {
	text          string
	before, after reach
	// exact is the text in the only case of letters that the expression takes;
	// empty where there are several.
	exact string
	// boundary says that a word begins with the text, head what stands before it,
	// backwards, tail what follows it.
	boundary   bool
	head, tail tail
}

// at says whether the anchor, which ends at an offset of a text, can be part of a
// match there.
func (a *anchor) at(text string, end int) bool {
	start := end - len(a.text)
	if a.boundary && start > 0 && isWord(text[start-1]) {
		return false
	}
	return a.unbound(text, end)
}

// unbound is at without a look at where words begin.
func (a *anchor) unbound(text string, end int) bool {
	start := end - len(a.text)
	if a.exact != "" && text[start:end] != a.exact {
		return false
	}
	return a.head.precedes(text, start) && a.tail.follows(text, end)
}

// isWord is the idea of a word that expressions have.
func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// reach bounds how far a match extends from a place, going away from it: so many
// bytes, then on for as long as bytes are of a class, and so on. It never says too
// little.
type reach []leg

type leg struct {
	n     int
	class *byteSet // endless; nil for n bytes
	id    int      // of an endless one: its place in runs
}

// byteSet is a set of bytes. Runes outside ASCII stand for all bytes from 0x80 on.
type byteSet [256]bool

// shortestAnchor is the shortest text worth looking for, weakAnchor one so short that
// a better one is looked for. longestAnchor and
// maxAnchors bound the automaton, maxBranches how often a choice is spelt out.
const (
	shortestAnchor = 2
	weakAnchor     = 3
	longestAnchor  = 32
	maxAnchors     = 128
	maxBranches    = 32
)

// ahead gives the end of the reach that begins at from, which is at most len(text).
func (r reach) ahead(text string, from int, runs runs) int {
	for _, l := range r {
		if l.class == nil {
			from += l.n
			if from >= len(text) {
				return len(text)
			}
			continue
		}
		last := &runs[l.id]
		if last.from <= from && from < last.to {
			from = last.to
			continue
		}
		begin := from
		for from < len(text) && l.class[text[from]] {
			from++
		}
		*last = run{begin, from}
	}
	return from
}

// back gives the end of the reach that goes left from a place.
func (r reach) back(text string, from int, runs runs) int {
	for _, l := range r {
		if l.class == nil {
			from -= l.n
			if from <= 0 {
				return 0
			}
			continue
		}
		last := &runs[l.id]
		// A run is known from its left end to where it was looked at from: what
		// lies farther right is new.
		begin := from
		for from > 0 && l.class[text[from-1]] {
			if last.from < from && from <= last.to {
				from = last.from
				break
			}
			from--
		}
		*last = run{from, begin}
	}
	return from
}

// runs remember, by leg, the last run of a class that was walked, so that many
// anchors in one run do not walk it again and again. A text begins with none.
type runs []run

type run struct{ from, to int }

// then appends a reach that follows.
func (r reach) then(more reach) reach {
	out := append(reach(nil), r...)
	for _, l := range more {
		if last := len(out) - 1; last >= 0 && out[last].class == nil && l.class == nil {
			out[last].n += l.n
			continue
		}
		out = append(out, l)
	}
	return out
}

// The two letters outside ASCII that an expression in any case of letters takes
// for k and s. A text that holds one is looked through once more with those in their
// place (unfolded), so no length and no class counts them.
const foldedK, foldedS = '\u212a', '\u017f'

// anchorsOf finds the anchors of an expression; nil where it has none that are
// worth looking for.
func anchorsOf(re *syntax.Regexp) []anchor {
	found := anchors(re, 2)
	if len(found) > maxAnchors {
		return nil
	}
	for i := range found {
		if a := &found[i]; len(a.text) > longestAnchor {
			a.after = reach{{n: len(a.text) - longestAnchor}}.then(a.after)
			a.text, a.tail = a.text[:longestAnchor], nil
			a.exact = a.exact[:min(longestAnchor, len(a.exact))]
		}
	}
	return found
}

// anchors looks into an expression. depth is how many choices may still be spelt
// out, branch by branch.
func anchors(re *syntax.Regexp, depth int) []anchor {
	if texts, ok := spellCases(re); ok {
		return textAnchors(texts)
	}
	switch re.Op {
	case syntax.OpCapture:
		return anchors(re.Sub[0], depth)
	case syntax.OpPlus, syntax.OpRepeat:
		if re.Op == syntax.OpRepeat && re.Min == 0 {
			return nil
		}
		// Of the repetitions it is the first one.
		found := anchors(re.Sub[0], depth)
		rest := extent(re)
		for i := range found {
			found[i].after = found[i].after.then(rest)
		}
		return found
	case syntax.OpAlternate:
		var all []anchor
		for _, sub := range re.Sub {
			found := anchors(sub, depth)
			if found == nil {
				return nil
			}
			all = append(all, found...)
		}
		return all
	case syntax.OpConcat:
		return concatAnchors(re.Sub, depth)
	}
	return nil
}

func textAnchors(texts []string) []anchor {
	var out []anchor
	at := make(map[string]int)
	for _, t := range texts {
		if len(t) < shortestAnchor {
			return nil
		}
		lower := strings.ToLower(t)
		if i, ok := at[lower]; ok {
			out[i].exact = ""
			continue
		}
		at[lower] = len(out)
		a := anchor{text: lower}
		if !strings.HasPrefix(t, anyCase) {
			a.exact = t
		}
		out = append(out, a)
	}
	for i := range out {
		out[i].text = strings.ReplaceAll(out[i].text, anyCase, "")
		if strings.Contains(out[i].exact, anyCase) {
			out[i].exact = ""
		}
		if len(out[i].text) < shortestAnchor {
			return nil
		}
	}
	return out
}

// concatAnchors takes the best of what the parts of a sequence have: those of one
// part, the texts of neighbours that can be spelt out together, or what the
// sequence has for each branch of a choice in it.
func concatAnchors(subs []*syntax.Regexp, depth int) []anchor {
	subs = flatten(subs)
	var best []anchor // as they are in their own part
	bestFrom, bestTo := 0, 0
	try := func(found []anchor, from, to int) {
		if betterAnchors(found, best) {
			best, bestFrom, bestTo = found, from, to
		}
	}
	for from := range subs {
		if _, ok := spellCases(subs[from]); !ok {
			try(anchors(subs[from], depth), from, from+1)
			continue
		}
		texts := []string{""}
		for to := from; to < len(subs); to++ {
			more, ok := spellCases(subs[to])
			if !ok || len(texts)*len(more) > maxStrings {
				break
			}
			texts = product(texts, more)
			try(textAnchors(texts), from, to+1)
		}
	}
	best = surrounded(best, subs[:bestFrom], subs[bestTo:])
	for i, sub := range subs {
		if sub.Op != syntax.OpAlternate || len(sub.Sub) > maxBranches || depth == 0 || (best != nil && shortestText(best) > weakAnchor) {
			continue
		}
		var all []anchor
		for _, branch := range sub.Sub {
			whole := append(append(append([]*syntax.Regexp(nil), subs[:i]...), branch), subs[i+1:]...)
			found := concatAnchors(whole, depth-1)
			if found == nil {
				all = nil
				break
			}
			all = append(all, found...)
		}
		if betterAnchors(all, best) {
			best = all
		}
	}
	return best
}

// surrounded adds to anchors what stands before and after them.
func surrounded(found []anchor, before, after []*syntax.Regexp) []anchor {
	reachBefore, reachAfter := extentBack(before), extentOf(after)
	var out []anchor
	for _, a := range found {
		if len(a.before) == 0 && len(before) > 0 && before[len(before)-1].Op == syntax.OpWordBoundary {
			a.boundary = isWord(a.text[0])
		}
		if len(a.before) == 0 && a.head == nil {
			a.head = headOf(before)
		}
		if len(a.after) == 0 && a.tail == nil {
			a.tail = tailOf(after)
		}
		a.before, a.after = a.before.then(reachBefore), a.after.then(reachAfter)
		out = append(out, a)
	}
	return out
}

// flatten takes the parts of sequences and groups into the sequence around them.
func flatten(subs []*syntax.Regexp) []*syntax.Regexp {
	var out []*syntax.Regexp
	for _, sub := range subs {
		for sub.Op == syntax.OpCapture {
			sub = sub.Sub[0]
		}
		if sub.Op == syntax.OpConcat {
			out = append(out, flatten(sub.Sub)...)
			continue
		}
		out = append(out, sub)
	}
	return out
}

// betterAnchors compares by the shortest text, up to a length from which on there
// is nothing to gain, then by number.
func betterAnchors(a, b []anchor) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) > 0
	}
	const enough = 12
	la, lb := min(shortestText(a), enough), min(shortestText(b), enough)
	if la != lb {
		return la > lb
	}
	return len(a) < len(b)
}

func shortestText(all []anchor) int {
	n := longestAnchor
	for _, a := range all {
		n = min(n, len(a.text))
	}
	return n
}

func product(a, b []string) []string {
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return out
}

// anyCase stands before a letter that is taken in any case.
const anyCase = "\x00"

// spellCases spells out all texts that an expression takes; false where they are
// too many or not ASCII.
func spellCases(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return spellLiteral(re)
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpCharClass:
		return spellLetters(re.Rune)
	case syntax.OpCapture:
		return spellCases(re.Sub[0])
	case syntax.OpQuest:
		texts, ok := spellCases(re.Sub[0])
		return append(texts, ""), ok
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			texts, ok := spellCases(sub)
			if !ok || len(out)*len(texts) > maxStrings {
				return nil, false
			}
			out = product(out, texts)
		}
		return out, true
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			texts, ok := spellCases(sub)
			if !ok || len(out)+len(texts) > maxStrings {
				return nil, false
			}
			out = append(out, texts...)
		}
		return out, true
	}
	return nil, false
}

func spellLiteral(re *syntax.Regexp) ([]string, bool) {
	var b strings.Builder
	for _, r := range re.Rune {
		if r >= utf8.RuneSelf || r == 0 {
			return nil, false
		}
		if re.Flags&syntax.FoldCase != 0 && unicode.IsLetter(r) {
			b.WriteString(anyCase)
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return []string{b.String()}, true
}

func spellLetters(ranges []rune) ([]string, bool) {
	var out []string
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			switch {
			case r == foldedK || r == foldedS:
				continue
			case r >= utf8.RuneSelf || r == 0 || len(out) == maxLetters:
				return nil, false
			}
			out = append(out, string(r))
		}
	}
	return out, len(out) > 0
}

// maxLetters is how many letters of a class are spelt out.
const maxLetters = 4

// extentOf bounds what a sequence takes, from its beginning on.
func extentOf(subs []*syntax.Regexp) reach {
	var out reach
	for _, sub := range subs {
		out = out.then(extent(sub))
	}
	return out
}

// extentBack bounds what a sequence takes, from its end backwards.
func extentBack(subs []*syntax.Regexp) reach {
	var out reach
	for _, sub := range slices.Backward(subs) {
		for _, l := range slices.Backward(extent(sub)) {
			out = out.then(reach{l})
		}
	}
	return out
}

// extent bounds what an expression takes. What has an end is counted in bytes; of
// what has none the class of its bytes is taken.
func extent(re *syntax.Regexp) reach {
	if re.Op == syntax.OpConcat {
		return extentOf(re.Sub)
	}
	if re.Op == syntax.OpCapture {
		return extent(re.Sub[0])
	}
	if n, ok := longest(re); ok {
		if n == 0 {
			return nil
		}
		return reach{{n: n}}
	}
	// A choice reaches no farther than its branches one after the other, and neither
	// does what is repeated a few times.
	switch {
	case re.Op == syntax.OpAlternate && len(re.Sub) <= maxLegs:
		if out := extentOf(re.Sub); len(out) <= maxLegs {
			return out
		}
	case re.Op == syntax.OpRepeat && re.Max > 0 && re.Max <= maxLegs:
		once := extent(re.Sub[0])
		if len(once)*re.Max > maxLegs {
			break
		}
		var out reach
		for range re.Max {
			out = out.then(once)
		}
		return out
	}
	var class byteSet
	visit(re, class.add)
	return reach{{class: &class}}
}

// maxLegs bounds how closely a reach is known.
const maxLegs = 16

// maxExtent is a length beyond which a bounded repetition counts as endless.
const maxExtent = 1 << 16

// longest gives the number of bytes that an expression takes at most.
func longest(re *syntax.Regexp) (int, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		n := 0
		for _, r := range re.Rune {
			n += runeSize(r, r)
		}
		return n, true
	case syntax.OpCharClass:
		n := 1
		for i := 0; i+1 < len(re.Rune); i += 2 {
			n = max(n, runeSize(re.Rune[i], re.Rune[i+1]))
		}
		return n, true
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return utf8.UTFMax, true
	case syntax.OpStar, syntax.OpPlus:
		n, ok := longest(re.Sub[0])
		return 0, ok && n == 0
	case syntax.OpRepeat:
		n, ok := longest(re.Sub[0])
		if re.Max < 0 {
			return 0, ok && n == 0
		}
		return n * re.Max, ok && n*re.Max <= maxExtent
	case syntax.OpCapture, syntax.OpQuest:
		return longest(re.Sub[0])
	case syntax.OpConcat:
		sum := 0
		for _, sub := range re.Sub {
			n, ok := longest(sub)
			if !ok {
				return 0, false
			}
			sum += n
		}
		return sum, sum <= maxExtent
	case syntax.OpAlternate:
		most := 0
		for _, sub := range re.Sub {
			n, ok := longest(sub)
			if !ok {
				return 0, false
			}
			most = max(most, n)
		}
		return most, true
	}
	return 0, true // assertions, and what takes nothing
}

// runeSize is the length of the longest rune of a range.
func runeSize(lo, hi rune) int {
	if lo == hi && (lo == foldedK || lo == foldedS) {
		return 1
	}
	if hi < utf8.RuneSelf {
		return 1
	}
	return utf8.UTFMax
}

// add takes in all bytes that a node of an expression takes by itself.
func (s *byteSet) add(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			s.addRange(r, r)
			if re.Flags&syntax.FoldCase != 0 {
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					s.addRange(f, f)
				}
			}
		}
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			s.addRange(re.Rune[i], re.Rune[i+1])
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		s.addRange(0, utf8.MaxRune)
		s['\n'] = s['\n'] || re.Op == syntax.OpAnyChar
	}
}

func (s *byteSet) addRange(lo, hi rune) {
	if lo == hi && (lo == foldedK || lo == foldedS) {
		return
	}
	for r := lo; r <= min(hi, utf8.RuneSelf-1); r++ {
		s[r] = true
	}
	if hi >= utf8.RuneSelf {
		for b := utf8.RuneSelf; b < len(s); b++ {
			s[b] = true
		}
	}
}
