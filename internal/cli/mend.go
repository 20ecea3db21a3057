package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/fix"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
)

// maxRounds bounds how often a tree is mended and scanned again. One fix can wait
// for another one; that they never end is a bug, which this makes visible.
const maxRounds = 20

// mending is what happens to one tree: it is scanned, the files with fixes are read
// into memory, and mended and scanned there until nothing changes; then they are
// written. So what is edited is what was scanned, and a scan that fails halfway
// leaves no file half mended.
type mending struct {
	*mender
	target target
	source scan.Source
	log    *slog.Logger
	// before are the files as they were, files as they are now.
	before, files map[string][]byte
	done          map[string][]finding.Finding
}

func (w *mending) mend(ctx context.Context) error {
	first := w.scan(ctx, overlay{Source: w.source})
	paths := make(map[string]bool)
	for _, f := range w.chosen(first) {
		for _, e := range f.Fix.Edits {
			paths[e.Path] = true
		}
	}
	last := first
	if len(paths) > 0 {
		if err := w.read(ctx, paths); err != nil {
			return err
		}
		last = w.rounds(ctx)
	}
	w.count(first, func(path string) bool { return w.files[path] == nil })
	w.count(last, func(path string) bool { return w.files[path] != nil })
	return w.write()
}

// scan scans and judges a source.
func (w *mending) scan(ctx context.Context, src overlay) *report.Run {
	judging := w.judging
	judging.Policies = w.policies.bind(w.names())
	run := gate.Run(ctx, gate.Request{Sources: []scan.Source{src}, Scanners: w.scanners, Version: Version, Judging: judging})
	for _, s := range run.Scans {
		w.log.Debug("scanned", "scanner", s.Scanner, "target", s.Target, "status", s.Status, "reason", s.Reason, "files", s.Files)
		if s.Status != finding.StatusOK && s.Status != finding.StatusNothing {
			w.fail("%s: scanner %s: %s", s.Target, s.Scanner, s.Reason)
		}
	}
	return run
}

// names are what policies know the targets by, as in a scan.
func (w *mending) names() [][]string {
	var names [][]string
	for _, t := range w.targets {
		names = append(names, []string{w.judging.Mask(t.name())})
	}
	return names
}

// chosen are the findings to be mended: those with a fix that nobody has accepted.
func (w *mending) chosen(run *report.Run) []finding.Finding {
	var out []finding.Finding
	for _, f := range run.Findings {
		if f.Fix != nil && f.Decision.Action != policy.Suppress && (len(w.only) == 0 || w.only[f.Rule]) {
			out = append(out, f.Finding)
		}
	}
	return out
}

// read takes files into memory.
func (w *mending) read(ctx context.Context, paths map[string]bool) error {
	w.files = make(map[string][]byte)
	for _, u := range w.source.Units() {
		if err := u.Walk(ctx, &reader{paths: paths, files: w.files}); err != nil {
			return err
		}
	}
	w.before = maps.Clone(w.files)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if w.files[path] == nil {
			w.fail("%s: it is a link, or cannot be read: name the file that is to be mended", path)
		}
	}
	return nil
}

// rounds mends the files in memory until nothing changes, and gives the last scan.
func (w *mending) rounds(ctx context.Context) *report.Run {
	w.done = make(map[string][]finding.Finding)
	for n := 0; ; n++ {
		run := w.scan(ctx, overlay{Source: w.source, files: w.files})
		if ctx.Err() != nil || n == maxRounds {
			if n == maxRounds {
				w.fail("%s: there was more to mend after %d rounds", w.target.name(), n)
			}
			return run
		}
		res := fix.Apply(w.files, w.chosen(run))
		if len(res.Files) == 0 {
			return run
		}
		for _, path := range res.Paths() {
			if !dockerfile.SameBuild(w.files[path], res.Files[path]) {
				w.fail("%s: mending it would change what is built: it was left as it is; please report this", path)
				delete(w.files, path)
				continue
			}
			w.files[path] = res.Files[path]
			for _, f := range res.Applied {
				if f.Location.Path == path {
					w.done[path] = append(w.done[path], f)
				}
			}
		}
	}
}

// count counts what is left of a scan in some of the files.
func (w *mending) count(run *report.Run, in func(path string) bool) {
	for _, f := range run.Findings {
		if f.Decision.Action != policy.Suppress && (len(w.only) == 0 || w.only[f.Rule]) && in(f.Location.Path) {
			w.left++
		}
	}
}

// write writes the files that differ.
func (w *mending) write() error {
	rooted, ok := w.source.(interface{ Root() string })
	if !ok {
		return errors.New("nothing can be written there")
	}
	root, err := os.OpenRoot(rooted.Root())
	if err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	defer root.Close() //nolint:errcheck // only a handle
	for _, path := range slices.Sorted(maps.Keys(w.files)) {
		before, after := w.before[path], w.files[path]
		if bytes.Equal(before, after) {
			continue
		}
		if !w.dryRun && !w.diff {
			if err := replaceFile(root, path, before, after); err != nil {
				w.fail("writing %s: %v", path, err)
				continue
			}
		}
		if err := w.tell(path, before, after, w.done[path]); err != nil {
			return err
		}
	}
	return nil
}

// overlay is a tree of which some files are in memory: then it holds those alone.
type overlay struct {
	scan.Source
	files map[string][]byte
}

// Close leaves the tree open: it is scanned several times.
func (overlay) Close() error { return nil }

// Units implements scan.Source.
func (o overlay) Units() []scan.Unit {
	units := slices.Clone(o.Source.Units())
	if o.files == nil {
		return units
	}
	for i, u := range units {
		units[i].Digest = ""
		units[i].Walk = func(ctx context.Context, v scan.Visitor) error {
			return u.Walk(ctx, replacing{v, o.files})
		}
	}
	return units
}

// replacing passes on the files that are in memory, with their content there.
type replacing struct {
	scan.Visitor
	files map[string][]byte
}

func (r replacing) Entry(e scan.Entry, _ func() (io.ReadCloser, error)) error {
	data, ok := r.files[e.Path]
	if !ok || e.Kind != scan.File {
		return nil
	}
	e.Size, e.Digest = int64(len(data)), ""
	return r.Visitor.Entry(e, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
}

// Failed says nothing: the first scan has said it.
func (replacing) Failed(string, error) {}

// reader takes files into memory.
type reader struct {
	paths map[string]bool
	files map[string][]byte
}

func (r *reader) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	if !r.paths[e.Path] || e.Kind != scan.File {
		return nil
	}
	f, err := open()
	if err != nil {
		return nil // the file is missing afterwards, which is told
	}
	defer f.Close() //nolint:errcheck // only read from
	data, err := io.ReadAll(io.LimitReader(f, maxMended+1))
	if err == nil && len(data) <= maxMended {
		r.files[e.Path] = data
	}
	return nil
}

// maxMended is more than any file that a scanner finds fixes in.
const maxMended = 64 << 20

func (*reader) Skipped(string, string) {}
func (*reader) Failed(string, error)   {}
