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
	return kindOf(head) == "application"
}

// isMedia says that content is of another binary format than an application's: a
// picture, sound, video. The engine runs its rules over such bytes.
func isMedia(head []byte) bool {
	kind := kindOf(head)
	return kind != "" && kind != "application"
}

// kindOf gives the first half of a binary format's media type, "" for text and for
// what is unknown.
func kindOf(head []byte) string {
	if len(head) == 0 || encodingOf(head) != nil || isText(head) {
		return ""
	}
	kind, err := filetype.Match(head)
	if err != nil {
		return ""
	}
	return kind.MIME.Type
}

// maxPointer is how long a Git LFS pointer is at most; see
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
const maxPointer = 1024

// isPointer says that a content is a Git LFS pointer, which stands for a content
// that is elsewhere.
func isPointer(head []byte, size int64) bool {
	rest, found := bytes.CutPrefix(head, []byte("version https://git-lfs.github.com/spec/v1"))
	return found && size < maxPointer && (len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r')
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
