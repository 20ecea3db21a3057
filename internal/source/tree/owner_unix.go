//go:build unix

package tree

import (
	"io/fs"
	"syscall"
)

// owner gives who owns a file, and the number of the file system that it is on.
func owner(info fs.FileInfo) (uid, gid int, device uint64) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0
	}
	return int(stat.Uid), int(stat.Gid), uint64(stat.Dev) //nolint:unconvert // the type differs by system
}
