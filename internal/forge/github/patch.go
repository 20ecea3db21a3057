package github

import (
	"strconv"
	"strings"
)

const (
	// maxPatch is more than GitHub gives of a file.
	maxPatch = 8 << 20
	maxLine  = 1 << 30
)

// diffLine is a line of the new side of a diff, on which a comment can stand.
type diffLine struct {
	text string
	hunk int
}

// patchLines gives the lines of the new side that a file's patch shows, by number.
// From where a patch is no patch on, it shows nothing: what it says there of line
// numbers cannot be believed.
func patchLines(patch string) map[int]diffLine {
	lines := make(map[int]diffLine)
	if len(patch) > maxPatch {
		return lines
	}
	hunk, line, before, after := 0, 0, 0, 0
	for text := range strings.SplitSeq(strings.TrimSuffix(patch, "\n"), "\n") {
		if before == 0 && after == 0 {
			if strings.HasPrefix(text, `\`) {
				continue
			}
			var ok bool
			if line, before, after, ok = hunkHead(text); !ok {
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
			lines[line] = diffLine{text: text, hunk: hunk}
			line++
		}
	}
	return lines
}

// hunkHead reads "@@ -1,2 +3,4 @@ …": where the new side starts, and how many lines
// each side has.
func hunkHead(text string) (line, before, after int, ok bool) {
	rest, ok := strings.CutPrefix(text, "@@ -")
	if !ok {
		return 0, 0, 0, false
	}
	ranges, _, ok := strings.Cut(rest, " @@")
	if !ok {
		return 0, 0, 0, false
	}
	was, is, ok := strings.Cut(ranges, " +")
	if !ok {
		return 0, 0, 0, false
	}
	_, before, ok = hunkRange(was)
	if !ok {
		return 0, 0, 0, false
	}
	line, after, ok = hunkRange(is)
	return line, before, after, ok
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
