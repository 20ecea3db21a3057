package fix

import (
	"bytes"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff gives the change of a file as a unified diff that "git apply" and "patch -p1"
// take; nothing where there is none.
func Diff(path string, before, after []byte) []byte {
	text := diff.Diff(quoted("a/"+path), before, quoted("b/"+path), after)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the command line that would make it
	return text
}

// quoted writes a name as git does where a line could not hold it.
func quoted(name string) string {
	if !slices.ContainsFunc([]byte(name), func(c byte) bool { return c < ' ' || c == '"' || c == '\\' || c == 0x7f }) {
		return name
	}
	out := []byte{'"'}
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c == 0x7f:
			out = append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
