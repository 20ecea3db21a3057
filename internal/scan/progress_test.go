package scan_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// counter finds something in every file, and tells how far it was when it finished.
type counter struct {
	toy
	progress *scan.Progress
	then     *scan.Far
}

func (c counter) Begin(context.Context, scan.Target) (scan.Pass, error) { return c, nil }

func (counter) Count(p scan.Part) int { return len(p) }

func (counter) File(_ context.Context, e *scan.Entry, _ *scan.Content) (scan.Part, error) {
	if e.Path == "c" {
		return nil, nil
	}
	return scan.Part("ab"), nil
}

func (c counter) Finish(context.Context, *scan.View, []scan.Ref) scan.Result {
	*c.then = c.progress.Far()
	return scan.Result{}
}

func TestProgress(t *testing.T) {
	p, then := new(scan.Progress), new(scan.Far)
	c := counter{toy{name: "a", mode: scan.Whole}, p, then}
	scanned := func(src scan.Source, number, found int) (scan.Far, scan.Far) {
		p.Begin(src.Target().Name, number, 2)
		scan.Run(t.Context(), src, []scan.Scanner{c, toy{name: "b", mode: scan.Whole}, toy{name: "c", mode: scan.NoRead}}, scan.Options{Progress: p})
		if number > 0 {
			p.End(found)
		}
		return *then, p.Far()
	}
	if diff := cmp.Diff(scan.Far{}, p.Far()); diff != "" {
		t.Error(diff)
	}
	files := []scantest.File{scantest.Text("a", "123"), scantest.Text("b", "12345"), scantest.Text("c", "1")}
	during, after := scanned(scantest.Tree(files...), 1, 7)
	want := scan.Far{Target: "dir:.", Number: 1, Of: 2, Units: 1, Walked: 1, Files: 3, Bytes: 9, Found: 4}
	if diff := cmp.Diff(want, during); diff != "" {
		t.Errorf("a tree: %s", diff)
	}
	if want.Found = 7; cmp.Diff(want, after) != "" {
		t.Errorf("a tree, afterwards: %s", cmp.Diff(want, after))
	}
	image := scantest.Image("app", nil, scantest.Layer{Files: files[:1]}, scantest.Layer{Files: files[1:]})
	during, _ = scanned(image, 2, 0)
	want = scan.Far{Target: image.Target().Name, Number: 2, Of: 2, Units: 2, Walked: 2, Files: 3, Bytes: 9, Found: 7 + 4}
	if diff := cmp.Diff(want, during); diff != "" {
		t.Errorf("an image: %s", diff)
	}
	during, _ = scanned(scantest.Tree(files...), 0, 0)
	want = scan.Far{Target: "dir:.", Of: 2, Units: 1, Walked: 1, Files: 3, Bytes: 9, Found: 7}
	if diff := cmp.Diff(want, during); diff != "" {
		t.Errorf("what is compared with: %s", diff)
	}
}

func TestNobodyIsTold(t *testing.T) {
	var p *scan.Progress
	p.Begin("x", 1, 1)
	p.End(1)
	if diff := cmp.Diff(scan.Far{}, p.Far()); diff != "" {
		t.Error(diff)
	}
}
