package dockerfile

import (
	"bytes"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"mvdan.cc/sh/v3/syntax"
)

// pageCorpus is every case of every page.
func pageCorpus() [][]byte {
	var all [][]byte
	for _, r := range Rules() {
		for _, c := range r.Page.Cases {
			for _, f := range c.Files {
				all = append(all, f.Data)
			}
		}
	}
	return all
}

func size(texts [][]byte) int64 {
	n := 0
	for _, t := range texts {
		n += len(t)
	}
	return int64(n)
}

func benchmarkLint(b *testing.B, texts [][]byte) {
	b.SetBytes(size(texts))
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range texts {
			parse("Dockerfile", t).lint(&Native{})
		}
	}
}

// benchmarkFloor is what parsing alone costs.
func benchmarkFloor(b *testing.B, texts [][]byte) {
	b.SetBytes(size(texts))
	b.ReportAllocs()
	for b.Loop() {
		parseAlone(texts)
	}
}

// parseAlone is the least that a linter does: BuildKit's parser for the file, the
// shell parser for each RUN.
func parseAlone(texts [][]byte) {
	for _, t := range texts {
		result, err := parser.Parse(bytes.NewReader(t))
		if err != nil {
			continue
		}
		for _, n := range result.AST.Children {
			if strings.EqualFold(n.Value, "run") && n.Next != nil {
				_, _ = syntax.NewParser().Parse(strings.NewReader(n.Next.Value), "")
			}
		}
	}
}

func BenchmarkLint(b *testing.B) {
	large := "FROM debian:12.5-slim\n" + strings.Repeat("RUN apt-get update && \\\n    apt-get install -y \\\n      git=1 curl=2 && \\\n    rm -rf /var/lib/apt/lists/*\nENV A=b\n", 9000)
	b.Run("pages", func(b *testing.B) { benchmarkLint(b, pageCorpus()) })
	b.Run("1MB", func(b *testing.B) { benchmarkLint(b, [][]byte{[]byte(large)}) })
	b.Run("corpus", func(b *testing.B) { benchmarkLint(b, realFiles(b)) })
}

func BenchmarkFloor(b *testing.B) {
	b.Run("pages", func(b *testing.B) { benchmarkFloor(b, pageCorpus()) })
	b.Run("corpus", func(b *testing.B) { benchmarkFloor(b, realFiles(b)) })
}

func realFiles(b *testing.B) [][]byte {
	var all [][]byte
	for _, v := range corpus(b) {
		if v.File != "" {
			all = append(all, []byte(v.Dockerfile))
		}
	}
	return all
}
