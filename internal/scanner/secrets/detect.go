package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// Bounds of one text. A limit that is hit is an error beside what was found.
const (
	maxHits    = 10_000
	windowTime = time.Minute
	// shortWindow is a length that no expression can spend a minute on.
	shortWindow = 32 << 10
)

var (
	errTooMany = fmt.Errorf("more than %d secrets in one file, the rest is left out", maxHits)
	errPanic   = errors.New("the engine broke down")
	errSlow    = fmt.Errorf("took longer than %s", windowTime)
)

// detection looks through one text, window after window.
type detection struct {
	rules        *ruleSet
	path, commit string
	// plain hands every fragment to the library as it is, all rules at once: what
	// the filter is measured by.
	plain  bool
	report func(hit)
	count  int
	// onPath says of rules for certain paths whether this is one.
	onPath map[*secretRule]bool
	// carried are the matches that reach into the next window.
	carried []carried
}

// carried is a match of a rule that ends behind its window, at an offset of the
// whole text.
type carried struct {
	rule *secretRule
	to   int64
}

// run reports every secret of the text that c cuts, in order. What could not be
// looked at is an error, the rest is told still.
func (d *detection) run(ctx context.Context, c *chunker) error {
	var errs []error
	for {
		w, err := c.next()
		if errors.Is(err, io.EOF) {
			return errors.Join(errs...)
		}
		if err != nil {
			return errors.Join(append(errs, fmt.Errorf("reading: %w", err))...)
		}
		hits, err := d.window(ctx, &w)
		for _, h := range hits {
			if d.count++; d.count > maxHits {
				return errors.Join(append(errs, errTooMany)...)
			}
			d.report(h)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && len(errs) < 3 {
			errs = append(errs, fmt.Errorf("text from line %d on: %w", w.line+1, err))
		}
	}
}

// wants says whether a rule is for this text at all.
func (d *detection) wants(r *secretRule) bool {
	if r.Path == nil || r.SkipReport {
		return !r.SkipReport
	}
	on, known := d.onPath[r]
	if !known {
		if d.onPath == nil {
			d.onPath = make(map[*secretRule]bool)
		}
		on = r.Path.MatchString(d.path)
		d.onPath[r] = on
	}
	return on
}

// window looks at one window. A panic or a text that takes too long loses what it
// would have found and no more. What a panic says is not told: it could quote the
// text.
func (d *detection) window(ctx context.Context, w *window) (hits []hit, err error) {
	limited := ctx
	if len(w.text) > shortWindow {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, windowTime)
		defer cancel()
	}
	look := &looking{detection: d, ctx: limited, w: w}
	defer func() {
		if recover() != nil {
			look.broken = true
		}
		hits = look.told()
		if look.broken {
			err = errPanic
		}
	}()
	if d.plain {
		look.plainly()
	} else {
		look.filtered()
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = errSlow
	}
	return nil, err
}

// looking is one window being looked at.
type looking struct {
	*detection
	ctx  context.Context //nolint:containedctx // lives as long as one call
	w    *window
	hits []hit
	// lines are the offsets of the newlines in the window, once somebody asks.
	lines []int
	// broken says that the engine broke down at some rule.
	broken bool
	// whole are the rules that have looked at decoded fragments as a whole.
	whole map[seenWhole]bool
	// keyed says which rules' keywords are in a fragment, once that is asked for.
	keyed map[int][]bool
}

// plainly hands every fragment to the library.
func (l *looking) plainly() {
	for n := range l.w.cuts {
		from, to := l.w.fragmentOf(n)
		l.ask(l.rules.all(), piece{from, to, n}, nil)
	}
}

// filtered finds out which rules match where, and hands no more than that to the
// library.
func (l *looking) filtered() {
	w := l.w
	s := l.rules.scratch.Get().(*scratch) //nolint:forcetypeassert // nothing else is put there
	defer func() {
		s.reset()
		l.rules.scratch.Put(s)
	}()
	s.collect(l.rules, w, l.wants)
	if odd(w.text) {
		l.unfolded(s, w, l.wants)
	}
	var found []match
	for _, r := range s.touched {
		if l.ctx.Err() != nil {
			return
		}
		if r.anchors != nil {
			found = append(found, s.matches(w, r, l.oddlyKeyed)...)
		}
	}
	for _, r := range l.rules.whole {
		if l.wants(r) {
			s.touch(r)
			found = append(found, s.wholeMatches(w, r, l.oddlyKeyed)...)
		}
	}
	found = slices.DeleteFunc(found, func(m match) bool {
		return slices.ContainsFunc(l.carried, func(c carried) bool { return c.rule == m.rule && w.at+int64(m.from) < c.to })
	})
	found = slices.DeleteFunc(found, func(m match) bool {
		return !m.rule.composite() && !m.rule.plausible(w.text[m.from:m.to], surroundings{path: l.path, commit: l.commit})
	})
	l.carried = l.carried[:0]
	for _, m := range found {
		if m.to > w.ownTo {
			l.carried = append(l.carried, carried{m.rule, w.at + int64(m.to)})
		}
	}
	l.confirm(found)
	l.decoded(s)
}

// confirm lets the library judge matches: rule by rule, each with the text around
// it.
func (l *looking) confirm(found []match) {
	slices.SortStableFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.rule.number, b.rule.number), cmp.Compare(a.piece.fragment, b.piece.fragment), cmp.Compare(a.from, b.from))
	})
	for len(found) > 0 && l.ctx.Err() == nil {
		n := 1
		for n < len(found) && found[n].rule == found[0].rule && found[n].piece.fragment == found[0].piece.fragment {
			n++
		}
		l.confirmRule(found[:n])
		found = found[n:]
	}
}

// confirmRule takes the matches of one rule in one fragment, in order, and asks
// about those that share their text together.
func (l *looking) confirmRule(found []match) {
	r := found[0].rule
	if r.composite() && found[0].piece.fragment != outside {
		from, to := l.w.bounds(found[0].piece)
		l.ask(r.one(), piece{from, to, found[0].piece.fragment}, r)
		return
	}
	for len(found) > 0 {
		b := l.block(found[0])
		n := 1
		for n < len(found) {
			next := l.block(found[n])
			if next.from > b.to {
				break
			}
			b.to = max(b.to, next.to)
			n++
		}
		l.ask(r.one(), l.sound(b, found[:n]), r)
		found = found[n:]
	}
}

// longLine is a length from which on a line is not shown whole, unless an
// allowlist looks at it.
const longLine = 4 << 10

// block is the text to show of a match: its lines, from the newline before them
// on, because the engine's idea of a line begins there.
func (l *looking) block(m match) piece {
	from, to := l.lineAround(m.from, m.to, m.piece)
	if !m.rule.lines && to-from > longLine {
		lo, hi := l.w.bounds(m.piece)
		from, to = max(from, lo, m.from-64), min(to, hi, m.to+64)
	}
	return piece{from, to, m.piece.fragment}
}

// lineAround gives the lines that a match touches, with the newlines around them.
func (l *looking) lineAround(from, to int, p piece) (int, int) {
	lo, hi := l.w.bounds(p)
	start, end := lo, hi
	if from < hi && l.w.text[from] == '\n' {
		start = from
	} else if n := strings.LastIndexByte(l.w.text[lo:from], '\n'); n >= 0 {
		start = lo + n
	}
	last := max(from, to-1)
	if n := strings.IndexByte(l.w.text[last:hi], '\n'); n >= 0 {
		end = last + n + 1
	}
	return start, end
}

// sound widens a block until the expression matches in it where it matches in the
// whole: what was cut away could have changed that.
func (l *looking) sound(b piece, found []match) piece {
	lo, hi := l.w.bounds(b)
	tries := []piece{b, {min(b.from, max(lo, found[0].piece.from-edge)), max(b.to, min(hi, found[len(found)-1].piece.to+edge)), b.fragment}}
	for _, try := range tries {
		at := found[0].rule.Regex.FindAllStringIndex(l.w.text[try.from:try.to], -1)
		same := slices.EqualFunc(at, found, func(at []int, m match) bool {
			return try.from+at[0] == m.from && try.from+at[1] == m.to
		})
		if same {
			return try
		}
	}
	if b.fragment == outside {
		return tries[1]
	}
	return piece{lo, hi, b.fragment}
}

// ask hands a block to a detector and keeps what it says: of one rule only, or of
// all where r is nil.
func (l *looking) ask(detector *detect.Detector, b piece, r *secretRule) {
	defer func() {
		if recover() != nil {
			l.broken = true
		}
	}()
	p := placer{rules: l.rules, text: l.w.text[b.from:b.to]}
	//lint:ignore SA1019 the only type that the library's version 8 takes
	found := detector.DetectContext(l.ctx, detect.Fragment{Raw: p.text, FilePath: l.path, CommitSHA: l.commit})
	for i := range found {
		h, ok := p.place(&found[i])
		if !ok || (r != nil && h.rule != r) {
			continue
		}
		h.matchAt, h.matchTo, h.from, h.to = h.matchAt+b.from, h.matchTo+b.from, h.from+b.from, h.to+b.from
		h.fragment = b.fragment
		if b.fragment == outside && !l.w.crosses(h.matchAt, h.matchTo) {
			continue
		}
		l.hits = append(l.hits, l.complete(h, b))
	}
}

// complete says of a hit where it stands in the file, and whether a comment on its
// lines allows it.
func (l *looking) complete(h hit, b piece) hit {
	from, to := l.lineAround(h.matchAt, h.matchTo, b)
	h.allowed = strings.Contains(l.w.text[from:to], allowComment)
	h.line = l.lineOf(h.matchAt)
	if h.matchAt < len(l.w.text) && l.w.text[h.matchAt] == '\n' {
		h.line++
	}
	if !h.decoded {
		h.name = nameBefore(l.w.text[:h.from])
	}
	last := max(h.from, h.to-1)
	h.region = region{
		startLine: l.lineOf(h.from), startColumn: l.column(h.from),
		endLine: l.lineOf(last), endColumn: l.column(last) + min(1, h.to-h.from),
	}
	if h.region.startLine != h.line {
		// The match begins on a line before the secret. Its line is what
		// baselines and ignore files know, so the region begins there.
		h.region.startLine, h.region.startColumn = h.line, l.column(h.matchAt)
	}
	return h
}

// lineOf gives the number of the line of an offset; a newline ends its line.
func (l *looking) lineOf(offset int) int {
	n, _ := slices.BinarySearch(l.newlines(), offset)
	return l.w.line + n + 1
}

func (l *looking) column(offset int) int {
	n, _ := slices.BinarySearch(l.newlines(), offset)
	if n == 0 {
		return l.w.column + offset + 1
	}
	return offset - l.lines[n-1]
}

func (l *looking) newlines() []int {
	if l.lines == nil {
		l.lines = newlinesOf(l.w.text)
	}
	return l.lines
}

func newlinesOf(text string) []int {
	lines := []int{}
	for i := 0; ; i++ {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			return lines
		}
		i += n
		lines = append(lines, i)
	}
}

// told gives what is to be told of the hits, in order: each once, the specific one
// of two, and what a comment allows marked.
func (l *looking) told() []hit {
	hits := distinct(l.hits)
	open := preferSpecific(slices.DeleteFunc(slices.Clone(hits), func(h hit) bool { return h.allowed }))
	for _, h := range preferSpecific(hits) {
		if h.allowed {
			open = append(open, h)
		}
	}
	for i := range open {
		h := &open[i]
		h.at = l.w.at + int64(h.from)
	}
	slices.SortStableFunc(open, compareHits)
	return open
}
