package scan

import (
	"sync"
	"sync/atomic"
)

// Progress tells how far the runs of a program are while they go on. The zero value is
// ready to use; nil counts nothing. It may be used by anybody at any time, and changes
// no result.
type Progress struct {
	mu     sync.Mutex
	target string
	number int
	of     int
	found  int64 // in what is done

	units, walked, files, bytes, now atomic.Int64
}

// Far is how far it is.
type Far struct {
	// Target is what is being scanned, as Begin was told; empty before that.
	Target string
	// Number is which one of how many it is, from 1; 0 for what is only compared with.
	Number, Of int
	// Units and Walked are how many units it has, and how many of them are done.
	Units, Walked int64
	// Files and Bytes are what was read of it.
	Files, Bytes int64
	// Found counts what was found so far, in everything.
	Found int64
}

// Begin says which target is next. What is found in one of number 0 does not count.
func (p *Progress) Begin(target string, number, of int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target, p.number, p.of = target, number, of
	for _, n := range []*atomic.Int64{&p.units, &p.walked, &p.files, &p.bytes, &p.now} {
		n.Store(0)
	}
}

// End says how much was found in the target. Until then it is what passes say of
// single entries.
func (p *Progress) End(found int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Store(0)
	p.found += int64(found)
}

// Far tells how far it is.
func (p *Progress) Far() Far {
	if p == nil {
		return Far{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := Far{
		Target: p.target, Number: p.number, Of: p.of, Found: p.found,
		Units: p.units.Load(), Walked: p.walked.Load(), Files: p.files.Load(), Bytes: p.bytes.Load(),
	}
	if p.number > 0 {
		f.Found += p.now.Load()
	}
	return f
}

func (p *Progress) begins(units int) {
	if p != nil {
		p.units.Add(int64(units))
	}
}

func (p *Progress) walks() {
	if p != nil {
		p.walked.Add(1)
	}
}

func (p *Progress) reads(size int64) {
	if p != nil {
		p.files.Add(1)
		p.bytes.Add(size)
	}
}

// Counting is a Pass that knows how many findings are in a part, roughly: it is for a
// number that people watch.
type Counting interface {
	Count(p Part) int
}

func (p *Progress) finds(pass Pass, part Part) {
	if p == nil || part == nil {
		return
	}
	if c, ok := pass.(Counting); ok {
		p.now.Add(int64(c.Count(part)))
	}
}
