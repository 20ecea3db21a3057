package secrets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// encoding is one of the ways to write text that a byte order mark tells. Rules are
// for UTF-8, so other text is decoded; lines stay the same, and a column counts the
// bytes of the decoded line, without the mark.
type encoding struct {
	mark  string
	width int // bytes of a unit
	order binary.ByteOrder
}

// encodings have the longer marks first: that of UTF-16 begins one of UTF-32.
var encodings = []encoding{
	{"\xff\xfe\x00\x00", 4, binary.LittleEndian},
	{"\x00\x00\xfe\xff", 4, binary.BigEndian},
	{"\xff\xfe", 2, binary.LittleEndian},
	{"\xfe\xff", 2, binary.BigEndian},
}

// encodingOf gives the encoding that a text's first bytes tell, nil for none.
func encodingOf(head []byte) *encoding {
	for i := range encodings {
		if bytes.HasPrefix(head, []byte(encodings[i].mark)) {
			return &encodings[i]
		}
	}
	return nil
}

// decoder reads text of an encoding as UTF-8. What is no text becomes U+FFFD.
type decoder struct {
	enc *encoding
	src io.Reader
	in  []byte // bytes that make no whole character yet
	out []byte // decoded, not read yet
	err error
}

// newDecoder makes a decoder of a text that begins with the encoding's mark.
func newDecoder(enc *encoding, src io.Reader) *decoder {
	d := &decoder{enc: enc, src: src}
	mark := make([]byte, len(enc.mark))
	_, d.err = io.ReadFull(src, mark)
	return d
}

// decodeSize is how many bytes are decoded at once.
const decodeSize = 16 << 10

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// fill reads and decodes the next bytes.
func (d *decoder) fill() {
	buf := make([]byte, decodeSize)
	kept := copy(buf, d.in)
	n, err := io.ReadFull(d.src, buf[kept:])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	d.err = err
	rest := buf[:kept+n]
	d.out = d.out[:0]
	for {
		r, width := d.rune(rest)
		if width == 0 {
			break
		}
		d.out = utf8.AppendRune(d.out, r)
		rest = rest[width:]
	}
	if d.err != nil && len(rest) > 0 {
		d.out, rest = utf8.AppendRune(d.out, utf8.RuneError), nil
	}
	d.in = rest
}

// rune decodes the first character; its width is 0 where more bytes are needed.
func (d *decoder) rune(in []byte) (r rune, width int) {
	if len(in) < d.enc.width {
		return 0, 0
	}
	if d.enc.width == 4 {
		if u := d.enc.order.Uint32(in); u <= utf8.MaxRune {
			return rune(u), 4
		}
		return utf8.RuneError, 4
	}
	r = rune(d.enc.order.Uint16(in))
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if len(in) < 4 {
		if d.err != nil {
			return utf8.RuneError, 2
		}
		return 0, 0
	}
	if pair := utf16.DecodeRune(r, rune(d.enc.order.Uint16(in[2:]))); pair != utf8.RuneError {
		return pair, 4
	}
	return utf8.RuneError, 2
}
