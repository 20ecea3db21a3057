package vulndb

import (
	"fmt"
	"io"
	"os"
)

// maxFile bounds a file of a database: all public advisories need a tenth of it.
const maxFile = 1 << 30

// held keeps the bytes of a file where they are: the zero value those that lie in
// memory, as any others do.
type held struct{ mapping []byte }

// openMapped gives the bytes of a file until held releases them.
func openMapped(path string) (data []byte, h held, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, held{}, err
	}
	defer file.Close() //nolint:errcheck // only read from
	info, err := file.Stat()
	if err != nil {
		return nil, held{}, err
	}
	switch size := info.Size(); {
	case !info.Mode().IsRegular():
		return nil, held{}, fmt.Errorf("%w (not a regular file)", errDamaged)
	case size > maxFile:
		return nil, held{}, fmt.Errorf("%w: %d bytes", errLimit, size)
	case size == 0:
		return nil, held{}, nil
	default:
		return mapFile(file, size)
	}
}

// readWhole is for systems and file systems that cannot map.
func readWhole(file *os.File, size int64) (data []byte, h held, err error) {
	data = make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, held{}, err
	}
	return data, held{}, nil
}
