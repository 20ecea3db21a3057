package secrets

import (
	"bytes"
	"testing"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

func benchmarkSource(b *testing.B, files []scantest.File) {
	b.Helper()
	s := newScanner(b)
	var n int64
	for _, f := range files {
		n += int64(len(f.Data))
	}
	b.SetBytes(n)
	b.ReportAllocs()
	for b.Loop() {
		scan.Run(b.Context(), scantest.Tree(files...), []scan.Scanner{s}, scan.Options{})
	}
}

// BenchmarkGoSource scans 10 MB of Go source.
func BenchmarkGoSource(b *testing.B) {
	benchmarkSource(b, goFiles(b, 10<<20, "crypto", "net", "runtime", "cmd/compile", "go"))
}

// BenchmarkZeros, BenchmarkDigits and BenchmarkLine scan what has no lines.
func BenchmarkZeros(b *testing.B) {
	benchmarkSource(b, []scantest.File{{Entry: scan.Entry{Path: "zeros"}, Data: make([]byte, 10<<20)}})
}

func BenchmarkDigits(b *testing.B) {
	benchmarkSource(b, []scantest.File{{Entry: scan.Entry{Path: "digits"}, Data: bytes.Repeat([]byte("0"), 10<<20)}})
}

func BenchmarkLine(b *testing.B) {
	benchmarkSource(b, []scantest.File{{Entry: scan.Entry{Path: "a.min"}, Data: bytes.Repeat([]byte("var api=1,token=x;function(){}"), 5<<20/30)}})
}

func BenchmarkMasker(b *testing.B) {
	mask := NewMasker()
	for name, text := range map[string]string{
		"plain":   "RUN apt-get update && apt-get install -y wget=1.21.3-1 x",
		"path":    "internal/scanner/dockerfile/testdata/dl3007/bad/1/Dockerfile",
		"keyword": "COPY auth /usr/lib/node/authlib/index.js, a token by its api",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				mask(text)
			}
		})
	}
}
