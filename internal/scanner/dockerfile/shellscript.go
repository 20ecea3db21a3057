package dockerfile

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// dialect is the shell as ShellCheck knows it: sh, bash, dash or ksh; empty where
// it knows none such.
func (s *script) dialect() string {
	if s.foreign || s.other || s.tree == nil {
		return ""
	}
	switch s.shell {
	case "sh", "bash", "dash", "ksh":
		return s.shell
	case "busybox":
		return "sh"
	case "ash":
		return "dash"
	case "mksh":
		return "ksh"
	}
	return ""
}

// declared are the variables that a script finds set, in order: those of ENV and ARG
// before it, in its stage and those that it builds on, and what BuildKit sets. Where
// there are very many, they are those only that the script names.
func (l *lint) declared(s *script) []string {
	names := slices.Clone(predefined)
	i := s.run
	for st := i.stage; st != nil; st = st.parent {
		set := l.sets(st)
		if len(names)+len(set) > maxDeclared {
			return l.mentioned(s)
		}
		for name, at := range set {
			if st != i.stage || at < i.where.start {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// maxDeclared is how many variables are declared for a script that may not name them.
const maxDeclared = 100

// mentioned are the names in a script of variables that are set before it.
func (l *lint) mentioned(s *script) []string {
	names := make(map[string]bool)
	for from := 0; from < len(s.text); from++ {
		end := from
		for end < len(s.text) && isName("_"+s.text[end:end+1]) {
			end++
		}
		if name := s.text[from:end]; isName(name) && !names[name] && l.knows(s.run, name) {
			names[name] = true
		}
		from = max(from, end)
	}
	return slices.Sorted(maps.Keys(names))
}

// predefined are the build arguments that need no ARG.
var predefined = []string{
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
}

// names goes over the names that a stage sets by ENV and ARG.
func (st *stage) names() iter.Seq2[*instruction, string] {
	return func(yield func(*instruction, string) bool) {
		for _, i := range st.instructions {
			if i.keyword != "ENV" && i.keyword != "ARG" || i.broken {
				continue
			}
			for _, p := range i.pairs() {
				if key := strings.Trim(p.key, `"'`); isName(key) && !yield(i, key) {
					return
				}
			}
		}
	}
}

// isName says whether a text is a variable's name.
func isName(text string) bool {
	for n, c := range []byte(text) {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (n == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// textAt is the byte of a text at a line and a column in characters, both from 1.
func textAt(text string, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			return len(text)
		}
		at += n + 1
	}
	for n, c := range text[at:] {
		if column--; column < 1 || c == '\n' {
			return at + n
		}
	}
	return len(text)
}

// knows says whether a RUN finds a variable set by ENV, ARG or BuildKit.
func (l *lint) knows(i *instruction, name string) bool {
	if slices.Contains(predefined, name) {
		return true
	}
	at := i.where.start
	for st := i.stage; st != nil; st = st.parent {
		set, ok := l.sets(st)[name]
		if ok && (st != i.stage || set < at) {
			return true
		}
	}
	return false
}

// sets gives the names that a stage sets, with where it sets them first.
func (l *lint) sets(st *stage) map[string]int {
	if l.named == nil {
		l.named = make(map[*stage]map[string]int)
	}
	names, ok := l.named[st]
	if !ok {
		names = make(map[string]int)
		for i, name := range st.names() {
			if _, again := names[name]; !again {
				names[name] = i.where.start
			}
		}
		l.named[st] = names
	}
	return names
}
