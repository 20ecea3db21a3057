package change

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/fix"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	// maxSpan is how many lines a comment may stand on; more hide the diff.
	maxSpan = 30
	// maxSuggestion bounds the text that a comment offers, in bytes.
	maxSuggestion = 10_000
)

// Span are the lines of a file on which a comment stands.
type Span struct {
	Path       string
	Start, End int
	// Last is the last one in the diff.
	Last  DiffLine
	lines []string
}

// spanOf finds the lines of the diff on which a finding is: all of them where one
// hunk shows all, else the first.
func spanOf(f *report.Finding, diff Diff) (Span, bool) {
	path, start, end, _ := f.Lines()
	first, ok := diff[start]
	if !ok {
		return Span{}, false
	}
	if end > start && end == f.Location.EndLine && f.Location.EndColumn == 1 {
		end-- // nothing of the last line belongs to it
	}
	only := Span{Path: path, Start: start, End: start, Last: first, lines: []string{first.Text}}
	if end-start >= maxSpan {
		return only, true
	}
	s := only
	for n := start + 1; n <= end; n++ {
		next, ok := diff[n]
		if !ok || next.Hunk != first.Hunk {
			return only, true
		}
		s.End, s.Last, s.lines = n, next, append(s.lines, next.Text)
	}
	return s, true
}

// suggestion is a block that puts a finding's fix in place of the lines on which
// its comment stands; empty where the fix reaches beyond them, or what it would show
// is not to be shown.
func (l Lines) suggestion(f *report.Finding, s Span) string {
	if f.Fix == nil || len(f.Fix.Edits) == 0 {
		return ""
	}
	moved := f.Finding
	moved.Fix = &finding.Fix{}
	for _, e := range f.Fix.Edits {
		if e.Path != s.Path || e.StartLine < s.Start || e.EndLine > s.End {
			return ""
		}
		e.StartLine, e.EndLine = e.StartLine-s.Start+1, e.EndLine-s.Start+1
		moved.Fix.Edits = append(moved.Fix.Edits, e)
	}
	before := strings.Join(s.lines, "\n")
	result := fix.Apply(map[string][]byte{s.Path: []byte(before)}, []finding.Finding{moved})
	after := string(result.Files[s.Path])
	if len(result.Files) != 1 || len(after) > maxSuggestion || !l.showable(before) || !l.showable(after) || l.Offers != nil && !l.Offers(after) {
		return ""
	}
	fence := "```"
	for strings.Contains(after, fence) {
		fence += "`"
	}
	return "\n" + fence + l.Suggestion(len(s.lines)) + "\n" + after + "\n" + fence + "\n"
}

// showable says whether a file's text may stand in a comment as it is: no secret,
// and nothing that reads otherwise than it is.
func (l Lines) showable(text string) bool {
	if l.Mask == nil || l.Mask(text) != text {
		return false
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.NewReplacer("\t", " ", "#", "").Replace(strings.TrimSuffix(line, "\r"))
		if report.Plain(line) != line {
			return false
		}
	}
	return true
}
