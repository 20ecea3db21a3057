package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"regexp"
	"strings"
	"sync"
)

// cacheable says whether what is made of the unit can be kept.
func (w *walk) cacheable() bool {
	return w.run.opt.Cache != nil && w.unit.Digest != ""
}

// The keys name the form of the value, so that a newer form is never misread.
func (w *walk) indexKey() string { return "scan/index/3/" + w.unit.Digest }

func (w *walk) partsKey(i int) string {
	return "scan/parts/2/" + w.run.passKey(i) + "/" + w.unit.Digest
}

// put gives a value to the cache, unless one of its texts holds a secret: the name of a
// file or of a package can be one. It says whether it did.
func (r *run) put(key string, value []byte, texts iter.Seq[string]) bool {
	if r.opt.Reveals != nil {
		for text := range texts {
			if r.opt.Reveals(text) {
				return false
			}
		}
	}
	r.opt.Cache.Put(key, value)
	return true
}

// texts are those that the value of a pass's parts holds: all of it, unless the pass
// knows better.
func (r *run) texts(pass int, value []byte, refs []Ref) iter.Seq[string] {
	t, ok := r.passes[pass].Pass.(Textual)
	if !ok {
		return func(yield func(string) bool) { yield(string(value)) }
	}
	return func(yield func(string) bool) {
		for _, ref := range refs {
			for text := range t.Texts(ref.Part) {
				if !yield(text) {
					return
				}
			}
		}
	}
}

// names are all the texts of the unit's entries. They are looked at one by one: all of
// them in one text read like assignments to each other, and take ten times as long.
func (w *walk) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, e := range w.entries {
			if !yield(plainName(e.Path)) || e.Link != "" && !yield(e.Link) {
				return
			}
		}
	}
}

// dpkgRecord is what dpkg keeps of a package: its name, maybe an architecture, and a
// kind of record.
var dpkgRecord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^var/lib/dpkg/info/[a-z0-9][a-z0-9+.-]*:[a-z0-9-]{2,20}\.[a-z0-9]{2,10}$`)
})

// plainName is the path of a file as it is looked at for secrets. A record of dpkg is
// no assignment, though PACKAGE:amd64.triggers reads like one: what stands before
// and behind the colon is looked at by itself.
func plainName(p string) string {
	if strings.HasPrefix(p, "var/lib/dpkg/info/") && dpkgRecord().MatchString(p) {
		return strings.Replace(p, ":", "\n", 1)
	}
	return p
}

// passKey is what a part depends on beside content: the program, the scanner with
// its rules, and the kind of target.
func (r *run) passKey(i int) string {
	p := r.passes[i]
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", r.opt.Version, p.key))
	return string(r.target.Kind) + "/" + p.scanner.Name() + "/" + hex.EncodeToString(sum[:])
}

// entryKey is the key of the part of a single entry: a part depends on path, mode,
// capabilities, size and content. Empty where it cannot be cached.
func (j *job) entryKey(i int) string {
	r := j.walk.run
	if r.opt.Cache == nil || j.entry.Digest == "" || r.passes[i].key == "" {
		return ""
	}
	return "scan/entry/2/" + r.passKey(i) + "/" + j.entry.traits() + "/" + j.entry.Digest
}

// traits is what a part depends on beside content, of the entry itself.
func (e *Entry) traits() string {
	text := fmt.Appendf(nil, "%q %d %o %q %d %t %t %q %d",
		e.Path, e.Kind, e.Mode, e.Link, e.Size, e.Named, e.Unchanged, e.Commit, e.Line)
	if c := e.Capabilities; c != nil {
		text = fmt.Appendf(text, " %x %x %t %d", uint64(c.Permitted), uint64(c.Inheritable), c.Effective, c.RootID)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// cached delivers what a pass made of the same entry before; false when that is
// not known. Nothing is opened for it.
func (j *job) cached(i int) bool {
	key := j.entryKey(i)
	if key == "" {
		return false
	}
	data, ok := j.walk.run.opt.Cache.Get(key)
	if !ok {
		return false
	}
	var one unitParts
	if one.decode(data, []*Entry{j.entry}) != nil || len(one.refs) > 1 {
		return false
	}
	u := &j.walk.parts[i]
	u.mu.Lock()
	u.files += one.files
	u.bytes += one.bytes
	u.mu.Unlock()
	var part Part
	if len(one.refs) == 1 {
		part = one.refs[0].Part
	}
	j.deliver(i, part, nil)
	return true
}

// keep stores what a pass made of the entry that it wanted.
func (j *job) keep(w want, size int64, part Part) {
	key := j.entryKey(w.pass)
	if key == "" || j.walk.run.ctx.Err() != nil {
		return
	}
	one := unitParts{wanted: true}
	if w.Mode.reads() {
		one.files, one.bytes = 1, size
	}
	if part != nil {
		one.refs = []Ref{{Entry: j.entry, Part: part}}
	}
	if data, ok := one.encode(); ok {
		j.walk.run.put(key, data, j.walk.run.texts(w.pass, data, one.refs))
	}
}

// loadIndex reads the entries of the unit; false when they are not there or not
// whole.
func (w *walk) loadIndex() bool {
	if len(w.entries) > 0 || !w.cacheable() {
		return len(w.entries) > 0
	}
	data, ok := w.run.opt.Cache.Get(w.indexKey())
	if !ok {
		return false
	}
	entries, err := decodeIndex(data)
	if err != nil {
		return false
	}
	w.entries, w.count, w.listed = entries, len(entries), sha256.Sum256(data)
	return true
}

// loadParts reads what a pass made of the unit; it needs the very index that the parts
// were stored with: another walk can have offered other entries, or in another order.
func (w *walk) loadParts(i int) bool {
	if !w.cacheable() || w.run.passes[i].key == "" {
		return false
	}
	data, ok := w.run.opt.Cache.Get(w.partsKey(i))
	if !ok || !w.loadIndex() {
		return false
	}
	data, ok = bytes.CutPrefix(data, w.listed[:])
	return ok && w.parts[i].decode(data, w.entries) == nil
}

// store keeps the index and the parts of every pass that had no error.
func (w *walk) store() {
	if !w.cacheable() || len(w.active) == 0 || w.run.ctx.Err() != nil {
		return
	}
	index := encodeIndex(w.entries)
	if !w.run.put(w.indexKey(), index, w.names()) {
		return
	}
	listed := sha256.Sum256(index)
	for _, i := range w.active {
		if data, ok := w.parts[i].encode(); ok && w.run.passes[i].key != "" {
			w.run.put(w.partsKey(i), append(listed[:], data...), w.run.texts(i, data, w.parts[i].refs))
		}
	}
}

// encode writes the parts; false when one of them is an error.
func (p *unitParts) encode() ([]byte, bool) {
	wanted := uint64(0)
	if p.wanted {
		wanted = 1
	}
	data := binary.AppendUvarint(nil, wanted)
	data = binary.AppendUvarint(data, uint64(p.files))
	data = binary.AppendUvarint(data, uint64(p.bytes))
	for _, ref := range p.refs {
		if ref.Err != nil {
			return nil, false
		}
		data = binary.AppendUvarint(data, uint64(ref.Index))
		data = binary.AppendUvarint(data, uint64(len(ref.Part)))
		data = append(data, ref.Part...)
	}
	return data, true
}

var errBadParts = errors.New("malformed parts")

// decode reads what encode wrote, for the entries of the same unit.
func (p *unitParts) decode(data []byte, entries []*Entry) error {
	var head [3]uint64
	for i := range head {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			return errBadParts
		}
		head[i], data = n, data[size:]
	}
	if head[1] > uint64(len(entries)) || head[2] > math.MaxInt64 {
		return errBadParts
	}
	var refs []Ref
	for len(data) > 0 {
		index, size := binary.Uvarint(data)
		if size <= 0 || index >= uint64(len(entries)) {
			return errBadParts
		}
		data = data[size:]
		length, size := binary.Uvarint(data)
		if size <= 0 || length > uint64(len(data)-size) {
			return errBadParts
		}
		part := data[size : size+int(length)]
		data = data[size+int(length):]
		refs = append(refs, Ref{At: At{Index: int(index)}, Entry: entries[index], Part: part})
	}
	p.wanted, p.files, p.bytes, p.refs = head[0] == 1, int64(head[1]), int64(head[2]), refs
	return nil
}
