package report

import "fmt"

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
