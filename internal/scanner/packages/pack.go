package packages

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"

	"github.com/boltseal/boltseal/internal/scan"
)

// Parts that matter only when another file asks for them are packed: a tree may
// hold any number of .txt files. A byte that no JSON begins with tells them.
const (
	packedPlain   = 'p'
	packedDeflate = 'z'
	minDeflate    = 512
	maxUnpacked   = 16 << 20 // 1,000 packages and includes have less
)

var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(io.Discard, flate.BestSpeed) // fails for unknown levels only
	return w
}}

func isPacked(data scan.Part) bool {
	return len(data) > 0 && (data[0] == packedPlain || data[0] == packedDeflate)
}

func pack(data []byte) ([]byte, error) {
	if len(data) < minDeflate {
		return append([]byte{packedPlain}, data...), nil
	}
	var out bytes.Buffer
	out.WriteByte(packedDeflate)
	w := deflaters.Get().(*flate.Writer) //nolint:forcetypeassert // nothing else is put there
	defer deflaters.Put(w)
	w.Reset(&out)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil
}

// unpack gives the JSON of any part.
func unpack(data scan.Part) ([]byte, error) {
	switch {
	case !isPacked(data):
		return data, nil
	case data[0] == packedPlain:
		return data[1:], nil
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data[1:])), maxUnpacked+1))
	if err == nil && len(text) > maxUnpacked {
		err = fmt.Errorf("more than %d bytes", maxUnpacked)
	}
	return text, err
}
