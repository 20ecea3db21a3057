//go:build linux || darwin

// What the benchmarks beside this file share: running commands in turn, and what a
// run of them takes.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// list is a flag that can be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

// command is one of the programs that are compared.
type command struct {
	name string
	args []string
	dir  string
	env  []string // beside the few that every command has
	ends []int    // exit codes that are no failure
	// before is called before each run; nil for nothing.
	before func() error
	runs   []cost
}

// cost is what a run takes.
type cost struct {
	cpu, wall time.Duration
	peak      int64 // bytes
}

// measure runs commands in turn, so that what disturbs one disturbs the others.
func measure(tmp string, rounds int, commands []*command) error {
	for round := range rounds {
		order := slices.Clone(commands)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, c := range order {
			took, err := once(tmp, c)
			if err != nil {
				return err
			}
			c.runs = append(c.runs, took)
		}
	}
	return nil
}

// once runs a command. CPU is that of the process and of all children that it waited
// for; memory the most that they held together, as far as it could be watched.
func once(tmp string, c *command) (cost, error) {
	if c.before != nil {
		if err := c.before(); err != nil {
			return cost{}, err
		}
	}
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + tmp, "TMPDIR=" + tmp, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
	}, c.env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	stop := watch(cmd.Process.Pid)
	err := cmd.Wait()
	took := cost{wall: time.Since(start), peak: stop()}
	state := cmd.ProcessState
	if state == nil || !slices.Contains(c.ends, state.ExitCode()) {
		return cost{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, errs.String())
	}
	took.cpu = state.UserTime() + state.SystemTime()
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		took.peak = max(took.peak, int64(usage.Maxrss)*maxrssUnit())
	}
	return took, nil
}

func maxrssUnit() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}

// watch follows the resident size of a process and its children, where /proc tells.
func watch(pid int) (stop func() int64) {
	done, result := make(chan struct{}), make(chan int64)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		peak := int64(0)
		for {
			select {
			case <-done:
				result <- peak
				return
			case <-tick.C:
				peak = max(peak, resident(pid))
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-result
	}
}

// resident is what a process and all below it hold in memory; what they share counts
// once.
func resident(pid int) int64 {
	sum := proportional(pid)
	program, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(task)
		for _, child := range strings.Fields(string(children)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				continue
			}
			// One that has not become another program yet is its parent's memory.
			if own, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", n)); own != program {
				sum += resident(n)
			}
		}
	}
	return sum
}

// proportional reads the proportional set size: see proc_pid_smaps(5).
func proportional(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if size, ok := strings.CutPrefix(line, "Pss:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(size), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}

func (c *command) median() cost {
	middle := func(of func(cost) int64) int64 {
		var all []int64
		for _, r := range c.runs {
			all = append(all, of(r))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return cost{
		cpu:  time.Duration(middle(func(r cost) int64 { return int64(r.cpu) })),
		wall: time.Duration(middle(func(r cost) int64 { return int64(r.wall) })),
		peak: middle(func(r cost) int64 { return r.peak }),
	}
}

// ratio is the median of the rounds' own ratios: each compares what ran side by side.
func ratio(a, b *command) float64 {
	var all []float64
	for i := range min(len(a.runs), len(b.runs)) {
		all = append(all, float64(a.runs[i].cpu)/float64(max(b.runs[i].cpu, 1)))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func memory(c *command, megabytes int64) string {
	return target(fmt.Sprintf("memory <= %d MB", megabytes), c.median().peak <= megabytes*1_000_000)
}

func fill(args, target string) []string {
	out := strings.Fields(args)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "{}", target)
	}
	return out
}

// target says whether a bound is kept.
func target(bound string, met bool) string {
	return bound + map[bool]string{true: ": met", false: ": MISSED"}[met]
}
