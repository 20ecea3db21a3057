package cli_test

import (
	"os"
	"syscall"
)

// peakBytes is the largest resident size of a process that has ended.
func peakBytes(p *os.ProcessState) float64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return float64(usage.Maxrss) * 1024
}
