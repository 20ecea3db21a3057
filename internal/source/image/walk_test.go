package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
)

func header(name string, kind byte, link string) file {
	return file{Header: tar.Header{Name: name, Typeflag: kind, Linkname: link, Mode: 0o755, Format: tar.FormatPAX}}
}

func mode(name string, mode int64) file {
	return file{Header: tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode}}
}

func TestWalkEntries(t *testing.T) {
	tests := map[string]struct {
		files []file
		want  []string
	}{
		"names are cleaned": {
			[]file{text("./a", ""), text("/b", ""), text("c/./d//e", ""), text("c/x/../y", ""), text("//f", "")},
			[]string{`file "a"`, `file "b"`, `file "c/d/e"`, `file "c/y"`, `file "f"`},
		},
		"the root directory": {
			[]file{header("./", tar.TypeDir, ""), header("/", tar.TypeDir, "")},
			[]string{`dir ""`, `dir ""`},
		},
		"names that lead out": {
			[]file{text("../a", ""), text("b/../../c", ""), text("/../d", ""), text("..", ""), text("e/../..", ""), text("ok", "")},
			[]string{
				`failed "../a" name leads out`, `failed "b/../../c" name leads out`,
				`failed "/../d" name leads out`, `failed ".." name leads out`, `failed "e/../.." name leads out`, `file "ok"`,
			},
		},
		"names that are too long": {
			[]file{
				text(strings.Repeat("a/", 2047)+"b", ""), text(strings.Repeat("a/", 2048)+"b", ""), text("ok", ""),
			},
			[]string{`file "a/a/`, `failed "a/a/`, `file "ok"`},
		},
		"names that are not UTF-8 stay different": {
			[]file{text("a\xff", ""), text("a\xfe", ""), text("ä", "")},
			[]string{`file "a\\xff"`, `file "a\\xfe"`, `file "ä"`},
		},
		"names that occur twice": {
			[]file{text("a", "1"), text("a", "2")},
			[]string{`file "a" -rw-r--r-- 1 "1"`, `file "a" -rw-r--r-- 1 "2"`},
		},
		"whiteouts": {
			[]file{text("a/.wh.b", ""), text(".wh.c", ""), text("a/.wh..wh..opq", ""), text(".wh..wh..opq", ""), text("a/.wh..wh.x", "")},
			[]string{`whiteout "a/b"`, `whiteout "c"`, `opaque "a"`, `opaque ""`, `whiteout "a/.wh.x"`},
		},
		"whiteouts of nothing": {
			[]file{text("a/.wh.", ""), text("a/.wh..", ""), text("a/.wh...", ""), text("ok", "")},
			[]string{`failed "a/.wh."`, `failed "a/.wh.."`, `failed "a/.wh..."`, `file "ok"`},
		},
		"a whiteout that leads out": {
			[]file{text("../.wh.a", "")},
			[]string{`failed "../.wh.a" name leads out`},
		},
		"a whiteout with content": {
			[]file{text("a/.wh.b", "secret")},
			[]string{`failed "a/.wh.b" whiteout with content`, `whiteout "a/b"`},
		},
		"records of aufs": {
			[]file{text(".wh..wh.aufs", ""), header(".wh..wh.plnk/", tar.TypeDir, ""), text(".wh..wh.plnk/1.2", "x"), header("a", tar.TypeLink, "/.wh..wh.plnk/1.2")},
			[]string{`file ".wh..wh.plnk/1.2" -rw-r--r-- 1 "x"`, `hardlink "a" -rwxr-xr-x 0 -> .wh..wh.plnk/1.2`},
		},
		"modes": {
			[]file{mode("a", 0o4755), mode("b", 0o2755), mode("c", 0o1777), mode("d", 0o100644), mode("e", 0)},
			[]string{`file "a" urwxr-xr-x`, `file "b" grwxr-xr-x`, `file "c" trwxrwxrwx`, `file "d" -rw-r--r--`, `file "e" ----------`},
		},
		"links": {
			[]file{
				header("a", tar.TypeSymlink, "/etc/../x"), header("b", tar.TypeSymlink, "../../../../etc/passwd"),
				header("c", tar.TypeLink, "./x/y"), header("d", tar.TypeLink, "/x/y"),
			},
			[]string{
				`symlink "a" -rwxr-xr-x 0 -> /etc/../x`, `symlink "b" -rwxr-xr-x 0 -> ../../../../etc/passwd`,
				`hardlink "c" -rwxr-xr-x 0 -> x/y`, `hardlink "d" -rwxr-xr-x 0 -> x/y`,
			},
		},
		"bad links": {
			[]file{
				header("a", tar.TypeLink, "../x"), header("b", tar.TypeLink, "/"), header("c", tar.TypeLink, ""),
				header("d", tar.TypeSymlink, ""), header("e", tar.TypeSymlink, strings.Repeat("x", 5000)), text("ok", ""),
			},
			[]string{
				`failed "a" link target: name leads out`, `failed "b" link target: the root`, `failed "c" link target: empty`,
				`failed "d" link target: empty`, `failed "e" link target: name of 5000 bytes`, `file "ok"`,
			},
		},
		"devices": {
			[]file{header("a", tar.TypeChar, ""), header("b", tar.TypeBlock, ""), header("c", tar.TypeFifo, "")},
			[]string{`device "a" -rwxr-xr-x 0`, `device "b" -rwxr-xr-x 0`, `device "c" -rwxr-xr-x 0`},
		},
		"a root that is a file": {
			[]file{header("/", tar.TypeSymlink, "x"), text("ok", "")},
			[]string{`failed "/" named as the root`, `file "ok"`},
		},
		"a global header": {
			[]file{{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"comment": "x"}}}, text("ok", "")},
			[]string{`file "ok"`},
		},
		"no entries at all": {nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := walkLayer(t, packed(t, tt.files...), image.Options{})
			if err != nil {
				t.Errorf("error %v", err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %q\nwant %q", got, tt.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tt.want[i]) {
					t.Errorf("entry %d: got %.200q, want %q", i, got[i], tt.want[i])
				}
			}
		})
	}
}

// netRaw is how setcap stores cap_net_raw=ep.
const netRaw = "\x01\x00\x00\x02\x00\x20" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// able is an entry with a PAX record.
func able(name string, kind byte, key, value string) file {
	f := header(name, kind, "")
	if kind == tar.TypeLink {
		f.Linkname = "a"
	}
	f.PAXRecords = map[string]string{key: value}
	return f
}

func TestFileCapabilities(t *testing.T) {
	for name, tt := range map[string]struct {
		files []file
		want  []string
	}{
		"those of files": {
			[]file{
				able("a", tar.TypeReg, "SCHILY.xattr.security.capability", netRaw),
				able("b", tar.TypeReg, "LIBARCHIVE.xattr.security.capability", base64.RawStdEncoding.EncodeToString([]byte(netRaw))),
				able("c", tar.TypeLink, "SCHILY.xattr.security.capability", netRaw),
				able("d", tar.TypeDir, "SCHILY.xattr.security.capability", netRaw),
				able("e", tar.TypeReg, "SCHILY.xattr.security.selinux", netRaw),
				able(".wh.f", tar.TypeReg, "SCHILY.xattr.security.capability", netRaw),
			},
			[]string{
				`file "a" -rwxr-xr-x 0 has cap_net_raw=ep ""`, `file "b" -rwxr-xr-x 0 has cap_net_raw=ep ""`,
				`hardlink "c" -rwxr-xr-x 0 -> a has cap_net_raw=ep`, `dir "d" -rwxr-xr-x 0`, `file "e" -rwxr-xr-x 0 ""`, `whiteout "f" ---------- 0`,
			},
		},
		"such that are none": {
			[]file{
				able("a", tar.TypeReg, "SCHILY.xattr.security.capability", netRaw[:19]),
				able("b", tar.TypeReg, "LIBARCHIVE.xattr.security.capability", "?"), text("ok", ""),
			},
			[]string{
				`failed "a" reading file capabilities: file capabilities of revision 2 have 20 bytes, not 19`, `file "a" -rwxr-xr-x 0 ""`,
				`failed "b" reading file capabilities: file capabilities are not in base64`, `file "b" -rwxr-xr-x 0 ""`, `file "ok" -rw-r--r-- 0 ""`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := walkLayer(t, packed(t, tt.files...), image.Options{})
			must(t, err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEntryKeepsOwnerAndTime(t *testing.T) {
	when := time.Date(2024, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600))
	f := file{tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o600, Uid: 7, Gid: 8, ModTime: when}, "x"}
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, plain(t, f))), image.Options{})[0]
	var got scan.Entry
	must(t, s.Units()[0].Walk(t.Context(), &recorder{onto: func(e scan.Entry, _ func() (io.ReadCloser, error)) error {
		got = e
		return nil
	}}))
	want := scan.Entry{Path: "a", Mode: 0o600, UID: 7, GID: 8, Size: 1, ModTime: when.UTC()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// patched gives a tar with a change to the header of its first entry.
func patched(t testing.TB, change func(header []byte), files ...file) []byte {
	t.Helper()
	data := tarOf(t, files...)
	change(data[:512])
	copy(data[148:156], "        ")
	sum := 0
	for _, b := range data[:512] {
		sum += int(b)
	}
	copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return data
}

func TestUnknownKindOfEntry(t *testing.T) {
	data := patched(t, func(h []byte) { h[156] = 'V' }, text("a", ""), text("ok", ""))
	got, err := walkLayer(t, blob{data: data}, image.Options{})
	must(t, err)
	want := []string{`failed "a" unknown kind of tar entry 'V'`, `file "ok" -rw-r--r-- 0 ""`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBrokenLayers(t *testing.T) {
	whole := tarOf(t, text("a", "1"), text("b", strings.Repeat("0123456789", 10_000)))
	zipped := gzipped(t, whole)
	other := hashOf([]byte("other"))
	var random bytes.Buffer
	for i := range 20_000 {
		fmt.Fprintf(&random, "%x", hashOf([]byte{byte(i), byte(i >> 8)}).Hex)
	}
	incompressible := gzipped(t, tarOf(t, text("a", "1"), text("b", random.String())))
	a := `file "a" -rw-r--r-- 1 "1"`
	tests := map[string]struct {
		layer blob
		first string // what was found before is not lost
		want  []string
	}{
		"tar cut off in a file":      {blob{data: whole[:5000]}, a, []string{"reading layer", "unexpected EOF"}},
		"tar cut off between files":  {blob{data: whole, stored: whole[:1024]}, a, []string{"digest mismatch: layer has 1024 bytes"}},
		"gzip cut off":               {blob{data: incompressible[:len(incompressible)/2]}, a, []string{"unpacking", "unexpected EOF"}},
		"gzip without its end":       {blob{data: zipped[:len(zipped)-4], unpacked: whole}, a, []string{"unpacking"}},
		"gzip with a wrong checksum": {blob{data: flip(zipped, len(zipped)-6), unpacked: whole}, a, []string{"unpacking", "checksum"}},
		"gzip with garbage behind":   {blob{data: append(bytes.Clone(zipped), "garbage"...), unpacked: whole}, a, []string{"unpacking"}},
		"zstd cut off":               {blob{data: zstded(t, whole)[:20], unpacked: whole}, "", []string{"unpacking"}},
		"not a tar":                  {blob{data: bytes.Repeat([]byte("hello "), 500)}, "", []string{"not a tar archive"}},
		"JSON":                       {blob{data: []byte(`{"a":"b"}`)}, "", []string{"unexpected EOF"}},
		"xz":                         {blob{data: []byte("\xfd7zXZ\x00abc")}, "", []string{"compressed with xz"}},
		"wrong digest":               {blob{data: whole, digest: other, diffID: hashOf(whole)}, a, []string{"digest mismatch: layer is sha256:", "the manifest says " + other.String()}},
		"wrong digest, compressed":   {blob{data: zipped, digest: other, unpacked: whole}, a, []string{"digest mismatch: layer is sha256:"}},
		"wrong diff id, plain":       {blob{data: whole, diffID: other}, a, []string{"digest mismatch: unpacked layer is sha256:"}},
		"wrong size":                 {blob{data: whole[:7], digest: hashOf(whole), diffID: hashOf(whole), stored: whole}, a, []string{"digest mismatch: layer has"}},
		"bytes behind the tar":       {blob{data: append(bytes.Clone(whole), "behind"...), digest: hashOf(whole), diffID: hashOf(whole)}, a, []string{"digest mismatch"}},
		"encrypted":                  {blob{data: whole, mediaType: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"}, "", []string{"encrypted"}},
		"a header that makes no sense": {blob{data: append(bytes.Clone(whole[:1024]), bytes.Repeat([]byte("x"), 1024)...)}, a, []string{
			"reading layer", "invalid tar header",
		}},
		"a header with a NUL in a PAX name": {blob{data: paxRecord(t, "path", "a\x00b")}, "", []string{"reading layer"}},
		"a header larger than 1 MiB":        {blob{data: paxRecord(t, "comment", strings.Repeat("x", 2<<20))}, "", []string{"reading layer"}},
		"a header of negative size":         {blob{data: paxRecord(t, "size", "-5")}, "", []string{"reading layer"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := walkLayer(t, tt.layer, image.Options{})
			wantError(t, err, tt.want...)
			if strings.Contains(tt.want[0], "digest mismatch") && !errors.Is(err, image.ErrDigest) {
				t.Errorf("not an ErrDigest: %v", err)
			}
			if tt.first != "" && (len(got) == 0 || got[0] != tt.first) {
				t.Errorf("got %q, want %q first", got, tt.first)
			}
		})
	}
}

func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 0xff
	return data
}

// paxRecord is a tar that begins with an extended header of one record, which a
// writer would refuse.
func paxRecord(t testing.TB, key, value string) []byte {
	t.Helper()
	n := len(key) + len(value) + 3
	for size := n; ; size = n + len(fmt.Sprint(size)) {
		if record := fmt.Sprintf("%d %s=%s\n", size, key, value); len(record) == size {
			data := patched(t, func(h []byte) { h[156] = 'x' }, text("PaxHeaders/a", record), text("a", ""))
			return append(data, make([]byte, 1024)...)
		}
	}
}

func TestLayerThatIsNotThere(t *testing.T) {
	dir := layoutOf(t, imageOf(t, plain(t, text("a", "1")), plain(t, text("b", "1"))))
	s := open(t, image.SchemeOCIDir, dir, image.Options{})[0]
	removeBlob(t, dir, s.Target().Image.Layers[0].Digest)
	got := walkAll(t, s)
	if len(got) != 4 || !strings.Contains(got[1], "error opening layer") || got[3] != `  file "b" -rw-r--r-- 1 "1"` {
		t.Errorf("%q", got)
	}
}

func TestForeignLayer(t *testing.T) {
	for _, mediaType := range []string{
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	} {
		foreign := packed(t, text("a", "1"))
		foreign.mediaType = types.MediaType(mediaType)
		dir := layoutOf(t, imageOf(t, foreign))
		s := open(t, image.SchemeOCIDir, dir, image.Options{})[0]
		// Where it is there, it is read like any other.
		must(t, s.Units()[0].Walk(t.Context(), &recorder{}))
		removeBlob(t, dir, s.Target().Image.Layers[0].Digest)
		wantError(t, s.Units()[0].Walk(t.Context(), &recorder{}), "not distributed with the image", mediaType)
	}
}

func TestTrailingBytesBelongToTheDigest(t *testing.T) {
	data := append(tarOf(t, text("a", "1")), bytes.Repeat([]byte("behind"), 100_000)...)
	for name, b := range map[string]blob{
		"plain": {data: data},
		"gzip":  {data: gzipped(t, data), unpacked: data},
		"zstd":  {data: zstded(t, data), unpacked: data},
	} {
		if got, err := walkLayer(t, b, image.Options{}); err != nil || len(got) != 1 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestGzipOfSeveralMembers(t *testing.T) {
	data := tarOf(t, text("a", "1"), text("b", "2"))
	b := blob{data: append(gzipped(t, data[:700]), gzipped(t, data[700:])...), unpacked: data}
	if got, err := walkLayer(t, b, image.Options{}); err != nil || len(got) != 2 {
		t.Errorf("%q, %v", got, err)
	}
}

// sparse is a tar with a file that claims size bytes and holds none of them.
func sparse(t testing.TB, size int64) []byte {
	t.Helper()
	data := patched(t, func(h []byte) {
		h[156] = tar.TypeGNUSparse
		copy(h[257:], "ustar  \x00")
		clear(h[345:512])
		copy(h[386:], base256(size)+base256(0)) // a hole up to size, then nothing
		copy(h[483:], base256(size))
	}, text("sparse", ""), text("ok", "1"))
	return data
}

// base256 is GNU's notation for numbers that are too large for octal digits.
func base256(n int64) string {
	b := make([]byte, 12)
	b[0] = 0x80
	for i := range 8 {
		b[11-i] = byte(n >> (8 * i))
	}
	return string(b)
}

func TestSparseEntryIsNotReadUnlessWanted(t *testing.T) {
	b := blob{data: gzipped(t, sparse(t, 5<<30)), unpacked: sparse(t, 5<<30)}
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, b)), image.Options{})[0]
	var sizes []int64
	allocated := testing.AllocsPerRun(1, func() {
		sizes = nil
		must(t, s.Units()[0].Walk(t.Context(), &recorder{onto: func(e scan.Entry, _ func() (io.ReadCloser, error)) error {
			sizes = append(sizes, e.Size)
			return nil
		}}))
	})
	if diff := cmp.Diff([]int64{5 << 30, 1}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	if allocated > 1000 {
		t.Errorf("%v allocations", allocated)
	}
}

func TestSparseEntryIsBoundedWhenRead(t *testing.T) {
	for size, want := range map[int64]string{
		5 << 30:       "file too large: more than 1048576 bytes",
		math.MaxInt64: "file too large: more than 1048576 bytes",
	} {
		data := sparse(t, size)
		got, err := walkLayer(t, blob{data: data}, image.Options{MaxUnpacked: 1 << 20})
		must(t, err)
		if len(got) != 2 || !strings.Contains(got[0], want) {
			t.Errorf("size %d: %q", size, got)
		}
	}
	// Many holes that are each within the bound.
	var data []byte
	for range 4 {
		data = append(data, sparse(t, 1<<20)[:512]...)
	}
	data = append(data, make([]byte, 1024)...)
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, blob{data: data})), image.Options{MaxUnpacked: 3 << 19})[0]
	var read []string
	must(t, s.Units()[0].Walk(t.Context(), &recorder{onto: func(_ scan.Entry, open func() (io.ReadCloser, error)) error {
		r, err := open()
		must(t, err)
		n, err := io.Copy(io.Discard, r)
		read = append(read, fmt.Sprint(n, err))
		return nil
	}}))
	want := []string{
		"1048576 <nil>", "524288 contents of the layer are more than 1572864 bytes",
		"0 contents of the layer are more than 1572864 bytes", "0 contents of the layer are more than 1572864 bytes",
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTooManyEntries(t *testing.T) {
	var files []file
	for i := range 100 {
		files = append(files, text(fmt.Sprint(i), ""))
	}
	_, err := walkLayer(t, packed(t, files...), image.Options{MaxEntries: 100})
	must(t, err)
	got, err := walkLayer(t, packed(t, files...), image.Options{MaxEntries: 99})
	wantError(t, err, "more than 99 entries")
	if len(got) != 99 {
		t.Errorf("%d entries, want 99", len(got))
	}
}

func TestManyBadNamesAreCounted(t *testing.T) {
	var files []file
	for range 1500 {
		files = append(files, text("../x", ""))
	}
	got, err := walkLayer(t, packed(t, append(files, text("ok", ""))...), image.Options{})
	must(t, err)
	if len(got) != 1002 || got[1001] != `failed "" 500 more entries of this layer cannot be used` {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

func TestUnpackedSizeIsBounded(t *testing.T) {
	got, err := walkLayer(t, packed(t, text("a", "1"), text("b", strings.Repeat("x", 1<<20))), image.Options{MaxUnpacked: 1 << 19})
	wantError(t, err, "unpacks to more than 524288 bytes")
	if len(got) == 0 || got[0] != `file "a" -rw-r--r-- 1 "1"` {
		t.Errorf("%q", got)
	}
}

// zeros writes a gzip stream of a tar with a file of n zeros.
func zeros(t testing.TB, n int64) (zipped []byte) {
	t.Helper()
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	must(t, err)
	w := tar.NewWriter(z)
	must(t, w.WriteHeader(&tar.Header{Name: "zeros", Typeflag: tar.TypeReg, Size: n, Mode: 0o644}))
	_, err = io.CopyN(w, zeroReader{}, n)
	must(t, err)
	must(t, w.Close())
	must(t, z.Close())
	return buf.Bytes()
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestDecompressionBomb(t *testing.T) {
	bomb := zeros(t, 128<<20)
	b := blob{data: bomb, diffID: hashOf([]byte("x"))} // which a walk does not check
	got, err := walkLayer(t, b, image.WithBombFloor(image.Options{}, 32<<20))
	wantError(t, err, "decompression bomb")
	if len(got) != 1 {
		t.Errorf("%q", got)
	}
	// As a whole archive, too.
	_, err = image.Open(t.Context(), image.SchemeDockerArchive, write(t, "bomb.tgz", bomb), image.WithBombFloor(image.Options{}, 32<<20))
	wantError(t, err, "decompression bomb")
	// Below the floor it is a file of zeros, however well it packs.
	if got, err = walkLayer(t, b, image.Options{}); err != nil || len(got) != 1 {
		t.Errorf("%q, %v", got, err)
	}
}

// TestConfirm wants every layer to unpack to its diff id, and those to be told that do not.
func TestConfirm(t *testing.T) {
	whole := tarOf(t, text("a", "1"), text("b", "2"))
	other := hashOf([]byte("other"))
	zipped, small := gzipped(t, whole), zstded(t, whole)
	for name, tt := range map[string]struct {
		layer blob
		want  []string // of the error; nil for none
	}{
		"gzip":                         {blob{data: zipped, unpacked: whole}, nil},
		"zstd":                         {blob{data: small, unpacked: whole}, nil},
		"plain":                        {blob{data: whole}, nil},
		"gzip of something else":       {blob{data: zipped, diffID: other}, []string{"digest mismatch: unpacked layer is " + hashOf(whole).String(), "the image configuration says " + other.String()}},
		"zstd of something else":       {blob{data: small, diffID: other}, []string{"digest mismatch: unpacked layer is " + hashOf(whole).String()}},
		"gzip with bytes behind a tar": {blob{data: gzipped(t, append(bytes.Clone(whole), "behind"...)), diffID: hashOf(whole)}, []string{"digest mismatch: unpacked layer is "}},
		"gzip of another digest":       {blob{data: zipped, digest: other, unpacked: whole}, []string{"digest mismatch: layer is "}},
		"gzip cut off":                 {blob{data: zipped[:len(zipped)-9], unpacked: whole}, []string{"unpacking", "unexpected EOF"}},
		"a bomb":                       {blob{data: zeros(t, 64<<20), diffID: other}, []string{"decompression bomb"}},
	} {
		t.Run(name, func(t *testing.T) {
			opt := image.WithBombFloor(image.Options{}, 32<<20)
			src := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, tt.layer)), opt)[0]
			err := src.(scan.Confirmer).Confirm(t.Context(), 0)
			if tt.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, tt.want...)
			if strings.Contains(tt.want[0], "digest mismatch") && !errors.Is(err, image.ErrDigest) {
				t.Errorf("not an ErrDigest: %v", err)
			}
		})
	}
}

func TestWalkStopsWithTheContext(t *testing.T) {
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, packed(t, text("a", ""), text("b", strings.Repeat("x", 1<<20))))), image.Options{})[0]
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Units()[0].Walk(ctx, &recorder{onto: func(scan.Entry, func() (io.ReadCloser, error)) error {
		cancel()
		return nil
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestWalkStopsAtTheVisitorsError(t *testing.T) {
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, packed(t, text("a", ""), text("b", "")))), image.Options{})[0]
	stop := errors.New("stop")
	r := &recorder{stop: stop}
	if err := s.Units()[0].Walk(t.Context(), r); !errors.Is(err, stop) || len(r.lines) != 1 {
		t.Errorf("error %v, entries %q", err, r.lines)
	}
}

func TestContentEndsWithItsEntry(t *testing.T) {
	s := open(t, image.SchemeOCIDir, layoutOf(t, imageOf(t, packed(t, text("a", "1"), text("b", "2")))), image.Options{})[0]
	var kept io.Reader
	must(t, s.Units()[0].Walk(t.Context(), &recorder{onto: func(e scan.Entry, open func() (io.ReadCloser, error)) error {
		if e.Path == "a" {
			var err error
			kept, err = open()
			return err
		}
		if n, err := kept.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("content of the entry before gives %d bytes, error %v", n, err)
		}
		return nil
	}}))
}

func TestTheFileIsClosedWithItsLastSource(t *testing.T) {
	one, two := imageOf(t, plain(t, text("a", "1"))), imageOf(t, plain(t, text("a", "2")))
	sources, err := image.Open(t.Context(), image.SchemeOCIArchive, layoutTar(t, one, two), image.Options{})
	must(t, err)
	must(t, sources[0].Close())
	must(t, sources[1].Units()[0].Walk(t.Context(), &recorder{}))
	must(t, sources[1].Close())
	wantError(t, sources[1].Units()[0].Walk(t.Context(), &recorder{}), "closed")
}

func BenchmarkWalk(b *testing.B) {
	var files []file
	for i := range 2000 {
		files = append(files, text(fmt.Sprintf("usr/share/doc/%d/copyright", i), strings.Repeat(hashOf([]byte{byte(i)}).Hex, 200)))
	}
	layer := packed(b, files...)
	s := open(b, image.SchemeOCIDir, layoutOf(b, imageOf(b, layer)), image.Options{})[0]
	b.SetBytes(int64(len(layer.unpacked)))
	b.ReportAllocs()
	for b.Loop() {
		must(b, s.Units()[0].Walk(b.Context(), &recorder{onto: func(scan.Entry, func() (io.ReadCloser, error)) error { return nil }}))
	}
}

var _ v1.Layer = blob{}

// TestPackedLayerWithoutADigest wants the diff id to be checked by the walk where no
// digest of the blob is known.
func TestPackedLayerWithoutADigest(t *testing.T) {
	whole := tarOf(t, text("a", "1"))
	for name, diffID := range map[string]v1.Hash{"": hashOf(whole), "digest mismatch: unpacked layer": hashOf([]byte("other"))} {
		config := fmt.Sprintf(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[%q]}}`, diffID)
		archive := tarOf(t,
			text("manifest.json", `[{"Config":"config.json","Layers":["one/layer.tar"]}]`),
			text("config.json", config),
			text("one/layer.tar", string(gzipped(t, whole))),
		)
		src := open(t, image.SchemeDockerArchive, write(t, "app.tar", archive), image.Options{})[0]
		err := src.Units()[0].Walk(t.Context(), &recorder{})
		switch {
		case name == "" && err != nil:
			t.Error(err)
		case name != "":
			wantError(t, err, name)
		}
		if confirmed := src.(scan.Confirmer).Confirm(t.Context(), 0); confirmed != nil {
			t.Errorf("the walk tells, and Confirm has nothing to add: %v", confirmed)
		}
	}
}
