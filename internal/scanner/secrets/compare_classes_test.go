package secrets_test

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/sources"

	"github.com/boltseal/boltseal/internal/finding"
)

// What is told otherwise than by the command belongs to one of these classes. A
// class is named in testdata/beyond.yaml, where its reason stands, and has a case in
// compare_cases_test.go, which fails where the command does not behave so.
const (
	chunkBorder   = "chunk-border"
	archiveName   = "archive-name"
	likeProgram   = "like-a-program"
	toldTwice     = "told-twice"
	pathRuleOnce  = "path-rule-once"
	otherEncoding = "byte-order-mark"
	lastLine      = "last-line"
	lineBelow     = "line-below"
	allowedFolder = "allowed-folder"
	andCondition  = "and-condition"
	mergeCommit   = "merge-commit"
	noDiff        = "diff-attribute"
	gitBinary     = "binary-to-git"
	typeChange    = "type-change"
	binaryName    = "binary-name"
)

// explainMissing gives the class of what the command reports and we do not; empty
// where there is none.
func explainMissing(c *comparison, k key) string {
	told := len(c.ours[k]) > 0
	switch {
	case k.hash == "" && told:
		return pathRuleOnce
	case slices.ContainsFunc(c.theirs[k], func(l leak) bool { return c.alsoInClear(k, l) }):
		return toldTwice
	}
	if c.mode == "dir" {
		for _, l := range c.theirs[k] {
			if c.cut(k, place{l.line, l.column - 1, l.endLine, l.end + 1}) && c.otherBeside(k) {
				return chunkBorder
			}
		}
	}
	return ""
}

// alsoInClear says that the command found a secret in decoded text, and we the same
// one by the same rule where that text stands.
func (c *comparison) alsoInClear(k key, l leak) bool {
	if !strings.Contains(l.tags, "decode-depth") {
		return false
	}
	for line := l.line; line <= max(l.line, l.endLine)+1; line++ {
		k.line = line
		if len(c.ours[k]) > 0 {
			return true
		}
	}
	return false
}

// otherBeside says that we report something else where a finding stands.
func (c *comparison) otherBeside(k key) bool {
	for o := range c.ours {
		if o.file == k.file && o.commit == k.commit && o != k && o.line == k.line {
			return true
		}
	}
	return false
}

// explainBeyond gives the class of what we report and the command does not.
func explainBeyond(c *comparison, k key) string {
	if c.mode == "git" {
		return explainHistory(c, k)
	}
	text := c.text(k)
	switch {
	case likeArchive.MatchString(path.Base(k.file)) && c.silent(k.file):
		return archiveName
	case c.silent(k.file) && c.allowsFolderOf(k.file):
		return allowedFolder
	case c.silent(k.file) && c.allowsByHalf(k.file):
		return andCondition
	case hasMark(text):
		return otherEncoding
	case slices.ContainsFunc(c.chunks(k), beginsLikeProgram):
		return likeProgram
	}
	for _, f := range c.ours[k] {
		switch {
		case c.cut(k, placeOf(f)):
			return chunkBorder
		case c.onLastLine(k, placeOf(f)):
			return lastLine
		case c.aboveAllowed(k, placeOf(f)):
			return lineBelow
		}
	}
	return ""
}

// onLastLine says that a finding stands on the last line of a piece, which has no
// newline behind it, and that a comment that allows stands on another line of it.
func (c *comparison) onLastLine(k key, p place) bool {
	pieces := c.chunks(k)
	if c.mode == "git" {
		pieces = []string{c.text(k)} // at most: a hunk is a part of it
	}
	from, _ := span(c.text(k), p)
	for _, piece := range pieces {
		if from < len(piece) {
			last := strings.LastIndexByte(piece, '\n') + 1
			return last > 0 && from >= last && strings.Contains(piece[:last], allow)
		}
		from -= len(piece)
	}
	return false
}

// aboveAllowed says that a finding ends its line, and that a comment that allows
// stands on the line below.
func (c *comparison) aboveAllowed(k key, p place) bool {
	lines := strings.Split(c.text(k), "\n")
	return p.endLine > 0 && p.endLine < len(lines) && p.endColumn >= len(lines[p.endLine-1]) && strings.Contains(lines[p.endLine], allow)
}

var (
	pathsLine = regexp.MustCompile("(?s)\npaths = \\[(.*?)\\]\n")
	pathText  = regexp.MustCompile("'''(.*?)'''")
)

// allowedPaths gives the paths that the tables of a custom configuration allow, of
// those that a condition joins or of the others.
func (c *comparison) allowedPaths(and bool) []*regexp.Regexp {
	var out []*regexp.Regexp
	for table := range strings.SplitSeq("\n"+c.config, "\n[") {
		if strings.HasPrefix(table, "[rules") || strings.Contains(table, "targetRules") || strings.Contains(table, `condition = "AND"`) != and {
			continue
		}
		for _, line := range pathsLine.FindAllStringSubmatch(table+"\n", -1) {
			for _, text := range pathText.FindAllStringSubmatch(line[1], -1) {
				out = append(out, regexp.MustCompile(text[1]))
			}
		}
	}
	return out
}

// allowsFolderOf says that the configuration allows a folder on the way to a file,
// but not the file.
func (c *comparison) allowsFolderOf(file string) bool {
	return slices.ContainsFunc(c.allowedPaths(false), func(re *regexp.Regexp) bool {
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if re.MatchString(dir) {
				return !re.MatchString(file)
			}
		}
		return false
	})
}

// allowsByHalf says that the path is one of the conditions of an allowlist.
func (c *comparison) allowsByHalf(file string) bool {
	return slices.ContainsFunc(c.allowedPaths(true), func(re *regexp.Regexp) bool { return re.MatchString(file) })
}

// likeArchive are the names that the command takes for archives.
var likeArchive = regexp.MustCompile(`(?i)\.(7z|br|bz2|gz|lz4?|mz|rar|s2|sz|tar|tbz2?|tgz|txz|xz|zip|zst|zz)`)

// silent says that the command reports nothing at all of a file.
func (c *comparison) silent(file string) bool {
	for k := range c.theirs {
		if k.file == file {
			return false
		}
	}
	return true
}

func hasMark(text string) bool {
	return strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") || strings.HasPrefix(text, "\x00\x00\xfe\xff")
}

func beginsLikeProgram(chunk string) bool {
	return slices.ContainsFunc([]string{"MZ", "%!PS", "%PDF", `{\rtf`}, func(head string) bool { return strings.HasPrefix(chunk, head) })
}

// place is a region of a text as the command counts: lines from 1, columns roughly.
type place struct{ line, column, endLine, endColumn int }

func placeOf(f finding.Finding) place {
	l := f.Location
	return place{l.StartLine, l.StartColumn, l.EndLine, l.EndColumn}
}

// chunks are the pieces in which the command reads a file. Where it stops because a
// piece begins like a program, the rest is the last one.
func (c *comparison) chunks(k key) []string {
	text := c.text(k)
	if pieces, ok := c.cutAlready[k.file]; ok {
		return pieces
	}
	var out []string
	file := sources.File{Content: strings.NewReader(text), Path: "text"}
	err := file.Fragments(context.Background(), func(f sources.Fragment, err error) error {
		out = append(out, f.Raw)
		text = text[len(f.Raw):]
		return err
	})
	if err != nil {
		return nil
	}
	if text != "" {
		out = append(out, text)
	}
	if c.cutAlready == nil {
		c.cutAlready = make(map[string][]string)
	}
	c.cutAlready[k.file] = out
	return out
}

// beside is how much before and behind a secret its rule may want to see.
const beside = 300

// cut says that a border between chunks runs through a finding or what is beside it.

func (c *comparison) cut(k key, p place) bool {
	text, chunks := c.text(k), c.chunks(k)
	if len(chunks) < 2 {
		return false
	}
	from, to := span(text, p)
	at := 0
	for _, chunk := range chunks[:len(chunks)-1] {
		at += len(chunk)
		if from < at && at < to {
			return true
		}
	}
	return false
}

// span gives the offsets of a region, widened to what its rule may look at: the
// whole of its lines or at least some bytes, and the whole of encoded text.
func span(text string, p place) (from, to int) {
	lineAt := func(n int) int {
		at := 0
		for range n - 1 {
			i := strings.IndexByte(text[at:], '\n')
			if i < 0 {
				return len(text)
			}
			at += i + 1
		}
		return at
	}
	first := lineAt(p.line)
	from = max(first, min(first+p.column, len(text))-beside)
	to = min(lineAt(p.endLine)+p.endColumn+8, len(text))
	encoded := func(b byte) bool {
		return b == '+' || b == '/' || b == '=' || b == '%' || b == '_' || b == '-' || b == '\\' ||
			'0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
	}
	for from > 0 && encoded(text[from-1]) {
		from--
	}
	for to < len(text) && encoded(text[to]) {
		to++
	}
	return from, to
}

// explainHistory is explainBeyond for a history.
func explainHistory(c *comparison, k key) string {
	switch {
	case k.hash == "":
		return binaryName
	case strings.Contains(k.file, sources.InnerPathSeparator) && likeArchive.MatchString(path.Base(k.file)) && c.silent(k.file):
		return archiveName
	case c.attribute(k) == "unset":
		return noDiff
	case c.typeChanged(k):
		return typeChange
	case c.isMerge(k.commit):
		return mergeCommit
	case hasMark(c.text(k)):
		return otherEncoding
	case strings.Contains(c.text(k), "\x00"):
		return gitBinary
	}
	for _, f := range c.ours[k] {
		switch {
		case c.onLastLine(k, placeOf(f)):
			return lastLine
		case c.aboveAllowed(k, placeOf(f)):
			return lineBelow
		}
	}
	return ""
}
