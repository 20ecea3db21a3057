package secrets

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// odd says that a text holds letters that anchors do not know.
func odd(text string) bool {
	return strings.ContainsRune(text, foldedK) || strings.ContainsRune(text, foldedS)
}

// unfolds says of an expression that no class of it takes one of the two letters and
// not the k or the s that stands for it.
func unfolds(re *syntax.Regexp) bool {
	for _, sub := range re.Sub {
		if !unfolds(sub) {
			return false
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		return re.Flags&syntax.FoldCase != 0 || !odd(string(re.Rune))
	case syntax.OpCharClass:
		takes := func(r rune) bool {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= r && r <= re.Rune[i+1] {
					return true
				}
			}
			return false
		}
		return (takes('k') || !takes(foldedK)) && (takes('s') || !takes(foldedS))
	}
	return true
}

// plainText is a text with an s and a k where it has letters that anchors do not know.
type plainText struct {
	text string
	// at are the offsets of such letters in it, by how many bytes the text before each
	// and with it is shorter.
	at, by []int
}

func newPlainText(text string) *plainText {
	p := &plainText{}
	var b strings.Builder
	b.Grow(len(text))
	from, shorter := 0, 0
	for i, c := range text {
		if c != foldedK && c != foldedS {
			continue
		}
		b.WriteString(text[from:i])
		p.at = append(p.at, b.Len())
		letter := byte('s')
		if c == foldedK {
			letter = 'k'
		}
		b.WriteByte(letter)
		from = i + utf8.RuneLen(c)
		shorter += utf8.RuneLen(c) - 1
		p.by = append(p.by, shorter)
	}
	b.WriteString(text[from:])
	p.text = b.String()
	return p
}

// before gives the offset in the text as it was.
func (p *plainText) before(offset int) int {
	n, _ := slices.BinarySearch(p.at, offset) // letters that stand before it
	if n == 0 {
		return offset
	}
	return offset + p.by[n-1]
}

// after gives the offset of one of the text as it was; of one within a letter that of
// the letter's end.
func (p *plainText) after(offset int) int {
	lo, hi := 0, len(p.text)
	for lo < hi {
		if mid := (lo + hi) / 2; p.before(mid) < offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// unfolded adds the pieces around anchors that hold letters which anchors do not know,
// or that reach over such ones. Rules that could take those letters for themselves
// look at all of a fragment that holds one.
func (l *looking) unfolded(s *scratch, w *window, wants func(*secretRule) bool) {
	t := l.rules.scratch.Get().(*scratch) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		t.reset()
		l.rules.scratch.Put(t)
	}()
	p := newPlainText(w.text)
	plain := &window{text: p.text, at: w.at, ownFrom: p.after(w.ownFrom), ownTo: p.after(w.ownTo), unbound: true}
	for _, cut := range w.cuts {
		plain.cuts = append(plain.cuts, p.after(cut))
	}
	t.collect(l.rules, plain, wants)
	for _, r := range t.touched {
		for _, found := range t.rules[r.number].inside {
			from, to := w.fragmentOf(found.fragment)
			found.from, found.to = max(from, p.before(found.from)), min(to, p.before(found.to))
			s.touch(r).inside = append(s.touch(r).inside, found)
		}
		for _, found := range t.rules[r.number].across {
			found.from, found.to = p.before(found.from), p.before(found.to)
			s.touch(r).across = append(s.touch(r).across, found)
		}
	}
	for _, r := range l.rules.content {
		if r.unfolds || r.anchors == nil || !wants(r) {
			continue
		}
		for n := range w.cuts {
			if from, to := w.fragmentOf(n); odd(w.text[from:to]) {
				s.touch(r).inside = append(s.touch(r).inside, piece{from, to, n})
			}
		}
	}
}
