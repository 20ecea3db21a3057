//go:build linux || darwin

// The measuring part of .ci/bench-secrets.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	rounds   = flag.Int("rounds", 3, "how often each command runs; medians are shown")
	treeArgs = flag.String("tree-args", "scan -q --scanners secrets --no-gitignore dir:{}", "boltseal's arguments for a tree, which takes the place of {}")
	repoArgs = flag.String("repo-args", "scan -q --scanners secrets git:{}", "boltseal's arguments for a repository")
	sizes    = flag.String("sizes", "0.5,10,50", "megabytes of the trees that are cut from the Go source and the module cache; empty for none")
	program  = flag.String("boltseal", "", "a boltseal that is built already")
	trees    list
	repos    list
)

func main() {
	flag.Var(&trees, "tree", "a folder to scan as well, repeatable")
	flag.Var(&repos, "repo", "a git repository whose history is to be scanned, repeatable")
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-secrets:", err)
		os.Exit(1)
	}
}

// bench is a run of the program.
type bench struct {
	checkout, tmp      string
	boltseal, gitleaks string
}

func run() error {
	tmp, err := os.MkdirTemp("", "bench-secrets-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b := &bench{checkout: os.Getenv("BENCH_CHECKOUT"), tmp: tmp}
	if b.checkout == "" {
		b.checkout = "."
	}
	if err := b.build(); err != nil {
		return err
	}
	fmt.Printf("%s %s/%s, %d cores, medians of %d rounds, both programs in turn\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	row("what", "command", "CPU s", "time s", "peak MB", "ratio", "targets")
	if err := b.startUp(); err != nil {
		return err
	}
	if err := b.allTrees(); err != nil {
		return err
	}
	for _, repo := range repos {
		if err := b.history(repo); err != nil {
			return err
		}
	}
	return nil
}

// row prints a line of the table at once, so that a long run can be followed.
func row(what, command, cpu, wall, peak, ratio, targets string) {
	fmt.Printf("%-40s  %-10s  %8s  %8s  %8s  %6s  %s\n", what, command, cpu, wall, peak, ratio, targets)
}

func (b *bench) build() error {
	b.boltseal, b.gitleaks = *program, filepath.Join(b.tmp, "gitleaks")
	if b.boltseal == "" {
		b.boltseal = filepath.Join(b.tmp, "boltseal")
		if err := b.goRun("build", "-trimpath", "-buildvcs=false", "-o", b.boltseal, "./cmd/boltseal"); err != nil {
			return err
		}
	}
	return b.goRun("build", "-trimpath", "-o", b.gitleaks, "github.com/zricethezav/gitleaks/v8")
}

func (b *bench) goRun(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = b.checkout, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd.Run()
}

// show prints the medians of a command; ratio is by how much the CPU of the other
// one exceeds its own.
func show(what string, c *command, ratio float64, targets ...string) {
	m := c.median()
	times := ""
	if ratio > 0 {
		times = fmt.Sprintf("%.1f", ratio)
	}
	row(what, c.name, fmt.Sprintf("%.2f", m.cpu.Seconds()), fmt.Sprintf("%.3f", m.wall.Seconds()),
		fmt.Sprintf("%.0f", float64(m.peak)/1e6), times, strings.Join(targets, ", "))
}

func (b *bench) gitleaksOn(mode, dir string) *command {
	return &command{
		name: "gitleaks", dir: dir, ends: []int{0},
		args: []string{b.gitleaks, mode, "--no-banner", "--exit-code=0", "--log-level=error", "-f=json", "-r=" + filepath.Join(b.tmp, "report.json"), "."},
	}
}

// startUp measures an empty folder. There, nothing scanned is exit code 3.
func (b *bench) startUp() error {
	dir := filepath.Join(b.tmp, "empty")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	ours := &command{name: "boltseal", args: append([]string{b.boltseal}, fill(*treeArgs, ".")...), dir: dir, ends: []int{0, 3}}
	theirs := b.gitleaksOn("dir", dir)
	before := *rounds
	*rounds = max(*rounds, 11)
	err := measure(b.tmp, *rounds, []*command{theirs, ours})
	*rounds = before
	if err != nil {
		return err
	}
	show("empty folder", theirs, 0)
	show("empty folder", ours, ratio(theirs, ours), target("time < 60 ms", ours.median().wall < 60*time.Millisecond))
	return nil
}

func (b *bench) allTrees() error {
	for _, size := range strings.Split(*sizes, ",") {
		if size == "" {
			continue
		}
		megabytes, err := strconv.ParseFloat(size, 64)
		if err != nil {
			return err
		}
		dir := filepath.Join(b.tmp, "tree-"+size)
		if err := b.cut(dir, int64(megabytes*1e6)); err != nil {
			return err
		}
		if err := b.tree(dir); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	for _, dir := range trees {
		if err := b.tree(dir); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) tree(dir string) error {
	count, size, err := weigh(dir)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("tree of %.1f MB, %d files", float64(size)/1e6, count)
	theirs := b.gitleaksOn("dir", dir)
	ours := &command{name: "boltseal", args: append([]string{b.boltseal}, fill(*treeArgs, ".")...), dir: dir, ends: []int{0, 1}}
	if err := measure(b.tmp, *rounds, []*command{theirs, ours}); err != nil {
		return err
	}
	show(what, theirs, 0)
	r, targets := ratio(theirs, ours), []string{memory(ours, 100)}
	if size >= 9_900_000 {
		targets = append(targets, target("ratio >= 10", r >= 10))
	}
	show(what, ours, r, targets...)
	return nil
}

func (b *bench) history(dir string) error {
	out, err := exec.Command("git", "-C", dir, "rev-list", "--all", "--count").Output()
	if err != nil {
		return fmt.Errorf("counting the commits of %s: %w", dir, err)
	}
	commits, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d commits of %s", commits, filepath.Base(dir))
	git := &command{name: "git log -p", dir: dir, ends: []int{0}, args: []string{"git", "log", "-p", "--all"}}
	// As the gitleaks command calls it.
	narrow := &command{
		name: "git log -p -U0", dir: dir, ends: []int{0},
		args: []string{"git", "log", "-p", "-U0", "--full-history", "--all", "--diff-filter=tuxdb"},
	}
	theirs := b.gitleaksOn("git", dir)
	ours := &command{name: "boltseal", args: append([]string{b.boltseal}, fill(*repoArgs, ".")...), dir: dir, ends: []int{0, 1}}
	if err := measure(b.tmp, *rounds, []*command{git, narrow, theirs, ours}); err != nil {
		return err
	}
	show(what, git, 0)
	show(what, narrow, 0)
	show(what, theirs, 0)
	r, over := ratio(theirs, ours), ratio(ours, git)
	targets := []string{memory(ours, 250), target(fmt.Sprintf("%.2f x git log -p <= 1.6", over), over <= 1.6)}
	switch {
	case commits >= 5_000:
		targets = append(targets, target("ratio >= 8", r >= 8))
	case commits >= 1_000:
		targets = append(targets, target("ratio >= 3", r >= 3))
	}
	show(what, ours, r, targets...)
	return nil
}

// weigh counts the files below a folder and their bytes.
func weigh(dir string) (count int, size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			count++
			size += info.Size()
		}
		return err
	})
	return count, size, err
}

// source is a file that a tree can be cut from.
type source struct {
	path, rel string
	size      int64
	rank      uint32
}

// largest is the size of the largest file that goes into a tree.
const largest = 2_000_000

// cut copies files of the Go source and of the modules that go.mod names, until they
// are so many bytes: always the same, in an order that only their paths decide.
func (b *bench) cut(dir string, left int64) error {
	all, err := b.sources()
	if err != nil {
		return err
	}
	for _, s := range all {
		if left <= 0 {
			return nil
		}
		if s.size > left+100_000 {
			continue
		}
		copied, err := copyText(filepath.Join(dir, filepath.FromSlash(s.rel)), s.path)
		if err != nil {
			return err
		}
		left -= copied
	}
	if left > 0 {
		return errors.New("the Go source and the module cache hold too few files")
	}
	return nil
}

func (b *bench) sources() ([]source, error) {
	root, err := b.goOut("env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules, err := b.goOut("list", "-m", "-f", "{{if .Dir}}{{.Path}} {{.Dir}}{{end}}", "all")
	if err != nil {
		return nil, err
	}
	roots := [][2]string{{"go", filepath.Join(root, "src")}}
	for line := range strings.Lines(modules) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok && dir != "" {
			roots = append(roots, [2]string{path, dir})
		}
	}
	var all []source
	for _, r := range roots[:min(len(roots), 60)] {
		if r[1] == b.checkout {
			continue
		}
		err := filepath.WalkDir(r[1], func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil || info.Size() == 0 || info.Size() > largest {
				return err
			}
			rel, err := filepath.Rel(r[1], path)
			if err != nil {
				return err
			}
			s := source{path: path, rel: r[0] + "/" + filepath.ToSlash(rel), size: info.Size()}
			h := fnv.New32a()
			io.WriteString(h, s.rel)
			s.rank = h.Sum32()
			all = append(all, s)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b source) int {
		if a.rank != b.rank {
			return int(int64(a.rank) - int64(b.rank))
		}
		return strings.Compare(a.rel, b.rel)
	})
	return all, nil
}

func (b *bench) goOut(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = b.checkout, os.Stderr
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// copyText copies a file, unless it is binary: both programs leave most of those out.
func copyText(to, from string) (int64, error) {
	data, err := os.ReadFile(from)
	if err != nil || bytes.IndexByte(data[:min(len(data), 8_000)], 0) >= 0 {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	return int64(len(data)), os.WriteFile(to, data, 0o600)
}
