package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

var pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("4d7a2146", 8) + "\nsize 12345\n"

func TestAFileThatTheUserNamedIsLookedAtOrRefused(t *testing.T) {
	tests := map[string]struct {
		path, data string
		status     finding.Status
		reason     string
		findings   int
	}{
		"a path that the rules leave out":       {"web/node_modules/a.js", awsKey, finding.StatusOK, "", 1},
		"a name that the rules leave out":       {"go.sum", awsKey, finding.StatusOK, "", 1},
		"an ending that the rules leave out":    {"a.svg", awsKey, finding.StatusOK, "", 1},
		"the same without a secret":             {"go.sum", "a", finding.StatusOK, "", 0},
		"an archive":                            {"a.zip", "PK\x03\x04\x00\x00 zipped", finding.StatusPartial, "a.zip: binary content is not looked through", 0},
		"compressed text":                       {"a.gz", "\x1f\x8b\x08\x00\x00\x00", finding.StatusPartial, "a.gz: binary content is not looked through", 0},
		"a picture":                             {"a.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00", finding.StatusPartial, "a.png: binary content is not looked through", 0},
		"a picture with a secret in plain text": {"a.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00 " + awsKey + " ", finding.StatusPartial, "a.png: binary content is not looked through", 1},
		"a key store, known by name":            {"a.pfx", "PK\x03\x04\x00\x00 zipped", finding.StatusPartial, "a.pfx: binary content is not looked through", 1},
		"standard input":                        {"-", "PK\x03\x04\x00\x00 zipped", finding.StatusPartial, "-: binary content is not looked through", 0},
		"a Git LFS pointer":                     {"a.bin", pointer, finding.StatusPartial, "a.bin: content is not here but in Git LFS; fetch it with git lfs pull", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := scantest.Text(tt.path, tt.data)
			f.Named = true
			res := scanAll(t, scantest.Tree(f), newScanner(t))
			if res.Status != tt.status || res.Reason != tt.reason || len(res.Findings) != tt.findings {
				t.Errorf("status %s (%s), %d findings", res.Status, res.Reason, len(res.Findings))
			}
		})
	}
}

func TestWhereAllWasLeftOutNothingWasScanned(t *testing.T) {
	zip := "PK\x03\x04\x00\x00 zipped"
	broken := scantest.Text("broken", "x")
	broken.Err = errors.New("no permission")
	tests := map[string]struct {
		files  []scantest.File
		status finding.Status
		reason string
		notes  string
	}{
		"all of them": {
			[]scantest.File{scantest.Text("a.x", zip), scantest.Text("b.x", zip), scantest.Text("go.sum", "x"), scantest.Text("p", pointer)},
			finding.StatusNothing, "all 4 files were left out: 1 by the path allowlist, 2 binary, 1 in Git LFS",
			"1 file left out by the path allowlist of the rules; 2 files left out as binary; 1 Git LFS pointer: the content is not here",
		},
		"the only one": {
			[]scantest.File{scantest.Text("go.sum", "x")},
			finding.StatusNothing, "the only file was left out: by the path allowlist", "1 file left out by the path allowlist of the rules",
		},
		"not all of them": {
			[]scantest.File{scantest.Text("a.x", zip), scantest.Text("a.txt", "x"), scantest.Text("p", pointer), scantest.Text("q", pointer)},
			finding.StatusOK, "", "1 file left out as binary; 2 Git LFS pointers: the content is not here",
		},
		"and one that could not be read": {
			[]scantest.File{scantest.Text("a.x", zip), broken},
			finding.StatusPartial, "broken: no permission", "1 file left out as binary",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res := scanAll(t, scantest.Tree(tt.files...), newScanner(t))
			if res.Status != tt.status || res.Reason != tt.reason {
				t.Errorf("status %s: %s", res.Status, res.Reason)
			}
			if diff := gocmp.Diff(tt.notes, strings.Join(res.Notes, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// encodeAs writes text in an encoding, with its mark.
func encodeAs(enc *encoding, s string) string {
	out := []byte(enc.mark)
	if enc.width == 4 {
		for _, r := range s {
			b := make([]byte, 4)
			enc.order.PutUint32(b, uint32(r))
			out = append(out, b...)
		}
		return string(out)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b := make([]byte, 2)
		enc.order.PutUint16(b, u)
		out = append(out, b...)
	}
	return string(out)
}

func TestTextInOtherEncodings(t *testing.T) {
	small := "é😀\n  é " + awsKey + "\r\n" + githubToken
	want := []line{
		{Rule: "aws-access-token", Path: "a.txt", Masked: "AKIA…", Region: "2:6-2:26"},
		{Rule: "github-pat", Path: "a.txt", Masked: "ghp_…", Region: fmt.Sprintf("3:1-3:%d", 1+len(githubToken))},
	}
	filler := strings.Repeat("just another line 😀\n", 150_000)
	wantLarge := []line{{Rule: "github-pat", Path: "a.txt", Masked: "ghp_…", Region: fmt.Sprintf("150001:4-150001:%d", 4+len(githubToken))}}
	for i := range encodings {
		enc := &encodings[i]
		t.Run(fmt.Sprintf("%q", enc.mark), func(t *testing.T) {
			res := scanAll(t, scantest.Tree(scantest.Text("a.txt", encodeAs(enc, small))), newScanner(t))
			if diff := gocmp.Diff(want, lines(res.Findings)); diff != "" || res.Status != finding.StatusOK {
				t.Errorf("status %s, findings (-want +got):\n%s", res.Status, diff)
			}
			text := encodeAs(enc, filler+"k: "+githubToken+"\n"+filler[:1000])
			res = scanStream(t, text)
			if diff := gocmp.Diff(wantLarge, lines(res.Findings)); diff != "" || res.Status != finding.StatusOK {
				t.Errorf("a stream: status %s, findings (-want +got):\n%s", res.Status, diff)
			}
		})
	}
}

// scanStream scans a text that is too large to be held.
func scanStream(t *testing.T, text string) scan.Result {
	t.Helper()
	if len(text) <= 4<<20 {
		t.Fatalf("only %d bytes", len(text))
	}
	return scanAll(t, scantest.Tree(scantest.Text("a.txt", text)), newScanner(t))
}

// A mark makes no text: what follows is looked at as bytes, too.
func TestBytesBehindAMark(t *testing.T) {
	for _, n := range []int{0, 5 << 20} {
		res := scanAll(t, scantest.Tree(scantest.Text("a.txt", "\xff\xfe"+strings.Repeat("x ", n/2)+awsKey)), newScanner(t))
		if len(res.Findings) != 1 || res.Findings[0].Location.StartColumn != n+3 || res.Status != finding.StatusOK {
			t.Errorf("%d bytes: status %s: %s, findings %+v", n, res.Status, res.Reason, lines(res.Findings))
		}
	}
}

// A stream that breaks off is told once, and so are the secrets before.
func TestAMarkedStreamThatBreaksOff(t *testing.T) {
	text := encodeAs(&encodings[2], githubToken+"\n"+strings.Repeat("x\n", 100_000))
	r := io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("broken")))
	scanner := newScanner(t)
	p := &pass{Scanner: scanner, native: scanner.plain}
	found, err := streamOf(r).look(p.search(t.Context(), &scan.Entry{Path: "a"}, ""))
	if len(found) != 1 || err == nil || strings.Count(err.Error(), "broken") != 1 {
		t.Errorf("%d secrets, error %v", len(found), err)
	}
	// The first search gives up early; the other one sees the rest all the same.
	got, err := streamOf(strings.NewReader(text)).look(func(c *chunker) ([]record, error) {
		if _, decoded := c.src.(*decoder); !decoded {
			return nil, errTooMany
		}
		return p.search(t.Context(), &scan.Entry{Path: "a"}, "")(c)
	})
	if len(got) != 1 || !errors.Is(err, errTooMany) {
		t.Errorf("%d secrets, error %v", len(got), err)
	}
}

// streamOf is the text of a stream.
func streamOf(r io.Reader) text {
	head := make([]byte, 32)
	n, _ := io.ReadFull(r, head)
	return text{head: head[:n], r: io.MultiReader(bytes.NewReader(head[:n]), r)}
}

// decodeAtOnce is what a decoder must give, made in the plain way.
func decodeAtOnce(enc *encoding, data []byte) string {
	data = data[len(enc.mark):]
	var out []rune
	cut := len(data) % enc.width
	whole := data[:len(data)-cut]
	if enc.width == 4 {
		for ; len(whole) > 0; whole = whole[4:] {
			r := rune(utf8.RuneError)
			if u := enc.order.Uint32(whole); u <= utf8.MaxRune {
				r = rune(u)
			}
			out = append(out, r)
		}
	} else {
		units := make([]uint16, len(whole)/2)
		for i := range units {
			units[i] = enc.order.Uint16(whole[2*i:])
		}
		out = utf16.Decode(units)
	}
	if cut > 0 {
		out = append(out, utf8.RuneError)
	}
	return string(out)
}

func FuzzDecoder(f *testing.F) {
	for i := range encodings {
		f.Add([]byte(encodeAs(&encodings[i], "a😀b")), 3)
	}
	f.Add([]byte("\xff\xfe\x3d\xd8"), 1)
	f.Add([]byte("\xff\xfe\x3d\xd8a"), 2)
	f.Add([]byte("\xff\xfe\x00\xdc\x3d\xd8\x3d\xd8"), 2)
	f.Add([]byte("\xfe\xff"+strings.Repeat("\x00a", decodeSize/2-1)+"\xd8\x3d\xde\x00\x00"), 5)
	f.Fuzz(func(t *testing.T, data []byte, step int) {
		enc := encodingOf(data)
		if enc == nil {
			return
		}
		r := &stepReader{bytes.NewReader(data), 1 + int(uint(step)%64)}
		got, err := io.ReadAll(newDecoder(enc, r))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(decodeAtOnce(enc, data), string(got)); diff != "" || !utf8.Valid(got) {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// stepReader gives a few bytes at a time.
type stepReader struct {
	r io.Reader
	n int
}

func (s *stepReader) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.n)]) }
