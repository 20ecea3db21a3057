package report

import (
	"crypto/sha256"
	"fmt"
)

// names keeps names apart. Many of the same are no more work than many others: what is
// scanned can hold a hundred thousand findings of one name.
type names struct {
	used map[string]bool
	next map[string]int
}

func newNames() *names { return &names{used: make(map[string]bool), next: make(map[string]int)} }

// once makes a name unique by a number behind mark.
func (n *names) once(base, mark string) string {
	name := base
	for i := max(n.next[base], 2); n.used[name]; i++ {
		name = fmt.Sprintf("%s%s%d", base, mark, i)
		n.next[base] = i + 1
	}
	n.used[name] = true
	return name
}

// uuidOf is a UUID made from a hash, of version 8
// (https://www.rfc-editor.org/rfc/rfc9562#section-5.8): the same content, the same id.
func uuidOf(digest [sha256.Size]byte) string {
	u := digest[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
