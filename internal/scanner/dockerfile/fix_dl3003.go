package dockerfile

import (
	"path"
	"slices"
	"strings"
)

// fixDL3003 takes away a cd at the beginning of a RUN: where it leads to the
// directory in which the RUN begins anyway, and where WORKDIR can stand for it
// because the next instruction is a WORKDIR of its own. A RUN that is nothing but cd
// has no effect at all; a WORKDIR in its place would have one, so it stays.
func fixDL3003(h *hit, c *command) {
	dir, gone, ok := leadingCd(c)
	if !ok {
		return
	}
	facts := c.run.file.facts()
	next := facts.next[c.run]
	switch {
	case facts.cwd[c.run] == dir:
		h.description = "leave out cd into the working directory"
	case next != nil && next.keyword == "WORKDIR" && !next.broken && strings.HasPrefix(unquote(next.words[0].text), "/"):
		h.description = "use WORKDIR"
		h.precede(c.run, "WORKDIR", dir)
	default:
		return
	}
	h.replace(gone, "")
}

// leadingCd takes a RUN that begins with "cd /directory &&" apart: it gives the
// directory and the region up to the next command.
func leadingCd(c *command) (dir string, gone span, ok bool) {
	if !c.editable() || c != c.script.commands[0] || c.run.onbuild != nil || len(c.run.heredocs) > 0 {
		return "", span{}, false
	}
	if len(c.words) != 2 || len(c.assigns) > 0 || len(c.script.tree.Stmts) != 1 || c.script.walksBack() {
		return "", span{}, false
	}
	list, ok := conjunction(c.script.tree.Stmts[0])
	if !ok || len(list) < 2 || list[0].Cmd != c.node || !bare(list[0]) {
		return "", span{}, false
	}
	gone = c.script.span(int(list[0].Pos().Offset()), int(list[1].Pos().Offset())+1)
	gone.end-- // the place of the next command's first byte
	if strings.Contains(c.run.file.text(gone), "#") {
		return "", span{}, false // a comment would go with it
	}
	dir = c.words[1].raw
	return path.Clean(dir), gone, strings.HasPrefix(dir, "/") && plainPath(dir)
}

// walksBack says whether a script asks where it came from, or how its directory is
// called: then it matters how it got there.
func (s *script) walksBack() bool {
	text := strings.ToLower(s.text)
	return strings.Contains(text, "..") || strings.Contains(text, "pwd") || strings.Contains(text, "dirs") || strings.Contains(text, "popd") ||
		slices.ContainsFunc(s.commands, func(c *command) bool { return c.name() == "cd" && c.has("-") })
}
