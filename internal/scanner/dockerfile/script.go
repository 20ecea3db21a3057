package dockerfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"
)

// maxShell bounds the shell code that is parsed of one file, in bytes: a tree
// takes more than a hundred times its text.
const maxShell = 512 << 10

// maxFrames bounds how deep the shell parser's recursion may go, in calls.
const maxFrames = 4096

// shellBudget counts the shell code of a file.
type shellBudget struct{ spent int }

// take says whether so much may still be parsed.
func (b *shellBudget) take(n int) bool {
	b.spent += n
	return b.spent <= maxShell
}

// script is what a RUN gives to a shell, or the program that it runs without one.
type script struct {
	mapped
	run *instruction
	// shell is who reads it: "sh", "bash", "python3".
	shell string
	// foreign says that it is no Unix shell. The tree then is an attempt, good for
	// finding programs by name and for nothing else.
	foreign bool
	// other says that it is another interpreter's code: there is no tree.
	other bool
	// options are the words between the shell and its -c.
	options []string
	// tree is nil where there is nothing to parse; where err is set it ends
	// before the error.
	tree *syntax.File
	err  error
	// zsh says that no other shell could read it.
	zsh bool
	// commands are all simple commands, in order of the text.
	commands []*command
	// pipelines are all that have more than one command.
	pipelines []*pipeline
}

var errTooDeep = errors.New("shell code nested too deeply")

// readScript reads what a RUN runs.
func (i *instruction) readScript(budget *shellBudget) {
	if i.keyword != "RUN" || i.broken || len(i.words) == 0 {
		return
	}
	s := &script{run: i, shell: i.shell.name, foreign: i.shell.foreign()}
	switch {
	case i.exec:
		if !s.exec() {
			i.script = s
			return
		}
	case len(i.heredocs) > 0:
		s.documents()
	default:
		s.mapped = i.sub(i.rest, i.end)
	}
	if s.other {
		i.script = s
		return
	}
	if !budget.take(len(s.text)) {
		return
	}
	s.parse()
	if errors.Is(s.err, errTooDeep) {
		i.file.limits = append(i.file.limits, errTooDeep.Error())
	}
	i.script = s
}

// exec reads the exec form: one command, or a shell with its script. It says
// whether there is text to parse.
func (s *script) exec() bool {
	i := s.run
	name := program(i.words[0].text)
	s.foreign = false
	if unix(name) {
		for n := 1; n+1 < len(i.words); n++ {
			w := i.words[n].text
			if !strings.HasPrefix(w, "-") && i.words[n-1].text != "-o" {
				break
			}
			if strings.HasPrefix(w, "-") && strings.HasSuffix(w, "c") {
				s.shell = name
				for _, o := range i.words[:n] {
					s.options = append(s.options, o.text)
				}
				s.mapped = i.jsonText(i.words[n+1])
				return true
			}
		}
	}
	s.shell = ""
	c := &command{script: s, run: i, where: i.body()}
	for n, w := range i.words {
		c.words = append(c.words, arg{text: w.text, raw: w.text, where: i.wordSpan(n)})
	}
	c.unwrap()
	s.commands = []*command{c}
	return false
}

// jsonText gives a JSON string's text, each byte with its place in the source.
func (i *instruction) jsonText(w lexeme) mapped {
	var b builder
	raw := i.text[w.i+1 : w.j-1]
	for n := 0; n < len(raw); {
		size := strings.IndexByte(raw[n:], '\\')
		if size != 0 {
			if size < 0 {
				size = len(raw) - n
			}
			b.add([]byte(raw[n:n+size]), i.offset(w.i+1+n))
			n += size
			continue
		}
		size = 2
		if raw[n+1] == 'u' {
			size = 6
			if strings.HasPrefix(raw[n+6:], `\u`) && (raw[n+2] == 'd' || raw[n+2] == 'D') {
				size = 12 // a surrogate pair
			}
		}
		size = min(size, len(raw)-n)
		var c string
		if json.Unmarshal([]byte(`"`+raw[n:n+size]+`"`), &c) == nil {
			b.add([]byte(c), i.offset(w.i+1+n))
		}
		n += size
	}
	if b.pieces == nil {
		b.add(nil, i.offset(w.i+1))
	}
	return b.mapped()
}

// documents puts a RUN with heredocs together: where there is nothing but one
// heredoc, its body is the script; else the shell gets command and heredocs.
func (s *script) documents() {
	i := s.run
	data := i.file.data
	var b builder
	if doc, _ := parser.ParseHeredoc(i.text[i.rest:i.end]); doc != nil {
		body := i.heredocs[0].body
		b.add(data[body.start:body.end], body.start)
		s.mapped = b.mapped()
		s.shebang()
		return
	}
	head := i.sub(i.rest, i.end)
	b.text, b.pieces = []byte(head.text), head.pieces
	for _, h := range i.heredocs {
		b.add([]byte("\n"), h.body.start-1)
		end := h.body.end + len(h.name)
		if h.chomp {
			line := data[h.body.end:]
			end += len(line) - len(bytes.TrimLeft(line, "\t"))
		}
		b.add(data[h.body.start:end], h.body.start)
	}
	s.mapped = b.mapped()
}

// shebang obeys the first line of a script.
func (s *script) shebang() {
	line, _, _ := strings.Cut(s.text, "\n")
	if !strings.HasPrefix(line, "#!") {
		return
	}
	words := strings.Fields(line[2:])
	for n, w := range words {
		if s.shell = program(w); s.shell != "env" {
			s.options = words[n:]
			break
		}
	}
	s.foreign = !unix(s.shell)
	s.other = s.foreign
}

// parse reads the text as a shell would. Everything is read as bash first: it
// knows most, and who asks for less can look at the tree.
func (s *script) parse() {
	for _, lang := range []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX, syntax.LangZsh} {
		tree, err := parseShell(s.text, lang)
		if err == nil || s.tree == nil {
			s.tree, s.err = tree, err
			s.zsh = lang == syntax.LangZsh && err == nil
		}
		if err == nil || errors.Is(err, errTooDeep) || s.foreign {
			break
		}
	}
	w := walker{script: s}
	w.stmts(s.tree.Stmts)
}

func parseShell(text string, lang syntax.LangVariant) (*syntax.File, error) {
	var tree *syntax.File
	var err error
	read := func() {
		tree, err = syntax.NewParser(syntax.Variant(lang)).Parse(&shallowReader{r: strings.NewReader(text)}, "")
	}
	if len(text) <= freely {
		read()
	} else {
		onNewStack(read)
	}
	if tree == nil {
		tree = &syntax.File{}
	}
	return tree, err
}

// onNewStack calls f on a stack of its own, so that its depth is f's alone and not
// that of whoever happens to call. A panic is passed on.
func onNewStack(f func()) {
	panicked := make(chan any, 1)
	go func() {
		defer func() { panicked <- recover() }()
		f()
	}()
	if v := <-panicked; v != nil {
		panic(v)
	}
}

// shallowReader ends the parser's work when its recursion goes too deep. The
// parser has no limit of its own, and Go's stack overflow cannot be caught; but it
// reads a kilobyte at a time, from within the recursion. It wants to be called on
// a stack that holds the parser's calls only.
type shallowReader struct {
	r    io.Reader
	read int
}

// freely is how much is read before depth is looked at, in bytes: so little text
// cannot nest dangerously deep, and asking has its price.
const freely = 4096

func (s *shallowReader) Read(p []byte) (int, error) {
	var deep [1]uintptr
	if s.read > freely && runtime.Callers(maxFrames, deep[:]) > 0 {
		return 0, errTooDeep
	}
	n, err := s.r.Read(p)
	s.read += n
	return n, err
}

// span gives the region of the source for a region of the text, which may come
// from a tree that is broken off.
func (s *script) span(i, j int) span {
	i = max(0, min(i, len(s.text)))
	return s.mapped.span(i, max(i, min(j, len(s.text))))
}
