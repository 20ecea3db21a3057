//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package vulndb

import "os"

// mapFile reads a file where it cannot be mapped.
func mapFile(file *os.File, size int64) (data []byte, h held, err error) {
	return readWhole(file, size)
}

func (h held) release() error { return nil }
