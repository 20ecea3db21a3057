package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// Bounds of one text. A limit that is hit is an error beside what was found.
const (
	maxHits    = 10_000
	windowTime = time.Minute
)

var (
	errTooMany = fmt.Errorf("more than %d secrets in one file, the rest is left out", maxHits)
	errPanic   = errors.New("the engine broke down")
	errSlow    = fmt.Errorf("took longer than %s", windowTime)
)

// detection looks through one text, window after window.
type detection struct {
	rules *ruleSet
	path  string
	plain bool // hand every window to the library as it is, in tests
	// seen is the offset behind the last place of each keyword, for rules whose
	// keyword may stand far from the match; scanned is how far was looked.
	seen    map[*secretRule]int64
	scanned int64
	size    sizes
	report  func(hit)
	count   int
}

// run reports every secret of the text that c cuts, in order. What could not be
// looked at is an error, the rest is told still.
func (d *detection) run(ctx context.Context, c *chunker) error {
	d.seen, d.size = make(map[*secretRule]int64), c.size
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

// window looks at one window. A panic or a text that takes too long loses that
// window and no other. What a panic says is not told: it could quote the text.
func (d *detection) window(ctx context.Context, w *window) (hits []hit, err error) {
	limited, cancel := context.WithTimeout(ctx, windowTime)
	defer cancel()
	defer func() {
		if recover() != nil {
			hits, err = nil, errPanic
		}
	}()
	text := string(w.text)
	far := d.lookAhead(w)
	found, deep := d.rules.keywords.any(text), mayDecode(text)
	if !found && !deep && !far && !d.plain {
		return nil, nil
	}
	how := manner{deep: deep || d.plain, far: far}
	hits = d.owned(d.search(limited, w, text, how), w)
	if len(w.wide) > len(w.text) {
		hits = d.extend(limited, w, hits, how)
	}
	if limited.Err() != nil && ctx.Err() == nil {
		err = errSlow
	}
	return preferSpecific(distinct(hits)), err
}

// manner is how a text is searched: with decoding, with the far rules.
type manner struct{ deep, far bool }

// search runs the rules over a text that begins where the window does.
func (d *detection) search(ctx context.Context, w *window, text string, how manner) []hit {
	detector := d.rules.flat
	if how.deep {
		detector = d.rules.deep
	}
	p := newPlacer(d.rules, w, text)
	hits := d.detect(ctx, detector, p)
	if hasAllowed(hits) {
		hits = d.honour(ctx, p, hits)
	}
	if how.far {
		for _, h := range d.detect(ctx, d.rules.far, p) {
			if d.isFar(h.rule, w) {
				hits = append(hits, h)
			}
		}
	}
	return hits
}

func (d *detection) detect(ctx context.Context, detector *detect.Detector, p *placer) []hit {
	var hits []hit
	//lint:ignore SA1019 the only type that the library's version 8 takes
	found := detector.DetectContext(ctx, detect.Fragment{Raw: p.text, FilePath: d.path})
	for i := range found {
		if h, ok := p.place(&found[i]); ok {
			hits = append(hits, h)
		}
	}
	return hits
}

func hasAllowed(hits []hit) bool {
	for _, h := range hits {
		if h.allowed {
			return true
		}
	}
	return false
}

// honour asks the library again what it reports when it honours the comments:
// only it knows what becomes of a generic finding once the specific one beside it
// is gone. What is allowed is kept, marked.
func (d *detection) honour(ctx context.Context, p *placer, all []hit) []hit {
	hits := d.detect(ctx, d.rules.honest, p)
	for _, h := range all {
		if h.allowed {
			hits = append(hits, h)
		}
	}
	return hits
}

// owned keeps the hits whose match begins in the window's own region: a
// neighbour sees the others whole.
func (d *detection) owned(hits []hit, w *window) []hit {
	from, to := w.at+int64(w.ownFrom), w.at+int64(w.ownTo)
	kept := hits[:0]
	for _, h := range hits {
		if from <= h.matchAt && h.matchAt < to {
			kept = append(kept, h)
		}
	}
	return kept
}

// extend looks farther behind the region where a match may be cut off: one that
// reaches the end of what was shown, or one of a rule that can run over any
// number of lines.
func (d *detection) extend(ctx context.Context, w *window, hits []hit, how manner) []hit {
	end := w.at + int64(len(w.text))
	for _, h := range hits {
		if h.to >= end || h.matchAt+int64(len(h.secret)) >= end {
			return d.owned(d.search(ctx, w, string(w.wide), how), w)
		}
	}
	if !d.rules.wantsGap(string(w.text[w.ownFrom:])) {
		return hits
	}
	kept := hits[:0]
	for _, h := range hits {
		if !h.rule.gap || h.decoded {
			kept = append(kept, h)
		}
	}
	p := newPlacer(d.rules, w, string(w.wide))
	more := d.detect(ctx, d.rules.gap, p)
	return append(kept, d.owned(more, w)...)
}

// wantsGap says whether a text holds a keyword of a rule that can run over any
// number of lines.
func (s *ruleSet) wantsGap(text string) bool {
	found := false
	s.keywords.each(text, func(word, _ int) {
		for _, r := range s.wants[word] {
			found = found || r.gap
		}
	})
	return found
}

// lookAhead notes the keywords of far rules up to the end of what a window can be
// extended to, and says whether one of them is near enough. Of a text that one
// window shows whole, the library sees every keyword anyway.
func (d *detection) lookAhead(w *window) bool {
	if w.at == 0 && len(w.wide) == len(w.text) {
		return false
	}
	end := w.at + int64(len(w.wide))
	if start := max(d.scanned-int64(d.rules.keywords.longest), w.at); start < end {
		d.rules.keywords.each(string(w.wide[start-w.at:]), func(word, at int) {
			for _, r := range d.rules.wants[word] {
				if r.far {
					d.seen[r] = start + int64(at)
				}
			}
		})
		d.scanned = end
	}
	for r := range d.seen {
		if d.isFar(r, w) {
			return true
		}
	}
	return false
}

// isFar says whether a keyword of the rule stands near enough to the region: where
// the engine, which cuts elsewhere, could have both in one piece.
func (d *detection) isFar(r *secretRule, w *window) bool {
	at, ok := d.seen[r]
	return ok && at >= w.at+int64(w.ownFrom)-int64(d.size.ahead)
}
