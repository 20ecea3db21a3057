package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/undefined-variable", Severity: finding.Medium,
	Title:       "Variable is used that nothing sets in this stage",
	Remediation: "Declare it in the stage before its use: ARG NAME takes over what an ARG above the first FROM holds",
}, onFile(func(r *report, f *file) {
	s := &scoping{anywhere: make(map[string]bool), known: make(map[*stage]map[string]bool)}
	for _, i := range f.instructions {
		if !i.broken && i.keyword == "ARG" {
			for _, p := range i.pairs() {
				s.anywhere[p.key] = true
			}
		}
	}
	for _, st := range f.stages {
		s.stage(r, st)
	}
}))

// scoping knows which variables are set where.
type scoping struct {
	// anywhere are the names of all ARGs of the file.
	anywhere map[string]bool
	// known are the variables that a stage itself sets.
	known map[*stage]map[string]bool
}

func (s *scoping) stage(r *report, st *stage) {
	own := make(map[string]bool)
	s.known[st] = own
	for _, i := range st.instructions {
		if i.broken {
			continue
		}
		switch i.keyword {
		case "ENV", "ARG", "LABEL":
			pairs := i.pairs()
			for _, p := range pairs {
				s.look(r, i, p.value, p.valueSpan, p.key)
				if i.keyword == "ARG" {
					own[p.key] = true
				}
			}
			for _, p := range pairs {
				if i.keyword == "ENV" {
					own[unquote(p.key)] = true
				}
			}
		case "COPY", "ADD", "EXPOSE", "VOLUME", "WORKDIR", "USER", "STOPSIGNAL":
			for n, w := range i.words {
				s.look(r, i, w.text, i.wordSpan(n), "")
			}
		}
	}
}

// look reports the variables of a text that nothing sets; self is the variable that
// the text is the value of, which the base image may have set before.
func (s *scoping) look(r *report, i *instruction, text string, where span, self string) {
	if !strings.Contains(text, "$") {
		return
	}
	for _, v := range references(text, i.file.escape) {
		if !v.fallback && v.name != self && s.missing(i.stage, v.name) {
			r.part(i, where, "%s is not set in this stage", quote(v.name))
			return
		}
	}
}

// maxAncestors is how far up variables are looked for.
const maxAncestors = 50

// missing says whether a variable is surely not set. What the base image sets is not
// known: only what the file itself declares elsewhere, or what would come from the
// platform, is missed; all of it where there is no base image.
func (s *scoping) missing(st *stage, name string) bool {
	if proxyArgs[name] || name == "PATH" {
		return false
	}
	root := st
	for n := 0; ; n++ {
		if s.known[root][name] || n > maxAncestors {
			return false
		}
		if root.parent == nil {
			break
		}
		root = root.parent
	}
	if strings.Contains(root.base, "$") {
		return false // it may be another stage
	}
	if root.base == "scratch" || platformArgs[name] {
		return true
	}
	// "node" sets NODE_VERSION by itself, "golang" GOLANG_VERSION.
	prefix, _, found := strings.Cut(strings.ToLower(name), "_")
	known := found && strings.Contains(strings.ToLower(root.base), prefix)
	return s.anywhere[name] && !known
}
