package cache_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/cache"
)

// value is what belongs to a key: of any size, so that a wrong one is seen.
func value(i int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("value %d;", i), i%40))
}

func key(i int) string { return fmt.Sprintf("scan/entry/%d", i) }

// fill puts values and closes the cache.
func fill(t *testing.T, dir string, opt cache.Options, from, to int) cache.Report {
	t.Helper()
	c := cache.Open(dir, opt)
	for i := from; i < to; i++ {
		c.Put(key(i), value(i))
	}
	return c.Close()
}

// found counts the values that are there, each of which must be right.
func found(t *testing.T, dir string, to int) int {
	t.Helper()
	c := cache.Open(dir, cache.Options{})
	n := 0
	for i := range to {
		got, ok := c.Get(key(i))
		if ok {
			n++
			if !bytes.Equal(got, value(i)) {
				t.Fatalf("%s gives %q, want %q", key(i), got, value(i))
			}
		}
	}
	if r := c.Close(); len(r.Notes) > 0 {
		t.Errorf("notes: %q", r.Notes)
	}
	return n
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "results", "*.seg1"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestALaterRunGetsWhatAnEarlierOnePut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "when needed")
	if got, want := fill(t, dir, cache.Options{}, 0, 500), (cache.Report{Stored: 500}); !cmp.Equal(got, want) {
		t.Errorf("first run: %s", cmp.Diff(want, got))
	}
	if n := found(t, dir, 600); n != 500 {
		t.Errorf("found %d of 500", n)
	}
	if got, want := fill(t, dir, cache.Options{}, 0, 500), (cache.Report{}); !cmp.Equal(got, want) {
		t.Errorf("the same again: %s", cmp.Diff(want, got))
	}
	changed := cache.Open(dir, cache.Options{})
	changed.Put(key(7), []byte("another"))
	if got, ok := changed.Get(key(7)); !ok || string(got) != "another" {
		t.Errorf("in the same run: %q %t", got, ok)
	}
	changed.Close()
	c := cache.Open(dir, cache.Options{})
	if got, ok := c.Get(key(7)); !ok || string(got) != "another" {
		t.Errorf("the newest value counts: %q %t", got, ok)
	}
	c.Close()
}

func TestNoReadAnswersNothingAndKeepsAll(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, cache.Options{}, 0, 50)
	c := cache.Open(dir, cache.Options{NoRead: true})
	for i := range 100 {
		c.Put(key(i), value(i))
		if _, ok := c.Get(key(i)); ok {
			t.Fatalf("%s was read", key(i))
		}
	}
	if r := c.Close(); r.Stored != 50 || r.Hits != 0 {
		t.Errorf("%+v, want the new 50 stored", r)
	}
	if n := found(t, dir, 100); n != 100 {
		t.Errorf("found %d of 100", n)
	}
}

func TestTheFolderTellsNothing(t *testing.T) {
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	sub := filepath.Join(dir, "new")
	c := cache.Open(sub, cache.Options{})
	c.Put("scan/entry/path/of/a/file", []byte("x"))
	c.Close()
	err := filepath.WalkDir(sub, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("path")) {
			t.Errorf("%s holds a key in clear text", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongWithTheFolderIsANote(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	linked := t.TempDir()
	os.Symlink(t.TempDir(), filepath.Join(linked, "results"))
	for name, dir := range map[string]string{
		"a file": file, "below a file": filepath.Join(file, "x"), "a NUL byte": "a\x00b", "a link in place of ours": linked,
	} {
		t.Run(name, func(t *testing.T) {
			c := cache.Open(dir, cache.Options{})
			c.Put("a", []byte("b"))
			if _, ok := c.Get("a"); ok {
				t.Error("kept a value nowhere")
			}
			if r := c.Close(); len(r.Notes) != 1 || r.Stored != 0 {
				t.Errorf("%+v, want one note", r)
			}
		})
	}
	t.Run("it cannot be written", func(t *testing.T) {
		dir := t.TempDir()
		c := cache.Open(dir, cache.Options{})
		os.RemoveAll(filepath.Join(dir, "results"))
		c.Put("a", []byte("b"))
		r := c.Close()
		if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "results are not kept for the next run: ") {
			t.Errorf("%+v, want one note", r)
		}
	})
	t.Run("it is read-only", func(t *testing.T) {
		dir := t.TempDir()
		fill(t, dir, cache.Options{}, 0, 10)
		sub := filepath.Join(dir, "results")
		os.Chmod(sub, 0o500)
		defer os.Chmod(sub, 0o700)
		if n := found(t, dir, 10); n != 10 {
			t.Errorf("found %d of 10", n)
		}
		probe := filepath.Join(sub, "probe")
		if os.WriteFile(probe, nil, 0o600) == nil {
			t.Log("this user may write to read-only folders: only the reading was tried")
			return
		}
		if r := fill(t, dir, cache.Options{}, 0, 20); len(r.Notes) != 1 || r.Stored != 0 {
			t.Errorf("%+v, want one note", r)
		}
	})
}

func TestForeignFilesAreLeftOrTakenAway(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, cache.Options{}, 0, 10)
	sub := filepath.Join(dir, "results")
	write := func(name, data string) string {
		path := filepath.Join(sub, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	name := strings.Repeat("ab", 16)
	kept := []string{write("notes.txt", "mine"), write(name+".seg2", "of a later version"), write("new-young", "being written")}
	gone := []string{write(name+".seg1", "not a segment"), write(strings.Repeat("0", 32)+".seg1", "")}
	old := write("new-old", "left behind")
	os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour))
	gone = append(gone, old)
	// Names of ours that are no files are not touched, nor followed.
	if err := os.Mkdir(filepath.Join(sub, strings.Repeat("1", 32)+".seg1"), 0o700); err != nil {
		t.Fatal(err)
	}
	victim := filepath.Join(t.TempDir(), "victim")
	os.WriteFile(victim, []byte("x"), 0o600)
	os.Symlink(victim, filepath.Join(sub, strings.Repeat("2", 32)+".seg1"))
	kept = append(kept, victim)

	if n := found(t, dir, 10); n != 10 {
		t.Errorf("found %d of 10", n)
	}
	if r := fill(t, dir, cache.Options{}, 10, 20); len(r.Notes) != 0 || r.Stored != 10 {
		t.Errorf("%+v", r)
	}
	for _, path := range kept {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone", path)
		}
	}
	for _, path := range gone {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

func TestADamagedValueGoesAwayAndComesBack(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, cache.Options{}, 30, 31)
	path := files(t, dir)[0]
	data, _ := os.ReadFile(path)
	data[20] ^= 1 // in the stored value: the index is whole
	os.WriteFile(path, data, 0o600)
	if n := found(t, dir, 40); n != 0 {
		t.Errorf("found %d", n)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("still there: %q", left)
	}
	fill(t, dir, cache.Options{}, 30, 31)
	if n := found(t, dir, 40); n != 1 {
		t.Errorf("found %d of 1", n)
	}
}

func TestTheOldestIsDroppedFirst(t *testing.T) {
	dir := t.TempDir()
	const each = 100
	for round := range 6 {
		fill(t, dir, cache.Options{}, round*each, (round+1)*each)
		for _, f := range files(t, dir) { // so that the order of time is plain
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			os.Chtimes(f, time.Time{}, info.ModTime().Add(-time.Minute))
		}
	}
	var size int64
	for _, f := range files(t, dir) {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	fill(t, dir, cache.Options{MaxBytes: size / 2}, 6*each, 7*each)
	c := cache.Open(dir, cache.Options{})
	if _, ok := c.Get(key(5)); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := c.Get(key(6*each + 5)); !ok {
		t.Error("the newest is gone")
	}
	c.Close()
	var left int64
	for _, f := range files(t, dir) {
		info, _ := os.Stat(f)
		left += info.Size()
	}
	if left > size/2 || left == 0 {
		t.Errorf("%d bytes left, bound is %d", left, size/2)
	}
}

func TestMuchIsWrittenBeforeClose(t *testing.T) {
	dir := t.TempDir()
	big := func(i int) []byte {
		data := make([]byte, 1<<20)
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(data)
		return data
	}
	c := cache.Open(dir, cache.Options{})
	for i := range 20 {
		c.Put(key(i), big(i))
	}
	if len(files(t, dir)) == 0 {
		t.Error("20 MB wait in memory")
	}
	c.Close()
	c = cache.Open(dir, cache.Options{})
	for i := range 20 {
		if got, ok := c.Get(key(i)); !ok || !bytes.Equal(got, big(i)) {
			t.Errorf("value %d is not what it was", i)
		}
	}
	c.Put("too large", make([]byte, 64<<20+1))
	if r := c.Close(); r.Stored != 0 || r.Hits != 20 || r.Misses != 0 {
		t.Errorf("%+v", r)
	}
}

func TestManySmallSegmentsBecomeOne(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		fill(t, dir, cache.Options{}, i*10, i*10+15) // they overlap
	}
	if n := len(files(t, dir)); n > 17 {
		t.Errorf("%d segments are left", n)
	}
	if n := found(t, dir, 205); n != 205 {
		t.Errorf("found %d of 205", n)
	}
}

func TestGetAndPutAtOnce(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, cache.Options{}, 0, 300)
	var wg sync.WaitGroup
	for range 2 { // two caches on one folder, as two processes have
		c := cache.Open(dir, cache.Options{})
		wg.Go(func() {
			var users sync.WaitGroup
			for u := range 4 {
				users.Go(func() {
					for i := u; i < 600; i += 2 {
						if got, ok := c.Get(key(i)); ok && !bytes.Equal(got, value(i)) {
							t.Errorf("%s gives %q", key(i), got)
						}
						c.Put(key(i), value(i))
					}
				})
			}
			users.Wait()
			if r := c.Close(); len(r.Notes) > 0 {
				t.Errorf("notes: %q", r.Notes)
			}
		})
	}
	wg.Wait()
	if n := found(t, dir, 600); n != 600 {
		t.Errorf("found %d of 600", n)
	}
}

const childVar = "BOLTSEAL_TEST_CACHE_CHILD"

// TestMain lets the test binary be a process that fills a cache until it is killed.
func TestMain(m *testing.M) {
	dir := os.Getenv(childVar)
	if dir == "" {
		os.Exit(m.Run())
	}
	for round := 0; ; round++ {
		c := cache.Open(dir, cache.Options{MaxBytes: 1 << 20})
		for i := range 300 {
			i += round * 37 % 5000
			if got, ok := c.Get(key(i)); ok && !bytes.Equal(got, value(i)) {
				os.Stdout.WriteString("wrong value\n")
			}
			c.Put(key(i), value(i))
		}
		for _, note := range c.Close().Notes {
			os.Stdout.WriteString(note + "\n")
		}
	}
}

func TestProcessesThatAreKilledLeaveAGoodCache(t *testing.T) {
	dir := t.TempDir()
	for range 4 {
		var children []*exec.Cmd
		var outputs []*bytes.Buffer
		for range 2 {
			out := &bytes.Buffer{}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childVar+"="+dir)
			cmd.Stdout = out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			children, outputs = append(children, cmd), append(outputs, out)
		}
		<-time.After(150 * time.Millisecond) // wherever they are then
		for i, cmd := range children {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			if outputs[i].Len() > 0 {
				t.Errorf("a process says %s", outputs[i])
			}
		}
		found(t, dir, 6000)
	}
	fill(t, dir, cache.Options{}, 0, 100)
	if n := found(t, dir, 100); n != 100 {
		t.Errorf("found %d of 100", n)
	}
}

func BenchmarkOpenAnd100kGets(b *testing.B) {
	dir := b.TempDir()
	keys := make([]string, 100_000)
	c := cache.Open(dir, cache.Options{})
	for i := range keys {
		keys[i] = key(i)
		c.Put(keys[i], []byte("nothing"))
	}
	c.Close()
	b.ReportAllocs()
	for b.Loop() {
		c := cache.Open(dir, cache.Options{})
		for _, k := range keys {
			if _, ok := c.Get(k); !ok {
				b.Fatalf("%s is gone", k)
			}
		}
		c.Close()
	}
}
