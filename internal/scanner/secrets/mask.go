package secrets

import (
	"cmp"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/config"
)

// NewMasker gives a function that replaces every secret in a string by its mask,
// the rule's fixed prefix and an ellipsis. It knows the content rules without any
// allowlist and whatever the path, and looks into encoded text too. It hides
// rather too much than too little. Masking twice is masking once. The function is
// safe for concurrent use, cheap for text without a keyword of any rule, and loads
// no rule that no text needs.
func NewMasker() func(string) string {
	return (&masker{rules: []activeRules{newLightSet()}}).mask
}

// masker hides what any of several sets of rules finds.
type masker struct{ rules []activeRules }

// activeRules is a set of rules: which of them could match a text, in a fixed order.
type activeRules interface {
	active(text string) []*secretRule
}

const (
	// shortestSecret is a length below which no rule finds anything.
	shortestSecret = 10
	// maskRounds is how often a text is looked at again: what one match covered
	// can hold another. A text that is not through by then is hidden whole.
	maskRounds = 16
)

func (m *masker) mask(text string) string {
	if len(text) < shortestSecret || (len(m.active(text)) == 0 && !mayDecode(text) && !strings.Contains(text, "-----")) {
		return text
	}
	for range maskRounds {
		spans := m.find(text)
		if len(spans) == 0 {
			return text
		}
		text = replace(text, spans)
	}
	return ellipsis
}

// span is a part of a text that is hidden behind a mask.
type span struct {
	from, to int
	mask     string
}

// find gives what is to be hidden, in order and without overlap.
func (m *masker) find(text string) []span {
	spans := m.findIn(text, nil, nil)
	if mayDecode(text) {
		spans = m.findDecoded(text, spans)
	}
	if !strings.Contains(text, "-----") {
		return merge(spans)
	}
	if at := openKey().FindStringIndex(text); at != nil {
		spans = append(spans, span{at[0], len(text), text[at[0]:at[0]+len("-----BEGIN")] + ellipsis})
	}
	return merge(spans)
}

// openKey is a private key of which the end is cut off.
var openKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----(?s:.){16}`)
})

// findDecoded looks at a text decoded once, twice and so on, and hides what it
// was decoded from.
func (m *masker) findDecoded(text string, spans []span) []span {
	var passes []*decodedText
	for range decodeDepth {
		decoded, ok := decodeOnce(text)
		if !ok {
			return spans
		}
		passes = append(passes, decoded)
		text = decoded.text
		spans = m.findIn(text, passes, spans)
	}
	return spans
}

// findIn runs the rules over a text. Where it was decoded, the passes lead back.
func (m *masker) findIn(text string, passes []*decodedText, spans []span) []span {
	for _, r := range m.active(text) {
		for _, at := range r.loose().FindAllStringSubmatchIndex(text, -1) {
			group, from, to := pickGroup(at, r.SecretGroup, 0)
			if to-from < minHidden {
				group, from, to = 0, at[0], at[1] // a group that is a detail of the secret
			}
			secret := text[from:to]
			if strings.Trim(secret, "\n") == "" || (r.Entropy > 0 && entropy(secret) <= r.Entropy) {
				continue
			}
			shown := r.mask(group, secret)
			if passes == nil {
				spans = append(spans, span{from, tokenEnd(text, to), shown})
			} else if passes[len(passes)-1].overlaps(from, to) {
				from, to = undecoded(passes, from, to)
				spans = append(spans, span{from, to, ellipsis})
			}
		}
	}
	return spans
}

// active gives the content rules that could match a text, in a fixed order.
func (m *masker) active(text string) []*secretRule {
	var out []*secretRule
	for _, s := range m.rules {
		out = append(out, s.active(text)...)
	}
	return out
}

func (s *ruleSet) active(text string) []*secretRule {
	var out []*secretRule
	if odd(text) { // as unfolded looks for anchors
		for _, r := range s.content {
			if r.anchors != nil && !r.unfolds {
				out = append(out, r)
			}
		}
		text = newPlainText(text).text
	}
	s.words.scan(text, 0, len(text), func(word int32, end int) {
		for _, u := range s.uses[word] {
			if (u.anchor == nil) == (u.rule.anchors == nil) && (u.anchor == nil || u.anchor.near(text, end)) && !slices.Contains(out, u.rule) {
				out = append(out, u.rule)
			}
		}
	})
	for _, r := range s.whole {
		if (len(r.Keywords) == 0 || len(r.odd) > 0) && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *secretRule) int { return a.number - b.number })
	return out
}

// near is at without a look at what bounds the match: that is no matter for a
// masker.
func (a *anchor) near(text string, end int) bool {
	if a.exact != "" && text[end-len(a.text):end] != a.exact {
		return false
	}
	return a.tail[:min(1, len(a.tail))].follows(text, end)
}

// loosened gives a rule's expression without what must stand before and behind a
// secret, so that the masker finds it in the middle of a path or of a sentence too.
// A generic rule keeps them: all that tells its secrets is what stands around.
func loosened(r *config.Rule) *regexp.Regexp {
	re, err := syntax.Parse(r.Regex.String(), syntax.Perl)
	if err != nil || isGeneric(r.RuleID) || re.Op != syntax.OpConcat {
		return r.Regex
	}
	from, to := 0, len(re.Sub)
	for from < to-1 && bounds(re.Sub[from]) {
		from++
	}
	for to-1 > from && bounds(re.Sub[to-1]) {
		to--
	}
	text, ok := cutText(r.Regex.String(), re.Sub, from, to)
	if !ok {
		re.Sub = re.Sub[from:to]
		text = re.String()
	}
	loose, err := regexp.Compile(text)
	if err != nil {
		return r.Regex
	}
	return loose
}

// maxCut is how much of an expression's text is cut off on a side, in bytes.
const maxCut = 64

// cutText takes the parts of a sequence that are not between from and to off its
// text: to write a tree as text takes the library milliseconds for each negated
// class. It is false where the text cannot be cut.
func cutText(text string, parts []*syntax.Regexp, from, to int) (string, bool) {
	flags, ok := "", true
	if strings.HasPrefix(text, "(?i)") {
		flags, text = text[:4], text[4:]
	}
	if from > 0 {
		at := 1
		for ; at <= min(maxCut, len(text)) && !reads(flags+text[:at], parts[:from]); at++ {
		}
		ok, text = at <= min(maxCut, len(text)), text[min(at, len(text)):]
	}
	if to < len(parts) {
		size := 1
		for ; size <= min(maxCut, len(text)); size++ {
			end := text[len(text)-size:]
			if reads(end, parts[to:]) || reads("(?i)"+end, parts[to:]) {
				break
			}
		}
		ok, text = ok && size <= min(maxCut, len(text)), text[:max(0, len(text)-size)]
	}
	return flags + text, ok && reads(flags+text, parts[from:to])
}

// reads says whether a text is that of a sequence.
func reads(text string, parts []*syntax.Regexp) bool {
	re, err := syntax.Parse(text, syntax.Perl)
	switch {
	case err != nil:
		return false
	case len(parts) == 1:
		return re.Equal(parts[0])
	}
	return re.Op == syntax.OpConcat && slices.EqualFunc(re.Sub, parts, (*syntax.Regexp).Equal)
}

// bounds says that an expression says where a secret begins or ends and takes
// nothing of it: an assertion, or a choice of single characters and assertions.
func bounds(re *syntax.Regexp) bool {
	captures := false
	visit(re, func(r *syntax.Regexp) { captures = captures || r.Op == syntax.OpCapture })
	n, ok := longest(re)
	return !captures && ok && n <= utf8.UTFMax && asserts(re)
}

// tokenEnd goes on to the end of the word: a token longer than its rule expects is
// hidden whole.
func tokenEnd(text string, to int) int {
	for to < len(text) && (inRun[text[to]] && text[to] != '/' || text[to] == '=') {
		to++
	}
	return to
}

// merge joins spans that overlap. The longest mask among them says most of what
// was there.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), strings.Compare(a.mask, b.mask))
	})
	var out []span
	for _, s := range spans {
		last := len(out) - 1
		if last < 0 || s.from >= out[last].to {
			out = append(out, s)
			continue
		}
		out[last].to = max(out[last].to, s.to)
		if len(s.mask) > len(out[last].mask) {
			out[last].mask = s.mask
		}
	}
	return out
}

func replace(text string, spans []span) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		from, to := clamp(s.from, len(text)), clamp(s.to, len(text))
		if from < at || to < from {
			continue
		}
		b.WriteString(text[at:from])
		b.WriteString(s.mask)
		at = to
	}
	b.WriteString(text[at:])
	return b.String()
}

// entropy is Shannon's, per byte, as the engine computes it.
func entropy(text string) (sum float64) {
	counts := make(map[rune]int)
	for _, r := range text {
		counts[r]++
	}
	values := make([]int, 0, len(counts))
	for _, n := range counts {
		values = append(values, n)
	}
	slices.Sort(values) // the sum's last bits depend on the order
	for _, n := range values {
		f := float64(n) / float64(len(text))
		sum -= f * math.Log2(f)
	}
	return sum
}

// asserts says that an expression looks at what stands around it.
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
