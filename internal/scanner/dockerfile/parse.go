package dockerfile

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	keywords "github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// parse reads a Dockerfile. BuildKit's parser says what builds; where it refuses
// the file, each instruction is given to it by itself, so that a fault costs one
// instruction and not the file.
func parse(path string, data []byte) *file {
	src := newSource(data)
	s := split(src)
	if s.limit != "" {
		src.truncate(s.cut)
	}
	f := &file{
		source: src, path: path, escape: s.escape,
		directives: s.directives, comments: s.comments, faults: s.faults,
	}
	if s.limit != "" {
		f.limits = append(f.limits, s.limit)
	}
	nodes, errs := f.nodes(s)
	for n, l := range s.logicals {
		i := f.instruction(l)
		err := errs[n]
		if err == nil && nodes[n] != nil {
			err = f.check(i, nodes[n])
		}
		if errors.Is(err, errUnknowable) {
			// A flag of another frontend does not hide what runs.
			i.broken = i.keyword != "RUN"
		} else if err != nil {
			i.broken = true
			f.faults = append(f.faults, fault{i.head(), err, i})
		}
		f.place(i)
	}
	if len(f.instructions) == 0 && len(f.faults) == 0 && s.limit == "" {
		f.faults = append(f.faults, fault{err: errEmpty})
	}
	slices.SortStableFunc(f.faults, func(a, b fault) int { return a.span.start - b.span.start })
	f.shells()
	return f
}

// nodes gives BuildKit's node for each instruction, or why there is none.
func (f *file) nodes(s *splitter) ([]*parser.Node, []error) {
	nodes, errs := make([]*parser.Node, len(s.logicals)), make([]error, len(s.logicals))
	whole := len(s.faults) == 0 && len(s.logicals) > 0
	chained := make([]bool, len(s.logicals))
	for n, l := range s.logicals {
		chained[n] = isChain(l.text, s.escape)
		whole = whole && l.err == nil && !chained[n]
	}
	if whole && f.parseWhole(s, nodes) {
		return nodes, errs
	}
	for n, l := range s.logicals {
		switch {
		case l.err != nil:
			errs[n] = l.err
		case !chained[n]:
			nodes[n], errs[n] = f.parseOne(l)
		}
	}
	return nodes, errs
}

// isChain says whether an ONBUILD holds another one. BuildKit refuses it, after a
// recursion as deep as the chain is long: it is never given one. DL3043 reports it.
func isChain(text string, escape byte) bool {
	c := cut(text, 0, escape)
	return c.keyword == "ONBUILD" && cut(text, c.rest, escape).keyword == "ONBUILD"
}

// parseWhole gives the whole file to BuildKit. It is false where BuildKit refuses
// it, or cuts it differently than we do.
func (f *file) parseWhole(s *splitter, nodes []*parser.Node) bool {
	result, err := parser.Parse(bytes.NewReader(f.data))
	if err != nil || len(result.AST.Children) != len(nodes) {
		return false
	}
	for n, node := range result.AST.Children {
		if node.StartLine != s.logicals[n].first+1 {
			return false
		}
		nodes[n] = node
	}
	return true
}

// parseOne gives the lines of one instruction to BuildKit.
func (f *file) parseOne(l logical) (*parser.Node, error) {
	var lines bytes.Buffer
	if f.escape != '\\' {
		lines.WriteString("# escape=" + string(rune(f.escape)) + "\n")
	}
	lines.Write(f.data[l.where.start:f.line(l.last).end])
	result, err := parser.Parse(&lines)
	if err != nil {
		return nil, err
	}
	if len(result.AST.Children) != 1 {
		return nil, errors.New("cannot be read as one instruction")
	}
	return result.AST.Children[0], nil
}

// check asks BuildKit whether a node is a valid instruction.
func (f *file) check(i *instruction, node *parser.Node) error {
	if i.keyword == "ONBUILD" && i.trigger != nil {
		switch i.trigger.keyword {
		case "ONBUILD", "FROM", "MAINTAINER":
			return nil // DL3043 reports it
		}
		if err := f.checkNode(i, node); err != nil {
			return err
		}
		return f.checkNode(i.trigger, node.Next.Children[0])
	}
	return f.checkNode(i, node)
}

// maxFlag is the longest flag, in bytes, that BuildKit is asked about: it compares
// a mistyped one with all others, letter by letter.
const maxFlag = 16 * 1024

// errUnknowable marks what BuildKit refuses but another frontend may know.
var errUnknowable = errors.New("not an instruction of Docker's own syntax")

func (f *file) checkNode(i *instruction, node *parser.Node) error {
	err := validate(i, node)
	if err != nil && f.customSyntax() {
		return errUnknowable
	}
	return err
}

func validate(i *instruction, node *parser.Node) error {
	if _, known := keywords.Commands[strings.ToLower(i.keyword)]; !known {
		return errors.New("unknown instruction")
	}
	for _, flag := range i.flags {
		if len(flag.text) > maxFlag {
			return errors.New("flag longer than 16384 bytes")
		}
	}
	cmd, err := instructions.ParseInstruction(node)
	if run, ok := cmd.(*instructions.RunCommand); ok && err == nil {
		return checkMounts(i, run)
	}
	return err
}

// checkMounts asks BuildKit about the mounts of a RUN, which it reads when variables
// are known. Where there are any, nobody knows.
func checkMounts(i *instruction, run *instructions.RunCommand) error {
	mounts := i.flagValues("mount")
	if len(mounts) == 0 || slices.ContainsFunc(mounts, func(m string) bool { return strings.Contains(m, "$") }) {
		return nil
	}
	return run.Expand(func(word string) (string, error) { return word, nil })
}

// customSyntax says whether the file is read by another frontend than Docker's
// own, which may know more instructions and flags.
func (f *file) customSyntax() bool {
	for _, d := range f.directives {
		if d.name == "syntax" {
			ref := strings.TrimPrefix(strings.TrimPrefix(d.value, "docker.io/"), "index.docker.io/")
			name, _, _ := image(ref)
			return name != "docker/dockerfile" && name != "docker/dockerfile-upstream"
		}
	}
	return false
}

// instruction makes an instruction out of its text.
func (f *file) instruction(l logical) *instruction {
	i := &instruction{
		mapped: l.mapped, file: f, where: l.where, line: l.first, last: l.last,
		heredocs: l.heredocs, parts: cut(l.text, 0, f.escape),
	}
	i.read(f.escape)
	if i.keyword == "ONBUILD" && i.rest < i.end {
		t := *i
		t.onbuild = i
		t.parts = cut(l.text, i.rest, f.escape)
		t.read(f.escape)
		i.trigger = &t
	}
	return i
}

// read cuts the arguments into words, as BuildKit does for the instruction.
func (i *instruction) read(escape byte) {
	switch i.keyword {
	case "ENV", "LABEL", "ARG":
		i.words = keyWords(i.text, i.rest, i.end, escape)
	case "FROM", "EXPOSE":
		i.words = fields(i.text, i.rest, i.end)
	case "ADD", "COPY", "VOLUME":
		if i.words, i.exec = jsonWords(i.text, i.rest, i.end); !i.exec {
			i.words = fields(i.text, i.rest, i.end)
		}
	case "RUN", "CMD", "ENTRYPOINT", "SHELL":
		if i.words, i.exec = jsonWords(i.text, i.rest, i.end); !i.exec {
			i.words = i.one(i.rest)
		}
	case "HEALTHCHECK":
		i.readHealthcheck()
	default:
		i.words = i.one(i.rest)
	}
}

// one is the text from a byte on as a single word, none where it is empty.
func (i *instruction) one(from int) []lexeme {
	if from >= i.end {
		return nil
	}
	return []lexeme{{i.text[from:i.end], from, i.end}}
}

// readHealthcheck reads "NONE" or "CMD" and, as further words, the command.
func (i *instruction) readHealthcheck() {
	words := fields(i.text, i.rest, i.end)
	if len(words) == 0 {
		return
	}
	i.words = words[:1:1]
	if len(words) == 1 {
		return
	}
	from := words[1].i
	list, exec := jsonWords(i.text, from, i.end)
	if i.exec = exec; !exec {
		list = i.one(from)
	}
	i.words = append(i.words, list...)
}

// place puts an instruction into its stage.
func (f *file) place(i *instruction) {
	f.instructions = append(f.instructions, i)
	if i.keyword == "FROM" {
		f.begin(i)
		return
	}
	st := f.final()
	if st == nil {
		f.preamble = append(f.preamble, i)
		return
	}
	i.stage = st
	if i.trigger != nil {
		i.trigger.stage = st
	}
	st.instructions = append(st.instructions, i)
}

// begin starts a stage.
func (f *file) begin(from *instruction) {
	st := &stage{index: len(f.stages), from: from}
	from.stage = st
	if len(from.words) > 0 {
		st.base = from.words[0].text
	}
	if len(from.words) == 3 && strings.EqualFold(from.words[1].text, "as") {
		st.name = strings.ToLower(from.words[2].text)
	}
	if st.parent = f.named[strings.ToLower(st.base)]; st.parent != nil {
		st.parent.children++
	}
	f.stages = append(f.stages, st)
	if st.name != "" {
		if f.named == nil {
			f.named = make(map[string]*stage)
		}
		f.named[st.name] = st
	}
}
