package dockerfile

import (
	"path"
	"slices"
	"strings"
)

// Reads says which files of the folder that it is built in, its build context, a
// Dockerfile reads. Where that cannot be told for certain it is all of them.
type Reads struct {
	// patterns are the sources, as the parts of paths.
	patterns [][]string
	all      bool
	ignored  []ignore
	// budget is the work that is left, in parts that are compared.
	budget int
}

// The bounds of what is compared; past them everything is read. Both the Dockerfile and
// the files are the author's.
const (
	maxReads   = 1000
	maxIgnores = 1000
	maxParts   = 60
	maxWork    = 50_000_000
)

// NewReads reads a Dockerfile, and the .dockerignore that counts for it; nil for none.
func NewReads(data, dockerignore []byte) *Reads {
	f := parse("Dockerfile", data)
	r := &Reads{budget: maxWork, all: len(f.faults) > 0 || len(f.limits) > 0 || len(f.stages) == 0 || f.customSyntax()}
	for _, i := range f.instructions {
		r.add(i)
	}
	r.all = r.all || len(r.patterns) > maxReads
	r.ignored = parseIgnores(dockerignore)
	return r
}

// add adds what an instruction reads. What a trigger reads depends on who builds upon
// the stage.
func (r *Reads) add(i *instruction) {
	switch i.keyword {
	case "ONBUILD":
		r.all = true
	case "COPY", "ADD":
		if _, elsewhere := i.flag("from"); elsewhere {
			return
		}
		args := i.args()
		for _, source := range args[:max(len(args)-1, 0)] {
			r.source(source, i.keyword == "ADD")
		}
	case "RUN":
		for _, m := range i.flagValues("mount") {
			r.mount(m)
		}
	}
	r.all = r.all || i.broken
}

// source adds a source of COPY or ADD. Heredocs and what ADD fetches are no files.
func (r *Reads) source(text string, remote bool) {
	switch {
	case strings.HasPrefix(text, "<<"):
	case remote && (strings.Contains(text, "://") || strings.HasPrefix(text, "git@")):
	default:
		r.path(text)
	}
}

// path adds a path of the context, which may hold wildcards. One whose text is not
// what it says, for a variable, a quote or an escape, can be any.
func (r *Reads) path(text string) {
	clean := strings.TrimPrefix(path.Clean("/"+text), "/")
	if _, err := path.Match(clean, ""); err != nil || clean == "" || strings.ContainsAny(text, "$\"'\\`") {
		r.all = true
		return
	}
	parts := strings.Split(clean, "/")
	if len(parts) > maxParts {
		r.all = true
		return
	}
	r.patterns = append(r.patterns, parts)
}

// mount adds what a RUN has mounted: without type it is a bind mount, without from it
// is of the context, without source all of it.
func (r *Reads) mount(text string) {
	kind, source := "bind", ""
	for field := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(field, "=")
		switch strings.ToLower(key) {
		case "type":
			kind = value
		case "source", "src":
			source = value
		case "from":
			return
		}
	}
	if strings.EqualFold(kind, "bind") || strings.ContainsAny(kind, "$\"'\\`") {
		r.path(source)
	}
}

// Links says which files of the context are symbolic links. A source that leads through
// one is somewhere else.
func (r *Reads) Links(paths []string) {
	for _, link := range paths {
		if r.all {
			return
		}
		parts := strings.Split(link, "/")
		for _, pattern := range r.patterns {
			if len(parts) <= len(pattern) && r.matches(pattern[:len(parts)], parts) {
				r.all = true
			}
		}
	}
}

// Takes says whether a file is read, by its path below the context.
func (r *Reads) Takes(file string) bool {
	parts := strings.Split(file, "/")
	ignored := r.ignores(parts)
	taken := r.all || slices.ContainsFunc(r.patterns, func(pattern []string) bool { return r.matches(pattern, parts) })
	return r.budget < 0 || taken && !ignored
}

// ignore is a line of a .dockerignore.
type ignore struct {
	pattern []string
	// back says that what it matches is read after all.
	back bool
}

// parseIgnores reads a .dockerignore; nothing where one of its lines cannot be read.
// See https://docs.docker.com/build/concepts/context/#dockerignore-files.
func parseIgnores(data []byte) []ignore {
	var all []ignore
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		text, back := strings.CutPrefix(strings.TrimSpace(line), "!")
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		clean := strings.TrimPrefix(path.Clean("/"+text), "/")
		parts := strings.Split(clean, "/")
		if _, err := path.Match(clean, ""); err != nil || len(all) == maxIgnores || len(parts) > maxParts {
			return nil
		}
		if clean != "" {
			all = append(all, ignore{parts, back})
		}
	}
	return all
}

// ignores says what the last line says that matches a file or a folder above it.
func (r *Reads) ignores(parts []string) bool {
	ignored := false
	for _, l := range r.ignored {
		if l.back == ignored && r.matches(l.pattern, parts) {
			ignored = !l.back
		}
	}
	return ignored
}

// matches says whether a pattern matches a path or a folder above it. ** stands for any
// number of folders.
func (r *Reads) matches(pattern, parts []string) bool {
	// at are the parts of the pattern that can come next, a bit each.
	at, end := skipped(pattern, 1), uint64(1)<<len(pattern)
	for _, part := range parts {
		if r.budget -= len(pattern); r.budget < 0 || at == 0 {
			return false
		}
		var next uint64
		for i, p := range pattern {
			if at&(1<<i) == 0 {
				continue
			}
			if p == "**" {
				next |= 1 << i
			} else if ok, _ := path.Match(p, part); ok {
				next |= 1 << (i + 1)
			}
		}
		if at = skipped(pattern, next); at&end != 0 {
			return true
		}
	}
	return false
}

// skipped adds what can come next where ** stands for no folder.
func skipped(pattern []string, at uint64) uint64 {
	for i, p := range pattern {
		if p == "**" && at&(1<<i) != 0 {
			at |= 1 << (i + 1)
		}
	}
	return at
}
