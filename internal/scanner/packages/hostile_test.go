package packages_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

func TestRequirementsNotes(t *testing.T) {
	res := run(t, scantest.Tree(
		scantest.Text("requirements.txt", "a==1\nb @ https://e.com/b.zip\n-r more.txt\n"),
		scantest.Text("more.txt", "c==${V}\nd==2\nsome junk\n-e git+https://e.com/x\n"),
		scantest.Text("notes.txt", "prose that nobody asks for\n"),
	), packages.Options{DB: advisories(t)})
	same(t, "packages", []string{"PyPI a 1 requirements.txt", "PyPI d 2 more.txt"}, list(res))
	same(t, "notes", []string{"4 lines of requirements could not be read: requirements.txt:2, more.txt:1, more.txt:3, ...", noKEV}, res.Notes)
	res = run(t, scantest.Tree(scantest.Text("requirements.txt", "one line of junk\n")), packages.Options{DB: advisories(t)})
	same(t, "notes", []string{"1 line of requirements could not be read: requirements.txt:1"}, res.Notes)
}

func TestLooseFileOfManyLines(t *testing.T) {
	many := strings.Repeat("a==1\n", 1001)
	res := run(t, scantest.Tree(scantest.Text("requirements.txt", "b==1\n-r deps.txt\n"), scantest.Text("deps.txt", many), scantest.Text("words.txt", many)),
		packages.Options{DB: advisories(t)})
	same(t, "errors", []string{"deps.txt: included by requirements.txt: reading included requirements: more than 1,000 lines"}, res.Errors)
	same(t, "status", finding.StatusPartial, res.Status)
}

// TestLooseFilesMemory reads 56 MB of .txt files that nobody includes.
func TestLooseFilesMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 56 MB")
	}
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "package-%d==1.%d.%d\n", i*7919, i, i*31)
	}
	for text.Len() < 28_000 {
		text.WriteString("# x\n")
	}
	data := []byte(text.String())
	var files []scantest.File
	for i := range 2000 {
		files = append(files, scantest.File{Entry: scan.Entry{Path: fmt.Sprintf("f%d.txt", i), Mode: 0o644}, Data: data})
	}
	src := scantest.Tree(files...)
	opt := packages.Options{DB: advisories(t)}
	if peak := peakOf(func() { run(t, src, opt) }); peak > 200<<20 {
		t.Errorf("%d MB at once", peak>>20)
	}
}

// peakOf gives how much the heap grew at most while f ran.
func peakOf(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base, peak := m.HeapAlloc, uint64(0)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > base {
				peak = max(peak, m.HeapAlloc-base)
			}
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-stopped
	return peak
}

// nestedJar is an archive that holds one of size zero bytes.
func nestedJar(t *testing.T, size int64, method uint16, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, name := range names {
		m, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		block := make([]byte, 1<<20)
		for left := size; left > 0; left -= int64(len(block)) {
			if _, err := m.Write(block[:min(left, int64(len(block)))]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestNestedJarMemory holds archives in archives to what the process has for them.
func TestNestedJarMemory(t *testing.T) {
	large := nestedJar(t, 400<<20, zip.Deflate, "in.jar")
	most := nestedJar(t, 64<<20, zip.Deflate, "in.jar", "in2.jar", "in3.jar")
	jar := func(path string, data []byte) scantest.File {
		return scantest.File{Entry: scan.Entry{Path: path, Mode: 0o644}, Data: data}
	}
	var res scan.Result
	src := scantest.Tree(jar("a.jar", large), jar("b.jar", large), jar("c.jar", most), jar("d.jar", most))
	peak := peakOf(func() { res = run(t, src, packages.Options{DB: advisories(t)}) })
	if peak > 400<<20 {
		t.Errorf("%d MB at once", peak>>20)
	}
	if res.Status != finding.StatusPartial || len(res.Errors) != 4 {
		t.Fatalf("status %s: %q", res.Status, res.Errors)
	}
	same(t, "error", "a.jar: reading Java archive: in.jar: 419430400 bytes unpacked, of at most 67108864", res.Errors[0])
}

// TestStoredJar holds that an archive that is not compressed is read in place, and
// is none where its checksum is another one.
func TestStoredJar(t *testing.T) {
	inner := jarOf(t, "META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1.0\n")
	pack := func(sum uint32) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		m, err := w.CreateRaw(&zip.FileHeader{Name: "lib/a.jar", Method: zip.Store, CRC32: sum, CompressedSize64: uint64(len(inner)), UncompressedSize64: uint64(len(inner))})
		if err == nil {
			_, err = m.Write(inner)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	sum := crc32.ChecksumIEEE(inner)
	good := run(t, scantest.Tree(scantest.Text("app.jar", string(pack(sum)))), packages.Options{DB: advisories(t)})
	same(t, "packages", []string{"Maven g:a 1.0 app.jar,app.jar/lib/a.jar"}, list(good))
	bad := run(t, scantest.Tree(scantest.Text("app.jar", string(pack(sum+1)))), packages.Options{DB: advisories(t)})
	if bad.Status != finding.StatusPartial || !strings.Contains(bad.Reason, "lib/a.jar: unpacking: ") {
		t.Errorf("status %s: %s", bad.Status, bad.Reason)
	}
}

func jarOf(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	m, err := w.Create(name)
	if err == nil {
		_, err = m.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestUnreadLockfiles names lockfiles of kinds that are not read.
func TestUnreadLockfiles(t *testing.T) {
	files := []scantest.File{
		scantest.Text("Cartfile.resolved", "github \"a/b\" \"1.0\"\n"), scantest.Text("a/bun.lockb", "x"), scantest.Text("b/bun.lockb", "x"),
		scantest.Text("node_modules/a/bun.lockb", "x"), scantest.Text("gradle/verification-metadata.xml", "<x/>"),
	}
	res := run(t, scantest.Tree(files...), packages.Options{DB: advisories(t)})
	same(t, "notes", []string{"4 lockfiles of kinds that are not read yet: Cartfile.resolved, bun.lockb, verification-metadata.xml"}, res.Notes)
	same(t, "bytes", int64(0), res.Bytes)
	same(t, "status", finding.StatusNothing, res.Status)
	image := run(t, scantest.Image("x", nil, layer("1", files...)), packages.Options{DB: advisories(t)})
	same(t, "notes of an image", []string(nil), image.Notes)
}

// TestRPMErrors holds that what is wrong with a database is said alike each time.
func TestRPMErrors(t *testing.T) {
	for name, data := range map[string]string{
		"SQLite cut short": "SQLite format 3\x00" + strings.Repeat("x", 5000),
		"words":            "these are words",
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				res := run(t, scantest.Image("x", nil, layer("1", scantest.Text("etc/os-release", "ID=rhel\nVERSION_ID=9.3\n"),
					scantest.Text("var/lib/rpm/rpmdb.sqlite", data))), packages.Options{DB: advisories(t)})
				same(t, "errors", []string{"var/lib/rpm/rpmdb.sqlite: reading rpm database: it is not a database that can be read"}, res.Errors)
			}
		})
	}
}
