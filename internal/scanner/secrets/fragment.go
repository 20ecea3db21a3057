package secrets

// The engine reads a file in fragments and looks at each by itself. What it says
// of a rule's keyword, of rules that need another one and of generic findings
// depends on them, so texts are cut at the same places here.
const (
	fragmentSize  = 100_000 // what is read at once
	fragmentSlack = 25_000  // and how much more, to end at a blank line
	readAhead     = 4096    // what the engine's reader takes to look for it
)

// maxFragment is the longest fragment.
const maxFragment = fragmentSize + fragmentSlack

// fragmenter finds where fragments end. The zero value begins a file.
type fragmenter struct {
	// ahead is how much of the text the engine's reader holds already: its next
	// fragment begins with that alone.
	ahead int
}

// next gives the end of the fragment that begins at pos. text holds at least
// maxFragment+readAhead bytes from there, or all that is left.
func (f *fragmenter) next(text []byte, pos int) int {
	size := min(fragmentSize, len(text)-pos)
	if f.ahead > 0 {
		size = min(f.ahead, size)
		f.ahead -= size
	}
	end := pos + size
	if endsBlank(text[pos:end]) {
		return end
	}
	newlines := 0
	for {
		switch c := text[end-1]; {
		case c == '\n':
			if newlines++; newlines >= 2 {
				return end
			}
		case !isBlank(c):
			newlines = 0
		}
		if end-pos-size >= fragmentSlack || end == len(text) {
			return end
		}
		if f.ahead == 0 {
			f.ahead = min(readAhead, len(text)-end)
		}
		f.ahead--
		end++
	}
}

// endsBlank says whether a text ends in two newlines with nothing but white space
// between and behind them.
func endsBlank(text []byte) bool {
	newlines := 0
	for i := len(text) - 1; i >= 0 && isBlank(text[i]); i-- {
		if text[i] == '\n' {
			if newlines++; newlines >= 2 {
				return true
			}
		}
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
