package change

import (
	"strconv"
	"strings"
)

const (
	// maxPatch is more than a forge gives of a file.
	maxPatch = 8 << 20
	maxLine  = 1 << 30
)

// DiffLine is a line of the new side of a diff, on which a comment can stand.
type DiffLine struct {
	Text string
	// Hunk counts the patch's hunks from 1.
	Hunk int
	// Old is the line's number on the old side; 0 for one that the change adds.
	Old int
}

// Diff are the lines of the new side that a file's patch shows, by number.
type Diff map[int]DiffLine

// PatchLines gives the lines of the new side that a file's patch shows, by number.
// From where a patch is no patch on, it shows nothing: what it says there of line
// numbers cannot be believed.
func PatchLines(patch string) Diff {
	lines := make(Diff)
	if len(patch) > maxPatch {
		return lines
	}
	var hunk, old, line, before, after int
	for text := range strings.SplitSeq(strings.TrimSuffix(patch, "\n"), "\n") {
		if before == 0 && after == 0 {
			if strings.HasPrefix(text, `\`) {
				continue
			}
			var ok bool
			if old, line, before, after, ok = hunkHead(text); !ok {
				return lines
			}
			hunk++
			continue
		}
		kind := byte(' ') // a context line that is empty may have lost its blank
		if text != "" {
			kind, text = text[0], text[1:]
		}
		if kind == '\\' {
			continue
		}
		if kind != '+' {
			before--
		}
		if kind != '-' {
			after--
		}
		if before < 0 || after < 0 || !strings.ContainsRune(" +-", rune(kind)) {
			return lines
		}
		if kind != '-' {
			lines[line] = DiffLine{Text: text, Hunk: hunk}
			if kind == ' ' {
				lines[line] = DiffLine{Text: text, Hunk: hunk, Old: old}
			}
			line++
		}
		if kind != '+' {
			old++
		}
	}
	return lines
}

// hunkHead reads "@@ -1,2 +3,4 @@ …": where each side starts, and how many lines it has.
func hunkHead(text string) (old, line, before, after int, ok bool) {
	rest, ok := strings.CutPrefix(text, "@@ -")
	if !ok {
		return 0, 0, 0, 0, false
	}
	ranges, _, ok := strings.Cut(rest, " @@")
	if !ok {
		return 0, 0, 0, 0, false
	}
	was, is, ok := strings.Cut(ranges, " +")
	if !ok {
		return 0, 0, 0, 0, false
	}
	old, before, ok = hunkRange(was)
	if !ok {
		return 0, 0, 0, 0, false
	}
	line, after, ok = hunkRange(is)
	return old, line, before, after, ok
}

func hunkRange(s string) (start, count int, ok bool) {
	first, second, both := strings.Cut(s, ",")
	count = 1
	if both {
		if count, ok = number(second); !ok {
			return 0, 0, false
		}
	}
	start, ok = number(first)
	return start, count, ok
}

func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err == nil && n <= maxLine
}
