package inflate_test

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/boltseal/boltseal/internal/inflate"
)

// samples are contents that make a compressor write blocks of every kind.
func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	few := make([]byte, 500_000)
	for i := range few {
		few[i] = "abcd\n"[random.IntN(5)]
	}
	skewed := make([]byte, 400_000) // long codes
	for i := range skewed {
		skewed[i] = byte(min(255, int(random.ExpFloat64()*20)))
	}
	words := strings.Fields("the quick brown fox jumps over the lazy dog while other words repeat themselves and some do not")
	var text strings.Builder
	for text.Len() < 700_000 {
		text.WriteString(words[random.IntN(len(words))] + " ")
		if random.IntN(50) == 0 {
			text.Write(noise[:random.IntN(100)])
		}
	}
	return map[string][]byte{
		"nothing": nil, "a byte": []byte("x"), "zeros": make([]byte, 1_000_000), "noise": noise, "few": few, "skewed": skewed,
		"text": []byte(text.String()), "far": append(append(bytes.Clone(noise[:32768]), noise[:32768]...), noise[:1000]...),
		"short period": bytes.Repeat([]byte("abc"), 100_000), "mixed": append(append(bytes.Clone(noise), make([]byte, 100_000)...), text.String()...),
	}
}

func packed(t testing.TB, level int, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := stdgzip.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack reads all, by Read or by Next.
func unpack(src io.Reader, chunks bool, limit int64) ([]byte, error) {
	z, err := inflate.NewReader(src)
	if err != nil {
		return nil, err
	}
	if !chunks {
		return io.ReadAll(io.LimitReader(z, limit))
	}
	var out []byte
	for int64(len(out)) < limit {
		chunk, err := z.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, chunk...)
	}
	return out[:limit], nil
}

func TestReader(t *testing.T) {
	for name, data := range samples() {
		for _, level := range []int{stdgzip.HuffmanOnly, stdgzip.NoCompression, stdgzip.BestSpeed, stdgzip.DefaultCompression, stdgzip.BestCompression} {
			file := packed(t, level, data)
			twice := append(bytes.Clone(file), file...)
			for how, src := range map[string]io.Reader{
				"whole": bytes.NewReader(file), "halves": iotest.HalfReader(bytes.NewReader(file)), "with its error": iotest.DataErrReader(bytes.NewReader(file)),
			} {
				got, err := unpack(src, how == "halves", 1<<30)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s at level %d, %s: %d bytes, %v, want %d", name, level, how, len(got), err, len(data))
				}
			}
			got, err := unpack(bytes.NewReader(twice), false, 1<<30)
			if err != nil || !bytes.Equal(got, append(bytes.Clone(data), data...)) {
				t.Errorf("%s at level %d, twice: %d bytes, %v", name, level, len(got), err)
			}
		}
	}
	got, err := unpack(iotest.OneByteReader(bytes.NewReader(packed(t, 6, []byte("by single bytes")))), true, 100)
	if err != nil || string(got) != "by single bytes" {
		t.Errorf("byte by byte: %q, %v", got, err)
	}
}

func TestBroken(t *testing.T) {
	file := packed(t, 6, samples()["text"])
	sum, size := bytes.Clone(file), bytes.Clone(file)
	sum[len(sum)-5] ^= 1
	size[len(size)-1] ^= 1
	for _, test := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, io.EOF},
		{"half a header", file[:5], io.ErrUnexpectedEOF},
		{"no gzip", []byte("this is no gzip at all"), inflate.ErrHeader},
		{"cut", file[:len(file)/2], io.ErrUnexpectedEOF},
		{"without its trailer", file[:len(file)-8], io.ErrUnexpectedEOF},
		{"another checksum", sum, inflate.ErrChecksum},
		{"another size", size, inflate.ErrChecksum},
		{"something behind it", append(bytes.Clone(file), "and so on, at length"...), inflate.ErrHeader},
		{"a block of no kind", append(bytes.Clone(file[:30]), 0xff), inflate.ErrCorrupt},
	} {
		if _, err := unpack(bytes.NewReader(test.data), false, 1<<30); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	failing := errors.New("no more")
	if _, err := unpack(io.MultiReader(bytes.NewReader(file[:1000]), iotest.ErrReader(failing)), false, 1<<30); !errors.Is(err, failing) {
		t.Errorf("a source that fails: %v", err)
	}
}

// FuzzReader wants what compress/gzip gives, as far as it gives something, and an
// error where it gives one.
func FuzzReader(f *testing.F) {
	for _, data := range samples() {
		for _, level := range []int{stdgzip.HuffmanOnly, stdgzip.NoCompression, 1, 6} {
			file := packed(f, level, data[:min(len(data), 3000)])
			f.Add(file)
			f.Add(append(file[:len(file)/2:len(file)/2], file[len(file)/2+1:]...))
		}
	}
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x05\xc0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x0b\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 300 << 10
		want, wantErr := []byte(nil), error(nil)
		if z, err := stdgzip.NewReader(bytes.NewReader(data)); err != nil {
			wantErr = err
		} else {
			want, wantErr = io.ReadAll(io.LimitReader(z, limit))
		}
		for _, chunks := range []bool{false, true} {
			got, err := unpack(bytes.NewReader(data), chunks, limit)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("error %v, compress/gzip says %v", err, wantErr)
			}
			if err == nil && !bytes.Equal(got, want) || err != nil && !bytes.HasPrefix(want, got[:min(len(got), len(want))]) {
				t.Fatalf("%d bytes that are not the %d of compress/gzip", len(got), len(want))
			}
		}
	})
}

// corpus is what a layer holds: text, numbers, programs.
func corpus() []byte {
	s := samples()
	return bytes.Join([][]byte{s["text"], s["skewed"], s["text"], s["noise"], s["mixed"]}, nil)
}

func BenchmarkReader(b *testing.B) {
	file := packed(b, 6, corpus())
	b.SetBytes(int64(len(corpus())))
	for b.Loop() {
		z, err := inflate.NewReader(bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{z}); err != nil {
			b.Fatal(err)
		}
	}
}
