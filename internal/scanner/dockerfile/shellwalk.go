package dockerfile

import (
	"reflect"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// The checks of shell code share one walk over the tree of each script, in the
// order in which a shell runs it. Each asks for the kind of node that it looks at.

// onNode looks at each node of one kind, in scripts of shells that ShellCheck
// knows and that parse.
func onNode[T syntax.Node](f func(*report, *shellWalk, T)) check {
	return func(d *definition) {
		d.nodes = append(d.nodes, nodeCheck{
			reflect.TypeFor[T](),
			func(r *report, w *shellWalk, n syntax.Node) { f(r, w, n.(T)) },
		})
	}
}

// onCall looks at each simple command that runs one of the programs, as a shell
// sees it; none named stands for all of them.
func onCall(f func(*report, *shellWalk, *call), programs ...string) check {
	return func(d *definition) { d.call, d.called = f, programs }
}

// onScript looks at a script when all of it has been walked.
func onScript(f func(*report, *shellWalk)) check { return func(d *definition) { d.script = f } }

// onPipe looks at each pipeline, at the simple commands of its steps; a step that
// is no simple command is nil.
func onPipe(f func(*report, *shellWalk, []*call)) check { return func(d *definition) { d.pipe = f } }

// nodeCheck is a check of one kind of node.
type nodeCheck struct {
	kind reflect.Type
	look func(*report, *shellWalk, syntax.Node)
}

// shellChecks are the checks that are on in one run, found by what they look at.
type shellChecks struct {
	nodes   map[reflect.Type][]activeNode
	calls   map[string][]activeCall
	pipes   []activePipe
	scripts []activeScript
}

type (
	activePipe struct {
		report *report
		look   func(*report, *shellWalk, []*call)
	}
	activeNode struct {
		report *report
		look   func(*report, *shellWalk, syntax.Node)
	}
	activeCall struct {
		report *report
		look   func(*report, *shellWalk, *call)
	}
	activeScript struct {
		report *report
		look   func(*report, *shellWalk)
	}
)

// shellChecks finds those that are on.
func (l *lint) shellChecks(x *index) *shellChecks {
	c := &shellChecks{nodes: make(map[reflect.Type][]activeNode), calls: make(map[string][]activeCall)}
	for _, d := range x.shell {
		if !l.native.runs(d) {
			continue
		}
		r := &report{l, &d.Meta}
		for _, n := range d.nodes {
			c.nodes[n.kind] = append(c.nodes[n.kind], activeNode{r, n.look})
		}
		if d.call != nil {
			programs := d.called
			if len(programs) == 0 {
				programs = []string{""}
			}
			for _, p := range programs {
				c.calls[p] = append(c.calls[p], activeCall{r, d.call})
			}
		}
		if d.pipe != nil {
			c.pipes = append(c.pipes, activePipe{r, d.pipe})
		}
		if d.script != nil {
			c.scripts = append(c.scripts, activeScript{r, d.script})
		}
	}
	return c
}

// shell runs the checks of shell code over one script.
func (l *lint) shell(s *script) {
	if l.native.noShell || s.zsh || s.err != nil || s.tree == nil || s.dialect() == "" {
		return
	}
	if l.walk == nil {
		l.walk = &shellWalk{
			lint: l, checks: l.shellChecks(indexed()),
			vars:      tracked{now: make(map[string]value)},
			functions: make(map[string]*function),
			uses:      make(map[string]*variableUse),
		}
	}
	w := l.walk
	w.reset(s)
	w.stmts(s.tree.Stmts)
	w.bodies()
	for _, c := range w.checks.scripts {
		c.look(c.report, w)
	}
}

// reset makes the walk ready for a script: what it holds is used again.
func (w *shellWalk) reset(s *script) {
	clear(w.vars.now)
	clear(w.functions)
	clear(w.uses)
	*w = shellWalk{
		lint: w.lint, checks: w.checks, script: s, dialect: s.dialect(),
		vars:      tracked{now: w.vars.now, log: w.vars.log[:0]},
		functions: w.functions, declared: w.declared[:0],
		uses: w.uses, names: w.names[:0],
		stack: w.stack[:0], spare: w.spare,
		budget: extraWork * (len(s.text) + 1),
	}
}

// extraWork bounds how often code is walked again for what it does to variables,
// in statements for each byte of the script.
const extraWork = 1

// place is where a word stands.
type place uint8

const (
	inArgs     place = iota
	inName           // the command's name
	inAssign         // the value of a variable
	inDeclare        // the value of a variable of export and the like
	inRedirect       // the target of a redirection
	inDocument       // a here-document
	inCase           // what case looks at
	inPattern        // a pattern of case
	inItems          // an item of for
	inTest           // an operand within [[ ]]
	inArithmetic
	inArray
	inExpansion // the word within ${ }
)

// shellWalk is the walk over one script.
type shellWalk struct {
	lint    *lint
	script  *script
	checks  *shellChecks
	dialect string
	// stack are the nodes above the one that is looked at, outermost first.
	stack []syntax.Node
	// place and quoted say where the word stands that is looked at; word is it.
	place  place
	quoted bool
	word   *syntax.Word
	// call is the simple command around it; nil where there is none.
	call *call
	vars tracked
	// dry says that only what happens to variables counts.
	dry    bool
	budget int
	// loops counts the loops around what is walked.
	loops     int
	functions map[string]*function
	declared  []*function
	// spare are calls that can be used again.
	spare []*call
	// errexit is whether the script sets -e; nil where that was not asked yet.
	errexit *bool
	// uses are all variables by name; names are their names in order.
	uses  map[string]*variableUse
	names []string
}

// function is a function of the script. Its body is looked at last, with what its
// variables may be where it is called.
type function struct {
	decl   *syntax.FuncDecl
	entry  map[string]value
	called bool
	active bool
	stack  []syntax.Node
}

// posix says that the script is for a shell without bash's extensions.
func (w *shellWalk) posix() bool { return w.dialect == "sh" || w.dialect == "dash" }

// parent is the node n levels above the one that is looked at; nil where there is none.
func (w *shellWalk) parent(n int) syntax.Node {
	if n >= len(w.stack) {
		return nil
	}
	return w.stack[len(w.stack)-1-n]
}

// visit calls the checks of a node. Children are walked by who calls it, between
// enter and leave.
func (w *shellWalk) visit(n syntax.Node) {
	if w.dry {
		return
	}
	for _, c := range w.checks.nodes[reflect.TypeOf(n)] {
		c.look(c.report, w, n)
	}
}

func (w *shellWalk) enter(n syntax.Node) { w.stack = append(w.stack, n) }
func (w *shellWalk) leave()              { w.stack = w.stack[:len(w.stack)-1] }

// within walks with a node on the stack.
func (w *shellWalk) within(n syntax.Node, walk func()) {
	w.enter(n)
	walk()
	w.leave()
}

func (w *shellWalk) stmts(list []*syntax.Stmt) {
	for _, st := range list {
		w.stmt(st)
	}
}

// stmt walks a statement. Lists and pipelines, which lean to the left, are walked
// without recursion along them.
func (w *shellWalk) stmt(st *syntax.Stmt) {
	if st == nil {
		return
	}
	if st.Background {
		w.vars.try(func() { w.foreground(st) })
		return
	}
	w.foreground(st)
}

func (w *shellWalk) foreground(st *syntax.Stmt) {
	if w.dry {
		w.budget--
		if w.budget < 0 {
			return
		}
	}
	w.visit(st)
	w.enter(st)
	defer w.leave()
	if b, ok := st.Cmd.(*syntax.BinaryCmd); ok {
		w.binary(st, b)
	} else {
		w.command(st)
	}
	w.redirections(st)
}

// binary walks a list or pipeline from its leftmost step on.
func (w *shellWalk) binary(st *syntax.Stmt, b *syntax.BinaryCmd) {
	if isPipe(b) {
		w.pipeline(st)
	}
	depth := 0
	chain := []*syntax.BinaryCmd{b}
	var first *syntax.Stmt
	for {
		w.visit(b)
		w.enter(b)
		depth++
		first = b.X
		next, ok := first.Cmd.(*syntax.BinaryCmd)
		if !ok || first.Negated || len(first.Redirs) > 0 || isPipe(next) != isPipe(b) {
			break
		}
		w.visit(first)
		w.enter(first)
		depth++
		b = next
		chain = append(chain, b)
	}
	pipe := isPipe(b)
	w.step(first, pipe)
	for n, b := range slices.Backward(chain) {
		if pipe {
			w.step(b.Y, true)
		} else {
			dead := w.vars.dead
			after := w.vars.try(func() { w.stmt(b.Y) })
			w.vars.join(after, branch{dead: dead})
		}
		w.leave()
		if depth--; n > 0 {
			w.leave()
			depth--
		}
	}
}

// pipeline calls the checks of a pipeline.
func (w *shellWalk) pipeline(st *syntax.Stmt) {
	if w.dry {
		return
	}
	var steps []*call
	for _, step := range flatten(st, true) {
		var c *call
		if node, ok := step.Cmd.(*syntax.CallExpr); ok {
			c = newCall(step, node)
		}
		steps = append(steps, c)
	}
	for _, p := range w.checks.pipes {
		p.look(p.report, w, steps)
	}
}

func isPipe(b *syntax.BinaryCmd) bool { return b.Op == syntax.Pipe || b.Op == syntax.PipeAll }

// step walks one step; in a pipeline it changes no variables for the others.
func (w *shellWalk) step(st *syntax.Stmt, pipe bool) {
	if !pipe {
		w.stmt(st)
		return
	}
	w.vars.try(func() { w.stmt(st) })
}

func (w *shellWalk) redirections(st *syntax.Stmt) {
	for _, r := range st.Redirs {
		w.visit(r)
		w.enter(r)
		if r.Hdoc == nil {
			w.wordIn(r.Word, inRedirect)
		}
		if r.Hdoc != nil {
			w.wordIn(r.Hdoc, inDocument)
		}
		w.leave()
	}
}

// command walks what a statement runs, without its redirections.
func (w *shellWalk) command(st *syntax.Stmt) {
	if call, ok := st.Cmd.(*syntax.CallExpr); ok {
		w.simple(st, call)
		return
	}
	if st.Cmd == nil {
		return
	}
	w.visit(st.Cmd)
	w.enter(st.Cmd)
	defer w.leave()
	switch cmd := st.Cmd.(type) {
	case *syntax.Block:
		w.stmts(cmd.Stmts)
	case *syntax.Subshell:
		w.vars.try(func() { w.stmts(cmd.Stmts) })
	case *syntax.IfClause:
		w.ifClause(cmd)
	case *syntax.WhileClause:
		w.loop(func() {
			w.stmts(cmd.Cond)
			w.stmts(cmd.Do)
		})
	case *syntax.ForClause:
		w.forClause(cmd)
	case *syntax.CaseClause:
		w.caseClause(cmd)
	case *syntax.FuncDecl:
		if cmd.Name == nil {
			return
		}
		f := &function{decl: cmd, stack: append([]syntax.Node(nil), w.stack...)}
		if !w.dry {
			w.declared = append(w.declared, f)
			w.functions[cmd.Name.Value] = f
		}
	default:
		w.otherCommand(cmd)
	}
}

// otherCommand walks declarations, tests, arithmetic and the like.
func (w *shellWalk) otherCommand(cmd syntax.Command) {
	switch cmd := cmd.(type) {
	case *syntax.DeclClause:
		w.declClause(cmd)
	case *syntax.TestClause:
		w.asked(cmd.X)
		w.test(cmd.X)
	case *syntax.ArithmCmd:
		w.arithmetic(cmd.X)
	case *syntax.LetClause:
		for _, x := range cmd.Exprs {
			w.arithmetic(x)
		}
	case *syntax.TimeClause:
		w.stmt(cmd.Stmt)
	case *syntax.CoprocClause:
		w.vars.try(func() { w.stmt(cmd.Stmt) })
	}
}

// ifClause walks a chain of if, elif and else. Each condition is run when those
// before it have failed.
func (w *shellWalk) ifClause(cmd *syntax.IfClause) {
	var ends []branch
	for ; cmd != nil; cmd = cmd.Else {
		if len(cmd.Cond) == 0 { // else
			ends = append(ends, w.vars.try(func() { w.stmts(cmd.Then) }))
			w.vars.join(ends...)
			return
		}
		w.stmts(cmd.Cond)
		ends = append(ends, w.vars.try(func() { w.stmts(cmd.Then) }))
	}
	w.vars.join(append(ends, branch{dead: w.vars.dead})...)
}

// maxLoops is how many loops within each other are followed exactly.
const maxLoops = 3

// loop walks a body that may run any number of times: what it does to variables
// is there already when it begins again.
func (w *shellWalk) loop(body func()) {
	w.loops++
	defer func() { w.loops-- }()
	if w.loops > maxLoops {
		dead := w.vars.dead
		body()
		w.vars.dead = dead
		return
	}
	if !w.dry {
		w.dry = true
		again := w.vars.try(body)
		w.dry = false
		again.dead = false
		w.vars.join(again, branch{})
	}
	after := w.vars.try(body)
	after.dead = false
	w.vars.join(after, branch{})
}

func (w *shellWalk) forClause(cmd *syntax.ForClause) {
	switch loop := cmd.Loop.(type) {
	case *syntax.WordIter:
		items := valueOne
		for _, item := range loop.Items {
			w.wordIn(item, inItems)
			items = min(items, itemValue(item))
		}
		if len(loop.Items) == 0 {
			items = valueAny
		}
		w.assigned(loop.Name.Value, loop.Name, items)
		w.loop(func() {
			w.vars.set(loop.Name.Value, items)
			w.stmts(cmd.Do)
		})
		w.vars.set(loop.Name.Value, valueAny)
	case *syntax.CStyleLoop:
		w.arithmetic(loop.Init)
		w.loop(func() {
			w.arithmetic(loop.Cond)
			w.stmts(cmd.Do)
			w.arithmetic(loop.Post)
		})
	}
}

// itemValue is what is known of one item of a loop: only literals are.
func itemValue(word *syntax.Word) value {
	text, ok := literalWord(word)
	if !ok || strings.ContainsAny(text, "{") {
		return valueAny
	}
	return textValue(text)
}

func (w *shellWalk) caseClause(cmd *syntax.CaseClause) {
	w.wordIn(cmd.Word, inCase)
	var ends []branch
	all := false
	for _, item := range cmd.Items {
		w.visit(item)
		w.enter(item)
		for _, p := range item.Patterns {
			if text, ok := literalWord(p); ok && text == "*" {
				all = true
			}
			w.wordIn(p, inPattern)
		}
		ends = append(ends, w.vars.try(func() { w.stmts(item.Stmts) }))
		w.leave()
	}
	if !all {
		ends = append(ends, branch{dead: w.vars.dead})
	}
	if len(ends) > 0 {
		w.vars.join(ends...)
	}
}

func (w *shellWalk) test(x syntax.TestExpr) {
	if x == nil {
		return
	}
	if word, ok := x.(*syntax.Word); ok {
		w.wordIn(word, inTest)
		return
	}
	w.visit(x)
	w.enter(x)
	defer w.leave()
	switch x := x.(type) {
	case *syntax.BinaryTest:
		if x.Op == syntax.AndTest || x.Op == syntax.OrTest {
			w.asked(x.X)
			w.asked(x.Y)
		}
		w.test(x.X)
		w.test(x.Y)
	case *syntax.UnaryTest:
		switch x.Op {
		case syntax.TsEmpStr, syntax.TsNempStr, syntax.TsNot:
			w.asked(x.X)
		case syntax.TsVarSet:
			if word, ok := x.X.(*syntax.Word); ok {
				w.asksName(word)
			}
		}
		w.test(x.X)
	case *syntax.ParenTest:
		w.asked(x.X)
		w.test(x.X)
	}
}

// asked notes the variables of an operand that is asked whether it is empty.
func (w *shellWalk) asked(x syntax.TestExpr) {
	if word, ok := x.(*syntax.Word); ok {
		w.asks(word.Parts)
	}
}

// index walks what stands in the brackets behind a variable's name.
func (w *shellWalk) index(name string, x syntax.ArithmExpr) {
	if word, ok := x.(*syntax.Word); ok && w.uses[name] != nil && w.uses[name].keyed {
		w.wordIn(word, inExpansion)
		return
	}
	w.arithmetic(x)
}

func (w *shellWalk) arithmetic(x syntax.ArithmExpr) {
	if x == nil {
		return
	}
	if word, ok := x.(*syntax.Word); ok {
		if text, lit := literalWord(word); lit && isName(text) {
			w.referenced(text, word)
		}
		w.wordIn(word, inArithmetic)
		return
	}
	w.visit(x)
	w.enter(x)
	defer w.leave()
	switch x := x.(type) {
	case *syntax.BinaryArithm:
		w.arithmetic(x.X)
		w.arithmetic(x.Y)
		if assigns(x.Op) {
			w.arithmeticTarget(x.X)
		}
	case *syntax.UnaryArithm:
		w.arithmetic(x.X)
		if x.Op == syntax.Inc || x.Op == syntax.Dec {
			w.arithmeticTarget(x.X)
		}
	case *syntax.ParenArithm:
		w.arithmetic(x.X)
	}
}

func (w *shellWalk) arithmeticTarget(x syntax.ArithmExpr) {
	if word, ok := x.(*syntax.Word); ok {
		if name, lit := literalWord(word); lit && isName(name) {
			w.assigned(name, word, valueOne)
		}
	}
}

// assigns says whether an arithmetic operator sets its left side.
func assigns(op syntax.BinAritOperator) bool {
	switch op {
	case syntax.Assgn, syntax.AddAssgn, syntax.SubAssgn, syntax.MulAssgn, syntax.QuoAssgn, syntax.RemAssgn,
		syntax.AndAssgn, syntax.OrAssgn, syntax.XorAssgn, syntax.ShlAssgn, syntax.ShrAssgn:
		return true
	}
	return false
}

// wordIn walks a word that stands at a place.
func (w *shellWalk) wordIn(word *syntax.Word, at place) {
	if word == nil {
		return
	}
	place, quoted, outer := w.place, w.quoted, w.word
	w.place, w.word = at, word
	if at != inExpansion {
		w.quoted = at == inDocument
	}
	w.visit(word)
	w.enter(word)
	for _, part := range word.Parts {
		w.part(part)
	}
	w.leave()
	w.place, w.quoted, w.word = place, quoted, outer
}

func (w *shellWalk) part(part syntax.WordPart) {
	w.visit(part)
	switch part := part.(type) {
	case *syntax.Lit, *syntax.SglQuoted:
		return
	case *syntax.DblQuoted:
		quoted := w.quoted
		w.quoted = true
		w.enter(part)
		for _, p := range part.Parts {
			w.part(p)
		}
		w.leave()
		w.quoted = quoted
	case *syntax.CmdSubst:
		w.within(part, func() { w.substitution(part.Stmts) })
	case *syntax.ProcSubst:
		w.within(part, func() { w.substitution(part.Stmts) })
	case *syntax.ArithmExp:
		w.within(part, func() { w.arithmetic(part.X) })
	case *syntax.ParamExp:
		w.within(part, func() { w.expansion(part) })
	}
}

// substitution walks what runs within a word.
func (w *shellWalk) substitution(list []*syntax.Stmt) {
	place, quoted, word, call := w.place, w.quoted, w.word, w.call
	w.place, w.quoted, w.word, w.call = inArgs, false, nil, nil
	w.vars.try(func() { w.stmts(list) })
	w.place, w.quoted, w.word, w.call = place, quoted, word, call
}

func (w *shellWalk) expansion(p *syntax.ParamExp) {
	if p.Param != nil {
		w.referenced(p.Param.Value, p)
	}
	if p.Index != nil {
		name := ""
		if p.Param != nil {
			name = p.Param.Value
		}
		w.index(name, p.Index)
	}
	if p.Slice != nil {
		w.arithmetic(p.Slice.Offset)
		w.arithmetic(p.Slice.Length)
	}
	if p.Repl != nil {
		w.wordIn(p.Repl.Orig, inExpansion)
		w.wordIn(p.Repl.With, inExpansion)
	}
	if p.Exp == nil {
		return
	}
	w.wordIn(p.Exp.Word, inExpansion)
	if (p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull) && p.Param != nil {
		w.assigned(p.Param.Value, p, valueAny)
	}
}
