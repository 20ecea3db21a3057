package vulndb

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
)

// writer makes the bytes of a block: numbers as varints, texts with their length.
type writer struct{ data []byte }

func (w *writer) number(n int) { w.data = binary.AppendUvarint(w.data, uint64(n)) }

// signed writes a small number of either sign.
func (w *writer) signed(n int) { w.data = binary.AppendVarint(w.data, int64(n)) }

func (w *writer) text(s string) {
	w.number(len(s))
	w.data = append(w.data, s...)
}

// after writes a text as what differs from the text before it.
func (w *writer) after(before, s string) {
	n := 0
	for n < len(before) && n < len(s) && before[n] == s[n] {
		n++
	}
	w.number(n)
	w.text(s[n:])
}

func (w *writer) numbers(list []int) {
	w.number(len(list))
	for _, n := range list {
		w.number(n)
	}
}

func (w *writer) texts(list []string) {
	w.number(len(list))
	before := ""
	for _, s := range list {
		w.after(before, s)
		before = s
	}
}

var errBlock = errors.New("damaged block")

// maxUnfolded bounds the texts of a block, most of which are written as what
// differs from the one before.
const maxUnfolded = 256 << 20

// reader reads what writer wrote. Once bad is set, everything it gives is zero, so
// that what it is used for ends soon.
type reader struct {
	data     []byte
	pos      int // of what is next in data
	bad      bool
	unfolded int
}

func (r *reader) fail() {
	r.bad, r.data, r.pos = true, nil, 0
}

func (r *reader) err() error {
	if r.bad {
		return errBlock
	}
	return nil
}

// left is how many bytes there are still.
func (r *reader) left() int { return len(r.data) - r.pos }

func (r *reader) number() int {
	if r.pos < len(r.data) && r.data[r.pos] < 0x80 { // most of them
		r.pos++
		return int(r.data[r.pos-1])
	}
	return r.longNumber()
}

func (r *reader) longNumber() int {
	n, size := binary.Uvarint(r.data[r.pos:])
	if size <= 0 || n > math.MaxInt32 {
		r.fail()
		return 0
	}
	r.pos += size
	return int(n)
}

func (r *reader) signed() int {
	n, size := binary.Varint(r.data[r.pos:])
	if size <= 0 || n > math.MaxInt32 || n < math.MinInt32 {
		r.fail()
		return 0
	}
	r.pos += size
	return int(n)
}

// count is a number of things that take at least a byte each.
func (r *reader) count() int {
	n := r.number()
	if n > r.left() {
		r.fail()
		return 0
	}
	return n
}

// maxRows bounds what is made of a block at once: far above what there is.
const maxRows = 1 << 20

// rows is a count of things that are larger in memory than in the block.
func (r *reader) rows() int {
	n := r.count()
	if n > maxRows {
		r.fail()
		return 0
	}
	return n
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.left() {
		r.fail()
		return nil
	}
	out := r.data[r.pos : r.pos+n]
	r.pos += n
	return out
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) text() string { return string(r.bytes(r.count())) }

// folded reads a text as after writes it: how much it shares with one of the given
// length, and the rest.
func (r *reader) folded(before int) (shared int, rest []byte) {
	shared = r.number()
	rest = r.bytes(r.count())
	if r.unfolded += shared; shared > before || r.unfolded > maxUnfolded {
		r.fail()
		return 0, nil
	}
	return shared, rest
}

func (r *reader) after(before string) string {
	shared, rest := r.folded(len(before))
	if shared == 0 {
		return string(rest)
	}
	return before[:shared] + string(rest)
}

func (r *reader) numbers() []int {
	var list []int
	for range r.count() {
		list = append(list, r.number())
	}
	return list
}

// texts gives texts that share one piece of memory.
func (r *reader) texts() []string {
	n := r.count()
	ahead := *r
	size, last := 0, 0
	for range n {
		shared, rest := ahead.folded(last)
		last = shared + len(rest)
		size += last
	}
	if ahead.bad {
		r.fail()
		return nil
	}
	var all strings.Builder
	all.Grow(size)
	list := make([]string, n)
	before := ""
	for i := range list {
		start := all.Len()
		shared, rest := r.folded(len(before))
		all.WriteString(before[:shared])
		all.Write(rest)
		before = all.String()[start:]
		list[i] = before
	}
	return list
}

// at gives element n of a table, the zero value and a bad reader if there is none.
func at[T any](r *reader, table []T, n int) T {
	if n < 0 || n >= len(table) {
		r.fail()
		var zero T
		return zero
	}
	return table[n]
}
