package dockerfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode"

	keywords "github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// maxLine is the longest line, in bytes, that BuildKit reads: its scanner gives
// up on a longer one.
const maxLine = 64*1024 - 1

// maxBraces bounds how deeply the words of a line with a heredoc can nest: each
// "${" is a level of recursion in BuildKit's word splitter.
const maxBraces = 256

// maxLost bounds how often the file is searched to its end for the terminator of
// a heredoc that has none.
const maxLost = 64

// logical is one instruction as BuildKit cuts it out of the file: its lines
// joined over continuations, comments and empty lines in between dropped.
type logical struct {
	mapped
	// where is the region from its first byte to the last one of its last line,
	// its heredocs with it.
	where span
	// first and last are its lines, counted from 0, last included.
	first, last int
	heredocs    []heredoc
	// err says why it does not build, as far as that is known without BuildKit.
	err error
}

// heredoc is a document that follows an instruction.
type heredoc struct {
	name   string
	chomp  bool // <<-: leading tabs are dropped
	expand bool // variables are replaced: the name was not quoted
	body   span
}

// comment is a comment line outside of heredocs.
type comment struct {
	text string // without "#" and the white space around
	where
	// inside says that it stands within an instruction, between continuations.
	inside bool
}

// where is the place of something that takes one line.
type where struct {
	line int // counted from 0
	span span
}

// directive is a parser directive: "# syntax=…", "# escape=…", "# check=…".
type directive struct {
	name, value string
	where
}

// splitter cuts a file into instructions, comments and directives. It follows
// BuildKit's parser to the letter, which keeps no columns; that both agree is
// fuzzed.
type splitter struct {
	src        *source
	next       int // the line to be read, counted from 0
	escape     byte
	directives []directive
	comments   []comment
	logicals   []logical
	faults     []fault
	parser     parser.DirectiveParser
	lost       int // heredocs whose end was looked for in vain
	words      int // of all instructions, about
	// limit says why the rest of the file was left out, from the byte cut on.
	limit string
	cut   int
}

// Bounds of a file, far beyond what people write: BuildKit takes some 5 KB of
// memory for an instruction, half a KB for a word. What is before is linted.
const (
	maxInstructions = 20_000
	maxWords        = 100_000
	maxLines        = 300_000
)

// fault is something that BuildKit would not build.
type fault struct {
	span        span
	err         error
	instruction *instruction // nil where it stands outside of any
}

var (
	errLongLine     = errors.New("line longer than 65535 bytes")
	errUnterminated = errors.New("unterminated heredoc")
	errNesting      = errors.New("variables nested too deeply")
	errEmpty        = errors.New("file with no instructions")
)

func split(src *source) *splitter {
	s := &splitter{src: src, escape: '\\'}
	for s.next < src.lines() && s.limit == "" {
		first, made := s.next, len(s.logicals)
		s.instruction()
		s.bound(first, made)
	}
	return s
}

// bound ends the splitting at the line first where what was read from there on is
// more than a file may hold. made is how many instructions there were before.
func (s *splitter) bound(first, made int) {
	if len(s.logicals) > made {
		s.words += countWords(s.logicals[made].text)
	}
	switch {
	case len(s.logicals) > maxInstructions:
		s.limit = fmt.Sprintf("more than %d instructions", maxInstructions)
	case s.words > maxWords:
		s.limit = fmt.Sprintf("more than %d words", maxWords)
	case s.next > maxLines:
		s.limit = fmt.Sprintf("more than %d lines", maxLines)
	default:
		return
	}
	s.logicals = s.logicals[:made]
	s.cut = s.src.line(first).start
	s.limit += fmt.Sprintf(": from line %d on nothing was looked at", first+1)
	before := func(at span) bool { return at.start < s.cut }
	s.comments = s.comments[:prefix(len(s.comments), func(n int) bool { return before(s.comments[n].span) })]
	s.faults = s.faults[:prefix(len(s.faults), func(n int) bool { return before(s.faults[n].span) })]
}

// prefix counts the first elements that hold, of those in the order of the file.
func prefix(n int, holds func(int) bool) int {
	return sort.Search(n, func(i int) bool { return !holds(i) })
}

// countWords counts what BuildKit could make a word of: it never counts too few.
func countWords(text string) int {
	n := 0
	for i := range len(text) {
		switch text[i] {
		case ' ', '\t', '\v', '\f', '\r', '\n', ',':
		default:
			if i == 0 || strings.IndexByte(" \t\v\f\r\n,", text[i-1]) >= 0 {
				n++
			}
		}
	}
	return n
}

// read gives the next line without its newline and where it begins.
func (s *splitter) read() (line []byte, offset int) {
	at := s.src.line(s.next)
	s.next++
	line = s.src.data[at.start:at.end]
	if s.next == 1 && bytes.HasPrefix(line, []byte("\xef\xbb\xbf")) {
		at.start += 3
		line = line[3:]
	}
	return line, at.start
}

// tooLong says whether BuildKit's scanner gives up on a line.
func tooLong(line []byte) bool { return len(bytes.TrimSuffix(line, []byte("\n"))) > maxLine }

func isComment(line []byte) bool {
	line = bytes.TrimLeftFunc(line, unicode.IsSpace)
	return len(line) > 0 && line[0] == '#'
}

// instruction reads from the next line to the end of an instruction, or one line
// that belongs to none.
func (s *splitter) instruction() {
	first := s.next
	raw, offset := s.read()
	line := bytes.TrimRight(raw, "\r\n")
	trimmed := bytes.TrimLeftFunc(line, unicode.IsSpace)
	offset += len(line) - len(trimmed)
	line = trimmed
	s.directive(line, offset)
	if isComment(line) {
		s.comment(line, offset, raw, false)
		return
	}
	l := logical{first: first}
	if tooLong(raw) {
		l.err = errLongLine
	}
	line, more := s.continued(line)
	if !more && len(line) == 0 {
		if l.err != nil {
			s.faults = append(s.faults, fault{span: span{offset, offset}, err: l.err})
		}
		return
	}
	var b builder
	b.add(line, offset)
	l.where = span{offset, offset + len(line)}
	for more && s.next < s.src.lines() && s.next <= maxLines {
		raw, offset := s.read()
		line := bytes.TrimRight(raw, "\r\n")
		if isComment(line) {
			s.comment(line, offset, raw, true)
			continue
		}
		if tooLong(raw) {
			l.err = errLongLine
		}
		if len(bytes.TrimLeftFunc(line, unicode.IsSpace)) == 0 {
			continue
		}
		line, more = s.continued(line)
		b.add(line, offset)
		l.where.end = offset + len(line)
	}
	l.mapped = b.mapped()
	if l.err == nil {
		s.heredocs(&l)
	}
	l.last = s.next - 1
	s.logicals = append(s.logicals, l)
}

// directive looks for a parser directive; they stand before everything else.
func (s *splitter) directive(line []byte, offset int) {
	at := where{s.next - 1, span{offset, offset + len(line)}}
	d, err := s.parser.ParseLine(line)
	if err == nil && d != nil && d.Name == "escape" && d.Value != "`" && d.Value != `\` {
		err = errors.New("invalid escape token: use ` or \\")
	}
	if err != nil {
		s.faults = append(s.faults, fault{span: at.span, err: err})
		return
	}
	if d == nil {
		return
	}
	if d.Name == "escape" {
		s.escape = d.Value[0]
	}
	s.directives = append(s.directives, directive{d.Name, d.Value, at})
}

func (s *splitter) comment(line []byte, offset int, raw []byte, inside bool) {
	text := bytes.TrimLeftFunc(line, unicode.IsSpace)
	at := where{s.next - 1, span{offset + len(line) - len(text), offset + len(line)}}
	if tooLong(raw) {
		s.faults = append(s.faults, fault{span: span{at.span.start, at.span.start}, err: errLongLine})
		return
	}
	s.comments = append(s.comments, comment{strings.TrimSpace(string(text[1:])), at, inside})
}

// continued cuts the continuation off a line and says whether there was one: an
// escape token at the end, blanks behind it allowed, no second one before it.
func (s *splitter) continued(line []byte) ([]byte, bool) {
	t := bytes.TrimRight(line, " \t")
	n := len(t)
	if n == 0 || t[n-1] != s.escape || (n > 1 && t[n-2] == s.escape) {
		return line, false
	}
	return t[:n-1], true
}

// heredocs reads the documents that an instruction announces.
func (s *splitter) heredocs(l *logical) {
	if !strings.Contains(l.text, "<<") || !mayHaveHeredoc(l.text, s.escape) {
		return
	}
	if strings.Count(l.text, "${") > maxBraces {
		l.err = errNesting
		return
	}
	words := shell.NewLex('\\')
	words.RawQuotes, words.RawEscapes, words.SkipUnsetEnv = true, true, true
	list, err := words.ProcessWords(l.text, noVariables{})
	if err != nil {
		return // BuildKit takes it for a line without heredocs, too
	}
	for _, word := range list {
		doc, err := parser.ParseHeredoc(word)
		if err != nil {
			l.err = err
			return
		}
		if doc == nil {
			continue
		}
		h := heredoc{name: doc.Name, chomp: doc.Chomp, expand: doc.Expand}
		if !s.document(l, &h) {
			return
		}
		l.heredocs = append(l.heredocs, h)
	}
}

// document reads one heredoc's lines up to its terminator. Where there is none,
// the instruction is at fault, and it is taken to end before the next line that
// begins with a keyword in capitals.
func (s *splitter) document(l *logical, h *heredoc) bool {
	begin := s.next
	for s.next < s.src.lines() && s.lost < maxLost {
		raw, offset := s.read()
		if tooLong(raw) {
			l.err = errLongLine
		}
		line := bytes.TrimRight(raw, "\r\n")
		end := offset + len(line)
		if h.chomp {
			line = bytes.TrimLeft(line, "\t")
		}
		if string(line) == h.name {
			h.body = span{s.src.line(begin).start, offset}
			l.where.end = end
			return true
		}
	}
	s.lost++
	s.next = begin
	for s.next < s.src.lines() && !s.resumes() {
		s.next++
	}
	if l.err == nil {
		l.err = errUnterminated
	}
	return false
}

// resumes says whether the next line begins with a keyword in capitals.
func (s *splitter) resumes() bool {
	at := s.src.line(s.next)
	word, _, found := bytes.Cut(s.src.data[at.start:at.end], []byte(" "))
	if !found || len(word) > len("HEALTHCHECK") || !bytes.Equal(word, bytes.ToUpper(word)) {
		return false
	}
	_, known := keywords.Commands[strings.ToLower(string(word))]
	return known
}

// mayHaveHeredoc says whether BuildKit looks for heredocs behind an instruction.
func mayHaveHeredoc(text string, escape byte) bool {
	c := cut(text, 0, escape)
	if c.keyword == "ONBUILD" {
		c = cut(text, c.rest, escape)
	}
	switch c.keyword {
	case "ADD", "COPY", "RUN":
		return !isJSON(text[c.rest:c.end])
	}
	return false
}

// isJSON says whether arguments are in exec form, an array of strings.
func isJSON(args string) bool {
	if args == "" || args[0] != '[' {
		return false
	}
	var list []string
	return json.Unmarshal([]byte(args), &list) == nil
}

// noVariables is an environment without any.
type noVariables struct{}

func (noVariables) Get(string) (string, bool) { return "", false }
func (noVariables) Keys() []string            { return nil }
