package dockerfile

import (
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
	if !toStdout(c) {
		return
	}
	if by := runs(c); by != "" {
		r.command(c, "what %s downloads is run by %s unchecked", c.name(), quote(by))
	}
}, "curl", "wget"))

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

// interpreted says where an interpreter takes its program from.
type interpreted struct {
	name  string
	stdin bool
	code  *syntax.Word // a word that is the program, or names its file
}

// interpreter looks at what a command interprets. One that is none has no name.
func interpreter(c *command) interpreted {
	words := c.words
	for len(words) > 1 && slices.Contains([]string{"sudo", "env", "nohup"}, words[0].text) {
		words = words[1:]
		for len(words) > 0 && (strings.HasPrefix(words[0].text, "-") || strings.Contains(words[0].text, "=")) {
			words = words[1:]
		}
	}
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
