package scan_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

func TestHeadsAreGivenWhateverTheSize(t *testing.T) {
	long := strings.Repeat("x", 5<<20) // too long to be held for a stream
	broken := scantest.Text("broken", "x")
	broken.Err = errors.New("bad sector")
	files := []scantest.File{scantest.Text("long", long), scantest.Text("short", "abc"), scantest.Text("empty", ""), broken}
	for name, src := range map[string]scan.Source{
		"tree":  scantest.Tree(files...),
		"image": scantest.Image("app", nil, scantest.Layer{Files: files}),
	} {
		t.Run(name, func(t *testing.T) {
			sizes := make(map[string]int)
			head := toy{name: "head", mode: scan.Head, max: 2}
			seen := notes{toy: head, sizes: sizes}
			results := scan.Run(t.Context(), src, []scan.Scanner{seen, toy{name: "stream", mode: scan.Stream}}, scan.Options{Workers: 1})
			if diff := cmp.Diff(map[string]int{"long": scan.HeadSize, "short": 3, "empty": 0}, sizes); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if r := results[0]; r.Status != finding.StatusPartial || !strings.Contains(r.Reason, "bad sector") || r.Files != 0 {
				t.Errorf("%s: %s, %d files", r.Status, r.Reason, r.Files)
			}
			if r := results[1]; r.Files != 3 || r.Bytes != int64(len(long)+3) {
				t.Errorf("the stream beside it: %d files, %d bytes", r.Files, r.Bytes)
			}
		})
	}
}

// notes is a toy that notes how much of each file it was given.
type notes struct {
	toy
	sizes map[string]int
}

func (n notes) Begin(context.Context, scan.Target) (scan.Pass, error) { return n, nil }

func (n notes) File(_ context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	n.sizes[e.Path] = len(c.Bytes())
	return nil, nil
}

func (notes) Finish(context.Context, *scan.View, []scan.Ref) scan.Result { return scan.Result{} }

// rootFS offers entries as an unpacked root file system.
type rootFS struct{ scan.Source }

func (r rootFS) Target() scan.Target { return scan.Target{Kind: scan.KindRootFS, Name: "rootfs:."} }

func (r rootFS) Units() []scan.Unit {
	units := r.Source.Units()
	units[0].Sequential = true
	return units
}

// looker asks the view about everything.
type looker struct{ every, resolved []string }

func (*looker) Name() string                                            { return "looker" }
func (*looker) CacheKey() string                                        { return "" }
func (l *looker) Begin(context.Context, scan.Target) (scan.Pass, error) { return l, nil }
func (*looker) Wants(*scan.Entry, func(int) []byte) scan.Want           { return scan.Want{} }

func (*looker) File(context.Context, *scan.Entry, *scan.Content) (scan.Part, error) {
	return nil, io.EOF
}

func (l *looker) Finish(_ context.Context, v *scan.View, _ []scan.Ref) scan.Result {
	for at, e := range v.Every() {
		shown := "hidden"
		if p, ok := v.Shown(scan.Ref{At: at, Entry: e}); ok {
			shown = p
		}
		if v.IsShown(at) == (shown == "hidden") {
			shown += ", says Shown alone"
		}
		l.every = append(l.every, e.Path+" "+shown)
	}
	if p, _, _, ok := v.Resolve("etc/os-release"); ok {
		l.resolved = append(l.resolved, p)
	}
	return scan.Result{}
}

func TestEveryEntryOfAnImage(t *testing.T) {
	base := scantest.Layer{Files: []scantest.File{scantest.Text("a", "1"), scantest.Text("b", "2")}}
	l := &looker{}
	src := scantest.Image("app", nil, base, base, scantest.Layer{Files: []scantest.File{
		scantest.Text("a", "3"), {Entry: scan.Entry{Path: "b", Kind: scan.Whiteout}},
	}})
	scan.Run(t.Context(), src, []scan.Scanner{l}, scan.Options{})
	if diff := cmp.Diff([]string{"a hidden", "b hidden", "a a", "b hidden"}, l.every); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestARootFileSystemHasAView(t *testing.T) {
	l := &looker{}
	scan.Run(t.Context(), rootFS{scantest.Tree(
		scantest.File{Entry: scan.Entry{Path: "etc/os-release", Kind: scan.Symlink, Link: "/usr/lib/os-release"}},
		scantest.Text("usr/lib/os-release", "ID=x"),
	)}, []scan.Scanner{l}, scan.Options{})
	if diff := cmp.Diff([]string{"usr/lib/os-release"}, l.resolved); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	l = &looker{}
	scan.Run(t.Context(), scantest.Tree(scantest.Text("a", "1")), []scan.Scanner{l}, scan.Options{})
	if len(l.every)+len(l.resolved) > 0 {
		t.Errorf("a tree has no view: %q, %q", l.every, l.resolved)
	}
}
