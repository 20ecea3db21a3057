package secrets

import (
	"bytes"
	"unicode/utf8"

	"github.com/h2non/filetype"
)

// isBinary is the engine's decision to leave a file out: its first bytes are those
// of an application's format. Text that only begins like one ("MZ", "%PDF") is
// looked at all the same.
func isBinary(head []byte) bool {
	if len(head) == 0 {
		return false
	}
	kind, err := filetype.Match(head)
	return err == nil && kind.MIME.Type == "application" && !isText(head)
}

// isText says that bytes are UTF-8 without a NUL; the last rune may be cut off.
func isText(head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 {
		return false
	}
	for cut := 0; cut < utf8.UTFMax && cut < len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}
