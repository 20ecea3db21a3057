// Package cache keeps values on disk under keys, for a later run: a folder that
// jobs share and that a CI system saves and restores. It is made to lose. Whatever
// is wrong with the folder (full, read-only, cut off, written by something else)
// costs a value, never the run, and never gives a wrong value by accident.
//
//	Open --indexes--> segments <--Get--
//	Put --> pending --Close, or when it is much--> a new segment
//
// Values stand in segments: files that are written once, under the hash of what
// they hold, and moved into place whole, so that two processes that write at the
// same time do not meet. Keys are kept as hashes.
//
// Who can write to the folder can put in what he likes, with checksums that fit:
// a cache is as trusted as those who write it. See Options.NoRead.
package cache

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
)

// DefaultMaxBytes is how large the folder grows unless told otherwise.
const DefaultMaxBytes = 512 << 20

// Bounds of what is held in memory.
const (
	maxValue   = 64 << 20 // a larger value is not kept
	maxPending = 16 << 20 // more than this is written before Close
	maxIndex   = 64 << 20 // of all segments together; older ones are dropped
)

// Options set up a cache. The zero value is ready to use.
type Options struct {
	// MaxBytes bounds the folder; 0 is DefaultMaxBytes. The segments that were
	// written first are dropped first.
	MaxBytes int64
	// NoRead answers every Get with nothing and keeps what is put all the same:
	// for a run that must not trust what an earlier one left there.
	NoRead bool
}

// Cache is an open cache. Get and Put may be called concurrently.
type Cache struct {
	opt    Options
	folder *folder // nil where there is none to be had

	segments []*segment // newest first; never changed after Open

	mu      sync.Mutex
	pending map[hash]item
	waiting int64 // bytes of pending
	off     bool  // writing failed, or is over
	notes   []string

	writing sync.Mutex // held while a segment is written

	hits, misses, stored atomic.Int64
}

// hash is the SHA-256 of a key.
type hash = [sha256.Size]byte

// Report is what became of a cache.
type Report struct {
	// Hits and Misses count the calls of Get, Stored the values that were written.
	Hits, Misses, Stored int64
	// Notes say what went wrong, one line each: nothing that changes a result.
	Notes []string
}

// Open opens the cache in a folder, which it makes if need be. It always gives a
// cache: where the folder is of no use, one that keeps nothing, with a note.
func Open(dir string, opt Options) *Cache {
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = DefaultMaxBytes
	}
	c := &Cache{opt: opt, pending: make(map[hash]item)}
	f, err := openFolder(dir)
	if err != nil {
		c.off = true
		c.note("cache folder %q is not used: %v", dir, err)
		return c
	}
	c.folder = f
	c.load()
	return c
}

// load reads the indexes of all segments, newest first, as far as the bounds allow.
func (c *Cache) load() {
	files, err := c.folder.list()
	if err != nil {
		c.note("results of earlier runs are not used: %v", err)
		return
	}
	var bytes, index int64
	for i, file := range files {
		bytes += file.Size()
		if i >= maxSegments || bytes > c.opt.MaxBytes || index > maxIndex {
			break
		}
		if !isSegment(file.Name()) {
			continue // of another version
		}
		s, err := c.folder.open(file)
		switch {
		case err == nil:
			index += int64(len(s.index))
			c.segments = append(c.segments, s)
		case isDamage(err):
			c.folder.remove(file.Name())
		}
	}
}

func (c *Cache) note(format string, args ...any) {
	c.mu.Lock()
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
	c.mu.Unlock()
}

// Get gives the value of a key, shared and read-only. What was put in this very run
// may be missing.
func (c *Cache) Get(key string) ([]byte, bool) {
	value, ok := c.get(sha256.Sum256([]byte(key)))
	if ok {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
	return value, ok
}

func (c *Cache) get(key hash) ([]byte, bool) {
	if c.opt.NoRead {
		return nil, false
	}
	c.mu.Lock()
	it, ok := c.pending[key]
	c.mu.Unlock()
	if ok {
		value, err := it.record.value(it.stored)
		return value, err == nil
	}
	for _, s := range c.segments {
		rec, ok := s.find(key)
		if !ok {
			continue
		}
		if value, err := s.read(rec); err == nil {
			return value, true
		} else if isDamage(err) {
			s.damaged.Store(true) // Close takes it away
		}
	}
	return nil, false
}

// Put keeps a value, which the caller may change afterwards.
func (c *Cache) Put(key string, value []byte) {
	if len(value) > maxValue {
		return
	}
	c.mu.Lock()
	off := c.off
	c.mu.Unlock()
	if off {
		return
	}
	it := newItem(sha256.Sum256([]byte(key)), value)
	if c.known(it) {
		return
	}
	c.mu.Lock()
	before := c.pending[it.record.key()]
	c.pending[it.record.key()] = it
	c.waiting += it.size() - before.size()
	full := c.waiting > maxPending
	c.mu.Unlock()
	if full {
		c.flush()
	}
}

// known says that the newest segment with such a key holds the same already.
func (c *Cache) known(it item) bool {
	for _, s := range c.segments {
		if s.damaged.Load() {
			continue
		}
		if rec, ok := s.find(it.record.key()); ok {
			return rec.same(it.record)
		}
	}
	return false
}

// flush writes what is pending as one segment.
func (c *Cache) flush() {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	pending, off := c.pending, c.off
	c.pending, c.waiting = make(map[hash]item), 0
	c.mu.Unlock()
	if len(pending) == 0 || off {
		return
	}
	items := make([]item, 0, len(pending))
	for _, it := range pending {
		items = append(items, it)
	}
	if _, err := c.folder.write(items); err != nil {
		c.mu.Lock()
		c.off = true
		c.mu.Unlock()
		c.note("results are not kept for the next run: %v", err)
		return
	}
	c.stored.Add(int64(len(items)))
	c.folder.shrink(c.opt.MaxBytes)
}

// Close writes what is pending, tidies the folder and tells what happened. Nothing
// may be called after it, nor while it runs.
func (c *Cache) Close() Report {
	c.flush()
	for _, s := range c.segments {
		s.close()
		if s.damaged.Load() && !c.off {
			c.folder.remove(s.name)
		}
	}
	if c.stored.Load() > 0 && !c.off { // who writes nothing leaves the tidying to others
		c.folder.merge()
		c.folder.shrink(c.opt.MaxBytes)
	}
	if c.folder != nil {
		c.folder.close()
	}
	c.folder, c.segments, c.off = nil, nil, true
	return Report{Hits: c.hits.Load(), Misses: c.misses.Load(), Stored: c.stored.Load(), Notes: c.notes}
}
