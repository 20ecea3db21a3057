package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

const removeLists = "rm -rf " + aptLists + "/*"

// fixDL3009 removes the lists at the end of the RUN that fetches them, where that
// RUN installs something itself and nothing later needs them. Behind && it runs when
// all before it went well, and lets the RUN fail as it did.
func fixDL3009(h *hit, c *command) {
	i := c.run
	if !c.editable() || i.onbuild != nil || i.exec || len(i.heredocs) > 0 || c.parent != nil || i.stage == nil {
		return
	}
	st := c.script.tree.Stmts[len(c.script.tree.Stmts)-1]
	if !appendable(st) || !installsHere(c.script) || i.file.facts().listsNeeded(i) {
		return
	}
	end := int(st.End().Offset())
	joint := " && "
	if strings.TrimSpace(c.script.text[end:]) == "" { // a comment stays on its line
		joint = i.joint()
	}
	if call, ok := c.node.(*syntax.CallExpr); !ok || len(call.Args) == 0 || call.Args[0].Lit() != c.name() {
		return // who needs sudo for the one needs it for the other
	}
	h.description = "remove the lists in the same RUN"
	h.insert(c.script.span(0, end).end, joint+removeLists)
}

// appendable says whether "&& command" behind a statement runs when the statement
// went well.
func appendable(st *syntax.Stmt) bool {
	if st.Background || st.Coprocess || st.Disown || st.Semicolon.IsValid() {
		return false
	}
	list := flatten(st, false)
	last := list[len(list)-1]
	if last.Background || last.Negated {
		return false
	}
	call, ok := last.Cmd.(*syntax.CallExpr)
	return !ok || len(call.Args) == 0 || !slices.Contains([]string{"exit", "exec", "return"}, call.Args[0].Lit())
}

// installsHere says whether a script itself uses the lists that it fetches.
func installsHere(s *script) bool {
	fetched := false
	for _, c := range s.commands {
		c = c.withoutSudo()
		switch c.name() {
		case "apt-get", "apt", "aptitude":
			if c.has("update") {
				fetched = true
			} else if fetched && (c.has("install") || c.has("build-dep") || c.has("upgrade") || c.has("dist-upgrade") || c.has("full-upgrade")) {
				return true
			}
		}
	}
	return false
}

// listsNeeded says whether something behind a RUN uses apt's lists without fetching
// them, in its stage or in one that builds on it.
func (fs *facts) listsNeeded(i *instruction) bool {
	s := fs.stages[i.stage]
	if s.below.asks {
		return true
	}
	return len(s.asks) > 0 && s.asks[len(s.asks)-1].line > i.line
}

// joint is how the instruction joins its commands: " && ", or on a line of its own
// as the others are.
func (i *instruction) joint() string {
	f := i.file
	next := " " + string(rune(f.escape)) + f.newline()
	trailing, indent := false, ""
	for n := i.line; n <= i.last; n++ {
		line := f.text(f.line(n))
		text := strings.TrimLeft(line, blanks)
		switch {
		case n > i.line && strings.HasPrefix(text, "&&"):
			return next + line[:len(line)-len(text)] + "&& "
		case n > i.line && trailing && indent == "" && text != "" && text[0] != '#':
			indent = line[:len(line)-len(text)]
		}
		text = strings.TrimRight(text, blanks+"\r\n")
		if cut, ok := strings.CutSuffix(text, string(rune(f.escape))); ok && strings.HasSuffix(strings.TrimRight(cut, blanks), "&&") {
			trailing = true
		}
	}
	if trailing {
		return " &&" + next + indent
	}
	return " && "
}
