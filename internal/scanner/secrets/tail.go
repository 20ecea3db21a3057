package secrets

import (
	"math"
	"regexp/syntax"
	"slices"
)

// tail is what must follow an anchor, in short: so many bytes of one class, then of
// the next. It takes all that the expression takes, and some more. Read backwards it
// is what must stand before one.
type tail []stretch

type stretch struct {
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

// tailOf gives the beginning of what a sequence takes.
func tailOf(subs []*syntax.Regexp) tail {
	var t tail
	for _, sub := range subs {
		t = append(t, stretchesOf(sub)...)
	}
	return t.demanding()
}

// headOf gives the end of what a sequence takes, backwards.
func headOf(subs []*syntax.Regexp) tail {
	var t tail
	for _, sub := range slices.Backward(subs) {
		all := stretchesOf(sub)
		slices.Reverse(all)
		t = append(t, all...)
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

// stretchesOf gives what an expression takes: a text byte by byte, else all that it
// can take as one stretch. What stands around is not looked at.
func stretchesOf(re *syntax.Regexp) []stretch {
	if re.Op == syntax.OpLiteral && len(re.Rune) > 1 {
		var all []stretch
		for _, r := range re.Rune {
			one := &syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{r}}
			all = append(all, stretchesOf(one)...)
		}
		return all
	}
	most := endless
	if n, ok := longest(re); ok {
		most = n
	}
	if most == 0 {
		return nil
	}
	class := new(byteSet)
	visit(re, class.add)
	return []stretch{{class, shortest(re), most}}
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
