package secrets

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mholt/archives"
	"github.com/zricethezav/gitleaks/v8/sources"

	"github.com/boltseal/boltseal/internal/scan"
)

// member is a file of an archive that a test builds.
type member struct{ name, data string }

func packZip(members ...member) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.Create(m.name)
		if err != nil {
			panic(err)
		}
		io.WriteString(f, m.data)
	}
	w.Close()
	return b.String()
}

func packTar(members ...member) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data))}); err != nil {
			panic(err)
		}
		io.WriteString(w, m.data)
	}
	w.Close()
	return b.String()
}

func compress(c archives.Compressor, data string) string {
	var b bytes.Buffer
	w, err := c.OpenWriter(&b)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, data)
	w.Close()
	return b.String()
}

// unpacked is all that unpack tells.
type unpacked struct {
	Files   []member
	Skipped []string
	Err     string
}

func unpackAll(t testing.TB, name string, in input, size, depth int, lim archiveLimits) unpacked {
	t.Helper()
	var out unpacked
	err := unpackInput(t.Context(), name, in, int64(size), depth, lim, archiveVisitor{
		file: func(f innerFile, r io.Reader) error {
			data, err := io.ReadAll(r)
			out.Files = append(out.Files, member{f.path, string(data)})
			return err
		},
		skipped: func(path, why string) { out.Skipped = append(out.Skipped, path+": "+why) },
	})
	if err != nil {
		out.Err = err.Error()
	}
	return out
}

func unpackText(t testing.TB, name, data string, depth int) unpacked {
	t.Helper()
	return unpackAll(t, name, input{data: []byte(data)}, len(data), depth, defaultArchiveLimits)
}

// gitleaksFiles is what the engine's own source gives of a file: the text of each
// path, in order, as fragments come.
func gitleaksFiles(t *testing.T, name, data string, depth int) ([]member, error) {
	t.Helper()
	// A file on disk, as the command line has it.
	path := filepath.Join(t.TempDir(), "content")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var files []member
	s := sources.File{Content: f, Path: name, MaxArchiveDepth: depth}
	err = s.Fragments(t.Context(), func(fragment sources.Fragment, err error) error {
		if fragment.Raw == "" {
			return err
		}
		if last := len(files) - 1; last >= 0 && files[last].name == fragment.FilePath && fragment.StartLine > 1 {
			files[last].data += fragment.Raw
			return err
		}
		files = append(files, member{fragment.FilePath, fragment.Raw})
		return err
	})
	return files, err
}

func members() []member {
	return []member{
		{"a.txt", "first\n"},
		{"./d/e/../b.env", "KEY=value\n"},
		{"../../up.txt", "above\n"},
		{"/etc/abs.conf", "absolute\n"},
		{"a.txt", "a second one of that name\n"},
		{"naïve ☃.txt", "snow\n"},
		{"back\\slash.txt", "windows\n"},
		{"large.txt", strings.Repeat("a line of text, one of many\n", 10_000)},
	}
}

func archiveCases() []member {
	inner := members()
	two := packZip(member{"in.tar", packTar(inner...)}, member{"in.tar.gz", compress(archives.Gz{}, packTar(inner...))}, member{"x.txt", "x\n"})
	cases := []member{
		{"a.zip", packZip(inner...)},
		{"dir/b.TAR", packTar(inner...)},
		{"b.tar.old", packTar(inner...)},
		{"nested.zip", two},
		{"three.tar", packTar(member{"deep/two.zip", two}, member{"y.txt", "y\n"}, member{"z.txt.gz", compress(archives.Gz{}, "zz\n")})},
		{"four.tar.gz", compress(archives.Gz{}, packTar(member{"3.tar", packTar(member{"two.zip", two})}))},
		{"app.jar", packZip(inner...)},
		{"c.tgz", compress(archives.Gz{}, packTar(inner...))},
		{"empty.zip", packZip()},
		{"doubly.gz", compress(archives.Gz{}, compress(archives.Gz{}, "inner\n"))},
	}
	for _, p := range packings {
		c, ok := p.format.(archives.Compressor)
		if !ok {
			continue
		}
		cases = append(cases,
			member{"plain.txt" + p.format.Extension(), compress(c, strings.Repeat("some text\n", 50))},
			member{"c.tar" + p.format.Extension(), compress(c, packTar(inner...))},
		)
	}
	return cases
}

// TestArchivesAreUnpackedAsTheEngineDoes compares paths, contents and order with
// the engine's own source. What that leaves out because of its content's kind
// (an archive whose name does not say so) is left out of the comparison: it is the
// scanner's decision here, not the unpacker's.
func TestArchivesAreUnpackedAsTheEngineDoes(t *testing.T) {
	compared := 0
	for _, c := range archiveCases() {
		for depth := 1; depth <= 3; depth++ {
			t.Run(fmt.Sprintf("%s to depth %d", c.name, depth), func(t *testing.T) {
				want, err := gitleaksFiles(t, c.name, c.data, depth)
				if err != nil {
					t.Fatal(err)
				}
				var got []member
				if isArchive(c.name, []byte(c.data[:min(len(c.data), scan.HeadSize)])) {
					all := unpackText(t, c.name, c.data, depth)
					if all.Err != "" {
						t.Error(all.Err)
					}
					got = slices.DeleteFunc(all.Files, func(m member) bool {
						return m.data == "" || isBinary([]byte(m.data[:min(len(m.data), scan.HeadSize)]))
					})
				}
				compared += len(want)
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(member{}), cmpopts.EquateEmpty()); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
	if compared < 300 {
		t.Errorf("only %d files compared", compared)
	}
	t.Logf("%d files compared", compared)
}

// TestNamesAreJudgedAsTheLibraryJudgesThem compares the formats' names with the
// library's own answer, so that no format is forgotten.
func TestNamesAreJudgedAsTheLibraryJudgesThem(t *testing.T) {
	var names []string
	for _, ext := range []string{"zip", "rar", "7z", "tar", "gz", "bz2", "xz", "zst", "lz4", "lz", "sz", "s2", "mz", "zz", "br", "jar", "tgz", "txt", "lzma", "Z", "war", "cab", "iso", "deb"} {
		names = append(names, "a."+ext, "a."+strings.ToUpper(ext), "a."+ext+".md", "a.tar."+ext, "dir."+ext+"/a", "."+ext, ext, "a."+ext+"x")
	}
	for _, name := range names {
		format, _, err := archives.Identify(t.Context(), name, nil)
		want := err == nil && format != nil
		base := name[strings.LastIndexByte(name, '/')+1:]
		got := slices.ContainsFunc(packings, func(p packing) bool { return named(p.format, base) }) ||
			slices.ContainsFunc(containers, func(c container) bool { return named(c.format, base) })
		if got != want {
			t.Errorf("%s: named like an archive %v, want %v", name, got, want)
		}
	}
}

func TestContentConfirmsTheName(t *testing.T) {
	text := "plain text, long enough to be looked at\n"
	tests := map[string]struct {
		name, data string
		want       bool
	}{
		"text that is named like a compressed file": {"b.gzip.md", text, false},
		"script whose name holds an ending":         {"a.browser.js", ";(function(){})()\n", false},
		"script that brotli takes for an empty one": {"a.br", ";" + text, false},
		"text that begins like bzip2":               {"a.bz2", "BZh9 is a header\n", false},
		"text that begins like zlib":                {"a.zz", "x^2 + y^2\n", false},
		"text that is named like a zip":             {"a.zip", text, false},
		"text in UTF-16 that is named like a zip":   {"a.zip", "\xff\xfet\x00e\x00", false},
		"empty file":                {"a.zip", "", false},
		"zip without the name":      {"a.docx", packZip(members()...), false},
		"zip":                       {"a.zip", packZip(members()...), true},
		"empty zip":                 {"a.zip", packZip(), true},
		"zip with more to its name": {"a.zip.bak", packZip(members()...), true},
		"noise that ends in .zip is a broken zip":     {"a.zip", "\x00\x01\x02\xff", true},
		"noise that only holds .zip is no archive":    {"a.zip.png", "\x89PNG\r\n\x1a\n\x00", false},
		"noise that ends in .gz is a broken one":      {"a.gz", "\x00\x01\x02\xff", true},
		"tar":                                         {"a.tar", packTar(members()...), true},
		"gzip that is named like a tar":               {"a.tar.gz", compress(archives.Gz{}, text), true},
		"brotli":                                      {"a.br", compress(archives.Brotli{}, text), true},
		"zlib":                                        {"a.zz", compress(archives.Zlib{}, text), true},
		"program that unpacks itself":                 {"setup.7z.exe", "MZ\x90\x00", true},
		"name of the folder counts for nothing":       {"x.zip/a", packZip(members()...), false},
		"zstd that begins with a frame to pass over":  {"a.zst", "\x50\x2a\x4d\x18\x00\x00\x00\x00", true},
		"lzip that begins with the word, in a letter": {"a.lz", "LZIP is a format", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			head := []byte(tt.data[:min(len(tt.data), scan.HeadSize)])
			if got := isArchive(tt.name, head); got != tt.want {
				t.Errorf("isArchive %v, want %v", got, tt.want)
			}
		})
	}
}

// rawZip is a zip whose only entry claims what it likes.
func rawZip(name string, method uint16, flags uint16, claimed uint32, packed []byte) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{
		Name: name, Method: method, Flags: flags, CRC32: 1, CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(claimed),
	})
	if err != nil {
		panic(err)
	}
	f.Write(packed)
	w.Close()
	return b.String()
}

func TestHostileArchivesAreErrorsAndWhatWasReadStays(t *testing.T) {
	lim := defaultArchiveLimits
	lim.file, lim.free, lim.ratio = 1<<20, 2<<20, 100
	zeros := strings.Repeat("\x00", 600<<10)
	good := member{"good.txt", "good\n"}
	zipped := packZip(good, member{"b.txt", strings.Repeat("bbbb\n", 2000)})
	quine := packZip(good, member{"1.zip", packZip(good, member{"2.zip", packZip(good)})})
	long := strings.Repeat("n", 5000)
	link := func() string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range []tar.Header{
			{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
			{Name: "h", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"},
			{Name: "p", Typeflag: tar.TypeFifo},
			{Name: "c", Typeflag: tar.TypeChar},
			{Name: "d/", Typeflag: tar.TypeDir},
		} {
			if err := w.WriteHeader(&h); err != nil {
				panic(err)
			}
		}
		w.Close()
		return b.String()
	}()
	tests := map[string]struct {
		name, data string
		lim        func(*archiveLimits)
		files      []string
		skipped    []string
		err        string
	}{
		"a bomb: one file too large":     {"a.zip", packZip(good, member{"z", zeros + zeros}, good), nil, []string{"a.zip!good.txt", "a.zip!z", "a.zip!good.txt"}, nil, "a.zip!z: file too large: more than 1048576 bytes"},
		"a bomb: too much in all":        {"a.zip", packZip(good, member{"1", zeros}, member{"2", zeros}, good), func(l *archiveLimits) { l.total = 1 << 20 }, []string{"a.zip!good.txt", "a.zip!1", "a.zip!2"}, nil, "a.zip!2: archive exceeds a limit: more than 1048576 bytes unpacked"},
		"a bomb: too much for its size":  {"a.zip", packZip(member{"1", zeros}, member{"2", zeros}, member{"3", zeros}, member{"4", zeros}, member{"5", zeros}, member{"6", zeros}), nil, []string{"a.zip!1", "a.zip!2", "a.zip!3", "a.zip!4"}, nil, "a.zip!4: archive exceeds a limit: more than 100 times its size unpacked"},
		"a bomb: a compressed tar":       {"a.tar.gz", compress(archives.Gz{}, packTar(good, member{"1", zeros}, member{"2", zeros}, member{"3", zeros}, member{"4", zeros})), nil, []string{"a.tar.gz!good.txt", "a.tar.gz!1", "a.tar.gz!2", "a.tar.gz!3", "a.tar.gz!4"}, nil, "more than 100 times its size unpacked"},
		"too many entries":               {"a.tar", packTar(good, good, good, good), func(l *archiveLimits) { l.entries = 3 }, []string{"a.tar!good.txt", "a.tar!good.txt", "a.tar!good.txt"}, nil, "a.tar: archive exceeds a limit: more than 3 entries"},
		"too many entries in a zip":      {"a.zip", packZip(good, good, good, good), func(l *archiveLimits) { l.entries = 3 }, nil, nil, "a.zip: archive exceeds a limit: more than 3 entries"},
		"nested too deep":                {"a.zip", quine, nil, []string{"a.zip!good.txt", "a.zip!1.zip!good.txt"}, []string{"a.zip!1.zip!2.zip: deep"}, ""},
		"nested and too large to hold":   {"a.zip", quine, func(l *archiveLimits) { l.memory = 100 }, []string{"a.zip!good.txt"}, nil, "a.zip!1.zip: archive larger than 100 bytes, which is what is held in memory"},
		"an encrypted file":              {"a.zip", rawZip("s.txt", zip.Store, 1, 5, []byte("abcde")), nil, nil, []string{"a.zip!s.txt: encrypted"}, ""},
		"an unknown compression":         {"a.zip", rawZip("s.txt", 98, 0, 5, []byte("abcde")), nil, nil, nil, "a.zip!s.txt: zip: unsupported compression algorithm"},
		"a wrong checksum":               {"a.zip", rawZip("s.txt", zip.Store, 0, 5, []byte("abcde")), nil, []string{"a.zip!s.txt"}, nil, "a.zip!s.txt: zip: checksum error"},
		"a size that is a lie":           {"a.zip", rawZip("s.txt", zip.Store, 0, 1<<31, []byte("abcde")), nil, []string{"a.zip!s.txt"}, nil, "a.zip!s.txt: unexpected EOF"},
		"bad compressed data":            {"a.zip", rawZip("s.txt", zip.Deflate, 0, 5, []byte("\xff\xff\xff\xff\xff")), nil, []string{"a.zip!s.txt"}, nil, "a.zip!s.txt: "},
		"bad xz in a zip":                {"a.zip", rawZip("s.txt", archives.ZipMethodXz, 0, 5, []byte("\xff\xff\xff\xff\xff")), nil, []string{"a.zip!s.txt"}, nil, "a.zip!s.txt: "},
		"a zip that is cut off":          {"a.zip", zipped[:len(zipped)/2], nil, nil, nil, "a.zip: zip: not a valid zip file"},
		"a tar that is cut off":          {"a.tar", packTar(good, good)[:1500], nil, []string{"a.tar!good.txt"}, nil, "a.tar: unexpected EOF"},
		"a gzip that is cut off":         {"a.gz", compress(archives.Gz{}, strings.Repeat(zipped, 3))[:150], nil, []string{"a.gz"}, nil, "a.gz: unexpected EOF"},
		"a nested one that is broken":    {"a.zip", packZip(good, member{"in.tar.gz", "\x1f\x8b\x08\x00broken"}, good), nil, []string{"a.zip!good.txt", "a.zip!in.tar.gz", "a.zip!good.txt"}, nil, "a.zip!in.tar.gz: "},
		"names that are too long":        {"a.zip", packZip(member{long, "x"}, good), nil, []string{"a.zip!good.txt"}, nil, "name is longer than 4096 bytes"},
		"names that climb":               {"a.zip", packZip(member{"../../../etc/passwd", "x"}, member{"/root/x", "x"}, member{"C:\\x", "x"}), nil, []string{"a.zip!../../../etc/passwd", "a.zip!/root/x", "a.zip!C:\\x"}, nil, ""},
		"links and devices":              {"a.tar", link, nil, nil, nil, ""},
		"a name that says it is a tar":   {"a.tar.gz", compress(archives.Gz{}, "no tar\n"), nil, []string{"a.tar.gz"}, nil, ""},
		"a 7z that claims a lot":         {"a.7z", claimingSevenZip(1 << 40), nil, nil, nil, "a.7z: archive exceeds a limit: a 7z header claims 1099511627776 of one kind"},
		"a 7z that is cut off":           {"a.7z", claimingSevenZip(1)[:34], nil, nil, nil, "a.7z: not a valid 7z archive: it is cut off"},
		"noise that is named like a rar": {"a.rar", strings.Repeat("\x00\xff", 9000), nil, nil, nil, "a.rar: rardecode: RAR signature not found"},
		"noise after the mark of a rar":  {"a.rar", "Rar!\x1a\x07\x01\x00noise", nil, nil, nil, "a.rar: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			lim := lim
			if tt.lim != nil {
				tt.lim(&lim)
			}
			got := unpackAll(t, tt.name, input{data: []byte(tt.data)}, len(tt.data), 2, lim)
			var paths []string
			for _, f := range got.Files {
				paths = append(paths, f.name)
			}
			if diff := cmp.Diff(tt.files, paths); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.skipped, got.Skipped); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(got.Err, tt.err) || (tt.err == "") != (got.Err == "") {
				t.Errorf("error %q, want %q", got.Err, tt.err)
			}
		})
	}
}

// claimingSevenZip is a 7z of valid checksums whose header claims n files.
func claimingSevenZip(n uint64) string {
	header := append([]byte{sevenHeader, sevenFiles, 0xff}, binary.LittleEndian.AppendUint64(nil, n)...)
	start := binary.LittleEndian.AppendUint64(nil, 0)
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	out := append([]byte("7z\xbc\xaf\x27\x1c\x00\x04"), binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(start))...)
	return string(out) + string(start) + string(header)
}

func TestAnArchiveThatIsAStream(t *testing.T) {
	two := packZip(member{"a.txt", "a\n"}, member{"b.tar", packTar(member{"c.txt", "c\n"})})
	want := unpackText(t, "x.zip", two, 2)
	if len(want.Files) != 2 || want.Err != "" {
		t.Fatalf("%+v", want)
	}
	stream := func(lim archiveLimits) unpacked {
		return unpackAll(t, "x.zip", input{r: iotest.HalfReader(strings.NewReader(two))}, len(two), 2, lim)
	}
	if diff := cmp.Diff(want, stream(defaultArchiveLimits), cmp.AllowUnexported(member{})); diff != "" {
		t.Error(diff)
	}
	small := defaultArchiveLimits
	small.memory = 10
	if got := stream(small); !strings.Contains(got.Err, "archive larger than 10 bytes") {
		t.Errorf("%+v", got)
	}
}

func TestUnpackingEndsWithItsContext(t *testing.T) {
	cause := errors.New("out of time")
	ctx, cancel := context.WithCancelCause(t.Context())
	seen := 0
	err := unpack(ctx, "a.tar", scan.NewContent([]byte(packTar(members()...))), 1, defaultArchiveLimits, archiveVisitor{
		file: func(innerFile, io.Reader) error {
			seen++
			cancel(cause)
			return nil
		},
	})
	if seen != 1 || !errors.Is(err, cause) {
		t.Errorf("%d files, error %v", seen, err)
	}
}

func TestTheVisitorEndsIt(t *testing.T) {
	enough := errors.New("enough")
	seen := 0
	err := unpack(t.Context(), "a.zip", scan.NewContent([]byte(packZip(members()...))), 1, defaultArchiveLimits, archiveVisitor{
		file: func(innerFile, io.Reader) error { seen++; return enough },
	})
	if seen != 1 || !errors.Is(err, enough) {
		t.Errorf("%d files, error %v", seen, err)
	}
}

func TestNamesThatAreLeftOutAreNotOpened(t *testing.T) {
	data := packZip(member{"node_modules/a.zip", packZip(members()...)}, member{"b.txt", "b"})
	var got []string
	err := unpack(t.Context(), "a.zip", scan.NewContent([]byte(data)), 3, defaultArchiveLimits, archiveVisitor{
		file:     func(f innerFile, _ io.Reader) error { got = append(got, f.path+" "+f.name); return nil },
		leaveOut: func(name string) bool { return strings.HasPrefix(name, "node_modules/") },
		skipped:  func(path, why string) { got = append(got, path+": "+why) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a.zip!node_modules/a.zip: path", "a.zip!b.txt b.txt"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestArchivesOfOtherPrograms reads what no Go code can write, where the module
// cache has the libraries' own samples.
func TestArchivesOfOtherPrograms(t *testing.T) {
	samples := librarySamples(t)
	if len(samples) == 0 {
		t.Skip("the module cache holds no samples of 7z and rar")
	}
	encrypted := 0
	for _, s := range samples {
		t.Run(filepath.Base(s), func(t *testing.T) {
			data, err := os.ReadFile(s)
			if err != nil {
				t.Fatal(err)
			}
			got := unpackText(t, filepath.Base(s), string(data), 1)
			encrypted += strings.Count(strings.Join(got.Skipped, "\n"), ": encrypted")
			t.Logf("%d files, skipped %q, error %q", len(got.Files), got.Skipped, got.Err)
			want, err := gitleaksFiles(t, filepath.Base(s), string(data), 1)
			if err != nil || got.Err != "" {
				return
			}
			have := make(map[member]bool)
			for _, f := range got.Files {
				have[f] = true
			}
			for _, f := range want {
				if !have[f] {
					t.Errorf("%s is not there", f.name)
				}
			}
		})
	}
	if encrypted == 0 {
		t.Error("none of the samples is encrypted")
	}
}

// librarySamples are the small archives that come with the libraries.
func librarySamples(t testing.TB) []string {
	t.Helper()
	root := os.Getenv("GOMODCACHE")
	if root == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		root = filepath.Join(home, "go", "pkg", "mod")
	}
	var samples []string
	for _, pattern := range []string{"bodgit/sevenzip@*/testdata/*.7z", "mholt/archives@*/testdata/*"} {
		found, err := filepath.Glob(filepath.Join(root, "github.com", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if info, err := os.Stat(f); err == nil && info.Size() < 1<<20 {
				samples = append(samples, f)
			}
		}
	}
	return samples
}

// FuzzUnpack looks for content that panics, hangs or gives more than its limits.
func FuzzUnpack(f *testing.F) {
	for _, c := range archiveCases() {
		if len(c.data) < 32<<10 {
			f.Add(c.name, []byte(c.data))
		}
	}
	f.Add("a.7z", []byte(claimingSevenZip(3)))
	for _, s := range librarySamples(f) {
		if data, err := os.ReadFile(s); err == nil && len(data) < 16<<10 {
			f.Add(filepath.Base(s), data)
		}
	}
	var zl bytes.Buffer
	zw := zlib.NewWriter(&zl)
	io.WriteString(zw, "text")
	zw.Close()
	f.Add("a.zz", zl.Bytes())
	lim := archiveLimits{total: 8 << 20, file: 1 << 20, ratio: 100, free: 4 << 20, entries: 200, memory: 1 << 20, name: 256}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		var total int64
		err := unpack(t.Context(), name, scan.NewContent(data), 4, lim, archiveVisitor{
			file: func(f innerFile, r io.Reader) error {
				if !strings.HasPrefix(f.path, name) || len(f.name) > max(len(name), lim.name) {
					t.Errorf("path %q", f.path)
				}
				n, err := io.Copy(io.Discard, r)
				total += n
				return err
			},
		})
		if errors.Is(err, errNoArchive) && total > 0 {
			t.Error("no archive, but it has files")
		}
		if total > lim.total+1<<20 {
			t.Errorf("%d bytes came out", total)
		}
	})
}
