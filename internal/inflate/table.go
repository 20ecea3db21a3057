package inflate

import "math/bits"

// An entry of a table is a code's symbol: how many bits the code has, what it is, how
// many bits follow, and a literal, a base value or the place of a table.
const (
	lenMask    = 0x1f
	isLiteral  = 1 << 5
	isEnd      = 1 << 6
	isTable    = 1 << 7
	isBad      = 1 << 8
	extraShift = 9
	extraMask  = 0xf
	valueShift = 16
)

const (
	rootBits  = 10
	distBits  = 8
	maxBits   = 15
	tableSize = 2048 // more than any set of codes takes
	tableMask = tableSize - 1
	maxLit    = 286
	maxDist   = 30
)

// table finds symbols by the next bits of input.
type table struct {
	entries [tableSize]uint32
}

// reverse puts the bits of a code in the order in which they come.
func reverse(code, n uint) uint { return uint(bits.Reverse16(uint16(code)) >> (16 - n)) }

// build makes the table of a canonical code by the lengths of its codes. It is false
// where they are no code: over-subscribed, or incomplete but for a single one of one
// bit. entry gives a symbol without its length.
func (t *table) build(root uint, lengths []uint8, entry func(symbol int) uint32) bool {
	var count, next [maxBits + 1]uint
	longest := uint(0)
	for _, n := range lengths {
		count[n]++
		longest = max(longest, uint(n))
	}
	for i := range t.entries[:1<<root] {
		t.entries[i] = isBad
	}
	if longest == 0 {
		return true // fails when it is used
	}
	count[0] = 0
	code := uint(0)
	for n := uint(1); n <= longest; n++ {
		code = (code + count[n-1]) << 1
		next[n] = code
	}
	if total := next[longest] + count[longest]; total != 1<<longest && !(total == 1 && longest == 1) {
		return false
	}
	free := uint(1) << root
	var widest [1 << rootBits]uint8 // of codes that begin alike
	if longest > root {
		at := next
		for _, n := range lengths {
			if n == 0 {
				continue
			}
			c := reverse(at[n], uint(n))
			at[n]++
			if uint(n) > root {
				p := c & (1<<root - 1)
				widest[p] = max(widest[p], n-uint8(root))
			}
		}
		for p, extra := range widest[:1<<root] {
			if extra == 0 {
				continue
			}
			t.entries[p] = uint32(free)<<valueShift | uint32(extra)<<extraShift | isTable | uint32(root)
			if free += 1 << extra; free > tableSize {
				return false
			}
		}
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		c := reverse(next[n], uint(n))
		next[n]++
		e := entry(symbol) | uint32(n)
		if uint(n) <= root {
			for i := c; i < 1<<root; i += 1 << n {
				t.entries[i] = e
			}
			continue
		}
		sub := t.entries[c&(1<<root-1)]
		from, size := uint(sub>>valueShift), uint(1)<<(sub>>extraShift&extraMask)
		for i := c >> root; i < size; i += 1 << (uint(n) - root) {
			t.entries[from+i] = e
		}
	}
	return true
}

// litEntry is a literal, the end of a block, or the base of a length.
func litEntry(symbol int) uint32 {
	switch {
	case symbol < 256:
		return uint32(symbol)<<valueShift | isLiteral
	case symbol == 256:
		return isEnd
	case symbol < 265:
		return uint32(symbol-257+3) << valueShift
	case symbol == 285:
		return maxMatch << valueShift
	case symbol > 285:
		return isBad
	}
	extra := uint32(symbol-261) >> 2
	base := uint32(symbol-265)&3<<extra + 3 + 4<<extra
	return base<<valueShift | extra<<extraShift
}

// distEntry is the base of a distance.
func distEntry(symbol int) uint32 {
	switch {
	case symbol >= maxDist:
		return isBad
	case symbol < 4:
		return uint32(symbol+1) << valueShift
	}
	extra := uint32(symbol-2) >> 1
	base := uint32(symbol&1)<<extra + 2<<extra + 1
	return base<<valueShift | extra<<extraShift
}

// loadFixed makes the tables of blocks that bring none.
func (z *Reader) loadFixed() {
	if z.fixedLoaded {
		return
	}
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144, i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	z.lit.build(rootBits, lengths[:], litEntry)
	for i := range 32 {
		lengths[i] = 5
	}
	z.dist.build(distBits, lengths[:32], distEntry)
	z.fixedLoaded = true
}

// order is the one in which a block tells the lengths of the code for lengths.
var order = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block.
func (z *Reader) dynamic() error {
	head, err := z.take(14)
	if err != nil {
		return err
	}
	lits, dists, clens := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if lits > maxLit || dists > maxDist {
		return ErrCorrupt
	}
	var lengths [maxLit + maxDist]uint8
	var small [19]uint8
	for i := range clens {
		n, err := z.take(3)
		if err != nil {
			return err
		}
		small[order[i]] = uint8(n)
	}
	z.fixedLoaded = false
	// The code for lengths lies in the table for distances until that is made.
	if !z.dist.build(distBits, small[:], func(symbol int) uint32 { return uint32(symbol) << valueShift }) {
		return ErrCorrupt
	}
	if err := z.lengths(lengths[:lits+dists]); err != nil {
		return err
	}
	if !z.lit.build(rootBits, lengths[:lits], litEntry) || !z.dist.build(distBits, lengths[lits:lits+dists], distEntry) {
		return ErrCorrupt
	}
	return nil
}

// lengths reads the lengths of codes, with their repetitions.
func (z *Reader) lengths(out []uint8) error {
	for i := 0; i < len(out); {
		e, err := z.symbol(&z.dist, distBits)
		if err != nil {
			return err
		}
		if e&isBad != 0 {
			return ErrCorrupt
		}
		symbol := int(e >> valueShift)
		if symbol < 16 {
			out[i] = uint8(symbol)
			i++
			continue
		}
		repeat, more, value := 3, uint(2), uint8(0)
		switch symbol {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			value = out[i-1]
		case 17:
			more = 3
		default:
			repeat, more = 11, 7
		}
		n, err := z.take(more)
		if err != nil {
			return err
		}
		if repeat += int(n); repeat > len(out)-i {
			return ErrCorrupt
		}
		for range repeat {
			out[i] = value
			i++
		}
	}
	return nil
}
