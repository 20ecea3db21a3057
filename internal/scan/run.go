package scan

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/boltseal/boltseal/internal/finding"
)

// Options bound a run. The zero value is ready to use.
type Options struct {
	// Workers is how many goroutines read and scan; 0 is one per core.
	Workers int
	// Budget is how many bytes of content are held in memory at once; 0 is
	// DefaultBudget. An entry larger than the budget is held alone.
	Budget int64
	// Cache keeps what was made of units and entries that have a digest, and that
	// nothing was found in what a tree's entry holds; nil keeps nothing.
	Cache Cache
	// Reveals says that a text holds a secret: a value that does is not given to the
	// cache. nil says so of none.
	Reveals func(text string) bool
	// Progress is told how far the run is; nil for nobody.
	Progress *Progress
	// Version is the program's; it is part of every key of the cache.
	Version string

	reverse bool // walk the units last first, in tests
}

// DefaultBudget is the number of bytes held in memory unless told otherwise.
const DefaultBudget = 64 << 20

// maxViewEntries bounds the entries of all layers together, repeated ones
// counted each time.
const maxViewEntries = 2_000_000

// Cache keeps values under keys for as long as it likes. Values come from an
// earlier run and are checked when they are read. Both are called concurrently.
type Cache interface {
	Get(key string) ([]byte, bool)
	Put(key string, value []byte)
}

// Run walks a source once for all scanners and gives a result for each of them, in
// their order. It never fails as a whole: what goes wrong is in the results. The
// results do not depend on timing, workers, budget or cache, durations aside.
func Run(ctx context.Context, src Source, scanners []Scanner, opt Options) []Result {
	if opt.Workers <= 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if opt.Budget <= 0 {
		opt.Budget = DefaultBudget
	}
	r := &run{
		ctx:    ctx,
		target: src.Target(),
		units:  src.Units(),
		opt:    opt,
		slots:  make(chan struct{}, opt.Workers),
		budget: semaphore.NewWeighted(opt.Budget),
	}
	for _, s := range scanners {
		r.passes = append(r.passes, r.begin(s))
	}
	r.walkAll()
	results := make([]Result, len(r.passes))
	view, problem := r.view()
	for i, p := range r.passes {
		results[i] = r.finish(p, view, problem)
	}
	return results
}

// run is the state of one Run.
type run struct {
	ctx    context.Context //nolint:containedctx // lives exactly as long as Run
	target Target
	units  []Unit
	opt    Options
	slots  chan struct{}
	budget *semaphore.Weighted
	held   buffers
	passes []*pass
	walks  []*walk // one per unit; units of equal digest share theirs
}

// pass is a scanner at work on the target.
type pass struct {
	Pass
	scanner Scanner
	key     string // of the cache; empty for none
	// problem says why there is no pass at all.
	problem string

	mu    sync.Mutex
	spent time.Duration
}

func (p *pass) took(since time.Time) {
	p.mu.Lock()
	p.spent += time.Since(since)
	p.mu.Unlock()
}

// begin starts a scanner. A panic is its failure, not the program's.
func (r *run) begin(s Scanner) (p *pass) {
	p = &pass{scanner: s, key: s.CacheKey()}
	defer p.took(time.Now())
	err := guard(func() (err error) {
		p.Pass, err = s.Begin(r.ctx, r.target)
		return err
	})
	if err != nil {
		p.Pass, p.problem = nil, err.Error()
	}
	if k, ok := p.Pass.(Keyed); ok {
		p.key = k.CacheKey()
	}
	return p
}

// guard turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f()
}

// walkAll walks every distinct unit, as many at a time as there are workers.
func (r *run) walkAll() {
	r.walks = make([]*walk, len(r.units))
	first := make(map[string]*walk)
	var distinct []*walk
	for i, u := range r.units {
		if w := first[u.Digest]; u.Digest != "" && w != nil {
			r.walks[i] = w
			continue
		}
		w := newWalk(r, u)
		first[u.Digest] = w
		r.walks[i] = w
		distinct = append(distinct, w)
	}
	if r.opt.reverse {
		slices.Reverse(distinct)
	}
	r.opt.Progress.begins(len(distinct))
	var wg sync.WaitGroup
	for _, w := range distinct {
		r.slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-r.slots }()
			w.do()
			r.opt.Progress.walks()
		})
	}
	wg.Wait()
}

// view computes the final view, or says why it cannot.
func (r *run) view() (*View, string) {
	if !r.target.Kind.HasView() {
		return newView(r.target, nil), ""
	}
	units := make([][]*Entry, len(r.walks))
	total := 0
	for i, w := range r.walks {
		if i > 0 && w == r.walks[i-1] {
			continue // the same layer again changes nothing
		}
		units[i] = w.entries
		if total += len(w.entries); total > maxViewEntries {
			return newView(r.target, nil), fmt.Sprintf("image lists more than %d entries", maxViewEntries)
		}
	}
	return newView(r.target, units), ""
}

// parts collects what a pass made of all units, in their order.
func (r *run) parts(i int) []Ref {
	var refs []Ref
	for u, w := range r.walks {
		if u > 0 && w == r.walks[u-1] {
			continue
		}
		for _, ref := range w.parts[i].refs {
			ref.Unit = u
			refs = append(refs, ref)
		}
	}
	return refs
}

// finish asks a pass for its result and completes it with what the runner knows.
func (r *run) finish(p *pass, v *View, problem string) Result {
	i := slices.Index(r.passes, p)
	if p.Pass == nil {
		res := Result{Status: finding.StatusNothing, Reason: fmt.Sprintf("does not look at targets of kind %s", r.target.Kind)}
		if p.problem != "" {
			res.Status, res.Reason = finding.StatusFailed, p.problem
		}
		return r.complete(res, p, i)
	}
	if problem != "" {
		return r.complete(Result{Status: finding.StatusFailed, Reason: problem}, p, i)
	}
	parts := r.parts(i)
	own := *v
	own.read, _ = r.read(i)
	var res Result
	start := time.Now()
	err := guard(func() error {
		res = p.Finish(r.ctx, &own, parts)
		return nil
	})
	p.took(start)
	if err != nil {
		res = Result{Status: finding.StatusFailed, Reason: err.Error()}
	}
	r.addErrors(&res, parts)
	return r.complete(res, p, i)
}

// read counts what was read for a pass; a unit that is listed twice counts once.
func (r *run) read(i int) (files, bytes int64) {
	seen := make(map[*walk]bool)
	for _, w := range r.walks {
		if !seen[w] {
			files += w.parts[i].files
			bytes += w.parts[i].bytes
		}
		seen[w] = true
	}
	return files, bytes
}

// complete fills in what is the same for every result.
func (r *run) complete(res Result, p *pass, i int) Result {
	res.Scanner, res.Target = p.scanner.Name(), r.target
	res.Duration = p.spent
	res.Files, res.Bytes = r.read(i)
	seen := make(map[*walk]bool)
	wanted := false
	for _, w := range r.walks {
		if seen[w] {
			continue
		}
		seen[w] = true
		wanted = wanted || w.parts[i].wanted
		for reason, n := range w.skipped {
			if res.Skipped == nil {
				res.Skipped = make(map[string]int64)
			}
			res.Skipped[reason] += n
		}
	}
	if res.Status == "" {
		res.Status = finding.StatusNothing
		if wanted {
			res.Status = finding.StatusOK
		}
	}
	return res
}

// shownErrors is how many errors a reason names before it counts the rest.
const shownErrors = 3

// addErrors makes a result at least partial for every unit that could not be
// walked to its end and every entry that could not be looked at.
func (r *run) addErrors(res *Result, parts []Ref) {
	var errs []string
	failed, started := 0, 0
	seen := make(map[*walk]bool)
	for _, w := range r.walks {
		if seen[w] {
			continue
		}
		seen[w] = true
		started++
		if w.err != nil {
			errs = append(errs, fmt.Sprintf("%s: %v", w.unit.Name, w.err))
			if w.count == 0 {
				failed++
			}
		}
	}
	for _, ref := range parts {
		// What the source itself could not look at has no place of its own and is
		// never excused.
		if ref.Err != nil && (ref.Index < 0 || !res.Excused[ref.At]) {
			errs = append(errs, fmt.Sprintf("%s: %v", ref.Entry.Path, ref.Err))
		}
	}
	if len(errs) == 0 {
		return
	}
	status := finding.StatusPartial
	if started > 0 && failed == started {
		status = finding.StatusFailed
	}
	if res.Status == "" {
		res.Status = status
	}
	res.Status = res.Status.Worse(status)
	res.Reason = joinReasons(res.Reason, summarise(errs))
	res.Errors = append(res.Errors, errs...)
	res.Errors = res.Errors[:min(len(res.Errors), MaxErrors)]
}

func summarise(errs []string) string {
	var text strings.Builder
	for i, e := range errs[:min(len(errs), shownErrors)] {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(e)
	}
	if n := len(errs) - shownErrors; n > 0 {
		fmt.Fprintf(&text, "; and %d more", n)
	}
	return text.String()
}

func joinReasons(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
