package vulndb

import (
	"fmt"
	"io"
	"os"
)

// maxFile bounds a file of a database: all public advisories need a tenth of it.
const maxFile = 1 << 30

// openMapped gives the bytes of a file until release is called.
func openMapped(path string) (data []byte, release func() error, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	switch size := info.Size(); {
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%w (not a regular file)", errDamaged)
	case size > maxFile:
		return nil, nil, fmt.Errorf("%w: %d bytes", errLimit, size)
	case size == 0:
		return nil, func() error { return nil }, nil
	default:
		return mapFile(file, size)
	}
}

// readWhole is for systems and file systems that cannot map.
func readWhole(file *os.File, size int64) (data []byte, release func() error, err error) {
	data = make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, nil, err
	}
	return data, func() error { return nil }, nil
}
