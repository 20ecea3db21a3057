package git

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Mode is what the index says of a tracked file, as git writes it in octal.
type Mode uint32

// The modes that git knows (https://git-scm.com/docs/index-format).
const (
	ModeRegular    Mode = 0o100644
	ModeExecutable Mode = 0o100755
	ModeSymlink    Mode = 0o120000
	ModeSubmodule  Mode = 0o160000
)

// File is a tracked file. Its path is relative to the root of the work tree, with
// slashes, and need not be valid UTF-8.
type File struct {
	Path string
	Mode Mode
}

// Listing is what a work tree holds, by git's account. Paths are as in File; those
// of folders end in a slash.
type Listing struct {
	// Tracked are the files of the index, also those that are ignored or missing.
	// Sorted, each once.
	Tracked []File
	// Untracked are files that are neither tracked nor ignored. A folder among
	// them is another repository, into which git does not look. Sorted.
	Untracked []string
	// Ignored are untracked files that .gitignore or .git/info/exclude name, and
	// folders of which nothing is tracked, as one. The user's own global ignore
	// file is not asked. Sorted.
	Ignored []string
	// Unreadable are messages about folders that git could not look into: what
	// lies there is in none of the lists.
	Unreadable []string
}

// maxFiles bounds each list.
const maxFiles = 5_000_000

// Files lists what lies at and below sub, a path relative to the root; "" is the
// root.
func (r *Repo) Files(ctx context.Context, sub string) (*Listing, error) {
	if sub == "" {
		sub = "."
	}
	var l Listing
	var errs [3]error
	var wg sync.WaitGroup
	wg.Go(func() { l.Tracked, errs[0] = r.tracked(ctx, sub) })
	wg.Go(func() { l.Untracked, l.Unreadable, errs[1] = r.others(ctx, sub) })
	wg.Go(func() { l.Ignored, _, errs[2] = r.others(ctx, sub, "--ignored", "--directory") })
	wg.Wait()
	for _, err := range errs { // the first is enough: the others say the same
		if err != nil {
			return nil, err
		}
	}
	return &l, nil
}

// tracked lists the index. A path in conflict stands there up to three times.
func (r *Repo) tracked(ctx context.Context, sub string) ([]File, error) {
	out, err := r.start(ctx, "ls-files", "-z", "--stage", "--", sub)
	if err != nil {
		return nil, err
	}
	var files []File
	for record, more := out.next(); more; record, more = out.next() {
		f, err := parseStage(record)
		if err == nil && len(files) == maxFiles {
			err = fmt.Errorf("more than %d tracked files", maxFiles)
		}
		if err != nil {
			out.err = err
			break
		}
		if n := len(files); n > 0 && files[n-1].Path == f.Path {
			continue
		}
		files = append(files, f)
	}
	if _, err := out.close(); err != nil {
		return nil, err
	}
	return files, nil
}

// parseStage reads "100644 OBJECT STAGE\tPATH".
func parseStage(record []byte) (File, error) {
	info, path, ok := bytes.Cut(record, []byte{'\t'})
	mode, _, _ := bytes.Cut(info, []byte{' '})
	m, err := strconv.ParseUint(string(mode), 8, 32)
	if !ok || err != nil || len(path) == 0 {
		return File{}, fmt.Errorf("git ls-files: cannot read record %q", record)
	}
	return File{Path: string(path), Mode: Mode(m)}, nil
}

// unreadablePrefix begins git's warning about a folder that it could not open.
// The exit code is 0 nevertheless.
const unreadablePrefix = "warning: could not open directory"

// others lists untracked files, and the warnings that leave some of them out.
func (r *Repo) others(ctx context.Context, sub string, more ...string) (paths, unreadable []string, err error) {
	args := append([]string{"ls-files", "-z", "--others", "--exclude-standard"}, more...)
	out, err := r.start(ctx, append(args, "--", sub)...)
	if err != nil {
		return nil, nil, err
	}
	for record, more := out.next(); more; record, more = out.next() {
		if len(paths) == maxFiles {
			out.err = fmt.Errorf("more than %d untracked files", maxFiles)
			break
		}
		// --directory names a folder of which all is ignored by "out/*" itself and
		// once more by what is in it.
		if n := len(paths); n > 0 && strings.HasSuffix(paths[n-1], "/") && strings.HasPrefix(string(record), paths[n-1]) {
			paths = paths[:n-1]
		}
		paths = append(paths, string(record))
	}
	lines, err := out.close()
	if err != nil {
		return nil, nil, err
	}
	for _, line := range lines {
		if strings.HasPrefix(line, unreadablePrefix) {
			unreadable = append(unreadable, strings.TrimPrefix(line, "warning: "))
		}
	}
	return paths, unreadable, nil
}
