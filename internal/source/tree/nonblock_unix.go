//go:build unix

package tree

import (
	"os"
	"syscall"
)

// readFlags open a fifo without waiting for its other end.
const readFlags = os.O_RDONLY | syscall.O_NONBLOCK
