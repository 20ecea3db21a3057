package cache

import (
	"bufio"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Names in the folder. The segments have one of their own, so that nothing else in
// a folder that somebody names is ever taken for one, and removed.
const (
	subfolder  = "results"
	segmentEnd = ".seg1"
	tempStart  = "new-"
)

// anySegment matches segments of all versions: those of others count and are
// dropped when they are old, and are otherwise left to their owners.
var anySegment = regexp.MustCompile(`^[0-9a-f]{32}\.seg[0-9]{1,4}$`)

func isSegment(name string) bool {
	return anySegment.MatchString(name) && strings.HasSuffix(name, segmentEnd)
}

// Bounds of the folder.
const (
	maxNames    = 100_000 // more names are not looked at
	maxSegments = 256     // more segments are not read, and dropped
	manySmall   = 16      // more small segments than this are merged
	smallSize   = 8 << 20
	mergeBytes  = 64 << 20  // merged at a time
	tempAge     = time.Hour // a file that is being written is never as old
)

// folder is where the segments are. Nothing outside it can be reached through it.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	outer, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer outer.Close() //nolint:errcheck // nothing is written through it
	if err := outer.Mkdir(subfolder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	info, err := outer.Lstat(subfolder)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%q in it is not a folder", subfolder)
	}
	root, err := outer.OpenRoot(subfolder)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root}
	f.hide()
	return f, nil
}

// hide keeps a folder in a work tree from being committed, and from being scanned.
// It may fail: the folder may be read-only.
func (f *folder) hide() {
	file, err := f.root.OpenFile(".gitignore", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return
	}
	_, _ = file.WriteString("*\n")
	_ = file.Close()
}

func (f *folder) close() { _ = f.root.Close() }

// remove may fail: somebody else was faster, or may not be let to.
func (f *folder) remove(name string) { _ = f.root.Remove(name) }

// list gives the segments of all versions, newest first. What is not a regular file
// is none. Temporary files that were left behind are removed.
func (f *folder) list() ([]fs.FileInfo, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close() //nolint:errcheck // only read from
	entries, err := dir.ReadDir(maxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		temp := strings.HasPrefix(e.Name(), tempStart)
		if !temp && !anySegment.MatchString(e.Name()) {
			continue
		}
		info, err := f.root.Lstat(e.Name())
		switch {
		case err != nil || !info.Mode().IsRegular():
		case !temp:
			files = append(files, info)
		case time.Since(info.ModTime()) > tempAge:
			f.remove(e.Name())
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	return files, nil
}

// open reads the index of a segment and leaves the file closed.
func (f *folder) open(info fs.FileInfo) (*segment, error) {
	src := &lazyFile{folder: f, info: info}
	s, err := readSegment(src, info.Size())
	src.Close() //nolint:errcheck // only read from
	if err != nil {
		return nil, err
	}
	s.name = info.Name()
	s.src = &lazyFile{folder: f, info: info}
	return s, nil
}

// lazyFile is opened by the first read: most values stand in the index.
type lazyFile struct {
	folder *folder
	info   fs.FileInfo
	once   sync.Once
	file   *os.File
	err    error
}

func (l *lazyFile) open() {
	l.file, l.err = l.folder.root.Open(l.info.Name())
	if l.err != nil {
		return
	}
	// The name may have become a link, or another file, since it was listed.
	info, err := l.file.Stat()
	if err == nil && !os.SameFile(info, l.info) {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = l.file.Close()
		l.file, l.err = nil, err
	}
}

func (l *lazyFile) ReadAt(p []byte, offset int64) (int, error) {
	l.once.Do(l.open)
	if l.err != nil {
		return 0, l.err
	}
	return l.file.ReadAt(p, offset)
}

// Close ends reading for good.
func (l *lazyFile) Close() error {
	l.once.Do(func() { l.err = fs.ErrClosed })
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// write makes a segment of items. It is there as a whole or not at all, also where
// the program is killed or the disk is full: what the disk loses later, when the
// machine fails, the sums find. The name tells what is in it.
func (f *folder) write(items []item) (name string, err error) {
	temp := tempStart + rand.Text()
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			f.remove(temp)
		}
	}()
	sum := sha256.New()
	buffer := bufio.NewWriterSize(file, 1<<16)
	err = writeSegment(io.MultiWriter(buffer, sum), items)
	if flushErr := buffer.Flush(); err == nil {
		err = flushErr
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return "", err
	}
	name = hex.EncodeToString(sum.Sum(nil)[:16]) + segmentEnd
	return name, f.root.Rename(temp, name)
}

// shrink drops the oldest segments, until the rest is at most maxBytes.
func (f *folder) shrink(maxBytes int64) {
	files, err := f.list()
	if err != nil {
		return
	}
	var bytes int64
	for i, file := range files {
		if bytes += file.Size(); bytes > maxBytes || i >= maxSegments {
			f.remove(file.Name())
		}
	}
}

// merge makes one segment of many small ones. Two processes that do so at once
// write the same file twice.
func (f *folder) merge() {
	files, err := f.list()
	if err != nil {
		return
	}
	small := slices.DeleteFunc(files, func(i fs.FileInfo) bool { return !isSegment(i.Name()) || i.Size() > smallSize })
	if len(small) <= manySmall {
		return
	}
	var sources []*segment
	var items []item
	var total int64
	for _, info := range small {
		if total += info.Size(); total > mergeBytes {
			break
		}
		s, err := f.open(info)
		if err != nil {
			if isDamage(err) {
				f.remove(info.Name())
			}
			continue
		}
		sources = append(sources, s)
		for i := range s.len() {
			items = append(items, item{record: s.record(i), from: s})
		}
	}
	merged, err := f.write(items)
	for _, s := range sources {
		s.close()
		if err == nil && s.name != merged { // it may hold what one of them held alone
			f.remove(s.name)
		}
	}
}
