package dockerfile

import (
	"syscall"
	"testing"
	"time"
)

// cpu is what the process has spent so far, all threads and the collector with it.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var spent syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &spent); err != nil {
		b.Fatal(err)
	}
	return time.Duration(spent.Utime.Nano() + spent.Stime.Nano())
}

// BenchmarkAgainstParsing tells how many times the CPU of the parsers alone the
// linting of the whole corpus takes: 6 at most is what is promised.
func BenchmarkAgainstParsing(b *testing.B) {
	texts := realFiles(b)
	var floor, lint time.Duration
	for b.Loop() {
		start := cpu(b)
		parseAlone(texts)
		parsed := cpu(b)
		for _, t := range texts {
			parse("Dockerfile", t).lint(&Native{})
		}
		floor, lint = floor+parsed-start, lint+cpu(b)-parsed
	}
	b.ReportMetric(float64(lint)/float64(floor), "times")
	b.ReportMetric(float64(floor.Milliseconds())/float64(b.N), "ms-parsing/op")
	b.ReportMetric(float64(lint.Milliseconds())/float64(b.N), "ms-linting/op")
}
