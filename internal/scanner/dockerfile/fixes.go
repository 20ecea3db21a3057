package dockerfile

import (
	"bytes"
	"sort"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A fix is what a rule adds to its hit: edits that mend it and change nothing else.
// Each is a function "fixDL3014(h, c)" in a file of its own, which adds edits where
// it is sure and none where it is not. verify looks at all of them once more.

// addWord adds a word behind the n-th one of a command, in shell and in exec form.
func (h *hit) addWord(c *command, n int, word string) {
	switch {
	case n < 0:
		return
	case c.editable():
		h.insert(c.words[n].where.end, " "+word)
	case c.node == nil && c.run.exec && c.script.shell == "":
		h.insert(c.words[n].where.end, `, "`+word+`"`)
	default:
		return
	}
	h.description = "add " + word
}

// place is where a subcommand begins among the words, -1 where there is none.
func (c *command) place(sub *command) int {
	if sub == nil {
		return -1
	}
	return len(c.words) - len(sub.words)
}

// index is the place of the first argument that is one of the words, -1 where there
// is none.
func (c *command) index(words ...string) int {
	for n, w := range c.words {
		for _, word := range words {
			if n > 0 && w.text == word {
				return n
			}
		}
	}
	return -1
}

// precede puts an instruction before another one, and before the comments above
// that, which may be pragmas and belong to it.
func (h *hit) precede(i *instruction, keyword, args string) {
	f := i.file
	line := i.line
	n := sort.Search(len(f.comments), func(n int) bool { return f.comments[n].line >= line })
	for n > 0 && f.comments[n-1].line == line-1 && !f.comments[n-1].inside {
		n--
		line--
	}
	keyword = matchCase(keyword, i.text[i.at:])
	indent := f.text(span{f.line(i.line).start, i.where.start})
	h.insert(f.line(line).start, indent+keyword+" "+args+f.newline())
	h.adds = strings.ToUpper(keyword)
}

// newline is how the file ends its lines.
func (f *file) newline() string {
	if first := f.line(0); bytes.HasSuffix(f.data[first.start:first.end], []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// conjunction gives the statements that are joined by && alone; false where another
// operator is among them.
func conjunction(st *syntax.Stmt) ([]*syntax.Stmt, bool) {
	for left := st; ; {
		b, ok := left.Cmd.(*syntax.BinaryCmd)
		if !ok || b.Op == syntax.Pipe || b.Op == syntax.PipeAll {
			return flatten(st, false), true
		}
		if b.Op != syntax.AndStmt {
			return nil, false
		}
		left = b.X
	}
}

// bare says that a statement is its command and nothing else.
func bare(st *syntax.Stmt) bool {
	return len(st.Redirs) == 0 && !st.Negated && !st.Background && !st.Coprocess && !st.Disown && !st.Semicolon.IsValid()
}
