package dockerfile

import (
	"path"
	"slices"
	"strings"
)

// facts are what fixes must know of the file around an instruction. They are found
// once, when the first fix asks.
type facts struct {
	stages map[*stage]*stageFacts
	// next is the instruction behind, within the stage.
	next map[*instruction]*instruction
	// cwd is the working directory at a RUN, where WORKDIR says it in plain words.
	cwd map[*instruction]string
}

// stageFacts are those of one stage.
type stageFacts struct {
	// cmd, entrypoint and authors say that there is one: CMD, ENTRYPOINT, a label
	// that names the authors.
	cmd, entrypoint, authors bool
	// piped is the first RUN with a pipe that may fail unseen.
	piped *instruction
	// fragile is the last RUN that another shell, or pipefail, would break, or what is
	// started in shell form that they would change.
	fragile *instruction
	// asks are the instructions that need apt's lists and don't fetch them.
	asks []*instruction
	// below is what holds for any stage that builds on this one, or on one that
	// does.
	below struct{ cmd, asks, fragile bool }
	// above is what holds for any stage that this one builds on; root is the last
	// of them, or the stage itself.
	above struct{ piped, entrypoint bool }
	root  *stage
	// end is the working directory at the end.
	end string
}

func (f *file) facts() *facts {
	if f.known != nil {
		return f.known
	}
	fs := &facts{
		stages: make(map[*stage]*stageFacts, len(f.stages)),
		next:   make(map[*instruction]*instruction, len(f.instructions)),
		cwd:    make(map[*instruction]string),
	}
	for _, st := range f.stages {
		fs.stage(st)
	}
	for _, st := range slices.Backward(f.stages) {
		if st.parent == nil {
			continue
		}
		own, parent := fs.stages[st], fs.stages[st.parent]
		parent.below.cmd = parent.below.cmd || own.cmd || own.below.cmd
		parent.below.fragile = parent.below.fragile || own.fragile != nil || own.below.fragile
		parent.below.asks = parent.below.asks || len(own.asks) > 0 || own.below.asks
	}
	f.known = fs
	return fs
}

func (fs *facts) stage(st *stage) {
	s := &stageFacts{root: st}
	fs.stages[st] = s
	if st.parent != nil {
		p := fs.stages[st.parent]
		s.root, s.end = p.root, p.end
		s.above.piped = p.above.piped || p.piped != nil
		s.above.entrypoint = p.above.entrypoint || p.entrypoint
	}
	for n, i := range st.instructions {
		if n > 0 {
			fs.next[st.instructions[n-1]] = i
		}
		if i.broken {
			s.end = ""
			continue
		}
		s.take(i)
		if i.keyword == "RUN" && s.end != "" {
			fs.cwd[i] = s.end
		}
	}
}

func (s *stageFacts) take(i *instruction) {
	s.start(i)
	switch i.keyword {
	case "CMD":
		s.cmd = true
	case "ENTRYPOINT":
		s.entrypoint = true
	case "WORKDIR":
		s.end = s.directory(i.words[0].text)
	case "LABEL":
		s.authors = s.authors || slices.ContainsFunc(i.pairs(), func(p pair) bool { return unquote(p.key) == authorsLabel })
	case "RUN":
		s.run(i)
	case "ONBUILD":
		if t := i.trigger; t != nil {
			s.below.asks = s.below.asks || asksLists(t.script)
			s.below.fragile = s.below.fragile || isFragile(t) || starts(t) && isFragileStart(t)
			s.below.cmd = s.below.cmd || t.keyword == "CMD"
		}
	}
}

// starts says whether an instruction names what runs in containers.
func starts(i *instruction) bool {
	return i.keyword == "CMD" || i.keyword == "ENTRYPOINT" || i.keyword == "HEALTHCHECK"
}

func (s *stageFacts) start(i *instruction) {
	if starts(i) && isFragileStart(i) {
		s.fragile = i
	}
}

func (s *stageFacts) run(i *instruction) {
	if s.piped == nil && hidesFailure(i) {
		s.piped = i
	}
	if isFragile(i) {
		s.fragile = i
	}
	if asksLists(i.script) {
		s.asks = append(s.asks, i)
	}
}

// directory is the directory that WORKDIR leads to, empty where it is not known.
func (s *stageFacts) directory(word string) string {
	word = unquote(word)
	switch {
	case !plainPath(word):
		return ""
	case strings.HasPrefix(word, "/"):
		return path.Clean(word)
	case s.end == "":
		return ""
	}
	return path.Join(s.end, word)
}

// plainPath says whether a path means what is written, whoever reads it.
func plainPath(p string) bool {
	return p != "" && strings.Trim(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@") == "" &&
		!strings.HasPrefix(p, "-")
}

// asksLists says whether a script needs apt's lists before it fetches them.
func asksLists(s *script) bool {
	if s == nil {
		return false
	}
	for _, c := range s.commands {
		c = c.withoutSudo()
		if !slices.Contains([]string{"apt-get", "apt", "aptitude", "apt-cache", "gdebi"}, c.name()) {
			continue
		}
		for _, w := range c.args() {
			switch w.text {
			case "update":
				return false
			case "clean", "autoclean", "remove", "purge", "autoremove", "autopurge":
			default:
				if !strings.HasPrefix(w.text, "-") {
					return true
				}
			}
		}
	}
	return false
}
