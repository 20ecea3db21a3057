package dockerfile

import (
	"fmt"
	"strings"
)

// scope is how far a pragma reaches.
type scope uint8

const (
	scopeNext   scope = iota // the instruction below it
	scopeStage               // the stage whose FROM is below it
	scopeGlobal              // the file
)

// pragma is a comment that silences rules.
type pragma struct {
	scope scope
	rules []string
	// reason is mandatory in our own notation, optional in hadolint's.
	reason string
	// own says that it is in our notation.
	own bool
	comment
}

// Notations of pragmas: hadolint's words are case-sensitive, as hadolint reads
// them; ours is "boltseal:ignore RULE[,RULE] reason".
const (
	ownPragma    = "boltseal:ignore"
	nativePragma = "hadolint"
)

// describe names a pragma for people, with its reason.
func (p *pragma) describe() string {
	text := fmt.Sprintf("a hadolint ignore pragma in line %d", p.line+1)
	if p.own {
		text = fmt.Sprintf("a boltseal:ignore comment in line %d", p.line+1)
	}
	if p.reason != "" {
		text += ": " + shortened(p.reason)
	}
	return text
}

// parsePragma reads a comment; false where it is no pragma that silences rules.
func parsePragma(c comment) (pragma, bool) {
	if rest, ok := strings.CutPrefix(c.text, ownPragma); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
		words := strings.Fields(rest)
		p := pragma{own: true, comment: c}
		if len(words) > 0 {
			p.rules = strings.Split(words[0], ",")
			p.reason = strings.Join(words[1:], " ")
		}
		return p, true
	}
	body, ok := nativeBody(c)
	if !ok {
		return pragma{}, false
	}
	p := pragma{comment: c}
	switch word, rest, _ := strings.Cut(strings.ReplaceAll(body, "\t", " "), " "); word {
	case "global":
		p.scope, body = scopeGlobal, strings.TrimLeft(rest, blanks)
	case "stage":
		p.scope, body = scopeStage, strings.TrimLeft(rest, blanks)
	}
	list, ok := assigned(body, "ignore")
	if !ok {
		return pragma{}, false
	}
	list, p.reason, _ = strings.Cut(list, "#")
	p.reason = strings.TrimSpace(p.reason)
	for code := range strings.SplitSeq(list, ",") {
		code = strings.TrimSpace(code)
		if code == "" || strings.Trim(code, "DLSC0123456789") != "" {
			return pragma{}, false
		}
		p.rules = append(p.rules, code)
	}
	return p, true
}

const blanks = " \t"

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// nativeBody gives what follows the word hadolint.
func nativeBody(c comment) (string, bool) {
	rest, ok := strings.CutPrefix(c.text, nativePragma)
	if !ok || rest == "" || !isBlank(rest[0]) || c.inside {
		return "", false
	}
	return strings.TrimLeft(rest, blanks), true
}

// assigned gives what follows "name =".
func assigned(body, name string) (string, bool) {
	rest, ok := strings.CutPrefix(body, name)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(strings.TrimLeft(rest, blanks), "=")
}

// shellPragma is "# hadolint shell=NAME".
type shellPragma struct {
	line  int
	shell *shellState
}

func (f *file) shellPragmas() []shellPragma {
	var out []shellPragma
	for _, c := range f.comments {
		body, ok := nativeBody(c)
		if !ok {
			continue
		}
		value, ok := assigned(body, "shell")
		value, _, _ = strings.Cut(value, "#")
		if value = strings.TrimSpace(value); ok && value != "" {
			out = append(out, shellPragma{c.line, newShell(strings.Fields(value))})
		}
	}
	return out
}

// pragmas is what silences findings in a file.
type pragmas struct {
	all    []*pragma
	silent map[reach]*pragma
}

// reach is a rule, by its id in lower case, where a pragma silences it: in one
// instruction, in one stage, or, both being nil, in the file.
type reach struct {
	instruction *instruction
	stage       *stage
	rule        string
}

// pragmas finds what each pragma reaches. Several above one instruction add up;
// other comments may stand between, an empty line may not. One of ours that stands
// in an instruction is about that one.
func (f *file) pragmas(native *Native) *pragmas {
	ps := &pragmas{silent: make(map[reach]*pragma)}
	var pending []*pragma
	last := -1 // the line of the last comment of the block
	n := 0
	for _, c := range f.comments {
		for n < len(f.instructions) && f.instructions[n].line < c.line {
			ps.attach(pending, f.instructions[n], last)
			pending = nil
			n++
		}
		if c.inside {
			// hadolint takes these for comments; ours is about what it stands in.
			if p, ok := parsePragma(c); ok && p.own && n > 0 {
				ps.all = append(ps.all, &p)
				ps.add(&p, reach{instruction: f.instructions[n-1]})
			}
			continue
		}
		if c.line != last+1 {
			pending = nil
		}
		last = c.line
		p, ok := parsePragma(c)
		if !ok {
			continue
		}
		ps.all = append(ps.all, &p)
		if native.DisablePragmas && !p.own {
			continue
		}
		if p.scope == scopeGlobal {
			ps.add(&p, reach{})
			continue
		}
		pending = append(pending, &p)
	}
	if n < len(f.instructions) {
		ps.attach(pending, f.instructions[n], last)
	}
	return ps
}

func (ps *pragmas) attach(pending []*pragma, i *instruction, last int) {
	if i.line != last+1 {
		return
	}
	for _, p := range pending {
		switch {
		case p.scope == scopeNext:
			ps.add(p, reach{instruction: i})
		case i.keyword == "FROM":
			ps.add(p, reach{stage: i.stage})
		}
	}
}

// add notes what a pragma silences. One of ours without a reason silences nothing.
func (ps *pragmas) add(p *pragma, at reach) {
	if p.own && p.reason == "" {
		return
	}
	for _, id := range p.rules {
		at.rule = strings.ToLower(id)
		if ps.silent[at] == nil {
			ps.silent[at] = p
		}
	}
}

// silences gives the pragma that silences a finding, nil where there is none.
func (ps *pragmas) silences(h *hit) *pragma {
	id := strings.ToLower(h.rule.ID)
	if p := ps.silent[reach{rule: id}]; p != nil || h.instruction == nil {
		return p
	}
	i := h.instruction
	if i.onbuild != nil {
		i = i.onbuild
	}
	if p := ps.silent[reach{instruction: i, rule: id}]; p != nil || i.stage == nil {
		return p
	}
	return ps.silent[reach{stage: i.stage, rule: id}]
}
