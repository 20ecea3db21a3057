package dockerfile

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3010", Severity: finding.Low,
	Title:       "COPY of an archive that is unpacked later",
	Remediation: "Use ADD, which unpacks local archives and leaves none in the layer",
}, onStage(func(r *report, st *stage) {
	copied := make(map[string][]*copiedArchive)
	for _, i := range st.instructions {
		switch {
		case i.broken:
		case i.keyword == "COPY":
			if a := copiedArchives(i); a != nil {
				for _, name := range a.names {
					copied[name] = append(copied[name], a)
				}
			}
		case i.script != nil && len(copied) > 0:
			for _, file := range unpackedBy(i.script) {
				for _, a := range copied[file] {
					a.report(r, file)
				}
				delete(copied, file)
			}
		}
	}
}))

// copiedArchive is a COPY of tar archives of the build context.
type copiedArchive struct {
	by *instruction
	// names are what commands may call them, without folders.
	names    []string
	reported bool
}

func (a *copiedArchive) report(r *report, file string) {
	if !a.reported {
		r.instruction(a.by, "archive %s is copied to be unpacked later, which ADD does at once", quote(file))
	}
	a.reported = true
}

// copiedArchives gives the archives that a COPY brings, nil where there are none.
func copiedArchives(i *instruction) *copiedArchive {
	if _, stage := i.flag("from"); stage || len(i.words) < 2 {
		return nil
	}
	last := len(i.words) - 1
	to := path.Base(unquote(i.words[last].text))
	a := &copiedArchive{by: i}
	for _, w := range i.words[:last] {
		source := path.Base(unquote(w.text))
		if !archive(source) || strings.HasPrefix(source, "<<") {
			continue
		}
		if last == 1 && archive(to) {
			source = to
		}
		a.names = append(a.names, source)
		if n := strings.LastIndexByte(source, '.'); n >= 0 {
			a.names = append(a.names, "*"+source[n:])
			if n = strings.LastIndexByte(source[:n], '.'); n >= 0 {
				a.names = append(a.names, "*"+source[n:])
			}
		}
	}
	if len(a.names) == 0 {
		return nil
	}
	return a
}

// unpackedBy gives the names, without folders, of what a script may unpack.
func unpackedBy(s *script) []string {
	var files []string
	for _, c := range s.commands {
		switch c.name() {
		case "tar", "bsdtar", "gtar":
			if tarExtracts(c) {
				files = append(files, filesOf(c)...)
			}
		case "gunzip", "bunzip2", "unxz", "unlzma", "uncompress", "zcat", "bzcat", "xzcat", "lzcat":
			// ADD leaves a file alone that is compressed but no tar archive.
			files = append(files, slices.DeleteFunc(filesOf(c), func(file string) bool { return !tarball(file) })...)
		}
	}
	return files
}

// tarball says whether a name promises a tar archive.
func tarball(name string) bool {
	ending := path.Ext(name)
	return ending == ".tar" || strings.HasSuffix(strings.TrimSuffix(name, ending), ".tar") || strings.HasPrefix(strings.ToLower(ending), ".t")
}

// filesOf gives what may be the names of files that a command reads, without
// folders.
func filesOf(c *command) []string {
	var files []string
	for _, a := range c.args() {
		file := a.text
		if option, value, ok := strings.Cut(file, "="); ok && strings.HasPrefix(option, "--") {
			file = value
		}
		files = append(files, path.Base(file))
	}
	if c.stmt == nil {
		return files
	}
	for _, r := range c.stmt.Redirs {
		if r.Op == syntax.RdrIn && r.Word != nil {
			files = append(files, path.Base(c.script.literal(r.Word)))
		}
	}
	return files
}

// tarExtracts says whether tar is told to extract: -x, or x among the letters of
// its first word.
func tarExtracts(c *command) bool {
	const valued = "fCbTXgKNVLFHI"
	if c.short('x', valued) || c.long("extract", "get") {
		return true
	}
	args := c.args()
	return len(args) > 0 && !strings.HasPrefix(args[0].text, "-") && strings.Contains(args[0].text, "x")
}
