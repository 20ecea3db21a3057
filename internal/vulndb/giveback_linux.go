package vulndb

import "syscall"

// giveBack says that the bytes are not needed for now: the pages of their file no longer
// count as memory of the process, and are mapped again where they are read. That it may
// fail changes nothing.
func (h held) giveBack() {
	if h.mapping != nil {
		_ = syscall.Madvise(h.mapping, syscall.MADV_DONTNEED)
	}
}
