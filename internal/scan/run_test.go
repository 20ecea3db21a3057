package scan_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// toy notes the hash of every file that it reads, and in Finish where it ended.
type toy struct {
	name  string
	key   string
	mode  scan.Mode
	max   int64
	hide  bool // excuse errors of hidden entries
	onFor func(*scan.Entry) error
	reads *atomic.Int64
}

func (t toy) Name() string     { return t.name }
func (t toy) CacheKey() string { return t.key }
func (t toy) Begin(_ context.Context, target scan.Target) (scan.Pass, error) {
	return t, nil
}

func (t toy) Wants(e *scan.Entry, head func(int) []byte) scan.Want {
	if e.Kind != scan.File {
		return scan.Want{Mode: scan.NoRead}
	}
	if strings.HasSuffix(e.Path, ".skip") {
		return scan.Want{}
	}
	if strings.HasSuffix(e.Path, ".bin") && string(head(2)) != "ok" {
		return scan.Want{}
	}
	return scan.Want{Mode: t.mode, Max: t.max}
}

func (t toy) File(_ context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	if t.onFor != nil {
		if err := t.onFor(e); err != nil {
			return nil, err
		}
	}
	if t.reads != nil {
		t.reads.Add(1)
	}
	h := sha256.New()
	if _, err := io.Copy(h, c.Reader()); err != nil {
		return nil, err
	}
	return scan.Part(hex.EncodeToString(h.Sum(nil)[:4])), nil
}

func (t toy) Finish(_ context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := scan.Result{Excused: map[scan.At]bool{}}
	for _, ref := range parts {
		shown, ok := v.Shown(ref)
		if v.IsShown(ref.At) != ok {
			res.Findings = append(res.Findings, finding.Finding{Message: "IsShown says something else of " + ref.Entry.Path})
		}
		if ref.Err != nil {
			res.Excused[ref.At] = t.hide && !ok
			continue
		}
		oldest := ""
		for _, at := range v.History(ref.Entry.Path) {
			oldest += fmt.Sprint(at.Unit)
		}
		res.Findings = append(res.Findings, finding.Finding{
			Rule:    string(ref.Part),
			Message: fmt.Sprintf("%d %s -> %s %s", ref.Unit, ref.Entry.Path, shown, oldest),
			Location: finding.Location{
				Deleted: !ok,
			},
		})
	}
	return res
}

type memory struct {
	sync.Mutex
	values map[string][]byte
	puts   int
}

func (m *memory) Get(key string) ([]byte, bool) {
	m.Lock()
	defer m.Unlock()
	v, ok := m.values[key]
	return v, ok
}

func (m *memory) Put(key string, value []byte) {
	m.Lock()
	defer m.Unlock()
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.values[key] = value
	m.puts++
}

func sortedKeys(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }

func dir(path string) scantest.File {
	return scantest.File{Entry: scan.Entry{Path: path, Kind: scan.Dir, Mode: 0o755}}
}

func kind(path string, k scan.EntryKind, link string) scantest.File {
	return scantest.File{Entry: scan.Entry{Path: path, Kind: k, Link: link}}
}

func layers() []scantest.Layer {
	var first []scantest.File
	first = append(first, dir("etc"), scantest.Text("etc/os-release", "one"), scantest.Text("root/key", "secret"),
		kind("root/other", scan.Hardlink, "root/key"), scantest.Text("big.dat", strings.Repeat("x", 6<<20)),
		scantest.Text("no.bin", "no"), scantest.Text("yes.bin", "ok!"), kind("lib", scan.Symlink, "usr/lib"),
		scantest.Text("usr/lib/a", "a"), scantest.Text("opt/a", "a"), scantest.Text("opt/b", "b"))
	for i := range 200 {
		first = append(first, scantest.Text(fmt.Sprintf("many/%03d", i), fmt.Sprint("content ", i)))
	}
	return []scantest.Layer{
		{Files: first, Instruction: "COPY . ."},
		{Files: []scantest.File{kind("root/key", scan.Whiteout, ""), scantest.Text("etc/os-release", "two"), kind("opt", scan.Opaque, ""), scantest.Text("opt/b", "b2"), scantest.Text("lib/b", "b")}},
		{Files: []scantest.File{scantest.Text("etc/os-release", "two"), scantest.Text("root/key", "again"), scantest.Text("x.skip", "")}},
	}
}

// run gives the results without their durations.
func run(src scan.Source, opt scan.Options, scanners ...scan.Scanner) []scan.Result {
	results := scan.Run(context.Background(), src, scanners, opt)
	for i := range results {
		results[i].Duration = 0
	}
	return results
}

func TestResultsDoNotDependOnHowUnitsAreRead(t *testing.T) {
	whole := toy{name: "whole", key: "1", mode: scan.Whole}
	stream := toy{name: "stream", key: "1", mode: scan.Stream}
	image := func() scan.Source { return scantest.Image("app", nil, layers()...) }
	want := run(image(), scan.Options{Workers: 1}, whole, stream)
	if len(want[0].Findings) < 200 || want[0].Status != finding.StatusOK {
		t.Fatalf("the toy pass found %d, status %s %s", len(want[0].Findings), want[0].Status, want[0].Reason)
	}
	check := func(name string, opt scan.Options) {
		t.Helper()
		if diff := cmp.Diff(want, run(image(), opt, whole, stream)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	check("in parallel", scan.Options{Workers: 8})
	check("tiny budget", scan.Options{Workers: 8, Budget: 1})
	check("in reverse", scan.Reversed(scan.Options{Workers: 1}))
	check("in reverse and parallel", scan.Reversed(scan.Options{Workers: 3, Budget: 100}))

	cache := &memory{}
	check("cold cache", scan.Options{Cache: cache})
	puts := cache.puts
	check("warm cache", scan.Options{Cache: cache})
	if cache.puts != puts || puts == 0 {
		t.Errorf("puts: %d cold, %d after warm: want the same and some", puts, cache.puts)
	}
	for skip := range 2 { // drop every second value: parts without index, index without parts
		half := &memory{values: map[string][]byte{}}
		i := 0
		for _, key := range sortedKeys(cache.values) {
			if i++; i%2 == skip {
				half.values[key] = cache.values[key]
			}
		}
		check("half cache", scan.Options{Cache: half, Workers: 4})
	}
	broken := &memory{values: map[string][]byte{}}
	for key, value := range cache.values {
		broken.values[key] = value[:len(value)/2]
	}
	check("cut cache", scan.Options{Cache: broken})
	overDisk(t, 0, func(name string, c scan.Cache) { check(name, scan.Options{Cache: c, Workers: 4}) })
}

func TestWarmCacheReadsNothing(t *testing.T) {
	var reads atomic.Int64
	s := toy{name: "whole", key: "1", mode: scan.Whole, reads: &reads}
	opt := scan.Options{Cache: &memory{}}
	run(scantest.Image("app", nil, layers()...), opt, s)
	reads.Store(0)
	run(scantest.Image("app", nil, layers()...), opt, s)
	if n := reads.Load(); n != 0 {
		t.Errorf("%d entries were read again", n)
	}
	changed := layers()
	changed[2].Files = append(changed[2].Files, scantest.Text("new", "new"))
	run(scantest.Image("app", nil, changed...), opt, s)
	if n := reads.Load(); n != 3 {
		t.Errorf("%d entries were read of a changed layer of 3", n)
	}
}

// TestPartsGoWithTheirIndex: what a source offers of a unit can depend on the pass that
// looks, so that another one stores another index under the same digest.
func TestPartsGoWithTheirIndex(t *testing.T) {
	source := func(names ...string) scan.Source {
		l := scantest.Layer{Digest: "sha256:abc"}
		for _, name := range names {
			l.Files = append(l.Files, scantest.Text(name, "content of "+name))
		}
		return scantest.Image("app", nil, l)
	}
	one := toy{name: "whole", key: "1", mode: scan.Whole}
	two := toy{name: "whole", key: "2", mode: scan.Whole}
	opt := scan.Options{Cache: &memory{}}
	want := run(source("a", "b", "c"), opt, one)
	run(source("c", "a", "b"), opt, two)
	if diff := cmp.Diff(want, run(source("a", "b", "c"), opt, one)); diff != "" {
		t.Error(diff)
	}
}

func TestViewAfterAllLayers(t *testing.T) {
	got := map[string]string{}
	for _, f := range run(scantest.Image("app", nil, layers()...), scan.Options{}, toy{name: "toy", mode: scan.Whole})[0].Findings {
		if strings.Contains(f.Message, "many/") {
			continue
		}
		unit, rest, _ := strings.Cut(f.Message, " ")
		path, to, _ := strings.Cut(rest, " -> ")
		got[unit+" "+path] = strings.TrimSpace(to)
	}
	want := map[string]string{
		"0 etc": "etc", "0 lib": "lib 0", "0 root/other": "root/other 0",
		"0 etc/os-release": "210", "1 etc/os-release": "210", "2 etc/os-release": "etc/os-release 210",
		"0 root/key":  "root/other 2", // deleted, but a hard link survives
		"2 root/key":  "root/key 2",
		"0 big.dat":   "big.dat 0",
		"0 yes.bin":   "yes.bin 0",
		"0 usr/lib/a": "usr/lib/a 0",
		"0 opt/a":     "", "0 opt/b": "1", "1 opt/b": "opt/b 1",
		"1 lib/b": "usr/lib/b 1", // written through the link
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// counted counts how often content is opened.
type counted struct {
	scan.Source
	opens map[string]int
	mu    sync.Mutex
}

func (c *counted) Units() []scan.Unit {
	units := c.Source.Units()
	out := make([]scan.Unit, len(units))
	for i, u := range units {
		out[i] = u
		out[i].Walk = func(ctx context.Context, v scan.Visitor) error {
			return u.Walk(ctx, counting{v, c})
		}
	}
	return out
}

type counting struct {
	scan.Visitor
	c *counted
}

func (v counting) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	return v.Visitor.Entry(e, func() (io.ReadCloser, error) {
		v.c.mu.Lock()
		v.c.opens[e.Path]++
		v.c.mu.Unlock()
		return open()
	})
}

func TestEachEntryIsOpenedOnceForAllScanners(t *testing.T) {
	same := layers()[:1]
	for range 50 {
		same = append(same, same[0]) // a digest listed many times is read once
	}
	src := &counted{Source: scantest.Image("app", nil, same...), opens: map[string]int{}}
	run(src, scan.Options{Workers: 4}, toy{name: "a", mode: scan.Whole}, toy{name: "b", mode: scan.Stream}, toy{name: "c", mode: scan.Stream, max: 3 << 20})
	if len(src.opens) == 0 {
		t.Fatal("nothing was opened")
	}
	for path, n := range src.opens {
		if n != 1 {
			t.Errorf("%s was opened %d times", path, n)
		}
	}
}

func TestWhatGoesWrong(t *testing.T) {
	files := []scantest.File{scantest.Text("a", "aa"), scantest.Text("b", "bbbb"), scantest.Text("c.bin", "ok")}
	unreadable := scantest.Text("d.bin", "ok")
	unreadable.Err = fs.ErrPermission
	for _, test := range []struct {
		name   string
		files  []scantest.File
		scan   toy
		status finding.Status
		reason string
		found  int
	}{
		{"all is well", files, toy{mode: scan.Whole}, finding.StatusOK, "", 3},
		{"nothing there", nil, toy{mode: scan.Whole}, finding.StatusNothing, "", 0},
		{"a file over the limit", files, toy{mode: scan.Whole, max: 3}, finding.StatusPartial, "b: file too large: more than 3 bytes", 2},
		{"a stream over the limit", files, toy{mode: scan.Stream, max: 3}, finding.StatusPartial, "b: file too large: more than 3 bytes", 2},
		{"an unreadable file is not skipped", append(files, unreadable), toy{mode: scan.Whole}, finding.StatusPartial, "d.bin: permission denied", 3},
		{"a scanner that panics on a file", files, toy{mode: scan.Whole, onFor: func(e *scan.Entry) error {
			if e.Path == "a" {
				panic("oops")
			}
			return nil
		}}, finding.StatusPartial, "a: panic: oops", 2},
		{
			"many errors are counted",
			[]scantest.File{scantest.Text("1", ""), scantest.Text("2", ""), scantest.Text("3", ""), scantest.Text("4", ""), scantest.Text("5", "")},
			toy{mode: scan.Whole, onFor: func(*scan.Entry) error { return errors.New("no") }},
			finding.StatusPartial, "1: no; 2: no; 3: no; and 2 more", 0,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			bystander := toy{name: "bystander", mode: scan.Whole}
			results := run(scantest.Tree(test.files...), scan.Options{}, test.scan, bystander)
			got := results[0]
			if got.Status != test.status || got.Reason != test.reason || len(got.Findings) != test.found {
				t.Errorf("got %s %q with %d findings, want %s %q with %d", got.Status, got.Reason, len(got.Findings), test.status, test.reason, test.found)
			}
		})
	}
}

// odd is a scanner that fails in one of its steps.
type odd struct {
	toy
	begin  func() (scan.Pass, error)
	finish func() scan.Result
}

func (o odd) Begin(context.Context, scan.Target) (scan.Pass, error) {
	if o.begin != nil {
		return o.begin()
	}
	return o, nil
}

func (o odd) Finish(context.Context, *scan.View, []scan.Ref) scan.Result { return o.finish() }

func TestAFailingScannerLosesNoOther(t *testing.T) {
	for _, test := range []struct {
		name   string
		odd    odd
		status finding.Status
		reason string
	}{
		{"an error in Begin", odd{begin: func() (scan.Pass, error) { return nil, errors.New("no database") }}, finding.StatusFailed, "no database"},
		{"a panic in Begin", odd{begin: func() (scan.Pass, error) { panic("x") }}, finding.StatusFailed, "panic: x"},
		{"a panic in Finish", odd{finish: func() scan.Result { panic("y") }}, finding.StatusFailed, "panic: y"},
		{"no business here", odd{begin: func() (scan.Pass, error) { return nil, nil }}, finding.StatusNothing, "does not look at targets of kind tree"},
	} {
		t.Run(test.name, func(t *testing.T) {
			results := run(scantest.Tree(scantest.Text("a", "a")), scan.Options{}, test.odd, toy{mode: scan.Whole})
			if results[0].Status != test.status || results[0].Reason != test.reason {
				t.Errorf("got %s %q, want %s %q", results[0].Status, results[0].Reason, test.status, test.reason)
			}
			if len(results[1].Findings) != 1 || results[1].Status != finding.StatusOK {
				t.Errorf("the other scanner: %+v", results[1])
			}
		})
	}
}

func TestABrokenLayerLosesNoOtherLayer(t *testing.T) {
	l := layers()
	l[1].Err = io.ErrUnexpectedEOF
	got := run(scantest.Image("app", nil, l...), scan.Options{Cache: &memory{}}, toy{key: "1", mode: scan.Whole})[0]
	if got.Status != finding.StatusPartial || !strings.HasSuffix(got.Reason, ": unexpected EOF") || len(got.Findings) < 200 {
		t.Errorf("got %s %q with %d findings", got.Status, got.Reason, len(got.Findings))
	}
	l = []scantest.Layer{{Err: io.ErrUnexpectedEOF, Digest: "sha256:abc"}}
	got = run(scantest.Image("app", nil, l...), scan.Options{}, toy{mode: scan.Whole})[0]
	if got.Status != finding.StatusFailed {
		t.Errorf("no layer could be read at all, but status is %s", got.Status)
	}
}

func TestErrorsOfHiddenEntriesCanBeExcused(t *testing.T) {
	l := []scantest.Layer{
		{Files: []scantest.File{scantest.Text("a", "aaaa")}},
		{Files: []scantest.File{scantest.Text("a", "a")}},
	}
	if got := run(scantest.Image("app", nil, l...), scan.Options{}, toy{mode: scan.Whole, max: 2, hide: true})[0]; got.Status != finding.StatusOK {
		t.Errorf("got %s %s, want ok", got.Status, got.Reason)
	}
	if got := run(scantest.Image("app", nil, l...), scan.Options{}, toy{mode: scan.Whole, max: 2})[0]; got.Status != finding.StatusPartial {
		t.Errorf("got %s %s, want partial", got.Status, got.Reason)
	}
}

func TestTimeoutKeepsWhatWasFound(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var files []scantest.File
	for i := range 100 {
		files = append(files, scantest.Text(fmt.Sprintf("%03d", i), "x"))
	}
	stop := toy{mode: scan.Whole, onFor: func(e *scan.Entry) error {
		if e.Path == "050" {
			cancel(errors.New("timeout of 1s reached"))
		}
		return nil
	}}
	start := time.Now()
	got := scan.Run(ctx, scantest.Tree(files...), []scan.Scanner{stop}, scan.Options{Workers: 1})[0]
	if got.Status != finding.StatusPartial || got.Reason != "work tree: timeout of 1s reached" || len(got.Findings) < 50 || len(got.Findings) > 99 {
		t.Errorf("got %s %q with %d findings after %s", got.Status, got.Reason, len(got.Findings), time.Since(start))
	}
}

// panicky is a source whose content panics when it is read.
type panicky struct{ scan.Source }

type bomb struct{}

func (bomb) Read([]byte) (int, error) { panic("broken decoder") }
func (bomb) Close() error             { return nil }

func (p panicky) Units() []scan.Unit {
	units := p.Source.Units()
	for i, u := range units {
		units[i].Walk = func(ctx context.Context, v scan.Visitor) error {
			return u.Walk(ctx, exploding{v})
		}
	}
	return units
}

type exploding struct{ scan.Visitor }

func (v exploding) Entry(e scan.Entry, open func() (io.ReadCloser, error)) error {
	return v.Visitor.Entry(e, func() (io.ReadCloser, error) {
		if strings.HasPrefix(e.Path, "bomb") {
			return bomb{}, nil
		}
		return open()
	})
}

func TestAPanicOfTheSourceIsOneEntrysError(t *testing.T) {
	small := scantest.Text("bomb/small", "x")
	large := scantest.Text("bomb/large", strings.Repeat("x", 6<<20)) // passed on as a stream
	files := []scantest.File{small, large, scantest.Text("good", "y")}
	for name, src := range map[string]scan.Source{
		"tree":  panicky{scantest.Tree(files...)},
		"image": panicky{scantest.Image("app", nil, scantest.Layer{Files: files}, scantest.Layer{Files: []scantest.File{scantest.Text("also", "z")}})},
	} {
		t.Run(name, func(t *testing.T) {
			// A budget of one byte is gone for good when an error keeps it.
			for _, got := range run(src, scan.Options{Budget: 1}, toy{name: "a", mode: scan.Stream}, toy{name: "b", mode: scan.Whole}) {
				if got.Status != finding.StatusPartial || !strings.Contains(got.Reason, "bomb/small: panic: broken decoder") || !strings.Contains(got.Reason, "bomb/large") {
					t.Errorf("%s: %s %q", got.Scanner, got.Status, got.Reason)
				}
				if len(got.Findings) == 0 {
					t.Errorf("%s lost the good files", got.Scanner)
				}
			}
		})
	}
}

func TestEntriesWithADigestAreReadOnce(t *testing.T) {
	var reads atomic.Int64
	s := toy{name: "whole", key: "1", mode: scan.Whole, reads: &reads}
	file := func(path, text string) scantest.File {
		f := scantest.Text(path, text)
		f.Digest = "blob:" + text
		return f
	}
	opt := scan.Options{Cache: &memory{}}
	tree := func() scan.Source { return scantest.Tree(file("a", "1"), file("b", "2"), scantest.Text("c", "3")) }
	want := run(tree(), opt, s)
	reads.Store(0)
	if diff := cmp.Diff(want, run(tree(), opt, s)); diff != "" {
		t.Error(diff)
	}
	if n := reads.Load(); n != 1 {
		t.Errorf("%d entries were read again, want the one without a digest", n)
	}
	reads.Store(0)
	run(scantest.Tree(file("a", "changed"), file("renamed", "2")), opt, s)
	if n := reads.Load(); n != 2 {
		t.Errorf("%d entries were read, want 2: content and path count", n)
	}
	reads.Store(0)
	able := file("a", "1")
	able.Capabilities = &filecap.Set{Permitted: filecap.NetRaw}
	run(scantest.Tree(able), opt, s)
	if n := reads.Load(); n != 1 {
		t.Errorf("%d entries were read, want 1: capabilities count", n)
	}
	reads.Store(0)
	opt.Version = "2"
	run(tree(), opt, s)
	if n := reads.Load(); n != 3 {
		t.Errorf("%d entries were read by another version, want 3", n)
	}
}
