package github

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

// span are the lines of a file on which a comment stands, with their text.
type span struct {
	path       string
	start, end int
	lines      []string
}

// spanOf finds the lines of the diff on which a finding is: all of them where one
// hunk shows all, else the first.
func spanOf(f *report.Finding, diff map[int]diffLine) (span, bool) {
	path, start, end, _ := f.Lines()
	first, ok := diff[start]
	if !ok {
		return span{}, false
	}
	if end > start && end == f.Location.EndLine && f.Location.EndColumn == 1 {
		end-- // nothing of the last line belongs to it
	}
	only := span{path: path, start: start, end: start, lines: []string{first.text}}
	if end-start >= maxSpan {
		return only, true
	}
	s := only
	for n := start + 1; n <= end; n++ {
		next, ok := diff[n]
		if !ok || next.hunk != first.hunk {
			return only, true
		}
		s.end, s.lines = n, append(s.lines, next.text)
	}
	return s, true
}

// suggestion is a block that puts a finding's fix in place of the lines on which
// its comment stands; empty where the fix reaches beyond them, or what it would show
// is not to be shown.
func (p *Publisher) suggestion(f *report.Finding, s span) string {
	if f.Fix == nil || len(f.Fix.Edits) == 0 {
		return ""
	}
	moved := f.Finding
	moved.Fix = &finding.Fix{}
	for _, e := range f.Fix.Edits {
		if e.Path != s.path || e.StartLine < s.start || e.EndLine > s.end {
			return ""
		}
		e.StartLine, e.EndLine = e.StartLine-s.start+1, e.EndLine-s.start+1
		moved.Fix.Edits = append(moved.Fix.Edits, e)
	}
	before := strings.Join(s.lines, "\n")
	result := fix.Apply(map[string][]byte{s.path: []byte(before)}, []finding.Finding{moved})
	after := string(result.Files[s.path])
	if len(result.Files) != 1 || len(after) > maxSuggestion || !p.showable(before) || !p.showable(after) {
		return ""
	}
	fence := "```"
	for strings.Contains(after, fence) {
		fence += "`"
	}
	return "\n" + fence + "suggestion\n" + after + "\n" + fence + "\n"
}

// showable says whether a file's text may stand in a comment as it is: no secret,
// and nothing that reads otherwise than it is.
func (p *Publisher) showable(text string) bool {
	if p.mask == nil || p.mask(text) != text {
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
