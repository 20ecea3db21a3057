package secrets

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
)

// finder finds where an expression matches, by smaller expressions that match the
// same places: the library spells out every bound of a repetition, and is many times
// slower for it.
type finder struct {
	whole *regexp.Regexp
	// lead is what the expression begins with and takes as little of as it can:
	// some characters of a class. Without it the rest is looked for; a match of the
	// whole is one of the rest and what stands before it. The first match of the
	// rest is part of the first of the whole: of two places the one that is farther
	// right has no beginning that is farther left.
	lead *lead
	rest func() *regexp.Regexp // of nil for whole
	// starts are the texts with one of which every match of the rest begins; the
	// rest then is looked for at these places alone. None where that is not known.
	starts []anchor
	first  byteSet // of all starts
	// needs are sets of texts: a match holds one of each, in any case of letters.
	needs [][]string
	// relaxed are tried in their order.
	relaxed []relaxed
}

// lead is a class of bytes of which up to so many are taken.
type lead struct {
	class byteSet
	most  int
}

// relaxed is an expression that bounds repetitions of single characters no more. On
// a text in which no run of such characters is longer than the bound it matches the
// same places, as a repetition cannot take more than a run.
type relaxed struct {
	runs []longRun
	// expression gives nil where it could not be built.
	expression func() *regexp.Regexp
}

// longRun is a class of bytes of which a run may be so long.
type longRun struct {
	class byteSet
	most  int
}

// manyTimes is from where on a bound is worth being left out, maxRelaxed how many
// bounds of an expression are tried.
const (
	manyTimes  = 24
	maxRelaxed = 3
)

// newFinder takes an expression and how it parses. Nothing is built before it is
// needed.
func newFinder(whole *regexp.Regexp, re *syntax.Regexp) *finder {
	f := &finder{whole: whole, needs: needsOf(re)}
	from := 0
	if f.lead = leadOf(re); f.lead != nil {
		from = 1
		f.starts = startsOf(re.Sub[1:])
		for _, a := range f.starts {
			f.first[a.text[0]], f.first[upper(a.text[0])] = true, true
		}
		f.rest = sync.OnceValue(func() *regexp.Regexp { return f.rebuilt(endless) })
	}
	var bounds []int
	each := func(do func(*syntax.Regexp)) {
		visit(re, func(sub *syntax.Regexp) {
			if canRelax(sub) && (from == 0 || sub != re.Sub[0]) {
				do(sub)
			}
		})
	}
	each(func(sub *syntax.Regexp) {
		if !slices.Contains(bounds, sub.Max) {
			bounds = append(bounds, sub.Max)
		}
	})
	slices.Sort(bounds)
	for _, least := range bounds[:min(len(bounds), maxRelaxed)] {
		r := relaxed{expression: sync.OnceValue(func() *regexp.Regexp { return f.rebuilt(least) })}
		each(func(sub *syntax.Regexp) {
			if sub.Max >= least {
				run := longRun{most: sub.Max}
				visit(sub, run.class.add)
				r.runs = append(r.runs, run)
			}
		})
		f.relaxed = append(f.relaxed, r)
	}
	return f
}

// longNeed and maxNeeds are how long a text must be, and how many sets are worth
// while.
const (
	longNeed = 3
	maxNeeds = 4
)

// needsOf gives the texts of which a match must hold one, for each part of a sequence
// that has some.
func needsOf(re *syntax.Regexp) [][]string {
	subs := flatten([]*syntax.Regexp{re})
	var out [][]string
	add := func(found []anchor) {
		if len(found) == 0 || shortestText(found) < longNeed || len(out) == maxNeeds {
			return
		}
		var texts []string
		for _, a := range found {
			texts = append(texts, a.text)
		}
		out = append(out, texts)
	}
	for from := 0; from < len(subs); {
		texts, to := []string{""}, from
		for ; to < len(subs); to++ {
			more, ok := spellCases(subs[to])
			if !ok || len(texts)*len(more) > maxStrings {
				break
			}
			texts = product(texts, more)
		}
		if to > from {
			add(textAnchors(texts))
			from = to
			continue
		}
		add(anchorsOf(subs[from]))
		from++
	}
	if len(out) < 2 {
		return nil // that is what it is looked for by
	}
	return out
}

// leadOf gives what an expression begins with; nil where that is no lead.
func leadOf(re *syntax.Regexp) *lead {
	if re.Op != syntax.OpConcat || len(re.Sub) < 2 {
		return nil
	}
	first := re.Sub[0]
	if first.Flags&syntax.NonGreedy == 0 || shortest(first) > 0 || shortest(&syntax.Regexp{Op: syntax.OpConcat, Sub: re.Sub[1:]}) == 0 {
		return nil
	}
	l := &lead{most: endless}
	switch {
	case first.Op == syntax.OpRepeat && first.Max >= 0:
		l.most = first.Max
	case first.Op != syntax.OpStar && first.Op != syntax.OpRepeat:
		return nil
	}
	if first.Sub[0].Op != syntax.OpCharClass {
		return nil
	}
	l.class.add(first.Sub[0])
	if slices.Contains(l.class[0x80:], true) {
		return nil // runes would have to be counted
	}
	return l
}

// canRelax says whether a bound is worth being left out.
func canRelax(re *syntax.Regexp) bool {
	if re.Op != syntax.OpRepeat || re.Max-re.Min < manyTimes {
		return false
	}
	switch sub := re.Sub[0]; sub.Op {
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	case syntax.OpLiteral:
		return len(sub.Rune) == 1
	}
	return false
}

// startsOf gives the texts with one of which all matches of a sequence begin; none
// where that is not known, or where it matters what stands before them.
func startsOf(subs []*syntax.Regexp) []anchor {
	subs = flatten(subs)
	if asserts(subs[0]) {
		return nil
	}
	found := anchorsOf(&syntax.Regexp{Op: syntax.OpConcat, Sub: subs})
	if slices.ContainsFunc(found, func(a anchor) bool { return len(a.before) > 0 }) {
		return nil
	}
	return found
}

// rebuilt gives the expression without its lead and without bounds from least on;
// nil where that cannot be built.
func (f *finder) rebuilt(least int) *regexp.Regexp {
	re, err := syntax.Parse(f.whole.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	switch {
	case len(f.starts) > 0:
		re.Sub[0] = &syntax.Regexp{Op: syntax.OpBeginText}
	case f.lead != nil:
		re.Sub = re.Sub[1:]
	}
	visit(re, func(r *syntax.Regexp) {
		if canRelax(r) && r.Max >= least {
			r.Max = -1
		}
	})
	out, err := regexp.Compile(re.String())
	if err != nil {
		return nil
	}
	return out
}

// fits says that no run in a text is too long.
func (r *relaxed) fits(text string) bool {
	return !slices.ContainsFunc(r.runs, func(l longRun) bool { return l.exceeds(text) })
}

func (l *longRun) exceeds(text string) bool {
	n := 0
	for i := range len(text) {
		if !l.class[text[i]] {
			n = 0
		} else if n++; n > l.most {
			return true
		}
	}
	return false
}

// all gives the places where the expression matches a text, as FindAllStringIndex of
// the whole one does.
func (f *finder) all(text string) [][]int {
	isOdd := odd(text)
	if len(f.needs) > 0 {
		lower := strings.ToLower(text)
		if isOdd {
			lower = strings.ReplaceAll(lower, string(foldedS), "s")
		}
		for _, texts := range f.needs {
			if !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(lower, t) }) {
				return nil
			}
		}
	}
	if isOdd {
		return f.whole.FindAllStringIndex(text, -1)
	}
	re := f.easiest(text)
	if re == nil {
		return f.whole.FindAllStringIndex(text, -1)
	}
	if f.lead == nil {
		return re.FindAllStringIndex(text, -1)
	}
	found := f.rests(re, text)
	end := 0 // of the match before
	for _, at := range found {
		least := max(end, at[0]-f.lead.most)
		for at[0] > least && f.lead.class[text[at[0]-1]] {
			at[0]--
		}
		end = at[1]
	}
	return found
}

// rests gives the places where what follows the lead matches.
func (f *finder) rests(re *regexp.Regexp, text string) [][]int {
	if len(f.starts) == 0 {
		return re.FindAllStringIndex(text, -1)
	}
	var found [][]int
	for i := 0; i < len(text); i++ {
		if !f.first[text[i]] || !f.startsAt(text, i) {
			continue
		}
		if at := re.FindStringIndex(text[i:]); at != nil {
			found = append(found, []int{i, i + at[1]})
			i += at[1] - 1
		}
	}
	return found
}

// startsAt says whether a match of the rest can begin at an offset.
func (f *finder) startsAt(text string, from int) bool {
	return slices.ContainsFunc(f.starts, func(a anchor) bool {
		end := from + len(a.text)
		return end <= len(text) && strings.EqualFold(text[from:end], a.text) && a.at(text, end)
	})
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// easiest gives the smallest expression that does for a text, nil for the whole one.
func (f *finder) easiest(text string) *regexp.Regexp {
	for i := range f.relaxed {
		if f.relaxed[i].fits(text) {
			if re := f.relaxed[i].expression(); re != nil {
				return re
			}
		}
	}
	if f.rest != nil {
		return f.rest()
	}
	return nil
}
