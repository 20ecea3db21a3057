package packages

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
)

// readRequirements keeps which files the file includes. One that lists nothing has
// a part all the same: others may include it.
func readRequirements(read reader) reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		if errors.Is(err, bufio.ErrTooLong) {
			err = errLongLine
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			file, ok := included(strings.TrimSpace(line))
			if !ok {
				continue
			}
			if len(made.Includes) == maxIncludes {
				return made, fmt.Errorf("it includes more than %d files", maxIncludes)
			}
			if !path.IsAbs(file) && !strings.Contains(file, "://") {
				file = path.Join(path.Dir(p), file)
			}
			made.Includes = append(made.Includes, file)
		}
		return made, nil
	}
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
		p := byPath[next.file]
		if problem := j.unread(next.file, p); problem != "" {
			j.res.Errors = append(j.res.Errors, fmt.Sprintf("%s: included by %s: %s", next.file, next.by, problem))
		}
		if p != nil {
			enqueue(p, next.file)
		}
	}
	return asked
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
