package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// written is text that a command writes into files, as far as the script tells.
type written struct {
	text  string
	files []string
	// words are what the text is made of.
	words []*syntax.Word
}

// written tells what echo, printf, and cat or tee of a here document put into files.
func (c *command) written() written {
	var w written
	if c.stmt == nil {
		return w
	}
	inner := effective(c)
	switch inner.name() {
	case "echo", "printf":
		parts := make([]string, 0, len(inner.args()))
		for _, a := range inner.args() {
			parts = append(parts, a.text)
			w.words = append(w.words, a.node)
		}
		w.text = strings.Join(parts, " ")
	case "cat", "tee":
		for _, r := range c.stmt.Redirs {
			if doc := r.Hdoc; doc != nil && (r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc) {
				w.text, w.words = c.script.raw(int(doc.Pos().Offset()), int(doc.End().Offset())), append(w.words, doc)
			}
			if r.Op == syntax.WordHdoc && r.Word != nil {
				w.text, w.words = c.script.literal(r.Word), append(w.words, r.Word)
			}
		}
	}
	if w.text == "" {
		return w
	}
	w.files = c.files()
	return w
}

// files are where a command's standard output goes: by redirection, or through tee.
func (c *command) files() []string {
	var files []string
	if c.stmt == nil {
		return nil
	}
	for _, r := range c.stmt.Redirs {
		if r.Word == nil || r.N != nil && r.N.Value != "1" {
			continue
		}
		switch r.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll:
			files = append(files, c.script.literal(r.Word))
		}
	}
	if inner := effective(c); inner.name() == "tee" {
		files = append(files, plainTexts(inner.operands())...)
	}
	if c.pipe == nil || c.step+1 >= len(c.pipe.steps) {
		return files
	}
	// A step can be without a command: "|>file".
	if next := c.pipe.steps[c.step+1]; len(next) > 0 {
		if inner := effective(next[0]); inner.name() == "tee" {
			files = append(files, plainTexts(inner.operands())...)
		}
	}
	return files
}

func plainTexts(args []arg) []string {
	out := make([]string, len(args))
	for n, a := range args {
		out[n] = a.text
	}
	return out
}
