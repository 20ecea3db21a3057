package secrets

import (
	"math"
	"regexp/syntax"
)

// tail is what must follow an anchor, in short: so many bytes of one class, then of
// the next. It takes all that the expression takes, and some more.
type tail []stretch

type stretch struct {
	class       *byteSet
	least, most int
}

// Bounds of a tail, and of how long it is tried on a text before it is left to the
// expression.
const (
	maxStretches = 8
	maxSteps     = 400
	endless      = math.MaxInt
)

// follows says whether the tail can stand in a text at an offset.
func (t tail) follows(text string, at int) bool {
	steps := 0
	return t.try(text, at, &steps)
}

func (t tail) try(text string, at int, steps *int) bool {
	if len(t) == 0 {
		return true
	}
	first := t[0]
	n := 0
	for n < first.least {
		if at+n >= len(text) || !first.class[text[at+n]] {
			return false
		}
		n++
	}
	for {
		if *steps++; *steps > maxSteps || t[1:].try(text, at+n, steps) {
			return true
		}
		if n >= first.most || at+n >= len(text) || !first.class[text[at+n]] {
			return false
		}
		n++
	}
}

// tailOf gives the beginning of what a sequence takes.
func tailOf(subs []*syntax.Regexp) tail {
	var t tail
	for _, sub := range subs {
		if asserts(sub) || len(t) == maxStretches {
			break
		}
		class := new(byteSet)
		visit(sub, class.add)
		least, most := shortest(sub), endless
		if n, ok := longest(sub); ok {
			most = n
		}
		if most > 0 {
			t = append(t, stretch{class, least, most})
		}
	}
	for len(t) > 0 && t[len(t)-1].least == 0 {
		t = t[:len(t)-1] // it demands nothing
	}
	return t
}

// asserts says that an expression looks at what stands around it: a tail ends
// there.
func asserts(re *syntax.Regexp) bool {
	found := false
	visit(re, func(r *syntax.Regexp) {
		switch r.Op {
		case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
			syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpNoMatch:
			found = true
		}
	})
	return found
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
