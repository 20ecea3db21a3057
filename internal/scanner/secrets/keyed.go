package secrets

import (
	"slices"
	"strings"
)

// dottedI becomes an i and a dot when the engine lower-cases a text.
const dottedI = "\u0130"

// keyedIn says of each rule about contents whether the engine would find one of its
// keywords in a text; one without keywords needs none.
func (rs *ruleSet) keyedIn(text string) []bool {
	lower := strings.ToLower(text)
	keyed := make([]bool, len(rs.content))
	for n, r := range rs.content {
		keyed[n] = len(r.Keywords) == 0 || slices.Contains(r.Keywords, "") ||
			slices.ContainsFunc(r.odd, func(k string) bool { return strings.Contains(lower, k) })
	}
	all := rs.keywords()
	all.words.scan(lower, 0, len(lower), func(word int32, _ int) {
		for _, n := range all.rules[word] {
			keyed[n] = true
		}
	})
	return keyed
}

// keywords are all rules' keywords in ASCII, with the numbers of the rules.
type keywords struct {
	words *automaton
	rules [][]int
}

func newKeywords(rules []*secretRule) *keywords {
	var list []string
	all := &keywords{}
	at := make(map[string]int)
	for n, r := range rules {
		for _, k := range r.Keywords {
			if k == "" || !isASCII(k) {
				continue
			}
			k = strings.ToLower(k)
			i, known := at[k]
			if !known {
				i = len(list)
				at[k] = i
				list = append(list, k)
				all.rules = append(all.rules, nil)
			}
			all.rules[i] = append(all.rules[i], n)
		}
	}
	all.words = newAutomaton(list)
	return all
}

// oddlyKeyed is keyedIn of a text where that is another way than ours, else nil.
func (rs *ruleSet) oddlyKeyed(text string) []bool {
	if !rs.oddWords && !odd(text) && !strings.Contains(text, dottedI) {
		return nil
	}
	return rs.keyedIn(text)
}

// oddlyKeyed says it of a fragment. Many ask about the same one.
func (l *looking) oddlyKeyed(fragment int) []bool {
	if keyed, known := l.keyed[fragment]; known {
		return keyed
	}
	from, to := l.w.fragmentOf(fragment)
	keyed := l.rules.oddlyKeyed(l.w.text[from:to])
	if l.keyed == nil {
		l.keyed = make(map[int][]bool)
	}
	l.keyed[fragment] = keyed
	return keyed
}

// certainly is oddlyKeyed, of any fragment.
func (m *matching) certainly(fragment int) []bool {
	if keyed := m.oddlyKeyed(fragment); keyed != nil {
		return keyed
	}
	from, to := m.w.fragmentOf(fragment)
	keyed := m.rules.keyedIn(m.w.text[from:to])
	m.looking.keyed[fragment] = keyed
	return keyed
}
