package dockerfile

import (
	"iter"
	"slices"
	"strings"
)

// commands gives all commands of all RUNs, those behind ONBUILD too, that a Unix
// shell runs or none does.
func (f *file) commands() iter.Seq[*command] {
	return func(yield func(*command) bool) {
		for _, i := range f.instructions {
			if t := i.trigger; t != nil {
				i = t
			}
			if i.script == nil || i.script.foreign {
				continue
			}
			for _, c := range i.script.commands {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// settings are the variables that a command sets in an environment: those before
// the program, those that env gets, and what export makes.
func (c *command) settings() []assignment {
	if len(c.words) == 0 {
		return nil
	}
	set := slices.Clip(effective(c).assigns)
	if c.name() != "export" {
		return set
	}
	for _, a := range c.args() {
		if key, value, given := strings.Cut(a.text, "="); given {
			set = append(set, assignment{key, value})
		}
	}
	return set
}

// onBuilding looks at each instruction with one of the keywords, that of an ONBUILD
// too.
func onBuilding(f func(*report, *instruction), keywords ...string) check {
	return onInstruction(func(r *report, i *instruction) {
		if i.keyword == "ONBUILD" {
			if i = i.trigger; i == nil || i.broken || !slices.Contains(keywords, i.keyword) {
				return
			}
		}
		f(r, i)
	}, append(slices.Clone(keywords), "ONBUILD")...)
}

// documents gives the files that a COPY or ADD makes out of heredocs, with their
// text.
func (i *instruction) documents() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if len(i.heredocs) == 0 || len(i.words) < 2 {
			return
		}
		to := unquote(i.words[len(i.words)-1].text)
		for _, h := range i.heredocs {
			file := to
			if strings.HasSuffix(to, "/") {
				file += h.name
			}
			if !yield(file, i.file.text(h.body)) {
				return
			}
		}
	}
}

// variables are the pairs of ENV and ARG; none of anything else.
func (i *instruction) variables() []pair {
	if i.keyword == "ENV" || i.keyword == "ARG" {
		return i.pairs()
	}
	return nil
}
