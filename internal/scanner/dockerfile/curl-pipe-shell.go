package dockerfile

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/curl-pipe-shell", Severity: finding.High,
	Title:       "Download is run without a check",
	Remediation: "Download to a file, compare its checksum or signature, then run it",
	Controls:    []string{"cis-docker-1.6:4.11"},
}, onCommand(func(r *report, c *command) {
	if inner := effective(c); downloads(inner) {
		if by := pipedTo(inner); by != "" {
			r.command(c, "what %s downloads is run by %s unchecked", inner.name(), quote(by))
		}
		return
	}
	for _, script := range nested(c) {
		if name, by := nestedDownload(script); by != "" {
			r.command(c, "what %s downloads is run by %s unchecked", name, quote(by))
			return
		}
	}
	if fetchesItself(c) {
		r.command(c, "code that %s downloads is run by it unchecked", quote(effective(c).name()))
	}
}, slices.Concat([]string{"curl", "wget", "su", "runuser"}, interpreterNames, wrapperNames)...), onStage(runDownloads))

func downloads(c *command) bool { return c.name() == "curl" || c.name() == "wget" }

// pipedTo names what runs what a download prints.
func pipedTo(c *command) string {
	if !toStdout(c) {
		return ""
	}
	return runs(c)
}

// nestedDownload looks for a download that is run within a script that stands in
// an argument.
func nestedDownload(s *script) (name, by string) {
	for _, c := range s.commands {
		if inner := effective(c); downloads(inner) {
			if by = pipedTo(inner); by != "" {
				return inner.name(), by
			}
		}
	}
	return "", ""
}

// nested reads the shell code that a command gives to another shell as a literal
// argument, where there may be a download in it.
func nested(c *command) []*script {
	inner := effective(c)
	var code *syntax.Word
	switch inner.name() {
	case "su", "runuser":
		for _, o := range inner.options("csgGw", "command", "shell", "session-command") {
			if o.name == "c" || o.name == "command" || o.name == "session-command" {
				code = inner.words[min(o.word+1, len(inner.words)-1)].node
			}
		}
	default:
		by := interpreter(c)
		if !unix(program(by.name)) {
			return nil
		}
		code = by.code
	}
	if code == nil {
		return nil
	}
	text := c.script.literal(code)
	if !strings.Contains(text, "curl") && !strings.Contains(text, "wget") || strings.TrimSpace(text) == "" {
		return nil
	}
	s := &script{run: c.run, shell: "sh", mapped: mapped{text, []piece{{0, c.where.start}}}}
	s.tree, s.err = parseShell(text, syntax.LangBash)
	w := walker{script: s}
	w.stmts(s.tree.Stmts)
	return []*script{s}
}

// fetchesItself says whether an interpreter is given code that downloads code and
// runs it.
func fetchesItself(c *command) bool {
	by := interpreter(c)
	if by.code == nil || unix(program(by.name)) {
		return false
	}
	code := c.script.literal(by.code)
	runs := strings.Contains(code, "exec(") || strings.Contains(code, "eval(") || strings.Contains(code, "eval ")
	return runs && slices.ContainsFunc([]string{"urlopen(", "requests.get(", "urlretrieve(", "URI.open(", "LWP::Simple", "file_get_contents('http", `file_get_contents("http`},
		func(s string) bool { return strings.Contains(code, s) })
}

// toStdout says whether a download goes to the standard output.
func toStdout(c *command) bool {
	if c.name() == "curl" {
		outputs := c.values("o", "output")
		return slices.Contains(outputs, "-") || !c.flag("o", "output", "O", "remote-name", "remote-name-all")
	}
	outputs := c.values("O", "output-document")
	for n, a := range c.words {
		if strings.HasPrefix(a.text, "-") && !strings.HasPrefix(a.text, "--") {
			if strings.HasSuffix(a.text, "O-") || strings.HasSuffix(a.text, "O") && n+1 < len(c.words) && c.words[n+1].text == "-" {
				return true
			}
		}
	}
	return slices.Contains(outputs, "-") || slices.Contains(outputs, "/dev/stdout")
}

// runs names the program that executes what a command prints: an interpreter
// further down the pipe, or one around a substitution.
func runs(c *command) string {
	for ; c != nil; c = c.parent {
		if c.pipe != nil {
			if by := c.pipe.lastReader(); by.step > c.step {
				return by.name
			}
		}
		if c.parent == nil || c.word == nil && !c.input {
			continue
		}
		if by := interpreter(c.parent); by.stdin && c.input || by.code != nil && by.code == c.word {
			return by.name
		}
	}
	return ""
}

// reader is a step of a pipeline that runs what it reads as a program.
type reader struct {
	step int
	name string
}

// lastReader finds the last one of a pipeline, once; its step is -1 for none.
func (p *pipeline) lastReader() *reader {
	if p.reader != nil {
		return p.reader
	}
	p.reader = &reader{step: -1}
	for n, v := range slices.Backward(p.steps) {
		for _, c := range v {
			if by := interpreter(c); by.stdin {
				p.reader = &reader{n, by.name}
				return p.reader
			}
		}
	}
	return p.reader
}

// interpreters run what they are given as a program; the letters are the options
// that take the program from the command line.
var interpreters = map[string]string{
	"sh": "c", "bash": "c", "dash": "c", "ash": "c", "zsh": "c", "ksh": "c",
	"python": "c", "perl": "eE", "ruby": "e", "node": "ep", "php": "rB",
}

var interpreterNames = slices.Sorted(maps.Keys(interpreters))

// interpreted says where an interpreter takes its program from.
type interpreted struct {
	name  string
	stdin bool
	code  *syntax.Word // a word that is the program, or names its file
}

// interpreter looks at what a command interprets. One that is none has no name.
func interpreter(c *command) interpreted {
	words := effective(c).words
	if len(words) == 0 {
		return interpreted{}
	}
	by := interpreted{name: words[0].text}
	if len(words) > 1 && slices.Contains([]string{"eval", "source", "."}, by.name) {
		by.code = words[1].node
		return by
	}
	code, known := interpreters[strings.TrimRight(program(by.name), "0123456789.")]
	if !known {
		return interpreted{}
	}
	for n, a := range words[1:] {
		switch {
		case a.text == "-" || a.text == "/dev/stdin" || a.text == "-s":
			by.stdin = true
			return by
		case !strings.HasPrefix(a.text, "-"):
			by.code = a.node // its file
			return by
		case a.text == "-m":
			return by
		case !strings.HasPrefix(a.text, "--") && strings.ContainsAny(a.text[1:], code):
			if n+2 < len(words) {
				by.code = words[n+2].node
			}
			return by
		}
	}
	by.stdin = true
	return by
}
