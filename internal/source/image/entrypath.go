package image

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"
)

// maxName is how long a name may be, in bytes: Linux's PATH_MAX.
const maxName = 4096

// cleanPath gives the path of an entry as scan.Entry has it. A leading slash or
// "./" is normal; a name that leads out of the root is not.
func cleanPath(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	p := path.Clean(strings.TrimLeft(name, "/"))
	switch {
	case p == ".":
		return "", nil
	case p == ".." || strings.HasPrefix(p, "../"):
		return "", errors.New("name leads out of the image's root directory")
	}
	return printable(p), nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("empty name")
	case len(name) > maxName:
		return fmt.Errorf("name of %d bytes is longer than %d", len(name), maxName)
	case strings.ContainsRune(name, 0):
		return errors.New("name contains a NUL byte")
	}
	return nil
}

// printable writes bytes that are not UTF-8 as \xNN: results are stored as JSON,
// which has no notation for them, and names that differ must stay different.
func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// maxShown is how much of an unusable name messages repeat.
const maxShown = 200

// shown gives an unusable name for messages.
func shown(name string) string {
	if len(name) > maxShown {
		return printable(name[:maxShown]) + "…"
	}
	return printable(name)
}
