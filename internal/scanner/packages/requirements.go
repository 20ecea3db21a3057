package packages

import (
	"fmt"
	"path"
	"strings"
)

// beside gives the path of a file that another one names.
func beside(by, file string) string {
	if path.IsAbs(file) || strings.Contains(file, "://") {
		return file
	}
	return path.Join(path.Dir(by), file)
}

// included gives the file of "-r FILE" and "--requirement FILE".
func included(line string) (string, bool) {
	for _, option := range []string{"--requirement", "-r"} {
		rest, ok := strings.CutPrefix(line, option)
		if !ok {
			continue
		}
		for _, comment := range []string{" #", "\t#"} {
			rest, _, _ = strings.Cut(rest, comment)
		}
		file := strings.Trim(rest, " =\t\"'")
		if len(file) > maxString {
			file = strings.ToValidUTF8(file[:maxString], "") // nothing is called so
		}
		return file, file != ""
	}
	return "", false
}

// include is a file that a requirements file asks for.
type include struct{ file, by string }

// included finds the files that requirements include, however they are called. What
// was asked for and could not be read is an error: its packages are not known.
func (j *join) included(byPath map[string]*part) map[string]bool {
	asked := make(map[string]bool)
	var queue []include
	enqueue := func(p *part, by string) {
		for _, file := range p.Includes {
			if !asked[file] {
				asked[file] = true
				queue = append(queue, include{file, by})
			}
		}
	}
	for _, f := range j.files {
		if f.Format != formatLoose {
			enqueue(f.part, f.path)
		}
	}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		p := j.open(next.file, byPath)
		if problem := j.unread(next.file, p); problem != "" {
			j.res.Errors = append(j.res.Errors, fmt.Sprintf("%s: included by %s: %s", next.file, next.by, problem))
		}
		if p != nil {
			enqueue(p, next.file)
		}
	}
	return asked
}

// open gives the part of a file that is asked for; of those that nobody asks for
// the parts stay packed.
func (j *join) open(name string, byPath map[string]*part) *part {
	ref, packed := j.packed[name]
	if !packed {
		return byPath[name]
	}
	delete(j.packed, name)
	p, err := decodePart(ref.Part)
	switch {
	case err != nil:
		j.faulty[name] = true
		j.res.Errors = append(j.res.Errors, fmt.Sprintf("%s: %v", name, err))
		return nil
	case p.Pointer:
		j.pointers[name] = true
		return nil
	}
	byPath[name] = p
	j.files = append(j.files, file{p, name, ref.At, linkTarget(ref.Entry)})
	return p
}

// unread says why a file that is asked for is not read in whole; nothing where it
// is, or where the file has an error already.
func (j *join) unread(file string, p *part) string {
	switch {
	case p != nil:
		return p.Failed
	case j.faulty[file]:
		return ""
	case j.pointers[file]:
		return "kept in Git LFS: nothing to read here"
	case strings.Contains(file, "://"):
		return "not fetched"
	}
	return "not among the files that are scanned, or not called like requirements"
}

// noteUnread tells how many lines of requirements could not be read, and the first.
func (j *join) noteUnread(files []file) {
	n := 0
	var first []string
	for _, f := range files {
		n += f.Unread
		for _, line := range f.UnreadLines {
			first = append(first, fmt.Sprintf("%s:%d", f.path, line))
		}
	}
	if n == 0 {
		return
	}
	more := ""
	if n > maxUnread {
		more = ", ..."
	}
	first = first[:min(len(first), maxUnread)]
	j.res.Notes = append(j.res.Notes, fmt.Sprintf("%s of requirements could not be read: %s%s", plural(n, "line"), strings.Join(first, ", "), more))
}
