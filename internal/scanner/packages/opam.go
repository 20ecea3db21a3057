package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/scan"
)

const kindOpam = "opam"

// isOpamSwitch matches the state of a switch, a folder into which opam installs.
func isOpamSwitch(e *scan.Entry, _ func(int) []byte) bool {
	return strings.HasSuffix("/"+e.Path, "/.opam-switch/switch-state")
}

// isOpamLocked matches what "opam lock" writes: "opam.locked" or "NAME.opam.locked".
func isOpamLocked(e *scan.Entry, _ func(int) []byte) bool {
	name := path.Base(e.Path)
	return name == "opam.locked" || strings.HasSuffix(name, ".opam.locked")
}

// readOpamSwitch reads what is installed in a switch: texts of name and version, of which
// only the second can hold a dot. The library's reader wants a list of a package a line,
// which opam keeps nowhere.
// https://opam.ocaml.org/doc/Manual.html#switch-state
func readOpamSwitch(_ context.Context, _ string, data []byte) (*part, error) {
	made, err := readOpam(data, "installed")
	for i := range made.Rows {
		r := &made.Rows[i]
		name, version, found := strings.Cut(r.Name, ".")
		if !found || name == "" || version == "" {
			made.Rows = made.Rows[:i]
			return made, fmt.Errorf("line %d: %w", r.Line, errNotPackage)
		}
		r.Name, r.Version = name, version
	}
	return made, err
}

// readOpamLocked reads the packages that a project was locked to. What has no version is
// a package of the same project.
// https://opam.ocaml.org/doc/Manual.html#opamfield-depends
func readOpamLocked(_ context.Context, _ string, data []byte) (*part, error) {
	return readOpam(data, "depends")
}

// opamReader follows the fields of a file to one of them.
type opamReader struct {
	field   string
	here    string // the field at hand
	word    string // the last word, which is a field's name where a colon follows
	lists   int    // open brackets and parentheses
	braces  int
	before  [2]string // the symbols and words before, the last one first
	version bool      // it says of which version of the format it is
	part    *part
}

// readOpam reads a list of texts, each with a version where a constraint names it.
func readOpam(data []byte, field string) (*part, error) {
	in := opamLexer{data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), line: 1}
	r := opamReader{field: field, part: &part{}}
	for {
		token, text, err := in.next()
		if err == nil {
			err = r.take(token, text, in.line)
		}
		switch {
		case err != nil:
			return r.part, fmt.Errorf("line %d: %w", in.line, err)
		case token == opamEnd && !r.version:
			return r.part, errors.New("it does not say of which version of the format it is")
		case token == opamEnd:
			return r.part, nil
		}
	}
}

// take looks at a token.
func (r *opamReader) take(token opamToken, text string, line int) error {
	outside := r.lists == 0 && r.braces == 0
	switch token {
	case opamText:
		return r.text(text, line)
	case opamWord:
		r.word = text
	case opamSymbol:
		switch text {
		case "[", "(":
			r.lists++
		case "]", ")":
			r.lists--
		case "{":
			r.braces++
		case "}":
			r.braces--
		case ":":
			if outside {
				r.here = r.word
				r.version = r.version || r.here == "opam-version"
			}
		}
		if r.lists < 0 || r.braces < 0 {
			return errors.New("it closes what is not open")
		}
	case opamEnd:
		if !outside {
			return errors.New("it ends within a list")
		}
	}
	r.before = [2]string{text, r.before[0]}
	return nil
}

// text takes a package, or the version that a constraint "= "1.0"" gives it: what is
// compared with a variable ("os = "linux"") is none.
func (r *opamReader) text(text string, line int) error {
	unary := r.before[0] == "=" && (r.before[1] == "{" || r.before[1] == "&")
	r.before = [2]string{"", r.before[0]}
	switch rows := r.part.Rows; {
	case r.here != r.field:
	case r.braces == 0 && (text == "" || len(rows) >= maxRows):
		return errNotPackage
	case r.braces == 0:
		r.part.Rows = append(rows, row{Kind: kindOpam, Name: text, Line: line})
	case unary && len(rows) > 0 && rows[len(rows)-1].Version == "":
		rows[len(rows)-1].Version = text
	}
	return nil
}

// opamToken is a kind of token of opam's files.
// https://opam.ocaml.org/doc/Manual.html#Common-file-format
type opamToken int

const (
	opamEnd opamToken = iota
	opamText
	opamWord
	opamSymbol
)

// opamLexer takes a file apart.
type opamLexer struct {
	data     []byte
	at, line int
}

// opamSpecial ends a word.
const opamSpecial = " \t\r\n\"[](){}:=<>!&|?#"

func (l *opamLexer) next() (opamToken, string, error) {
	if err := l.skip(); err != nil {
		return opamEnd, "", err
	}
	if l.at >= len(l.data) {
		return opamEnd, "", nil
	}
	if l.data[l.at] == '"' {
		text, err := l.text()
		return opamText, text, err
	}
	rest := l.data[l.at:]
	n := bytes.IndexAny(rest, opamSpecial)
	switch {
	case n < 0:
		n = len(rest)
	case n == 0:
		l.at++
		return opamSymbol, string(rest[:1]), nil
	}
	l.at += n
	return opamWord, string(rest[:n]), nil
}

// skip passes over spaces and comments.
func (l *opamLexer) skip() error {
	for l.at < len(l.data) {
		rest := l.data[l.at:]
		n := 1
		switch {
		case rest[0] == '#':
			if n = bytes.IndexByte(rest, '\n'); n < 0 {
				n = len(rest)
			}
		case bytes.HasPrefix(rest, []byte("(*")):
			end := bytes.Index(rest, []byte("*)"))
			if end < 0 {
				return errors.New("a comment does not end")
			}
			n = end + 2
		case strings.IndexByte(" \t\r\n", rest[0]) < 0:
			return nil
		}
		l.line += bytes.Count(rest[:n], []byte("\n"))
		l.at += n
	}
	return nil
}

// text reads a text in quotes, or in three. Escapes stay as they are: no name or version
// has any.
func (l *opamLexer) text() (string, error) {
	rest, quotes := l.data[l.at:], 1
	if bytes.HasPrefix(rest, []byte(`"""`)) {
		quotes = 3
	}
	quote := bytes.Repeat([]byte(`"`), quotes)
	for i := quotes; i < len(rest); i++ {
		switch {
		case rest[i] == '\\':
			i++
		case bytes.HasPrefix(rest[i:], quote):
			l.line += bytes.Count(rest[:i], []byte("\n"))
			l.at += i + quotes
			return string(rest[quotes:i]), nil
		}
	}
	return "", errors.New("a text does not end")
}
