// Package fix applies the fixes that findings carry to the contents of files. It
// reads and writes no file itself. Outside of the edits every byte stays: line
// ends, a missing one at the end, and what is no text.
package fix

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
)

// Why a fix was not applied.
var (
	// ErrConflict says that it touches what an earlier one changes: it may apply to
	// the mended files, where the finding is still there.
	ErrConflict = errors.New("another fix changes the same place")
	// ErrOutside says that an edit's place is not in the files.
	ErrOutside = errors.New("an edit lies outside of the files")
	// ErrOverlap says that a fix's own edits overlap.
	ErrOverlap = errors.New("its edits overlap")
	// ErrTooLarge says that the edits hold more text than anyone would want.
	ErrTooLarge = errors.New("its edits are too large")
)

// maxText bounds how much text one call adds, in bytes.
const maxText = 16 << 20

// Result is what became of the files and the findings.
type Result struct {
	// Files are those that differ now, by path, whole.
	Files map[string][]byte
	// Applied are the findings whose fixes were made, in the order given.
	Applied []finding.Finding
	// Left are those whose fixes were not; findings without a fix are in neither.
	Left []Left
}

// Left is a finding whose fix was not applied, and why.
type Left struct {
	finding.Finding
	Err error
}

// change is an edit as offsets; nth is its place among all, which orders insertions
// at one place.
type change struct {
	start, end, nth int
	text            string
}

// touches says whether two changes cannot both be made: they overlap, or insert at
// one place, where nobody knows in which order.
func (c change) touches(d change) bool {
	if c.start == c.end && d.start == d.end {
		return c.start == d.start
	}
	return c.start < d.end && d.start < c.end
}

// Apply makes the fixes of findings, in their order, each whole or not at all: of
// two that touch, the first wins. The files are given by the path that edits name
// them by; they are not changed themselves.
func Apply(files map[string][]byte, findings []finding.Finding) Result {
	a := applier{files: files, lines: make(map[string][]int), changes: make(map[string]*changes)}
	var res Result
	for _, f := range findings {
		if f.Fix == nil || len(f.Fix.Edits) == 0 {
			continue
		}
		if err := a.take(f.Fix); err != nil {
			res.Left = append(res.Left, Left{f, err})
			continue
		}
		res.Applied = append(res.Applied, f)
	}
	res.Files = make(map[string][]byte)
	for path, c := range a.changes {
		data := c.apply(files[path])
		if !slices.Equal(data, files[path]) {
			res.Files[path] = data
		}
	}
	return res
}

// applier gathers the changes of all fixes.
type applier struct {
	files   map[string][]byte
	lines   map[string][]int // offsets of the first bytes of lines
	changes map[string]*changes
	text    int
	nth     int
}

// take adds a fix's edits, all or none.
func (a *applier) take(f *finding.Fix) error {
	mine := make(map[string][]change)
	text := a.text
	for _, e := range f.Edits {
		c, err := a.change(e)
		if err != nil {
			return err
		}
		a.nth++
		c.nth = a.nth
		if text += len(c.text); text > maxText {
			return ErrTooLarge
		}
		if a.changes[e.Path].conflicts(c) {
			return ErrConflict
		}
		mine[e.Path] = append(mine[e.Path], c)
	}
	for _, list := range mine {
		slices.SortFunc(list, change.compare)
		for n := 1; n < len(list); n++ {
			if list[n].start < list[n-1].end {
				return ErrOverlap
			}
		}
	}
	for path, list := range mine {
		if a.changes[path] == nil {
			a.changes[path] = &changes{}
		}
		for _, c := range list {
			a.changes[path].add(c)
		}
	}
	a.text = text
	return nil
}

// compare orders by place; what is inserted stands before what is replaced there.
func (c change) compare(d change) int {
	return cmp.Or(c.start-d.start, c.end-d.end, c.nth-d.nth)
}

// change finds an edit's place.
func (a *applier) change(e finding.Edit) (change, error) {
	data, known := a.files[e.Path]
	if !known {
		return change{}, fmt.Errorf("%w: it names %q", ErrOutside, e.Path)
	}
	lines := a.lines[e.Path]
	if lines == nil {
		lines = starts(data)
		a.lines[e.Path] = lines
	}
	start, ok := offset(data, lines, e.StartLine, e.StartColumn)
	end, ok2 := offset(data, lines, e.EndLine, e.EndColumn)
	if !ok || !ok2 || end < start {
		return change{}, fmt.Errorf("%w: from %d:%d to %d:%d", ErrOutside, e.StartLine, e.StartColumn, e.EndLine, e.EndColumn)
	}
	return change{start: start, end: end, text: e.Text}, nil
}

// starts gives the offset of each line's first byte; behind a final newline there
// is an empty line.
func starts(data []byte) []int {
	lines := []int{0}
	for i, b := range data {
		if b == '\n' {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// offset turns a line and column into an offset. The place behind the file's last
// newline is known by two names: some count the empty line there, some do not.
func offset(data []byte, lines []int, line, column int) (int, bool) {
	if line < 1 || line > len(lines) || column < 1 {
		return 0, false
	}
	end := len(data)
	if line < len(lines) {
		end = lines[line] - 1
	}
	if line == len(lines)-1 && lines[line] == len(data) {
		end = len(data)
	}
	if column > end-lines[line-1]+1 {
		return 0, false
	}
	return lines[line-1] + column - 1, true
}

// changes are those of one file, in order of their places, none touching another
// one of another fix.
type changes struct{ list []change }

// conflicts says whether a change touches one that is there. Only those around its
// place can.
func (cs *changes) conflicts(c change) bool {
	if cs == nil {
		return false
	}
	n, _ := slices.BinarySearchFunc(cs.list, c.start, func(d change, start int) int { return d.start - start })
	for i := n; i < len(cs.list) && cs.list[i].start <= c.end; i++ {
		if c.touches(cs.list[i]) {
			return true
		}
	}
	return n > 0 && c.touches(cs.list[n-1]) // what is before that one ends before it
}

func (cs *changes) add(c change) {
	n, _ := slices.BinarySearchFunc(cs.list, c, change.compare)
	cs.list = slices.Insert(cs.list, n, c)
}

// apply makes the changes.
func (cs *changes) apply(data []byte) []byte {
	size := len(data)
	for _, c := range cs.list {
		size += len(c.text) - (c.end - c.start)
	}
	out := make([]byte, 0, size)
	at := 0
	for _, c := range cs.list {
		out = append(out, data[at:c.start]...)
		out = append(out, c.text...)
		at = c.end
	}
	return append(out, data[at:]...)
}

// Paths lists the files that differ, in order.
func (r Result) Paths() []string { return slices.Sorted(maps.Keys(r.Files)) }
