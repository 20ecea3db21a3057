package git

import (
	"bytes"
	"errors"
)

var errQuote = errors.New("a quoted path is malformed")

// unquote reads a path that git put into double quotes, C style, from the front of
// text and gives what follows it.
func unquote(text []byte) (path string, rest []byte, err error) {
	if len(text) == 0 || text[0] != '"' {
		return "", nil, errQuote
	}
	var out []byte
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return string(out), text[i+1:], nil
		case '\\':
			b, n := unescape(text[i+1:])
			if n == 0 {
				return "", nil, errQuote
			}
			out = append(out, b)
			i += n
		default:
			out = append(out, c)
		}
	}
	return "", nil, errQuote
}

// unescape reads what follows a backslash and says how long it is; 0 for nonsense.
func unescape(text []byte) (byte, int) {
	if len(text) == 0 {
		return 0, 0
	}
	if i := bytes.IndexByte([]byte(`abtnvfr"\`), text[0]); i >= 0 {
		return "\a\b\t\n\v\f\r\"\\"[i], 1
	}
	if len(text) < 3 || text[0] > '3' {
		return 0, 0
	}
	n := 0
	for _, c := range text[:3] {
		if c < '0' || c > '7' {
			return 0, 0
		}
		n = n*8 + int(c-'0')
	}
	return byte(n), 3
}

// plainPath reads a path that takes a whole line, quoted where git had to.
func plainPath(text []byte) (string, error) {
	if len(text) > 0 && text[0] == '"' {
		path, rest, err := unquote(text)
		if err == nil && len(rest) > 0 {
			err = errQuote
		}
		return path, err
	}
	return string(text), nil
}

// headerPath reads the path of "diff --git a/PATH b/PATH", which names it twice.
// Of renamed files it gives none: their paths follow in lines of their own.
func headerPath(text []byte) (string, error) {
	if len(text) > 0 && text[0] == '"' {
		_, rest, err := unquote(text)
		if err != nil {
			return "", err
		}
		path, err := plainPath(bytes.TrimPrefix(rest, []byte{' '}))
		return trimSide(path), err
	}
	if at := bytes.Index(text, []byte(` "b/`)); at >= 0 && bytes.HasSuffix(text, []byte{'"'}) {
		if path, err := plainPath(text[at+1:]); err == nil {
			return trimSide(path), nil
		}
	}
	half := len(text) / 2
	if len(text) < 5 || len(text)%2 == 0 || text[half] != ' ' || !bytes.Equal(text[2:half], text[half+3:]) {
		return "", nil
	}
	return string(text[half+3:]), nil
}

// trimSide takes off the "a/" or "b/" that stands for a side.
func trimSide(path string) string {
	if len(path) < 2 {
		return ""
	}
	return path[2:]
}
