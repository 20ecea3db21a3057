package dockerfile

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call is a simple command as the checks of shell code see it.
type call struct {
	node *syntax.CallExpr
	stmt *syntax.Stmt
	// name is the program's name without its path; what only leads to it (command,
	// exec) is looked through. Empty where it is not known.
	name string
	// words begin with the program.
	words []*syntax.Word
	texts []string
	// taken is what bracket has found.
	taken *bracket
}

// args are the words behind the program.
func (c *call) args() []*syntax.Word {
	if len(c.words) == 0 {
		return nil
	}
	return c.words[1:]
}

// text is a word without quotes when it is a literal; else it is empty. The program is
// word 0.
func (c *call) text(n int) string {
	if len(c.texts) < len(c.words) {
		c.texts = c.texts[:0]
		for _, word := range c.words {
			text, _ := literalWord(word)
			c.texts = append(c.texts, text)
		}
	}
	if n >= len(c.texts) {
		return ""
	}
	return c.texts[n]
}

// has says whether a literal is among the arguments.
func (c *call) has(words ...string) bool {
	for n := 1; n < len(c.words); n++ {
		if slices.Contains(words, c.text(n)) {
			return true
		}
	}
	return false
}

// flag says whether an option is given, a letter in any cluster or a long name.
func (c *call) flag(names ...string) bool {
	for n := 1; n < len(c.words); n++ {
		text := c.text(n)
		if text == "--" {
			return false
		}
		if slices.ContainsFunc(names, func(name string) bool { return isFlag(text, name) }) {
			return true
		}
	}
	return false
}

// simple walks a simple command.
func (w *shellWalk) simple(st *syntax.Stmt, node *syntax.CallExpr) {
	outer := w.call
	c := w.newCall(st, node)
	w.call = c
	w.visit(node)
	if !w.dry {
		w.called(c)
	}
	w.enter(node)
	for _, a := range node.Assigns {
		w.assignment(a, inAssign, len(node.Args) > 0)
	}
	for n, word := range node.Args {
		at := inArgs
		if n <= len(node.Args)-len(c.words) && len(word.Parts) == 1 {
			at = inName
		}
		w.wordIn(word, at)
	}
	w.leave()
	w.call = outer
	w.effects(c)
	w.spare = append(w.spare, c)
}

// newCall takes a spare call where there is one: checks keep none.
func (w *shellWalk) newCall(st *syntax.Stmt, node *syntax.CallExpr) *call {
	if len(w.spare) == 0 {
		return newCall(st, node)
	}
	c := w.spare[len(w.spare)-1]
	w.spare = w.spare[:len(w.spare)-1]
	*c = call{texts: c.texts[:0]}
	c.read(st, node)
	return c
}

func newCall(st *syntax.Stmt, node *syntax.CallExpr) *call {
	c := &call{}
	c.read(st, node)
	return c
}

// read takes a simple command apart.
func (c *call) read(st *syntax.Stmt, node *syntax.CallExpr) {
	c.node, c.stmt, c.words = node, st, node.Args
	for len(c.words) > 0 {
		name, ok := literalWord(c.words[0])
		if !ok {
			return
		}
		c.name = name[strings.LastIndexByte(name, '/')+1:]
		if len(c.words) == 1 || !slices.Contains(prefixes, c.name) {
			return
		}
		if next, ok := literalWord(c.words[1]); ok && strings.HasPrefix(next, "-") {
			return
		}
		c.words, c.name = c.words[1:], ""
	}
}

// called calls the checks of a command.
func (w *shellWalk) called(c *call) {
	for _, a := range w.checks.calls[""] {
		a.look(a.report, w, c)
	}
	if c.name != "" {
		for _, a := range w.checks.calls[c.name] {
			a.look(a.report, w, c)
		}
	}
}

// assignment walks one assignment; a temporary one holds for one command only.
func (w *shellWalk) assignment(a *syntax.Assign, at place, temporary bool) {
	w.visit(a)
	w.enter(a)
	v := w.assignedValue(a, at)
	w.leave()
	if a.Name == nil {
		return
	}
	if !w.dry {
		use := w.use(a.Name.Value)
		use.array = use.array || a.Array != nil || a.Index != nil
		use.scalar = use.scalar || a.Value != nil && a.Index == nil
		use.exported = use.exported || temporary
		use.set(a)
	}
	if !temporary {
		w.assigned(a.Name.Value, a, v)
	}
}

// assignedValue walks the value of an assignment and gives what is known of it.
func (w *shellWalk) assignedValue(a *syntax.Assign, at place) value {
	name := ""
	if a.Name != nil {
		name = a.Name.Value
	}
	if a.Index != nil {
		w.index(name, a.Index)
	}
	if a.Array != nil {
		for _, e := range a.Array.Elems {
			w.visit(e)
			if e.Index != nil {
				w.index(name, e.Index)
			}
			w.wordIn(e.Value, inArray)
		}
	}
	if a.Array != nil || a.Naked {
		return valueAny
	}
	if text, ok := literalWord(a.Value); ok && prompts(name) {
		w.mentioned(text, a.Value)
	}
	v := w.wordValue(a.Value)
	if a.Append {
		v = concatenated(w.vars.get(name), v)
	}
	w.wordIn(a.Value, at)
	if a.Index != nil {
		return valueAny
	}
	return v
}

// prompts says whether a shell expands the value of a variable when it asks.
func prompts(name string) bool {
	switch name {
	case "PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND":
		return true
	}
	return false
}

func concatenated(a, b value) value {
	switch {
	case a == valueAny || b == valueAny:
		return valueAny
	case a == valueOne || b == valueOne:
		return valueOne
	}
	return valueNone
}

// declClause walks export, local and the like.
func (w *shellWalk) declClause(d *syntax.DeclClause) {
	flags := ""
	if d.Variant.Value == "export" {
		flags = "x"
	}
	for _, a := range d.Args {
		switch {
		case a.Name == nil:
			if text, ok := literalWord(a.Value); ok && strings.HasPrefix(text, "-") {
				flags += text
			}
			w.wordIn(a.Value, inArgs)
		case a.Naked:
			w.visit(a)
			w.declares(a, flags)
			if d.Variant.Value != "export" && d.Variant.Value != "readonly" {
				w.vars.set(a.Name.Value, valueNone)
			}
		default:
			w.declares(a, flags)
			if w.assignment(a, inDeclare, false); strings.Contains(flags, "i") {
				w.vars.set(a.Name.Value, valueOne)
			}
		}
	}
}

// declares notes what a declaration makes of a variable.
func (w *shellWalk) declares(a *syntax.Assign, flags string) {
	use := w.use(a.Name.Value)
	use.keyed = use.keyed || strings.Contains(flags, "A")
	use.exported = use.exported || strings.Contains(flags, "x")
	use.set(a)
}

// effects is what a command does to variables and to the way.
func (w *shellWalk) effects(c *call) {
	switch c.name {
	case "trap", "alias":
		for _, word := range c.args() {
			if text, ok := literalWord(word); ok {
				w.mentioned(text, word)
			}
		}
	case "[":
		w.questions(c)
	case "exit", "return":
		w.vars.dead = true
	case "unset":
		for n := range c.args() {
			if name := c.text(n + 1); isName(name) {
				w.vars.set(name, valueAny)
			}
		}
	case "read", "mapfile", "readarray", "getopts", "printf", "wait":
		w.reads(c)
	default:
		if f := w.functions[c.name]; f != nil {
			w.run(f)
		}
	}
	w.vars.dead = w.vars.dead || c.replaces()
}

// replaces says whether a program takes the place of the shell.
func (c *call) replaces() bool {
	if len(c.node.Args) < 2 {
		return false
	}
	first, ok := literalWord(c.node.Args[0])
	return ok && first == "exec"
}

// questions notes the variables that a [ asks whether they are empty or set.
func (w *shellWalk) questions(c *call) {
	for _, p := range c.bracket().primaries {
		switch op := c.text(p.operator); {
		case p.operator == 0 || op == "-n" || op == "-z":
			w.asks(c.words[p.left].Parts)
		case op == "-v":
			w.asksName(c.words[p.left])
		}
	}
}

// reads notes the variables that a command sets from what nobody knows.
func (w *shellWalk) reads(c *call) {
	set := func(n int) {
		if name := c.text(n); isName(name) {
			w.assigned(name, c.words[n], valueAny)
		}
	}
	switch c.name {
	case "printf", "wait":
		option := map[string]string{"printf": "-v", "wait": "-p"}[c.name]
		for n := 1; n+1 < len(c.words); n++ {
			if c.text(n) == option {
				set(n + 1)
			}
		}
	case "getopts":
		if len(c.words) > 2 {
			set(2)
		}
		w.assigned("OPTARG", c.words[0], valueAny)
		w.assigned("OPTIND", c.words[0], valueOne)
	case "read":
		for n := 1; n < len(c.words); n++ {
			text := c.text(n)
			if strings.HasPrefix(text, "-") {
				if len(text) == 2 && strings.Contains("dinNptu", text[1:]) {
					n++
				}
				continue
			}
			set(n)
		}
	default:
		for n := 1; n < len(c.words); n++ {
			set(n)
		}
	}
}

// run takes what a function does to variables where it is called.
func (w *shellWalk) run(f *function) {
	w.budget--
	if f.active || w.budget < 0 {
		return
	}
	if !w.dry {
		f.enterWith(w.vars.now, &w.budget)
	}
	f.active = true
	dry := w.dry
	w.dry = true
	after := w.vars.try(func() { w.stmt(f.decl.Body) })
	w.dry, f.active = dry, false
	after.dead = false
	w.vars.join(after)
}

// enterWith notes what variables may be where the function is called.
func (f *function) enterWith(now map[string]value, budget *int) {
	*budget -= len(now)
	if !f.called {
		f.called = true
		f.entry = make(map[string]value, len(now))
		maps.Copy(f.entry, now)
		return
	}
	for name, v := range f.entry {
		f.entry[name] = v.either(now[name])
	}
}

// bodies walks the bodies of all functions; a function within a function comes
// behind it.
func (w *shellWalk) bodies() {
	end := w.vars.now
	for n := 0; n < len(w.declared); n++ {
		f := w.declared[n]
		now := f.entry
		if !f.called {
			now = end
		}
		w.vars = tracked{now: now}
		w.stack = append(w.stack[:0], f.stack...)
		w.vars.try(func() { w.stmt(f.decl.Body) })
	}
	w.stack = w.stack[:0]
}
