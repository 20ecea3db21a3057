package vulndb

import (
	"encoding/binary"
	"errors"
	"math"
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
	bad      bool
	unfolded int
}

func (r *reader) fail() {
	r.bad, r.data = true, nil
}

func (r *reader) err() error {
	if r.bad {
		return errBlock
	}
	return nil
}

func (r *reader) number() int {
	if len(r.data) > 0 && r.data[0] < 0x80 { // most of them
		n := int(r.data[0])
		r.data = r.data[1:]
		return n
	}
	n, size := binary.Uvarint(r.data)
	if size <= 0 || n > math.MaxInt32 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return int(n)
}

func (r *reader) signed() int {
	n, size := binary.Varint(r.data)
	if size <= 0 || n > math.MaxInt32 || n < math.MinInt32 {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return int(n)
}

// count is a number of things that take at least a byte each.
func (r *reader) count() int {
	n := r.number()
	if n > len(r.data) {
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
	if n < 0 || n > len(r.data) {
		r.fail()
		return nil
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) text() string { return string(r.bytes(r.count())) }

func (r *reader) after(before string) string {
	n := r.number()
	rest := r.bytes(r.count())
	if n > len(before) {
		r.fail()
		return ""
	}
	if r.unfolded += n; r.unfolded > maxUnfolded {
		r.fail()
		return ""
	}
	if n == 0 {
		return string(rest)
	}
	return before[:n] + string(rest)
}

func (r *reader) numbers() []int {
	var list []int
	for range r.count() {
		list = append(list, r.number())
	}
	return list
}

func (r *reader) texts() []string {
	n := r.count()
	list := make([]string, 0, min(n, 1<<16))
	before := ""
	for range n {
		before = r.after(before)
		list = append(list, before)
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
