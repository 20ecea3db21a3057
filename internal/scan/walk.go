package scan

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// walk is one unit on its way through all passes. It is the Visitor of its unit.
type walk struct {
	run  *run
	unit Unit

	entries []*Entry          // the index; kept for images and for the cache
	count   int               // of entries seen
	listed  [sha256.Size]byte // of the index that came from the cache
	skipped map[string]int64
	err     error // why the unit was not walked to its end
	failed  bool  // Failed was called: nothing of this walk is cached
	parts   []unitParts
	active  []int // the passes that are not served from the cache
	jobs    sync.WaitGroup
}

// unitParts is what one pass made of a unit.
type unitParts struct {
	mu     sync.Mutex
	refs   []Ref
	files  int64
	bytes  int64
	wanted bool
}

func newWalk(r *run, u Unit) *walk {
	return &walk{run: r, unit: u, parts: make([]unitParts, len(r.passes))}
}

// do walks the unit for every pass whose parts the cache does not hold.
func (w *walk) do() {
	for i, p := range w.run.passes {
		if p.Pass != nil && !w.loadParts(i) {
			w.active = append(w.active, i)
		}
	}
	if len(w.active) == 0 && w.loadIndex() {
		return
	}
	w.entries, w.count = nil, 0 // the index may have come from the cache
	w.err = guard(func() error { return w.unit.Walk(w.run.ctx, w) })
	w.jobs.Wait()
	if w.err != nil && errors.Is(w.err, w.run.ctx.Err()) {
		w.err = context.Cause(w.run.ctx)
	}
	for i := range w.parts {
		slices.SortStableFunc(w.parts[i].refs, func(a, b Ref) int { return cmp.Compare(a.Index, b.Index) })
	}
	if w.err == nil && !w.failed && len(w.skipped) == 0 {
		w.store()
	}
}

// Skipped implements Visitor.
func (w *walk) Skipped(_, reason string) {
	if w.skipped == nil {
		w.skipped = make(map[string]int64)
	}
	w.skipped[reason]++
}

// Leaves implements Chooser: every pass that is not served from the cache leaves the
// file out.
func (w *walk) Leaves(path string) bool {
	for _, i := range w.active {
		picky, ok := w.run.passes[i].Pass.(Picky)
		if !ok || !picky.LeavesOut(path) {
			return false
		}
	}
	return len(w.active) > 0
}

// Failed implements Visitor.
func (w *walk) Failed(path string, err error) {
	w.failed = true
	e := &Entry{Path: path}
	for _, i := range w.active {
		w.parts[i].add(Ref{At: At{Index: -1}, Entry: e, Err: err})
	}
}

func (p *unitParts) add(ref Ref) {
	p.mu.Lock()
	p.refs = append(p.refs, ref)
	p.mu.Unlock()
}

// Entry implements Visitor. Content of a sequential unit is read here, before
// returning; looking at it may go on in another worker.
func (w *walk) Entry(e Entry, open func() (io.ReadCloser, error)) error {
	if err := w.run.ctx.Err(); err != nil {
		return err
	}
	index := w.count
	w.count++
	if w.run.target.Kind.HasView() || w.cacheable() {
		w.entries = append(w.entries, &e)
	}
	if e.Kind == Whiteout || e.Kind == Opaque || len(w.active) == 0 {
		return nil
	}
	j := &job{walk: w, entry: &e, index: index, open: open}
	if w.unit.Sequential {
		j.read()
		w.dispatch(j.look)
		return w.run.ctx.Err()
	}
	w.dispatch(func() {
		j.read()
		j.look()
	})
	return nil
}

// dispatch hands work to a free worker, or does it here when there is none.
func (w *walk) dispatch(work func()) {
	select {
	case w.run.slots <- struct{}{}:
		w.jobs.Go(func() {
			defer func() { <-w.run.slots }()
			work()
		})
	default:
		work()
	}
}

// job is one entry on its way through the passes that want it.
type job struct {
	walk  *walk
	entry *Entry
	index int
	open  func() (io.ReadCloser, error)

	source  io.ReadCloser // nil until opened
	openErr error
	opened  bool
	peeked  bool // the pass being asked looked at the head
	head    []byte

	wants []want
	data  []byte
	held  int64 // bytes of budget to give back

	content string // names the content in data, where answers by content are asked
	found   bool   // a pass made something of it, or failed
}

// want is what one pass wants of the entry.
type want struct {
	pass int
	Want
}

// streamHold is the size up to which a stream is read into memory once, rather
// than copied to each reader.
const streamHold = 4 << 20

// ask asks every pass; it gives nil where none wants the entry.
func (j *job) ask() {
	for _, i := range j.walk.active {
		p := j.walk.run.passes[i]
		if j.cached(i) {
			continue
		}
		start := time.Now()
		var wish Want
		err := guard(func() error {
			wish = p.Wants(j.entry, j.peek)
			return nil
		})
		p.took(start)
		if err == nil && wish.Mode == None && j.peeked {
			err = j.openErr // it judged by bytes that it never saw
		}
		j.peeked = false
		if err != nil {
			j.fail(i, err)
			continue
		}
		if wish.Mode == None || (!j.readable() && wish.Mode != NoRead) {
			continue
		}
		if wish.Mode.reads() && wish.Max > 0 && j.entry.Size > wish.Max {
			j.fail(i, tooLarge(wish.Max))
			continue
		}
		j.wants = append(j.wants, want{i, wish})
	}
}

// readable says whether the entry has content of its own, or leads to some.
func (j *job) readable() bool {
	return j.entry.Kind == File || j.entry.Kind == Symlink && !j.walk.unit.Sequential
}

func (j *job) fail(pass int, err error) {
	j.deliver(pass, nil, err)
}

// deliver keeps what a pass made of the entry.
func (j *job) deliver(pass int, part Part, err error) {
	p := &j.walk.parts[pass]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
	if part != nil || err != nil {
		p.refs = append(p.refs, Ref{At: At{Index: j.index}, Entry: j.entry, Part: part, Err: err})
	}
}

// start opens the content once.
func (j *job) start() error {
	if !j.opened {
		j.opened = true
		j.source, j.openErr = j.open()
	}
	return j.openErr
}

// peek gives the first bytes of a regular file.
func (j *job) peek(n int) []byte {
	n = min(n, HeadSize)
	if !j.readable() || n <= 0 {
		return nil
	}
	j.peeked = true
	if j.start() != nil {
		return nil
	}
	if j.head == nil {
		j.head = j.walk.run.held.get(HeadSize)[:min(int64(HeadSize), max(j.entry.Size, 0))]
		got, err := io.ReadFull(j.source, j.head)
		j.head = j.head[:got]
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			j.openErr = err
		}
	}
	return j.head[:min(n, len(j.head))]
}

// read asks the passes and gets them the content. A panic of the source is an
// error of this entry.
func (j *job) read() {
	if err := guard(j.fetch); err != nil {
		j.release()
		j.failReads(err)
	}
}

// fetch reads the content if it is to be held in memory; a longer stream is passed
// through here, to its end.
func (j *job) fetch() error {
	j.ask()
	defer j.close()
	whole, reads := false, 0
	for _, w := range j.wants {
		whole = whole || w.Mode == Whole
		if w.Mode.reads() {
			reads++
		}
	}
	j.heads()
	if reads > 0 {
		j.walk.run.opt.Progress.reads(j.entry.Size)
	}
	switch {
	case reads == 0:
	case whole || j.entry.Size <= streamHold:
		j.hold()
		j.recall()
	default:
		j.pass()
	}
	return nil
}

// heads gets the first bytes for the passes that want no more.
func (j *job) heads() {
	j.wants = slices.DeleteFunc(j.wants, func(w want) bool {
		if w.Mode != Head {
			return false
		}
		j.peek(HeadSize)
		if j.openErr != nil {
			j.fail(w.pass, j.openErr)
		}
		return j.openErr != nil
	})
}

func (j *job) close() {
	if j.source != nil {
		j.source.Close() //nolint:errcheck // only read from
		j.source = nil
	}
}

var errGrew = errors.New("file grew while it was read")

// hold reads the whole content into memory, once the budget allows.
func (j *job) hold() {
	r := j.walk.run
	cost := min(max(j.entry.Size, 1), r.opt.Budget)
	if err := r.budget.Acquire(r.ctx, cost); err != nil {
		j.failReads(context.Cause(r.ctx))
		return
	}
	j.held = cost
	if err := j.start(); err != nil {
		j.failReads(err)
		return
	}
	data := r.held.get(int(j.entry.Size) + 1)
	n := copy(data, j.head)
	got, err := io.ReadFull(j.source, data[n:])
	n += got
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case err == nil:
		j.failReads(errGrew)
	// io.ReadFull answers alike to a file that shrank and to an archive that
	// breaks off. Of an archive's entry nothing may be missing.
	case ended && (!j.walk.unit.Sequential || int64(n) == j.entry.Size):
		j.data = data[:n]
	default:
		j.failReads(err)
	}
}

// failReads gives an error to every pass that waits for content.
func (j *job) failReads(err error) {
	j.wants = slices.DeleteFunc(j.wants, func(w want) bool {
		if !w.Mode.reads() {
			return false
		}
		j.fail(w.pass, err)
		return true
	})
}

// look hands the content to the passes that want it and returns its budget.
func (j *job) look() {
	for _, w := range j.wants {
		c := &Content{}
		switch {
		case w.Mode.reads():
			c = NewContent(j.data)
		case w.Mode == Head:
			c = NewContent(j.head)
		}
		j.file(w, c)
	}
	j.remember()
	j.release()
	j.walk.run.held.put(j.head)
	j.head = nil
}

// release gives the budget back.
func (j *job) release() {
	if j.held > 0 {
		j.walk.run.budget.Release(j.held)
	}
	if j.data != nil {
		j.walk.run.held.put(j.data)
	}
	j.held, j.data = 0, nil
}

// count counts an entry as read for a pass.
func (j *job) count(pass int, size int64) {
	u := &j.walk.parts[pass]
	u.mu.Lock()
	u.files++
	u.bytes += size
	u.mu.Unlock()
}

// file lets one pass look at the entry.
func (j *job) file(w want, c *Content) {
	p := j.walk.run.passes[w.pass]
	start := time.Now()
	var part Part
	err := guard(func() (err error) {
		part, err = p.File(j.walk.run.ctx, j.entry, c)
		return err
	})
	p.took(start)
	if w.Mode.reads() {
		j.count(w.pass, c.size)
	}
	if err != nil && j.walk.run.ctx.Err() != nil {
		err = context.Cause(j.walk.run.ctx)
	}
	if err == nil {
		j.keep(w, c.size, part)
	}
	if (part != nil || err != nil) && w.Mode.reads() && j.content != "" {
		j.found = true
	}
	j.walk.run.opt.Progress.finds(p.Pass, part)
	j.deliver(w.pass, part, err)
}
