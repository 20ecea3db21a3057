package scan_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/cache"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// overDisk runs a check with a cache on disk: cold, warm, with files of it damaged,
// and in one that may not be read.
func overDisk(t *testing.T, misses int64, check func(name string, c scan.Cache)) {
	t.Helper()
	dir := t.TempDir()
	with := func(name string, opt cache.Options) cache.Report {
		t.Helper()
		c := cache.Open(dir, opt)
		check(name, c)
		report := c.Close()
		if len(report.Notes) > 0 {
			t.Errorf("%s: %q", name, report.Notes)
		}
		return report
	}
	with("cold disk cache", cache.Options{})
	if r := with("warm disk cache", cache.Options{}); r.Hits == 0 || r.Misses != misses || r.Stored > 0 {
		t.Errorf("warm disk cache: %+v: want hits and %d misses", r, misses)
	}
	if r := with("disk cache that is not read", cache.Options{NoRead: true}); r.Hits > 0 || r.Stored > 0 {
		t.Errorf("disk cache that is not read: %+v: want nothing, and nothing new", r)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.seg*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"cut":        func(b []byte) []byte { return b[:len(b)/2] },
		"overturned": func(b []byte) []byte { b[len(b)/3] ^= 0x55; return b },
	} {
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil {
				if err := os.WriteFile(file, damage(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		with("disk cache with files "+name, cache.Options{})
	}
}

// seeker finds what holds "secret", and nothing elsewhere.
type seeker struct {
	toy
	reads *atomic.Int64
}

func (s seeker) Begin(context.Context, scan.Target) (scan.Pass, error) { return s, nil }

func (s seeker) File(_ context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	s.reads.Add(1)
	if strings.HasPrefix(e.Path, "fail") {
		return nil, errors.New("no")
	}
	if strings.Contains(string(c.Bytes()), "secret") {
		return scan.Part("found"), nil
	}
	return nil, nil
}

// Finish tells what the runner says was read: with a cache the same as without.
func (s seeker) Finish(ctx context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := s.toy.Finish(ctx, v, parts)
	res.RulesAssessed = int(v.Read())
	return res
}

func tree() []scantest.File {
	return []scantest.File{
		scantest.Text("a", "aa"), scantest.Text("empty", ""), scantest.Text("b", "a secret"), scantest.Text("fail", "x"),
		scantest.Link("link", "a", "aa"), dir("folder"), scantest.Text("c.bin", "ok"), scantest.Text("d.bin", "no"),
		scantest.Text("large", strings.Repeat("x", 6<<20)),
	}
}

func TestTreesAreRememberedByContent(t *testing.T) {
	var reads atomic.Int64
	s := seeker{toy{name: "seeker", key: "1", mode: scan.Whole}, &reads}
	other := seeker{toy{name: "keyless", mode: scan.Stream}, new(atomic.Int64)}
	want := run(scantest.Tree(tree()...), scan.Options{}, s, other)
	if got := reads.Swap(0); want[0].RulesAssessed != 6 || got != 8 { // with link and folder, which are not read
		t.Fatalf("%d of %d entries read", want[0].RulesAssessed, got)
	}
	memory := &memory{}
	opt := scan.Options{Cache: memory, Workers: 3}
	again := func(name string, reread int64, change func([]scantest.File) []scantest.File) {
		t.Helper()
		reads.Store(0)
		files := change(tree())
		plain := run(scantest.Tree(files...), scan.Options{}, seeker{s.toy, new(atomic.Int64)}, other)
		if diff := cmp.Diff(plain, run(scantest.Tree(files...), opt, s, other)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := reads.Load(); got != reread {
			t.Errorf("%s: %d entries were looked at, want %d", name, got, reread)
		}
	}
	same := func(f []scantest.File) []scantest.File { return f }
	first := func(change func(*scantest.File)) func([]scantest.File) []scantest.File {
		return func(f []scantest.File) []scantest.File { change(&f[0]); return f }
	}
	again("cold", 8, same)
	if len(memory.values) != 4 {
		t.Errorf("%d values are kept, want those of a, empty, c.bin and large alone", len(memory.values))
	}
	again("warm", 4, same) // b, fail and what is not read
	again("content changed", 5, first(func(f *scantest.File) { f.Data = []byte("bb") }))
	again("path changed", 5, first(func(f *scantest.File) { f.Path = "aaa" }))
	again("mode changed", 5, first(func(f *scantest.File) { f.Mode = 0o755 }))
	again("named", 5, first(func(f *scantest.File) { f.Named = true }))
	again("unchanged", 5, first(func(f *scantest.File) { f.Unchanged = true }))
	opt.Version = "2"
	again("another version", 8, same)
	s.key = "2"
	again("other rules", 8, same)
	overDisk(t, 2, func(name string, c scan.Cache) {
		if diff := cmp.Diff(want, run(scantest.Tree(tree()...), scan.Options{Cache: c, Workers: 4}, seeker{s.toy, new(atomic.Int64)}, other)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	})
}

func TestOneScannersFindingKeepsNothingForAnother(t *testing.T) {
	m := &memory{}
	finds := toy{name: "finds", mode: scan.Whole}
	quiet := seeker{toy{name: "quiet", key: "1", mode: scan.Whole}, new(atomic.Int64)}
	run(scantest.Tree(scantest.Text("a", "aa")), scan.Options{Cache: m}, quiet, finds)
	if len(m.values) != 0 {
		t.Errorf("kept %d values of content in which something was found", len(m.values))
	}
}

func TestEntriesThatAreNotReadCountAlikeFromTheCache(t *testing.T) {
	link := kind("l", scan.Symlink, "x")
	link.Digest = "blob:x"
	opt := scan.Options{Cache: &memory{}}
	s := toy{name: "whole", key: "1", mode: scan.Whole}
	want := run(scantest.Tree(link), opt, s)
	if diff := cmp.Diff(want, run(scantest.Tree(link), opt, s)); diff != "" {
		t.Error(diff)
	}
}

// keyed is a pass with a key of its own.
type keyed struct {
	seeker
	own string
}

func (k keyed) Begin(context.Context, scan.Target) (scan.Pass, error) {
	k.seeker.key = k.own
	return k.seeker, nil
}

func TestAPassHasItsOwnKey(t *testing.T) {
	opt := scan.Options{Cache: &memory{}}
	for _, step := range []struct {
		own   string
		reads int64
	}{{"a", 1}, {"b", 1}, {"a", 0}, {"", 1}, {"", 1}} {
		s := seeker{toy{name: "keyed", key: "the scanner's", mode: scan.Whole}, new(atomic.Int64)}
		run(scantest.Tree(scantest.Text("f", "text")), opt, keyed{s, step.own})
		if got := s.reads.Load(); got != step.reads {
			t.Errorf("key %q: %d reads, want %d", step.own, got, step.reads)
		}
	}
}
