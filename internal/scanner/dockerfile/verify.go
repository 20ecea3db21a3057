package dockerfile

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// A fix never changes what is built but in the place that it means. verify holds
// every fix to it when the file is linted, so that whoever takes a fix from a
// finding, to apply it or to suggest it, need not ask: the instruction is edited,
// read again as BuildKit reads it, and compared; a fix that changes more is dropped.
// Fixes of one instruction are looked at together first, so that reading all of them
// costs about as much as the instructions did.

// maxVerified bounds how much is read again of a file, in bytes: all of what people
// write. What is beyond has no fix, until those before it are applied.
const maxVerified = 512 << 10

// verify drops the fixes that would change more than they say.
func (l *lint) verify() {
	groups := make(map[*instruction][]*hit)
	var order []*instruction
	for _, h := range l.hits {
		if len(h.edits) == 0 {
			continue
		}
		i := l.edited(h)
		if i == nil {
			h.edits = nil
			l.refused = append(l.refused, h)
			continue
		}
		if groups[i] == nil {
			order = append(order, i)
		}
		groups[i] = append(groups[i], h)
	}
	budget := maxVerified
	for _, i := range order {
		for hits := groups[i]; len(hits) > 0; {
			var together []*hit
			if together, hits = compatible(hits); l.holds(i, together, &budget) {
				continue
			}
			for _, h := range together {
				if len(together) == 1 || !l.holds(i, []*hit{h}, &budget) {
					h.edits = nil
					if budget >= 0 {
						l.refused = append(l.refused, h)
					}
				}
			}
		}
	}
}

// edited gives the instruction that a fix edits, nil where it is not one alone. What
// stands before an instruction, behind the one before it, is taken for its own.
func (l *lint) edited(h *hit) *instruction {
	slices.SortStableFunc(h.edits, func(a, b edit) int { return cmp.Or(a.where.start-b.where.start, a.where.end-b.where.end) })
	first, last := h.edits[0].where, h.edits[len(h.edits)-1].where
	all := l.file.instructions
	n := sort.Search(len(all), func(n int) bool { return all[n].where.end >= first.start })
	if n == len(all) || last.end > l.file.line(all[n].last).end || all[n].broken {
		return nil
	}
	return all[n]
}

// compatible parts hits into those whose edits do not touch the edits of one before
// them, and the rest.
func compatible(hits []*hit) (together, rest []*hit) {
	end := -1
	for _, h := range hits {
		if h.edits[0].where.start <= end {
			rest = append(rest, h)
			continue
		}
		together = append(together, h)
		end = h.edits[len(h.edits)-1].where.end
	}
	return together, rest
}

// holds applies the fixes of an instruction and says whether it is the same but for
// them.
func (l *lint) holds(i *instruction, hits []*hit, budget *int) bool {
	var m mending
	becomes := i.keyword
	var adds []string
	for _, h := range hits {
		m.edits = append(m.edits, h.edits...)
		if h.becomes != "" {
			becomes = h.becomes
		}
		if h.adds != "" {
			adds = append(adds, h.adds)
		}
	}
	m.from = min(l.file.line(i.line).start, m.edits[0].where.start)
	to := l.file.line(i.last).end
	if !m.sum() {
		return false
	}
	if *budget -= to - m.from; *budget < 0 {
		return false
	}
	after, ok := l.file.reread(m.apply(l.file.data[m.from:to]), to < len(l.file.data))
	if !ok || len(after) != len(adds)+1 {
		return false
	}
	for n, a := range after[:len(adds)] {
		if a.keyword != adds[n] || len(a.heredocs) > 0 {
			return false
		}
	}
	mended := after[len(adds)]
	mended.inShell(i.shell)
	return mended.keyword == becomes && m.same(i, mended)
}

// sentinel is an instruction that stands behind what is read again: it must come out
// as it is, or the edits reach into whatever follows.
const sentinel = "STOPSIGNAL 9"

// reread reads lines by themselves, as part of the file; false where BuildKit would
// not build them, or where they take the instruction that follows into them.
func (f *file) reread(text []byte, followed bool) ([]*instruction, bool) {
	if followed {
		text = append(text, sentinel+"\n"...)
	}
	part := &file{source: newSource(text), path: f.path, escape: f.escape, directives: f.directives}
	s := &splitter{src: part.source, escape: f.escape}
	for s.next < s.src.lines() {
		s.instruction()
	}
	if len(s.faults) > 0 || s.escape != f.escape || s.lost > 0 {
		return nil, false
	}
	logicals := s.logicals
	if n := len(logicals) - 1; followed {
		if n < 0 || logicals[n].text != sentinel {
			return nil, false
		}
		logicals = logicals[:n]
	}
	for _, lg := range logicals {
		if lg.err != nil || isChain(lg.text, f.escape) || !part.builds(lg) {
			return nil, false
		}
	}
	return part.instructions, true
}

// builds adds an instruction and says whether BuildKit takes it.
func (f *file) builds(l logical) bool {
	i := f.instruction(l)
	f.instructions = append(f.instructions, i)
	if i.keyword == "RUN" && !i.exec && len(i.heredocs) == 0 && len(i.words) > 0 && len(i.flags) == 0 {
		return true // BuildKit takes any text for shell code
	}
	node, err := f.parseOne(l)
	return err == nil && f.check(i, node) == nil
}

// inShell reads the instruction's script as the shell would.
func (i *instruction) inShell(shell *shellState) {
	var budget shellBudget
	i.shell = shell
	i.readScript(&budget)
	if t := i.trigger; t != nil {
		t.shell = shell
		t.readScript(&budget)
	}
}

// mending is a set of edits in order, and where they take what is around them.
type mending struct {
	edits []edit
	from  int
	// grown is how much longer the text is behind each edit.
	grown []int
}

// sum orders the edits and adds them up; false where they overlap.
func (m *mending) sum() bool {
	slices.SortStableFunc(m.edits, func(a, b edit) int { return cmp.Or(a.where.start-b.where.start, a.where.end-b.where.end) })
	total := 0
	for n, e := range m.edits {
		if e.where.start < m.from || e.where.end < e.where.start || n > 0 && e.where.start < m.edits[n-1].where.end {
			return false
		}
		total += len(e.text) - (e.where.end - e.where.start)
		m.grown = append(m.grown, total)
	}
	return true
}

// apply edits the text that begins at from.
func (m *mending) apply(text []byte) []byte {
	var out []byte
	at := 0
	for _, e := range m.edits {
		out = append(out, text[at:e.where.start-m.from]...)
		out = append(out, e.text...)
		at = e.where.end - m.from
	}
	return append(out, text[at:]...)
}

// moved gives the place of a region in the edited text. What is inserted at its
// start stands before it, at its end behind it.
func (m *mending) moved(s span) span {
	return span{
		m.shift(s.start, func(e edit) bool { return e.where.end <= s.start }),
		m.shift(s.end, func(e edit) bool { return e.where.start < s.end }),
	}
}

func (m *mending) shift(at int, counts func(edit) bool) int {
	if n := prefix(len(m.edits), func(n int) bool { return counts(m.edits[n]) }); n > 0 {
		at += m.grown[n-1]
	}
	return at - m.from
}

// touched says whether an edit is in a region or at its edge.
func (m *mending) touched(s span) bool {
	n := prefix(len(m.edits), func(n int) bool { return m.edits[n].where.end < s.start })
	return n < len(m.edits) && m.edits[n].where.start <= s.end
}

// fresh says whether a region of the edited text holds anything that an edit put
// there.
func (m *mending) fresh(s span) bool {
	end := func(n int) int { return m.edits[n].where.end + m.grown[n] - m.from }
	n := prefix(len(m.edits), func(n int) bool { return end(n) <= s.start })
	return n < len(m.edits) && end(n)-len(m.edits[n].text) < s.end
}

// same compares an instruction with what the edits made of it.
func (m *mending) same(before, after *instruction) bool {
	if len(before.flags) != len(after.flags) || len(before.heredocs) != len(after.heredocs) {
		return false
	}
	for n, f := range before.flags {
		if f.text != after.flags[n].text {
			return false
		}
	}
	for n, h := range before.heredocs {
		if h.name != after.heredocs[n].name {
			return false
		}
	}
	switch {
	case before.trigger != nil:
		return after.trigger != nil && before.trigger.keyword == after.trigger.keyword && m.same(before.trigger, after.trigger)
	case before.keyword == "RUN":
		return m.sameScript(before.script, after.script)
	case before.keyword == "MAINTAINER":
		return true
	case after.exec && !before.exec:
		return sameCommand(before, after)
	}
	return after.exec == before.exec && m.sameWords(before, after)
}

// sameWords compares words that no edit touches; where a word says what is built on
// or what is started, all of them.
func (m *mending) sameWords(before, after *instruction) bool {
	if len(before.words) != len(after.words) {
		return false
	}
	for n, w := range before.words {
		got := after.words[n].text
		switch {
		case got == w.text:
		case before.keyword == "FROM" && n > 0 && strings.EqualFold(got, w.text):
		case slices.Contains([]string{"FROM", "CMD", "ENTRYPOINT", "HEALTHCHECK"}, before.keyword), !m.touched(before.wordSpan(n)):
			return false
		}
	}
	return true
}

// sameCommand says whether an array holds the words of a command in shell form.
func sameCommand(before, after *instruction) bool {
	words, ok := plainWords(before)
	if !ok || len(after.words) < len(words) {
		return false
	}
	got := after.words[len(after.words)-len(words):]
	return slices.EqualFunc(words, got, func(a arg, b lexeme) bool { return a.text == b.text })
}

// wordAt is a word of a script at its place; first says that a command begins there.
type wordAt struct {
	span
	raw   string
	first bool
}

// sameScript compares the words of all commands: those that no edit touches are
// where they were, and no other is there but what the edits wrote. What joins them
// is the same text in the same places, so the tree is the same as well.
func (m *mending) sameScript(before, after *script) bool {
	if before == nil || after == nil || !before.alike(after) {
		return false
	}
	was, is := make(map[wordAt]bool), make(map[wordAt]bool)
	for t := range after.tokens {
		is[t] = true
	}
	for t := range before.tokens {
		touched := m.touched(t.span)
		t.span = m.moved(t.span)
		was[t] = true
		if !touched && !is[t] {
			return false
		}
	}
	for t := range is {
		if !was[t] && !m.fresh(t.span) {
			return false
		}
	}
	return true
}

// alike compares what no fix changes: who reads the script, whether it can be read,
// and how many statements and pipelines it has.
func (s *script) alike(other *script) bool {
	statements := func(s *script) int {
		if s.tree == nil {
			return 0
		}
		return len(s.tree.Stmts)
	}
	return s.shell == other.shell && (s.err == nil) == (other.err == nil) &&
		len(s.pipelines) == len(other.pipelines) && statements(s) == statements(other)
}

// tokens are the words of all commands.
func (s *script) tokens(yield func(wordAt) bool) {
	for _, c := range s.commands {
		for n, w := range c.words {
			if !yield(wordAt{w.where, w.raw, n == 0}) {
				return
			}
		}
	}
}

// SameBuild says whether two versions of a Dockerfile build the same: the same
// stages on the same images, copying from the same places, by the same instructions
// in the same order. Fixes may have made COPY of ADD and LABEL of MAINTAINER, and
// have added SHELL, WORKDIR and USER.
func SameBuild(before, after []byte) bool {
	was, is := parse("Dockerfile", before), parse("Dockerfile", after)
	if len(was.stages) != len(is.stages) || len(was.faults) != len(is.faults) || len(was.limits) != len(is.limits) {
		return false
	}
	rest := is.instructions
	for _, i := range was.instructions {
		for len(rest) > 0 && !succeeds(i, rest[0]) && slices.Contains([]string{"SHELL", "WORKDIR", "USER"}, rest[0].keyword) {
			rest = rest[1:]
		}
		if len(rest) == 0 || !succeeds(i, rest[0]) {
			return false
		}
		rest = rest[1:]
	}
	return len(rest) == 0
}

// succeeds says whether an instruction can be what fixes made of another one.
func succeeds(was, is *instruction) bool {
	switch {
	case was.broken != is.broken || was.exec && !is.exec || len(was.heredocs) != len(is.heredocs):
		return false
	case was.keyword == "ADD" && is.keyword == "COPY", was.keyword == "MAINTAINER" && is.keyword == "LABEL":
	case was.keyword != is.keyword:
		return false
	}
	if was.keyword == "FROM" {
		a, b := was.stage, is.stage
		return a.base == b.base && a.name == b.name && (a.parent == nil) == (b.parent == nil) && (a.parent == nil || a.parent.index == b.parent.index)
	}
	return slices.Equal(was.flagValues("from"), is.flagValues("from"))
}
