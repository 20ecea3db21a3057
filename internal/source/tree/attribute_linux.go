package tree

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/boltseal/boltseal/internal/filecap"
)

// hasAttributes says that files can have file capabilities.
const hasAttributes = true

// attribute reads the file capabilities of an open file, as the kernel keeps them; nil
// where it has none, or its file system has no place for them. A path, as lgetxattr(2)
// takes it, could lead elsewhere by now.
func attribute(f *os.File) ([]byte, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	value := make([]byte, 2*filecap.MaxSize)
	n := 0
	var failed error
	err = conn.Control(func(fd uintptr) {
		n, failed = unix.Fgetxattr(int(fd), filecap.Attribute, value)
	})
	switch {
	case err != nil:
		return nil, err
	case errors.Is(failed, unix.ENODATA) || errors.Is(failed, unix.ENOTSUP):
		return nil, nil
	case failed != nil:
		return nil, failed
	}
	return value[:n], nil
}
