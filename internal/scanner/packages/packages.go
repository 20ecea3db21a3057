// Package packages lists software and says which published advisories affect it.
//
// In a tree it reads what a project asks for: lockfiles, manifests, and archives
// and binaries that are checked in. In an image or a root file system it reads what is installed:
// package databases of distributions, modules in node_modules, Python's dist-info,
// jars, Go binaries. A package-lock.json inside an image is left out: it lists
// what somebody once meant to install, and what came of it is seen by itself.
//
// Much of the reading is the extraction library's work (github.com/google/osv-scalibr,
// its extractors only). What it passes over in silence, or takes for something else,
// is read here, as are the kinds that it does not know. Files are read one at a
// time, without those beside them. What needs
// other files (the distribution's release, go.sum, included requirements, parent
// POMs, files that a distribution's package owns) is joined in Finish. The
// library's rpm reader writes its database to a temporary file while it reads it.
//
//	entry --format--> part (rows) --join--> packages --vulndb--> findings
package packages

import (
	"context"
	"fmt"
	"sync"
	"time"

	scalibrlog "github.com/google/osv-scalibr/log"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// Options say what packages are compared with.
type Options struct {
	// DB answers which advisories affect a package. Without one packages are
	// listed, and the scan has failed where there are any.
	DB vulndb.DB
	// NoDB is the reason to give then: what to do about it.
	NoDB string
	// ListOnly says that packages are wanted and no advisories: not to have asked is
	// no failure then, and the scan says so.
	ListOnly bool
	// Ignores gives what other scanners' files ask to pass over in a target; nil for
	// nothing.
	Ignores func(t scan.Target) *Ignores
	// Now is the day on which it is asked.
	Now time.Time
}

// ignores are those of a target.
func (o *Options) ignores(t scan.Target) *Ignores {
	if o.Ignores == nil {
		return nil
	}
	return o.Ignores(t)
}

// Scanner is the packages scanner.
type Scanner struct {
	opt    Options
	memory *inflation
}

var silence = sync.OnceFunc(func() { scalibrlog.SetLogger(silent{}) })

// New makes a scanner. It does not close the database.
func New(opt Options) *Scanner {
	silence() // the library's default logger writes to stderr, and is global
	if opt.NoDB == "" {
		opt.NoDB = "no vulnerability database"
	}
	return &Scanner{opt: opt, memory: newInflation()}
}

// Name implements scan.Scanner.
func (s *Scanner) Name() string { return finding.Packages }

// Begin implements scan.Scanner. Histories are not looked at.
func (s *Scanner) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	switch t.Kind {
	case scan.KindTree:
		return &pass{opt: s.opt, target: t, formats: treeFormats(s.memory)}, nil
	case scan.KindImage, scan.KindRootFS:
		return &pass{opt: s.opt, target: t, formats: imageFormats(s.memory)}, nil
	case scan.KindSBOM:
		return &listed{pass{opt: s.opt, target: t}}, nil
	}
	return nil, nil
}

// pass looks at one target.
type pass struct {
	opt     Options
	target  scan.Target
	formats []format
}

// Wants implements scan.Pass. Of a file that only may be asked for it is no fault to
// be too large or a link to nowhere: a part that says so is kept, without reading.
func (p *pass) Wants(e *scan.Entry, head func(n int) []byte) scan.Want {
	f := p.find(e, head)
	switch {
	case f == nil:
		return scan.Want{}
	case f.unread:
		return scan.Want{Mode: scan.NoRead}
	case f.loose && (e.Size > f.max || e.Kind == scan.Symlink && len(head(1)) == 0):
		return scan.Want{Mode: scan.NoRead}
	}
	return scan.Want{Mode: scan.Whole, Max: f.max}
}

// File implements scan.Pass. It can give a part and an error: half of a file.
func (p *pass) File(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	data := c.Bytes()
	f := p.find(e, func(n int) []byte { return data[:min(n, len(data))] })
	if f == nil {
		return nil, nil
	}
	if f.unread {
		return (&part{Format: f.name}).encode()
	}
	if isLFSPointer(data) {
		return (&part{Format: f.name, Pointer: true}).encode()
	}
	made, err := p.read(ctx, f, e, data)
	if made == nil {
		return nil, err
	}
	made.Format = f.name
	encoded, encodeErr := made.encode()
	if err == nil {
		err = encodeErr
	}
	return encoded, err
}

// read makes a part of a file's content. What is wrong with a loose file is no error
// until somebody asks for it, so the part keeps it.
func (p *pass) read(ctx context.Context, f *format, e *scan.Entry, data []byte) (*part, error) {
	switch {
	case f.loose && e.Size > f.max:
		return &part{Failed: fmt.Sprintf("%v: %d bytes, of at most %d", scan.ErrTooLarge, e.Size, f.max)}, nil
	case f.loose && e.Kind == scan.Symlink && len(data) == 0:
		return &part{Failed: "a link to an empty file, or to none that is scanned"}, nil
	case len(data) == 0 && !f.asked:
		return nil, nil // a link to an empty file
	case len(data) == 0:
		return &part{}, nil
	}
	made, err := readFile(ctx, f, e.Path, data)
	if f.loose && err != nil {
		if made == nil {
			made = &part{}
		}
		made.Failed, err = err.Error(), nil
	}
	return made, err
}

// find gives the format of an entry; nil for what holds no packages. In a tree a
// link is taken for what it is called, as a file would be. Nothing but being empty
// can be known of a link before it is opened: it may as well lead nowhere.
func (p *pass) find(e *scan.Entry, head func(n int) []byte) *format {
	link := e.Kind == scan.Symlink && p.target.Kind == scan.KindTree
	if e.Kind != scan.File && !link {
		return nil
	}
	for i := range p.formats {
		if f := &p.formats[i]; f.match(e, head) {
			if e.Size == 0 && !link && !f.asked {
				return nil
			}
			return f
		}
	}
	return nil
}

// silent is a logger for the library that says nothing: what goes wrong comes
// back as an error.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Error(...any)          {}
func (silent) Warnf(string, ...any)  {}
func (silent) Warn(...any)           {}
func (silent) Infof(string, ...any)  {}
func (silent) Info(...any)           {}
func (silent) Debugf(string, ...any) {}
func (silent) Debug(...any)          {}
