package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// CommitOptions say which commit is opened, and how much of it is looked at.
type CommitOptions struct {
	// Repo holds the commit, Commit is its id.
	Repo   *git.Repo
	Commit string
	// Path is where to begin, relative to the root; "" is the root.
	Path string
	// Name is how the target is called.
	Name string
	// Looks are the files to look at in any case; every other one is marked as
	// unchanged. nil marks none.
	Looks map[string]bool
}

// Commit is the tree of a commit, straight from git's objects: nothing is checked
// out, and neither attributes nor filters change what is read. It holds what the tree
// of a checkout would hold, so that findings in both can be compared.
type Commit struct {
	opt     CommitOptions
	objects *git.Objects
	files   map[string]git.TreeFile
	order   []git.TreeFile
	sizes   map[string]int64

	mu    sync.Mutex
	ready []*git.Blobs // that read nothing at the moment
	all   []*git.Blobs
	lost  error
}

// OpenCommit opens the tree of a commit.
func OpenCommit(ctx context.Context, opt CommitOptions) (*Commit, error) {
	objects, err := opt.Repo.Objects(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening commit %s: %w", opt.Commit, err)
	}
	c := &Commit{opt: opt, objects: objects, files: make(map[string]git.TreeFile)}
	// Links may lead to anywhere in the tree, so all of it is listed.
	if c.order, err = objects.Tree(ctx, opt.Commit, ""); err == nil {
		ids := make([]string, 0, len(c.order))
		for _, f := range c.order {
			c.files[f.Path] = f
			if f.Mode != git.ModeSubmodule {
				ids = append(ids, f.Blob)
			}
		}
		c.sizes, err = objects.Sizes(ctx, ids)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening commit %s: %w", opt.Commit, err), objects.Close())
	}
	return c, nil
}

// Target implements scan.Source.
func (c *Commit) Target() scan.Target {
	return scan.Target{Kind: scan.KindTree, Name: c.opt.Name, Digest: c.opt.Commit}
}

// Units implements scan.Source.
func (c *Commit) Units() []scan.Unit { return []scan.Unit{{Name: "commit", Walk: c.walk}} }

// Close implements scan.Source.
func (c *Commit) Close() error {
	errs := []error{}
	for _, b := range c.all {
		errs = append(errs, b.Close())
	}
	return errors.Join(append(errs, c.objects.Close())...)
}

// Lost says which object the repository lacks; nil while none was missed.
func (c *Commit) Lost() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

func (c *Commit) walk(ctx context.Context, v scan.Visitor) error {
	for _, f := range c.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !c.within(f.Path) {
			continue
		}
		if f.Mode == git.ModeSubmodule {
			v.Skipped(f.Path, SkippedSubmodule)
			continue
		}
		if len(f.Path) > MaxPath {
			v.Failed(f.Path[:MaxPath], fmt.Errorf("path is longer than %d bytes", MaxPath))
			continue
		}
		if err := c.offer(ctx, f, v); err != nil {
			return err
		}
	}
	return nil
}

// within says whether a file lies at or below where to begin.
func (c *Commit) within(file string) bool {
	return c.opt.Path == "" || file == c.opt.Path || strings.HasPrefix(file, c.opt.Path+"/")
}

// offer offers one file. A link is offered with the file that it leads to.
func (c *Commit) offer(ctx context.Context, f git.TreeFile, v scan.Visitor) error {
	e := scan.Entry{Path: f.Path, Mode: 0o644, Named: f.Path == c.opt.Path, Unchanged: c.opt.Looks != nil && !c.opt.Looks[f.Path]}
	content := f
	var broken error
	switch f.Mode {
	case git.ModeExecutable:
		e.Mode = 0o755
	case git.ModeSymlink:
		e.Kind, e.Mode = scan.Symlink, fs.ModePerm
		var err error
		if e.Link, err = c.link(ctx, f); err != nil {
			c.fail(err)
			v.Failed(f.Path, err)
			return nil
		}
		content, broken = c.follow(ctx, f, e.Link)
	}
	size, there := c.sizes[content.Blob]
	switch {
	case broken != nil:
		size = 0
	case !there:
		size = 1 // who wants it learns that it is missing
	}
	e.Size = size
	return v.Entry(e, func() (io.ReadCloser, error) {
		if broken != nil {
			return nil, broken
		}
		return c.open(ctx, content.Blob)
	})
}

func (c *Commit) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil && errors.Is(err, git.ErrMissing) {
		c.lost = err
	}
}

var errNowhere = errors.New("the link leads to no file of the tree")

// follow gives the file that a link leads to, by way of files alone: a link through
// a folder that is itself a link leads nowhere here.
func (c *Commit) follow(ctx context.Context, f git.TreeFile, link string) (git.TreeFile, error) {
	for range maxLinks {
		if path.IsAbs(link) {
			return f, errNowhere
		}
		next, ok := c.files[path.Join(path.Dir(f.Path), link)]
		if !ok || next.Mode == git.ModeSubmodule {
			return f, errNowhere
		}
		if f = next; f.Mode != git.ModeSymlink {
			return f, nil
		}
		var err error
		if link, err = c.link(ctx, f); err != nil {
			return f, err
		}
	}
	return f, errNowhere
}

// maxLinks bounds how many links are followed.
const maxLinks = 40

// link reads where a link leads.
func (c *Commit) link(ctx context.Context, f git.TreeFile) (string, error) {
	r, err := c.open(ctx, f.Blob)
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(io.LimitReader(r, MaxPath))
	return string(text), err
}

// open opens a blob. Each that is open has a git of its own, which others take over.
func (c *Commit) open(ctx context.Context, id string) (io.ReadCloser, error) {
	c.mu.Lock()
	var blobs *git.Blobs
	if n := len(c.ready); n > 0 {
		blobs, c.ready = c.ready[n-1], c.ready[:n-1]
	} else {
		blobs = c.objects.Blobs(ctx)
		c.all = append(c.all, blobs)
	}
	c.mu.Unlock()
	r, err := blobs.Open(id)
	if err != nil {
		c.fail(err)
		c.rest(blobs)
		return nil, err
	}
	return &lent{ReadCloser: r, back: func() { c.rest(blobs) }}, nil
}

// rest keeps a git for the next blob, as many as can be at work.
func (c *Commit) rest(b *git.Blobs) {
	c.mu.Lock()
	keep := len(c.ready) < runtime.GOMAXPROCS(0)
	if keep {
		c.ready = append(c.ready, b)
	}
	c.mu.Unlock()
	if !keep {
		b.Close() //nolint:errcheck // it was only read from
	}
}

// lent gives its git back once.
type lent struct {
	io.ReadCloser
	back func()
	once sync.Once
}

// Close closes the blob.
func (l *lent) Close() error {
	err := l.ReadCloser.Close()
	l.once.Do(l.back)
	return err
}
