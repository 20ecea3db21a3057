package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// writeJSON writes the run file. Reading it back with Read and writing it again
// gives the same bytes.
func writeJSON(w io.Writer, run *Run, _ Options) error {
	whole := *run
	// An empty list is not null: whoever reads the file can loop over it.
	if whole.Policies == nil {
		whole.Policies = []Policy{}
	}
	if whole.Scans == nil {
		whole.Scans = []Scan{}
	}
	if whole.Findings == nil {
		whole.Findings = []Finding{}
	}
	return encodeJSON(w, whole)
}

// encodeJSON writes v, indented, with a line break at its end.
func encodeJSON(w io.Writer, v any) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	e := json.NewEncoder(&safeJSON{w: buffered})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return buffered.Flush()
}

// safeJSON passes JSON on with every rune escaped that is not harmless on a
// terminal or in a log, and U+FFFD written in one way: encoding/json writes what was invalid
// UTF-8 as an escape, but the rune itself as it is, so a file would change when it
// is read and written again. Each Write holds whole values, as the encoder's do.
type safeJSON struct {
	w *bufio.Writer
}

func (s *safeJSON) Write(p []byte) (int, error) {
	start := 0 // of what is still to be passed on as it is
	for i := 0; i < len(p); {
		size, instead := 1, ""
		switch c := p[i]; {
		case c == '\\':
			if size = 2; i+6 <= len(p) && string(p[i:i+6]) == `\ufffd` {
				size, instead = 6, "\ufffd"
			}
		case c == 0x7f:
			instead = `\u007f`
		case c == '#' && i > 0 && p[i-1] == '#':
			instead = `\u0023` // see Plain
		case c >= utf8.RuneSelf:
			var r rune
			if r, size = utf8.DecodeRune(p[i:]); !harmless(r) && r != utf8.RuneError {
				instead = escaped(r)
			}
		}
		if instead != "" {
			if err := s.pass(p[start:i], instead); err != nil {
				return 0, err
			}
			start = i + size
		}
		i += size
	}
	return len(p), s.pass(p[start:], "")
}

func (s *safeJSON) pass(as []byte, instead string) error {
	if _, err := s.w.Write(as); err != nil {
		return err
	}
	_, err := s.w.WriteString(instead)
	return err
}

// escaped is a rune in JSON's own spelling.
func escaped(r rune) string {
	if r < 0x10000 {
		return fmt.Sprintf(`\u%04x`, r)
	}
	r -= 0x10000
	return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
}
