package cli_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/cli"
)

// workloads are what the whole gate is measured on: the example, and a tree that
// every machine with Go has.
func workloads(tb testing.TB) map[string][]string {
	tb.Helper()
	example, err := filepath.Abs("../../examples/leaky-app")
	if err != nil {
		tb.Fatal(err)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	return map[string][]string{
		"example": {"scan", "--offline", "--db", filepath.Join(example, "advisories"), "-f", "json", example, "oci-dir:" + filepath.Join(example, "image")},
		"stdlib":  {"scan", "--db", filepath.Join(example, "advisories"), "-f", "json", filepath.Join(strings.TrimSpace(string(root)), "src")},
	}
}

// BenchmarkGate runs the gate in this process: time and allocations.
func BenchmarkGate(b *testing.B) {
	for _, name := range []string{"example", "stdlib"} {
		args := workloads(b)[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				code := cli.Main(b.Context(), args, cli.System{
					Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
					Getenv: func(string) string { return "" },
				})
				if code == cli.ExitUsage {
					b.Fatal("bad arguments")
				}
			}
		})
	}
}

// BenchmarkProcess runs the binary: wall and CPU time of the whole process, and
// its peak memory where the system tells.
func BenchmarkProcess(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "boltseal")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "../../cmd/boltseal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"version", "example", "stdlib"} {
		args := workloads(b)[name]
		if name == "version" {
			args = []string{"version"} // what starting costs
		}
		b.Run(name, func(b *testing.B) {
			var cpu, peak float64
			for b.Loop() {
				cmd := exec.Command(binary, args...)
				var errs bytes.Buffer
				cmd.Stderr = &errs
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				stop := watchPeak(cmd.Process.Pid)
				err := cmd.Wait()
				peak = max(peak, stop())
				if cmd.ProcessState.ExitCode() == cli.ExitUsage {
					b.Fatalf("%v: %s", err, &errs)
				}
				cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
			}
			b.ReportMetric(cpu/float64(b.N), "cpu-s/op")
			b.ReportMetric(peak/1e6, "peak-MB")
		})
	}
}
