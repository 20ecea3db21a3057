package yamlpos

import (
	"cmp"
	"fmt"
	"strings"
)

// Error is one fault of a file. Lines and columns count from 1, columns in
// characters.
type Error struct {
	File string
	Line int
	Col  int
	// Msg says what is wrong, Hint what to do about it; Hint can be empty.
	Msg  string
	Hint string
	// Excerpt is the line, or the part of it around the column, and a caret
	// below; empty where there is nothing to show.
	Excerpt string
}

// Error is "file:line:col: message", the excerpt and the hint on lines of their own.
func (e Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	if e.Hint != "" {
		b.WriteString("\n  " + e.Hint)
	}
	return b.String()
}

// Errors are all faults of a file; never empty.
type Errors []Error

// maxShown and maxKept bound what a file full of faults makes us say and keep.
const (
	maxShown = 20
	maxKept  = 100
)

// Error shows the first faults, each as its own Error does.
func (e Errors) Error() string {
	shown := make([]string, 0, min(len(e), maxShown)+1)
	for _, err := range e[:min(len(e), maxShown)] {
		shown = append(shown, err.Error())
	}
	if more := len(e) - maxShown; len(e) >= maxKept {
		shown = append(shown, "and many more")
	} else if more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, "\n")
}

func compareErrors(a, b Error) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
}
