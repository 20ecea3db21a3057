package secrets

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// Bounds of a .gitleaksignore; what is beyond them hides nothing, and is told.
const (
	maxIgnoreSize    = 16 << 20
	maxIgnoreEntries = 200_000
	maxIgnoreLine    = 64 << 10
	maxIgnoreNotes   = 50
)

// ignoreList is a .gitleaksignore: findings that are passed over, each by its
// fingerprint, `file:rule:line` in any commit or none, `commit:file:rule:line` in
// one. It is safe for concurrent use; nil ignores nothing.
type ignoreList struct {
	name    string
	entries []ignoreEntry
	byText  map[string]int
}

type ignoreEntry struct {
	line int
	text string // as it is compared
	used *atomic.Bool
}

// parseIgnore reads a .gitleaksignore as the engine does. An entry is compared as
// a whole, whatever its number of parts, so that a path may hold colons; back
// slashes are slashes in the path of an entry of three or four parts. What can
// match nothing is noted.
//
// The engine stops without a word at a line of 64 KiB; here only that line is left
// out. It also sees paths as they were typed on its command line; here they are
// relative to the root of the repository, with slashes, `outer!inner` in archives,
// so an entry with an absolute path or one from `./` matches nothing, which unused
// tells.
func parseIgnore(name string, text []byte) (*ignoreList, []string) {
	list := &ignoreList{name: name, byText: make(map[string]int)}
	var notes noteList
	if len(text) > maxIgnoreSize {
		notes.addf("%s: only the first %d bytes are read", name, maxIgnoreSize)
		text = text[:maxIgnoreSize]
		// The last line is not whole.
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if len(line) > maxIgnoreLine {
			notes.addf("%s:%d: the line is longer than %d bytes", name, number, maxIgnoreLine)
			continue
		}
		entry := strings.TrimSpace(string(line))
		if entry == "" || entry[0] == '#' {
			continue
		}
		if len(list.entries) == maxIgnoreEntries {
			notes.addf("%s:%d: more than %d entries: this one and those after it are not read", name, number, maxIgnoreEntries)
			break
		}
		fixed, problem := readIgnore(entry)
		if problem != "" {
			notes.addf("%s:%d: %q is no fingerprint: %s", name, number, shorten(entry), problem)
			continue
		}
		if _, twice := list.byText[fixed]; !twice {
			list.byText[fixed] = len(list.entries)
			list.entries = append(list.entries, ignoreEntry{line: number, text: fixed, used: new(atomic.Bool)})
		}
	}
	return list, notes.all()
}

// readIgnore brings an entry into the form in which it is compared, or says why
// it can match nothing.
func readIgnore(entry string) (fixed, problem string) {
	parts := strings.Split(entry, ":")
	if len(parts) < 3 {
		return "", "it must be file:rule:line or commit:file:rule:line"
	}
	last := parts[len(parts)-1]
	if n, err := strconv.Atoi(last); err != nil || strconv.Itoa(n) != last {
		return "", "its last part must be the number of a line, without a comment behind it"
	}
	if len(parts) <= 4 {
		file := len(parts) - 3
		parts[file] = strings.ReplaceAll(parts[file], `\`, "/")
	}
	return strings.Join(parts, ":"), ""
}

// match says whether an entry hides the finding. The commit is empty where there
// is none; the line is where the rule's match begins.
func (l *ignoreList) match(commit, file, rule string, startLine int) bool {
	if l == nil || len(l.entries) == 0 {
		return false
	}
	global := file + ":" + rule + ":" + strconv.Itoa(startLine)
	return l.hit(global) || (commit != "" && l.hit(commit+":"+global))
}

func (l *ignoreList) hit(text string) bool {
	i, ok := l.byText[text]
	if ok {
		l.entries[i].used.Store(true)
	}
	return ok
}

// unused gives the entries that matched nothing so far, in the order of the file,
// as "line N: entry".
func (l *ignoreList) unused() []string {
	if l == nil {
		return nil
	}
	var out []string
	for _, e := range l.entries {
		if !e.used.Load() {
			out = append(out, fmt.Sprintf("line %d: %q", e.line, shorten(e.text)))
		}
	}
	return out
}

// noteList gathers notes up to a bound and counts the rest.
type noteList struct {
	notes   []string
	dropped int
}

func (n *noteList) addf(format string, args ...any) {
	if len(n.notes) == maxIgnoreNotes {
		n.dropped++
		return
	}
	n.notes = append(n.notes, fmt.Sprintf(format, args...))
}

func (n *noteList) all() []string {
	if n.dropped > 0 {
		return append(n.notes, fmt.Sprintf("and %d more notes", n.dropped))
	}
	return n.notes
}
