package inflate

import "encoding/binary"

// codes decompresses symbols until the block ends or the buffer is full.
func (z *Reader) codes() error {
	for z.w < bufSize-maxMatch {
		if z.end-z.pos >= 16 {
			done, err := z.fast()
			if done || err != nil {
				return err
			}
			continue
		}
		if z.srcErr == nil && z.fill() {
			continue
		}
		done, err := z.slow()
		if done || err != nil {
			return err
		}
	}
	return nil
}

// fast decompresses while there are words of input and room for a match. It is true
// where the block has ended.
func (z *Reader) fast() (bool, error) {
	in, buf := z.in[:z.end], z.buf
	bits, nbits, pos, w := z.bits, z.nbits&63, z.pos, z.w
	// Distances may reach back to where the member begins.
	begin := z.w - int(min(z.hist+int64(z.w-z.summed), window))
	lit, dist := &z.lit.entries, &z.dist.entries
	const litMask, distMask = 1<<rootBits - 1, 1<<distBits - 1
	done, err := false, error(nil)
	for pos+8 <= len(in) && w < bufSize-maxMatch {
		bits |= binary.LittleEndian.Uint64(in[pos:]) << (nbits & 63)
		pos += int((63 - nbits) >> 3)
		nbits |= 56
		e := lit[bits&litMask]
		if e&isLiteral != 0 {
			n := uint(e & lenMask)
			bits >>= n
			nbits -= n
			buf[w] = byte(e >> valueShift)
			w++
			if e = lit[bits&litMask]; e&isLiteral == 0 {
				continue
			}
			n = uint(e & lenMask)
			bits >>= n
			nbits -= n
			buf[w] = byte(e >> valueShift)
			w++
			if e = lit[bits&litMask]; e&isLiteral == 0 {
				continue
			}
			n = uint(e & lenMask)
			bits >>= n
			nbits -= n
			buf[w] = byte(e >> valueShift)
			w++
			continue
		}
		if e&isTable != 0 {
			e = lit[(uint(e>>valueShift)+uint(bits>>rootBits)&(1<<(e>>extraShift&extraMask)-1))&tableMask]
			if e&isLiteral != 0 {
				n := uint(e & lenMask)
				bits >>= n
				nbits -= n
				buf[w] = byte(e >> valueShift)
				w++
				continue
			}
		}
		n := uint(e & lenMask)
		bits >>= n
		nbits -= n
		if e&(isEnd|isBad) != 0 {
			done, err = true, corruptIf(e&isBad != 0)
			break
		}
		extra := uint(e >> extraShift & extraMask)
		length := int(e>>valueShift) + int(bits&(1<<extra-1))
		bits >>= extra
		nbits -= extra
		e = dist[bits&distMask]
		if e&isTable != 0 {
			e = dist[(uint(e>>valueShift)+uint(bits>>distBits)&(1<<(e>>extraShift&extraMask)-1))&tableMask]
		}
		n = uint(e & lenMask)
		bits >>= n
		nbits -= n
		extra = uint(e >> extraShift & extraMask)
		d := int(e>>valueShift) + int(bits&(1<<extra-1))
		bits >>= extra
		nbits -= extra
		if e&isBad != 0 || d > w-begin || d > window {
			err = ErrCorrupt
			break
		}
		w = match(buf, w, d, length)
	}
	z.bits, z.nbits, z.pos, z.w = bits&(1<<nbits-1), nbits, pos, w
	if done && err == nil {
		z.state = atBlock
	}
	return done, err
}

func corruptIf(bad bool) error {
	if bad {
		return ErrCorrupt
	}
	return nil
}

// match copies length bytes from d bytes back, and gives the place behind them. It may
// write up to 8 bytes more.
func match(buf []byte, w, d, length int) int {
	end := w + length
	switch {
	case d >= 8 && length <= 32:
		for s := w - d; w < end; w, s = w+8, s+8 {
			binary.LittleEndian.PutUint64(buf[w:], binary.LittleEndian.Uint64(buf[s:]))
		}
	case d >= length:
		copy(buf[w:end], buf[w-d:])
	default: // what is copied repeats itself: each round doubles it
		for s := w - d; w < end; {
			w += copy(buf[w:end], buf[s:w])
		}
	}
	return end
}

// slow decompresses one symbol near the end of the input.
func (z *Reader) slow() (bool, error) {
	e, err := z.symbol(&z.lit, rootBits)
	switch {
	case err != nil:
		return false, err
	case e&isBad != 0:
		return false, ErrCorrupt
	case e&isEnd != 0:
		z.state = atBlock
		return true, nil
	case e&isLiteral != 0:
		z.buf[z.w] = byte(e >> valueShift)
		z.w++
		return false, nil
	}
	more, err := z.take(uint(e >> extraShift & extraMask))
	if err != nil {
		return false, err
	}
	length := int(e>>valueShift) + int(more)
	if e, err = z.symbol(&z.dist, distBits); err != nil {
		return false, err
	}
	if e&isBad != 0 {
		return false, ErrCorrupt
	}
	if more, err = z.take(uint(e >> extraShift & extraMask)); err != nil {
		return false, err
	}
	d := int(e>>valueShift) + int(more)
	if int64(d) > z.hist+int64(z.w-z.summed) || d > window {
		return false, ErrCorrupt
	}
	z.w = match(z.buf, z.w, d, length)
	return false, nil
}

// symbol looks up one code, however few bits of input are left.
func (z *Reader) symbol(t *table, root uint) (uint32, error) {
	for {
		e := t.entries[z.bits&(1<<root-1)]
		if e&isTable != 0 && z.nbits > root {
			e = t.entries[(uint(e>>valueShift)+uint(z.bits>>root)&(1<<(e>>extraShift&extraMask)-1))&tableMask]
		}
		n := uint(e & lenMask)
		if e&isTable == 0 && n <= z.nbits && (n > 0 || z.nbits >= 15) {
			z.bits >>= n
			z.nbits -= n
			return e, nil
		}
		// A code that nothing has is one only when all bits of it are there.
		if err := z.need(z.nbits + 1); err != nil {
			return 0, err
		}
	}
}
