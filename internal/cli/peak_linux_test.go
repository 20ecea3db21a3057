package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// watchPeak follows the largest resident size of a running process, in bytes. What
// the system tells of a process that has ended counts the test's own memory too, as
// the two share it until the program is started.
func watchPeak(pid int) (stop func() float64) {
	done, result := make(chan struct{}), make(chan float64)
	go func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		peak := 0.0
		for {
			peak = max(peak, residentPeak(pid))
			select {
			case <-done:
				result <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(done)
		return <-result
	}
}

// residentPeak reads VmHWM: see proc_pid_status(5).
func residentPeak(pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0 // it has ended
	}
	_, rest, _ := bytes.Cut(data, []byte("VmHWM:"))
	kilobytes := 0.0
	if _, err := fmt.Sscan(string(rest), &kilobytes); err != nil {
		return 0
	}
	return kilobytes * 1024
}
