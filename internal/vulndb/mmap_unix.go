//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package vulndb

import (
	"os"
	"syscall"
)

// mapFile maps a file of the given size, which is not 0, to be read.
func mapFile(file *os.File, size int64) (data []byte, h held, err error) {
	data, err = syscall.Mmap(int(file.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return readWhole(file, size)
	}
	return data, held{data}, nil
}

func (h held) release() error {
	if h.mapping == nil {
		return nil
	}
	return syscall.Munmap(h.mapping)
}
