package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// command is one simple command of a RUN: a program with its arguments.
type command struct {
	script *script
	run    *instruction
	// words begin with the program; what only leads to it (command, exec) is cut
	// off.
	words []arg
	// assigns are the variables set for it alone.
	assigns []assignment
	// where is its region in the source, without redirections.
	where span
	// node and stmt are nil in exec form; node is a *syntax.CallExpr or a
	// *syntax.DeclClause.
	node syntax.Command
	stmt *syntax.Stmt
	// parent is the command in whose words or redirections a substitution runs
	// this one; word is the word, and input says that it is read by the parent as
	// standard input. Where it only sets a variable, word is nil.
	parent *command
	word   *syntax.Word
	input  bool
	// pipe is the innermost pipeline that it is part of, at its step.
	pipe *pipeline
	step int
}

// arg is a word of a command.
type arg struct {
	// text is the word without quotes, expansions as they are written; raw is the
	// word as it is written.
	text, raw string
	where     span
	// node is nil in exec form.
	node *syntax.Word
}

// assignment is "name=value"; the value is without quotes.
type assignment struct{ name, value string }

// pipeline is commands joined by "|" or "|&".
type pipeline struct {
	where span
	// i and j are its place in the script's text.
	i, j int
	// steps are the commands of each step: more than one in a group.
	steps [][]*command
	// reader is the last step that runs what it reads as a program; see lastReader.
	reader *reader
}

// name is the program's name as it is written; empty where it is not known.
func (c *command) name() string {
	if len(c.words) == 0 {
		return ""
	}
	return c.words[0].text
}

// args are the words behind the program.
func (c *command) args() []arg {
	if len(c.words) == 0 {
		return nil
	}
	return c.words[1:]
}

// prefixes lead to the program that is run.
var prefixes = []string{"command", "builtin", "exec", "busybox"}

func (c *command) unwrap() {
	for len(c.words) > 1 && slices.Contains(prefixes, c.words[0].text) && !strings.HasPrefix(c.words[1].text, "-") {
		c.words = c.words[1:]
	}
}

// identity is the command's text as findings are identified by it.
func (c *command) identity() string {
	var words []string
	for _, a := range c.assigns {
		words = append(words, a.name+"=")
	}
	for _, w := range c.words {
		words = append(words, strings.ReplaceAll(w.raw, "\\\n", ""))
	}
	return strings.Join(words, " ")
}

// has says whether a word is among the arguments.
func (c *command) has(word string) bool {
	return slices.ContainsFunc(c.args(), func(a arg) bool { return a.text == word })
}

// flag says whether one of the options is given: "y" for -y, -qy; "yes" for --yes
// and --yes=x.
func (c *command) flag(names ...string) bool {
	return slices.ContainsFunc(c.args(), func(a arg) bool {
		return slices.ContainsFunc(names, func(name string) bool { return isFlag(a.text, name) })
	})
}

func isFlag(word, name string) bool {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		key, _, _ := strings.Cut(long, "=")
		return key == name
	}
	if short, ok := strings.CutPrefix(word, "-"); ok {
		return short == name || len(name) == 1 && strings.Contains(short, name)
	}
	return false
}

// values gives the values of an option: "-o x", "-ox", "--option x", "--option=x".
func (c *command) values(names ...string) []string {
	var out []string
	args := c.args()
	for n, a := range args {
		for _, name := range names {
			dashed := "--" + name
			if len(name) == 1 {
				dashed = "-" + name
			}
			switch {
			case a.text == dashed && n+1 < len(args):
				out = append(out, args[n+1].text)
			case len(name) > 1 && strings.HasPrefix(a.text, dashed+"="):
				out = append(out, a.text[len(dashed)+1:])
			case len(name) == 1 && strings.HasPrefix(a.text, dashed) && len(a.text) > 2:
				out = append(out, a.text[2:])
			}
		}
	}
	return out
}

// operands are the arguments that are no options. valued names the options that
// take the next word as their value.
func (c *command) operands(valued ...string) []arg {
	var out []arg
	args := c.args()
	for n := 0; n < len(args); n++ {
		word := args[n].text
		if !strings.HasPrefix(word, "-") || word == "-" {
			out = append(out, args[n])
			continue
		}
		if slices.ContainsFunc(valued, func(name string) bool { return takesNext(word, name) }) {
			n++
		}
	}
	return out
}

// takesNext says whether an option word leaves the value of the named option to
// the next word.
func takesNext(word, name string) bool {
	if len(name) > 1 {
		return word == "--"+name
	}
	return !strings.HasPrefix(word, "--") && strings.IndexByte(word, name[0]) == len(word)-1
}

func (s *script) arg(word *syntax.Word) arg {
	i, j := int(word.Pos().Offset()), int(word.End().Offset())
	return arg{text: s.literal(word), raw: s.raw(i, j), where: s.span(i, j), node: word}
}

// raw is a region of the text; what the tree says of a broken script may lie
// outside of it.
func (s *script) raw(i, j int) string {
	i = max(0, min(i, len(s.text)))
	return s.text[i:max(i, min(j, len(s.text)))]
}

// literal is a word without quotes and escapes, expansions as they are written.
func (s *script) literal(word *syntax.Word) string {
	if len(word.Parts) == 1 {
		if lit, ok := word.Parts[0].(*syntax.Lit); ok && !strings.Contains(lit.Value, `\`) {
			return lit.Value
		}
	}
	var b strings.Builder
	for _, part := range word.Parts {
		s.literalPart(&b, part, false)
	}
	return b.String()
}

func (s *script) literalPart(b *strings.Builder, part syntax.WordPart, quoted bool) {
	switch part := part.(type) {
	case *syntax.Lit:
		unescape(b, part.Value, quoted)
	case *syntax.SglQuoted:
		b.WriteString(part.Value)
	case *syntax.DblQuoted:
		for _, p := range part.Parts {
			s.literalPart(b, p, true)
		}
	default:
		b.WriteString(s.raw(int(part.Pos().Offset()), int(part.End().Offset())))
	}
}

// unescape drops the backslashes that the shell drops.
func unescape(b *strings.Builder, text string, quoted bool) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (!quoted || strings.IndexByte("$`\"\\\n", text[i+1]) >= 0) {
			if i++; text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
}
