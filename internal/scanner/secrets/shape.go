package secrets

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// shape is what can be told of an expression without running it.
type shape struct {
	re       *syntax.Regexp
	prefixes [][]prefix // by group
	gap      bool
}

// prefix is a fixed beginning of a secret. whole says that nothing follows it.
type prefix struct {
	text string
	fold bool // in any case of letters
}

// Bounds of what is derived: how many strings an expression is spelt out to, and
// how long a prefix is shown.
const (
	maxStrings = 64
	maxPrefix  = 16
	maxClass   = 4
)

func parseShape(expr string) (*shape, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("parsing a rule's expression: %w", err)
	}
	s := &shape{re: re, gap: hasGap(re), prefixes: make([][]prefix, re.MaxCap()+1)}
	s.prefixes[0] = prefixesOf(re)
	visit(re, func(r *syntax.Regexp) {
		if r.Op == syntax.OpCapture {
			s.prefixes[r.Cap] = prefixesOf(r.Sub[0])
		}
	})
	return s, nil
}

func visit(re *syntax.Regexp, f func(*syntax.Regexp)) {
	f(re)
	for _, sub := range re.Sub {
		visit(sub, f)
	}
}

// hasGap says that an expression repeats without end something that takes new
// lines as well as letters: what it finds can be of any length.
func hasGap(re *syntax.Regexp) bool {
	gap := false
	visit(re, func(r *syntax.Regexp) {
		endless := r.Op == syntax.OpStar || r.Op == syntax.OpPlus || (r.Op == syntax.OpRepeat && r.Max < 0)
		if endless {
			visit(r.Sub[0], func(s *syntax.Regexp) { gap = gap || takesLines(s) })
		}
	})
	return gap
}

func takesLines(re *syntax.Regexp) bool {
	if re.Op == syntax.OpAnyChar {
		return true
	}
	return re.Op == syntax.OpCharClass && inClass(re.Rune, '\n') && inClass(re.Rune, 'a')
}

func inClass(ranges []rune, r rune) bool {
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i] <= r && r <= ranges[i+1] {
			return true
		}
	}
	return false
}

// prefixesOf spells out how every text that an expression takes begins, longest
// first; nil when nothing is fixed.
func prefixesOf(re *syntax.Regexp) []prefix {
	texts, _ := spell(re)
	var out []prefix
	for _, t := range texts {
		if len(t.text) > maxPrefix {
			t.text = t.text[:maxPrefix]
		}
		if isPrefix(t.text) && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b prefix) int {
		if len(a.text) != len(b.text) {
			return len(b.text) - len(a.text)
		}
		return strings.Compare(a.text, b.text)
	})
	return out
}

// isPrefix says that a text is worth showing: a single character or a quote isn't.
func isPrefix(text string) bool {
	return len(text) > 1 && (inRun[text[0]] && text[0] != '/' && text[0] != '+')
}

// spell gives the beginnings of what an expression takes, and whether they are
// all of it. The empty beginning stands for anything.
func spell(re *syntax.Regexp) (texts []prefix, exact bool) {
	anything := []prefix{{}}
	switch re.Op {
	case syntax.OpLiteral:
		return []prefix{{string(re.Rune), re.Flags&syntax.FoldCase != 0}}, true
	case syntax.OpCharClass:
		return spellClass(re.Rune)
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText,
		syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return anything, true
	case syntax.OpCapture:
		return spell(re.Sub[0])
	case syntax.OpPlus:
		texts, _ = spell(re.Sub[0])
		return texts, false
	case syntax.OpRepeat:
		return spellRepeat(re)
	case syntax.OpConcat:
		return spellConcat(re.Sub)
	case syntax.OpAlternate:
		exact = true
		for _, sub := range re.Sub {
			more, ok := spell(sub)
			texts = append(texts, more...)
			exact = exact && ok
		}
		if len(texts) > maxStrings {
			return anything, false
		}
		return texts, exact
	}
	return anything, false
}

func spellRepeat(re *syntax.Regexp) ([]prefix, bool) {
	if re.Min == 0 {
		return []prefix{{}}, false
	}
	once, exact := spell(re.Sub[0])
	if !exact || len(once) > 1 || re.Min > maxPrefix {
		return once, false
	}
	return []prefix{{strings.Repeat(once[0].text, re.Min), once[0].fold}}, re.Min == re.Max
}

func spellConcat(subs []*syntax.Regexp) ([]prefix, bool) {
	texts := []prefix{{}}
	for _, sub := range subs {
		more, exact := spell(sub)
		if len(texts)*len(more) > maxStrings {
			return texts, false
		}
		var joined []prefix
		for _, a := range texts {
			for _, b := range more {
				joined = append(joined, prefix{a.text + b.text, a.fold || b.fold})
			}
		}
		texts = joined
		if !exact {
			return texts, false
		}
	}
	return texts, true
}

// spellClass spells out a class of a few letters, such as the type letter of a
// token; a larger one is part of the secret.
func spellClass(ranges []rune) ([]prefix, bool) {
	var out []prefix
	for i := 0; i+1 < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if len(out) == maxClass {
				return []prefix{{}}, false
			}
			out = append(out, prefix{text: string(r)})
		}
	}
	return out, true
}

// needsOne says whether every match must hold one of the keywords, in any case of
// letters. When in doubt it says no.
func (s *shape) needsOne(words []string) bool {
	return needs(s.re, words)
}

func needs(re *syntax.Regexp, words []string) bool {
	if texts, ok := variants(re); ok {
		return allHold(texts, words)
	}
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return needs(re.Sub[0], words)
	case syntax.OpRepeat:
		return re.Min > 0 && needs(re.Sub[0], words)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !needs(sub, words) })
	case syntax.OpConcat:
		return concatNeeds(re.Sub, words)
	}
	return false
}

// concatNeeds looks at each part, and at neighbours that can be spelt out together.
func concatNeeds(subs []*syntax.Regexp, words []string) bool {
	run := []string{""}
	for _, sub := range subs {
		texts, ok := variants(sub)
		if !ok || len(run)*len(texts) > maxStrings {
			if needs(sub, words) {
				return true
			}
			run = []string{""}
			continue
		}
		var joined []string
		for _, a := range run {
			for _, b := range texts {
				joined = append(joined, a+b)
			}
		}
		run = joined
		if allHold(run, words) {
			return true
		}
	}
	return false
}

func allHold(texts, words []string) bool {
	for _, t := range texts {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(t, strings.ToLower(w)) }) {
			return false
		}
	}
	return len(texts) > 0
}

// variants spells out, in lower case, all texts that an expression takes; false
// when they are too many.
func variants(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}, true
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText,
		syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}, true
	case syntax.OpCharClass:
		return classVariants(re.Rune)
	case syntax.OpCapture:
		return variants(re.Sub[0])
	case syntax.OpQuest:
		texts, ok := variants(re.Sub[0])
		return append(texts, ""), ok
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			texts, ok := variants(sub)
			if !ok || len(out)*len(texts) > maxStrings {
				return nil, false
			}
			var joined []string
			for _, a := range out {
				for _, b := range texts {
					joined = append(joined, a+b)
				}
			}
			out = joined
		}
		return out, true
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			texts, ok := variants(sub)
			if !ok || len(out)+len(texts) > maxStrings {
				return nil, false
			}
			out = append(out, texts...)
		}
		return out, true
	}
	return nil, false
}

func classVariants(ranges []rune) ([]string, bool) {
	var out []string
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i+1]-ranges[i] > 16 {
			return nil, false
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if t := string(unicode.ToLower(r)); !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out, len(out) <= maxClass
}

// mask shows of a secret the fixed prefix that its rule knows, and nothing else.
// Where hardly anything but the prefix is left, it shows nothing.
func (r *secretRule) mask(group int, secret string) string {
	if group < len(r.prefixes) {
		for _, p := range r.prefixes[group] {
			n := len(p.text)
			if n+minHidden <= len(secret) && (secret[:n] == p.text || (p.fold && strings.EqualFold(secret[:n], p.text))) {
				return secret[:n] + ellipsis
			}
		}
	}
	return ellipsis
}

const (
	ellipsis  = "…"
	minHidden = 8
)
