package secrets

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// lightSet is the default rules as the masker needs them, each made when a text
// first holds one of its words: loading all of them costs more than the whole scan
// of a small file. Safe for concurrent use.
type lightSet struct {
	words []string
	ids   [][]string // of the rules, by word
	rules sync.Map   // func() *secretRule by id
	// machine finds all words at once; it is made when it is worth it.
	machine func() *automaton
	// asked counts the texts that were looked at.
	asked atomic.Int64
}

// lightWords lists, word by word, the default rules that are looked at where a text
// holds it. A test holds that it is what the rules themselves say.
//
//go:embed words.txt
var lightWords string

// Up to so many texts, and so many bytes each, words are looked for one by one.
const (
	fewTexts  = 100
	shortText = 4 << 10
)

func newLightSet() *lightSet {
	silenced()
	s := &lightSet{}
	for line := range strings.Lines(lightWords) {
		word, ids, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		s.words = append(s.words, word)
		s.ids = append(s.ids, strings.Fields(ids))
	}
	s.machine = sync.OnceValue(func() *automaton { return newAutomaton(s.words) })
	return s
}

// active gives the rules that could match a text, and maybe more: to see at a word that
// a rule cannot match costs more than to run it. Where a rule cannot be made it asks a
// ruleSet.
func (s *lightSet) active(text string) []*secretRule {
	var out []*secretRule
	made := true
	s.wordsIn(text, func(n int) {
		for _, id := range s.ids[n] {
			r := s.rule(id)
			made = made && r != nil
			if r != nil && !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	})
	if made {
		slices.SortFunc(out, func(a, b *secretRule) int { return strings.Compare(a.RuleID, b.RuleID) })
		return out
	}
	full, err := defaultRules()
	if err != nil {
		return []*secretRule{everything}
	}
	return full.active(text)
}

// everything hides a whole text: of one that no rules can be had for nobody knows
// what it holds.
var everything = &secretRule{
	Rule:  config.Rule{RuleID: "everything"},
	loose: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s).+`) }),
}

// wordsIn tells the words that a text holds, in any case of letters, some of them more
// than once.
func (s *lightSet) wordsIn(text string, found func(n int)) {
	if odd(text) {
		text = newPlainText(text).text
	}
	if len(text) > shortText || s.asked.Add(1) > fewTexts {
		s.machine().scan(text, 0, len(text), func(word int32, _ int) { found(int(word)) })
		return
	}
	lower := lowerASCII(text)
	for n, word := range s.words {
		if strings.Contains(lower, word) {
			found(n)
		}
	}
}

// lowerASCII keeps the length, whatever the text holds.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// rule gives a rule, made at its first use; nil where that fails.
func (s *lightSet) rule(id string) *secretRule {
	got, ok := s.rules.Load(id)
	if !ok {
		got, _ = s.rules.LoadOrStore(id, sync.OnceValue(func() *secretRule {
			r, err := defaultRule(id)
			if err != nil {
				return nil
			}
			return r
		}))
	}
	return got.(func() *secretRule)() //nolint:forcetypeassert // nothing else is put there
}

// defaultRule reads one of the library's default rules, and no other, as far as the
// masker needs it.
func defaultRule(id string) (*secretRule, error) {
	const begin = "[[rules]]\n"
	_, text, found := strings.Cut(config.DefaultConfig, begin+fmt.Sprintf("id = %q\n", id))
	if !found {
		return nil, fmt.Errorf("there is no rule %q", id)
	}
	text, _, _ = strings.Cut(text, begin)
	var read struct {
		Regex       string
		SecretGroup int
		Entropy     float64
	}
	if err := toml.Unmarshal([]byte(text[:ownKeys(text)]), &read); err != nil {
		return nil, fmt.Errorf("reading rule %q: %w", id, err)
	}
	expr, err := regexp.Compile(read.Regex)
	if err != nil {
		return nil, fmt.Errorf("reading rule %q: %w", id, err)
	}
	shape, err := parseShape(read.Regex)
	if err != nil {
		return nil, err
	}
	r := &secretRule{Rule: config.Rule{RuleID: id, Regex: expr, SecretGroup: read.SecretGroup, Entropy: read.Entropy}, prefixes: shape.prefixes}
	r.loose = sync.OnceValue(func() *regexp.Regexp { return loosened(&r.Rule) })
	return r, nil
}

// ownKeys is how much of a rule's text is before its allowlists.
func ownKeys(text string) int {
	for _, table := range []string{"\n[[rules.", "\n# ", "\n[rules."} {
		if n := strings.Index(text, table); n >= 0 {
			text = text[:n]
		}
	}
	return len(text)
}
