package dockerfile

import (
	"strings"
)

// file is a Dockerfile as rules see it. It is complete as far as the file can be
// read: what cannot is in faults.
type file struct {
	*source
	path       string
	escape     byte
	directives []directive
	comments   []comment
	// instructions are all of them, in order; preamble those before the first
	// FROM, stages the others.
	instructions []*instruction
	preamble     []*instruction
	stages       []*stage
	named        map[string]*stage // the last stage of each name
	faults       []fault
	// variables are made when they are first asked for: see settings.
	variables map[string][]variableSetting
	// limits say what was not looked at because of its size.
	limits []string
	// known are the facts that fixes asked for.
	known *facts
}

// stage is a FROM and what follows it.
type stage struct {
	index int
	from  *instruction
	// name is lower case, as BuildKit compares it; empty where there is none.
	name string
	// base is the image as it is written; empty where FROM is broken.
	base string
	// parent is the stage that base names, nil where it is an image.
	parent *stage
	// instructions are those behind FROM.
	instructions []*instruction
	// children counts the stages that build on this one.
	children int
}

// instruction is one instruction. Its text is without continuations, comments
// and heredocs.
type instruction struct {
	mapped
	parts
	file  *file
	stage *stage // nil before the first FROM
	// where is the whole of it, from its first byte to the end of its last line,
	// heredocs with it. Of a trigger it is where the ONBUILD is.
	where span
	// line and last are its lines, counted from 0, last included.
	line, last int
	// words are the arguments: cut at white space, of an exec form its strings,
	// of RUN and other free text one.
	words []lexeme
	// exec says that they are in exec form.
	exec     bool
	heredocs []heredoc
	// trigger is what an ONBUILD holds; onbuild is the ONBUILD around a trigger.
	trigger, onbuild *instruction
	// broken says that BuildKit refuses it; its words may be anything.
	broken bool
	// shell is the one in effect here.
	shell *shellState
	// script is what RUN gives to the shell; nil where there is none.
	script *script
	// identified is what identity has made; empty where nobody has asked.
	identified string
}

// flag gives the value of a flag: "from" for "--from=x". A flag without value
// gives "" and true.
func (i *instruction) flag(name string) (string, bool) {
	for _, f := range i.flags {
		key, value, _ := strings.Cut(strings.TrimPrefix(f.text, "--"), "=")
		if key == name {
			return value, true
		}
	}
	return "", false
}

// flagValues gives the values of a flag that can be repeated.
func (i *instruction) flagValues(name string) []string {
	var values []string
	for _, f := range i.flags {
		key, value, _ := strings.Cut(strings.TrimPrefix(f.text, "--"), "=")
		if key == name {
			values = append(values, value)
		}
	}
	return values
}

// args are the words' texts.
func (i *instruction) args() []string {
	args := make([]string, len(i.words))
	for n, w := range i.words {
		args[n] = w.text
	}
	return args
}

// wordSpan is where a word stands.
func (i *instruction) wordSpan(n int) span { return i.span(i.words[n].i, i.words[n].j) }

// keywordSpan is where the keyword stands.
func (i *instruction) keywordSpan() span { return i.span(i.at, i.at+len(i.keyword)) }

// head is the region of the instruction without its heredocs.
func (i *instruction) head() span { return i.span(i.at, i.end) }

// body is the region of the arguments, without keyword and flags.
func (i *instruction) body() span { return i.span(i.rest, i.end) }

// normalised is the instruction's text on one line: values of ENV, ARG and LABEL are
// left out.
func (i *instruction) normalised() string {
	words := []string{i.keyword}
	for _, f := range i.flags {
		words = append(words, f.text)
	}
	switch {
	case i.trigger != nil:
		words = append(words, i.trigger.identity())
	case i.keyword == "ENV" || i.keyword == "ARG" || i.keyword == "LABEL":
		if i.broken {
			break
		}
		for _, p := range i.pairs() {
			words = append(words, p.key)
		}
	default:
		words = append(words, i.text[i.rest:i.end])
	}
	return strings.Join(words, " ")
}

// final is the stage that is built when no target is named; nil where there is none.
func (f *file) final() *stage {
	if len(f.stages) == 0 {
		return nil
	}
	return f.stages[len(f.stages)-1]
}

// image takes an image reference apart. A tag or digest that is not there is
// empty.
func image(ref string) (name, tag, digest string) {
	name, digest, _ = strings.Cut(ref, "@")
	if slash := strings.LastIndexByte(name, '/'); strings.LastIndexByte(name, ':') > slash {
		n := strings.LastIndexByte(name, ':')
		name, tag = name[:n], name[n+1:]
	}
	return name, tag, digest
}
