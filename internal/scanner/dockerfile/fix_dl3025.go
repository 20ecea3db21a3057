package dockerfile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// fixDL3025 writes a command that uses nothing of the shell as an array. What is
// started is then the program itself and no longer a child of the shell, which is
// what the rule is for; nothing else may change, so it keeps away from
//
//   - ENTRYPOINT beside a CMD: an entry point in shell form ignores it, one in exec
//     form takes it as its arguments,
//   - CMD beside an ENTRYPOINT, which would get the program instead of the shell,
//   - scripts, which a shell runs even where they don't say who reads them,
//   - shells of another kind, and those that read a profile first.
func fixDL3025(h *hit, i *instruction) {
	if i.stage == nil || i.onbuild != nil || !i.shell.neutral() || !i.alone() {
		return
	}
	words, ok := plainWords(i)
	if !ok {
		return
	}
	for n, w := range words {
		opening, closing := "", ","
		if n == 0 {
			opening = "["
		}
		if n == len(words)-1 {
			closing = "]"
		}
		switch _, lit := w.node.Parts[0].(*syntax.Lit); {
		case lit && len(w.node.Parts) == 1:
			h.insert(w.where.start, opening+`"`).insert(w.where.end, `"`+closing)
		case i.file.text(w.where) == w.raw:
			h.replace(w.where, opening+quoteJSON(w.text)+closing)
		default: // a quoted word over several lines
			h.edits = nil
			return
		}
	}
	h.description = "write it as an array"
}

// alone says whether neither CMD nor ENTRYPOINT is beside an instruction whose form
// would change what becomes of it.
func (i *instruction) alone() bool {
	s := i.file.facts().stages[i.stage]
	switch i.keyword {
	case "ENTRYPOINT":
		return !s.cmd && !s.below.cmd
	case "CMD":
		return !s.entrypoint && !s.above.entrypoint
	}
	return true
}

// neutral says whether a shell adds nothing to a command but itself.
func (s *shellState) neutral() bool {
	if !unix(s.name) {
		return false
	}
	for _, w := range s.words {
		if program(w) != s.name && w != "pipefail" && (!strings.HasPrefix(w, "-") || strings.Trim(w, "-ceuox") != "") {
			return false
		}
	}
	return true
}

// builtins are what only a shell knows, or knows better.
var builtins = []string{
	".", ":", "[", "alias", "bg", "builtin", "cd", "command", "declare", "echo", "eval", "exec", "exit", "export", "false", "fg",
	"getopts", "hash", "jobs", "kill", "let", "local", "printf", "pwd", "read", "readonly", "return", "set", "shift", "source",
	"test", "times", "trap", "true", "type", "ulimit", "umask", "unalias", "unset", "wait",
}

// plainWords gives the words of a command in shell form that mean the same without
// a shell; false where there is anything that a shell does.
func plainWords(i *instruction) ([]arg, bool) {
	s, call := shellForm(i)
	if call == nil || len(call.Assigns) > 0 || len(call.Args) == 0 || int(call.End().Offset()) != len(s.text) {
		return nil, false
	}
	var words []arg
	for _, w := range call.Args {
		if !plainWord(w) {
			return nil, false
		}
		words = append(words, s.arg(w))
	}
	name := words[0].text
	return words, name != "" && !slices.Contains(builtins, name) && !strings.HasSuffix(name, ".sh")
}

// shellForm reads a command in shell form that is one simple command; nil where it
// is anything else.
func shellForm(i *instruction) (*script, *syntax.CallExpr) {
	lexemes := i.words
	if i.keyword == "HEALTHCHECK" && len(lexemes) > 0 {
		lexemes = lexemes[1:]
	}
	if i.exec || len(lexemes) != 1 || len(i.heredocs) > 0 {
		return nil, nil
	}
	s := &script{run: i, mapped: i.sub(lexemes[0].i, i.end)}
	if len(s.text) > freely || strings.ContainsAny(s.text, "\\\n`$") {
		return nil, nil
	}
	tree, err := parseShell(s.text, syntax.LangBash)
	if err != nil || len(tree.Stmts) != 1 || !bare(tree.Stmts[0]) {
		return nil, nil
	}
	call, _ := tree.Stmts[0].Cmd.(*syntax.CallExpr)
	return s, call
}

// plainWord says whether a word is made of letters and quotes alone.
func plainWord(w *syntax.Word) bool {
	for n, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			if strings.ContainsAny(part.Value, `*?[]{}\"`) || n == 0 && strings.HasPrefix(part.Value, "~") || strings.Contains(part.Value, "=~") || strings.Contains(part.Value, ":~") {
				return false
			}
		case *syntax.SglQuoted:
			if part.Dollar {
				return false
			}
		case *syntax.DblQuoted:
			if part.Dollar || slices.ContainsFunc(part.Parts, func(p syntax.WordPart) bool { _, lit := p.(*syntax.Lit); return !lit }) {
				return false
			}
		default:
			return false
		}
	}
	return len(w.Parts) > 0
}

// quoteJSON writes a string as an array in exec form holds it.
func quoteJSON(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(text) != nil {
		return `""` // strings cannot fail
	}
	return strings.TrimSuffix(b.String(), "\n")
}
