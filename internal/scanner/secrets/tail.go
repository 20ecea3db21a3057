package secrets

import (
	"math"
	"regexp/syntax"
	"slices"
	"strings"
)

// tail is what must follow an anchor, in short: so many bytes of one class, then of
// the next. It takes all that the expression takes, and some more. Read backwards it
// is what must stand before one.
type tail []stretch

// stretch is one of some texts, or so many bytes of a class.
type stretch struct {
	texts       []string // as spellCases gives them
	class       *byteSet
	least, most int
}

// Bounds of a tail, and of how long it is tried on a text before it is left to the
// expression.
const (
	maxStretches = 16
	maxSteps     = 400
	endless      = math.MaxInt
)

// follows says whether the tail can stand in a text from an offset on.
func (t tail) follows(text string, at int) bool {
	steps := 0
	return t.try(text, at, 1, &steps)
}

// precedes says whether the tail, read backwards, can end at an offset.
func (t tail) precedes(text string, end int) bool {
	steps := 0
	return t.try(text, end-1, -1, &steps)
}

func (t tail) try(text string, at, step int, steps *int) bool {
	if len(t) == 0 {
		return true
	}
	first := t[0]
	if first.texts != nil {
		return t.tryTexts(text, at, step, steps)
	}
	n := 0
	takes := func() bool { return 0 <= at && at < len(text) && first.class[text[at]] }
	for ; n < first.least; n++ {
		if !takes() {
			return false
		}
		at += step
	}
	for {
		if *steps++; *steps > maxSteps || t[1:].try(text, at, step, steps) {
			return true
		}
		if n >= first.most || !takes() {
			return false
		}
		n++
		at += step
	}
}

// tryTexts is try where a text comes first.
func (t tail) tryTexts(text string, at, step int, steps *int) bool {
	for _, spelled := range t[0].texts {
		if *steps++; *steps > maxSteps {
			return true
		}
		length := len(spelled) - strings.Count(spelled, anyCase)
		from, next := at, at+length
		if step < 0 {
			from, next = at-length+1, at-length
		}
		if from >= 0 && from+length <= len(text) && spells(text[from:from+length], spelled) && t[1:].try(text, next, step, steps) {
			return true
		}
	}
	return false
}

// spells says whether a text is one that spellCases gives, of the same length.
func spells(text, spelled string) bool {
	for i := range len(text) {
		c, fold := spelled[0], spelled[0] == anyCase[0]
		if fold {
			c, spelled = spelled[1], spelled[1:]
		}
		spelled = spelled[1:]
		if text[i] != c && (!fold || text[i]|0x20 != c) {
			return false
		}
	}
	return true
}

// tailOf gives the beginning of what a sequence takes.
func tailOf(subs []*syntax.Regexp) tail {
	var t tail
	for _, sub := range flatten(subs) {
		if one, ok := stretchOf(sub); ok {
			t = append(t, one)
		}
	}
	return t.demanding()
}

// headOf gives the end of what a sequence takes, backwards.
func headOf(subs []*syntax.Regexp) tail {
	var t tail
	for _, sub := range slices.Backward(flatten(subs)) {
		if one, ok := stretchOf(sub); ok {
			t = append(t, one)
		}
	}
	return t.demanding()
}

// demanding cuts what is too long, and what demands nothing.
func (t tail) demanding() tail {
	t = t[:min(len(t), maxStretches)]
	for len(t) > 0 && t[len(t)-1].least == 0 {
		t = t[:len(t)-1]
	}
	return t
}

// stretchOf gives what an expression takes: one of a few texts, else all bytes that it
// can take. What stands around is not looked at. It is false for what takes nothing.
func stretchOf(re *syntax.Regexp) (stretch, bool) {
	most := endless
	if n, ok := longest(re); ok {
		most = n
	}
	if most == 0 {
		return stretch{}, false
	}
	least := shortest(re)
	if texts, ok := spellCases(re); ok && least > 1 {
		return stretch{texts: texts, least: least}, true
	}
	class := new(byteSet)
	visit(re, class.add)
	return stretch{class: class, least: least, most: most}, true
}

// shortest gives the number of bytes that an expression takes at least.
func shortest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) // a rune is a byte at least
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * shortest(re.Sub[0])
	case syntax.OpConcat:
		sum := 0
		for _, sub := range re.Sub {
			sum += shortest(sub)
		}
		return sum
	case syntax.OpAlternate:
		least := endless
		for _, sub := range re.Sub {
			least = min(least, shortest(sub))
		}
		return least
	}
	return 0
}
