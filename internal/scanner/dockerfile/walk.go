package dockerfile

import (
	"mvdan.cc/sh/v3/syntax"
)

// walker collects the commands of a script. It goes along lists and pipelines
// without recursion, and as deep as the parser's recursion went everywhere else.
type walker struct {
	script *script
	parent *command
	within *syntax.Word
	input  bool
	pipe   *pipeline
	step   int
}

func (w walker) stmts(list []*syntax.Stmt) {
	for _, st := range list {
		w.stmt(st)
	}
}

func (w walker) stmt(st *syntax.Stmt) {
	if st == nil {
		return
	}
	for _, part := range flatten(st, false) {
		b, ok := part.Cmd.(*syntax.BinaryCmd)
		if !ok {
			w.single(part)
			continue
		}
		i, j := int(b.Pos().Offset()), int(part.End().Offset())
		p := &pipeline{i: i, j: j, where: w.script.span(i, j)}
		w.script.pipelines = append(w.script.pipelines, p)
		for n, step := range flatten(part, true) {
			p.steps = append(p.steps, nil)
			in := w
			in.pipe, in.step = p, n
			in.single(step)
		}
	}
}

// flatten cuts a list at && and ||, or a pipeline at its bars.
func flatten(st *syntax.Stmt, pipes bool) []*syntax.Stmt {
	var out []*syntax.Stmt
	stack := []*syntax.Stmt{st}
	for len(stack) > 0 {
		st = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		b, ok := st.Cmd.(*syntax.BinaryCmd)
		if !ok || pipes != (b.Op == syntax.Pipe || b.Op == syntax.PipeAll) {
			out = append(out, st)
			continue
		}
		stack = append(stack, b.Y, b.X)
	}
	return out
}

// single looks at one statement that is no list and no pipeline.
func (w walker) single(st *syntax.Stmt) {
	inner := w
	switch cmd := st.Cmd.(type) {
	case *syntax.CallExpr:
		inner.parent = w.call(st, cmd)
	case *syntax.DeclClause:
		inner.parent = w.declaration(st, cmd)
	case *syntax.BinaryCmd:
		w.stmt(cmd.X)
		w.stmt(cmd.Y)
	default:
		w.compound(cmd)
	}
	for _, r := range st.Redirs {
		inner.input = r.Op == syntax.RdrIn || r.Op == syntax.WordHdoc || r.Op == syntax.Hdoc || r.Op == syntax.DashHdoc
		inner.word(r.Word)
		inner.word(r.Hdoc)
	}
}

func (w walker) compound(cmd syntax.Command) {
	switch cmd := cmd.(type) {
	case *syntax.IfClause:
		for ; cmd != nil; cmd = cmd.Else {
			w.stmts(cmd.Cond)
			w.stmts(cmd.Then)
		}
	case *syntax.WhileClause:
		w.stmts(cmd.Cond)
		w.stmts(cmd.Do)
	case *syntax.ForClause:
		if loop, ok := cmd.Loop.(*syntax.WordIter); ok {
			w.words(loop.Items)
		}
		w.stmts(cmd.Do)
	case *syntax.CaseClause:
		w.word(cmd.Word)
		for _, item := range cmd.Items {
			w.words(item.Patterns)
			w.stmts(item.Stmts)
		}
	case *syntax.Block:
		w.stmts(cmd.Stmts)
	case *syntax.Subshell:
		w.stmts(cmd.Stmts)
	case *syntax.FuncDecl:
		w.stmt(cmd.Body)
	case *syntax.TimeClause:
		w.stmt(cmd.Stmt)
	case *syntax.CoprocClause:
		w.stmt(cmd.Stmt)
	case nil:
	default: // tests and arithmetic: only what they substitute
		w.node(cmd)
	}
}

func (w walker) words(words []*syntax.Word) {
	for _, word := range words {
		w.word(word)
	}
}

func (w walker) word(word *syntax.Word) {
	if word != nil {
		w.within = word
		w.node(word)
	}
}

// node looks for substitutions below a node that holds no statement otherwise.
func (w walker) node(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst:
			w.stmts(n.Stmts)
			return false
		case *syntax.ProcSubst:
			w.stmts(n.Stmts)
			return false
		}
		return true
	})
}

// call notes a simple command and looks into its words.
func (w walker) call(st *syntax.Stmt, call *syntax.CallExpr) *command {
	c := w.add(st, call)
	for _, a := range call.Assigns {
		c.assign(w.script, a)
	}
	for _, word := range call.Args {
		c.words = append(c.words, w.script.arg(word))
	}
	c.unwrap()
	inner := w
	inner.parent, inner.within, inner.input = c, nil, false
	for _, a := range call.Assigns {
		inner.node(a)
	}
	inner.words(call.Args)
	return c
}

// declaration notes export, local and the like as the command that they are.
func (w walker) declaration(st *syntax.Stmt, decl *syntax.DeclClause) *command {
	c := w.add(st, decl)
	at := w.script.span(int(decl.Variant.Pos().Offset()), int(decl.Variant.End().Offset()))
	c.words = append(c.words, arg{text: decl.Variant.Value, raw: decl.Variant.Value, where: at})
	inner := w
	inner.parent, inner.within, inner.input = c, nil, false
	for _, a := range decl.Args {
		i, j := int(a.Pos().Offset()), int(a.End().Offset())
		raw := w.script.raw(i, j)
		text := raw
		if a.Name != nil && a.Value != nil {
			text = a.Name.Value + "=" + w.script.literal(a.Value)
		} else if a.Value != nil {
			text = w.script.literal(a.Value)
		}
		c.words = append(c.words, arg{text: text, raw: raw, where: w.script.span(i, j)})
		inner.node(a)
	}
	return c
}

func (w walker) add(st *syntax.Stmt, node syntax.Command) *command {
	c := &command{
		script: w.script, run: w.script.run, node: node, stmt: st,
		where:  w.script.span(int(node.Pos().Offset()), int(node.End().Offset())),
		parent: w.parent, word: w.within, input: w.input, pipe: w.pipe, step: w.step,
	}
	w.script.commands = append(w.script.commands, c)
	if w.pipe != nil {
		w.pipe.steps[w.step] = append(w.pipe.steps[w.step], c)
	}
	return c
}

func (c *command) assign(s *script, a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	value := ""
	if a.Value != nil {
		value = s.literal(a.Value)
	}
	c.assigns = append(c.assigns, assignment{a.Name.Value, value})
}
