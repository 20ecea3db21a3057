//go:build linux || darwin

// The measuring part of .ci/bench-images.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var (
	rounds  = flag.Int("rounds", 3, "how often each command runs; medians are shown")
	images  = flag.String("images", "small,medium,large", "which images are made: small, medium, large; empty for none")
	keep    = flag.String("keep", "", "folder in which images are kept, and found again (default: a temporary one)")
	suite   = flag.String("suite", "bookworm", "release of Debian for the root file systems")
	packed  = flag.String("compression", "gzip", "gzip or zstd")
	program = flag.String("boltseal", "", "a boltseal that is built already")
	syft    = flag.String("syft", "", "version of github.com/anchore/syft, to be built, or the path of a program")
	trivy   = flag.String("trivy", "", "version of github.com/aquasecurity/trivy, to be built, or the path of a program")
	only    = flag.String("only", "", "only commands whose names contain this, and the floor")
	floor   = flag.String("floor", "", "hash and decompress the layers of this OCI image layout and end: what every scan is compared with")
	making  = flag.String("make", "", "make one image in this folder and end")
	layouts list
)

func main() {
	flag.Var(&layouts, "layout", "an OCI image layout to scan as well, repeatable")
	flag.Parse()
	var err error
	switch {
	case *floor != "":
		err = readAll(*floor)
	case *making != "":
		i := slices.IndexFunc(recipes, func(r recipe) bool { return r.name == *images })
		err = makeImage(*making, recipes[max(i, 0)], *suite, *packed == "zstd")
	default:
		err = run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-images:", err)
		os.Exit(1)
	}
}

// bench is a run of the program.
type bench struct {
	checkout, tmp, self, boltseal string
	peers                         []peer
}

// peer is another program.
type peer struct {
	name    string
	program string
	args    []string // {} stands for the layout
}

func run() error {
	tmp, err := os.MkdirTemp("", "bench-images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b := &bench{checkout: os.Getenv("BENCH_CHECKOUT"), tmp: tmp}
	if b.checkout == "" {
		b.checkout = "."
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if err := b.build(); err != nil {
		return err
	}
	all, err := b.make()
	if err != nil {
		return err
	}
	fmt.Printf("%s %s/%s, %d cores, medians of %d rounds, all programs in turn\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	for _, dir := range all {
		if err := b.image(dir); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

// build builds the programs that are not there.
func (b *bench) build() error {
	b.boltseal = *program
	if b.boltseal == "" {
		b.boltseal = filepath.Join(b.tmp, "boltseal")
		if err := b.goRun(b.checkout, "build", "-trimpath", "-buildvcs=false", "-o", b.boltseal, "./cmd/boltseal"); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		what, module string
		peers        []peer
	}{
		{*syft, "github.com/anchore/syft/cmd/syft", []peer{{name: "syft", args: []string{"scan", "-q", "-o", "syft-json", "oci-dir:{}"}}}},
		{*trivy, "github.com/aquasecurity/trivy/cmd/trivy", []peer{
			{name: "trivy packages", args: []string{"image", "-q", "--input", "{}", "--scanners", "none", "--list-all-pkgs", "--format", "json", "--offline-scan", "--skip-db-update", "--skip-java-db-update", "--cache-dir", "{tmp}/trivy"}},
			{name: "trivy secrets", args: []string{"image", "-q", "--input", "{}", "--scanners", "secret", "--format", "json", "--offline-scan", "--skip-db-update", "--skip-java-db-update", "--cache-dir", "{tmp}/trivy"}},
		}},
	} {
		if p.what == "" {
			continue
		}
		path, err := b.peer(p.what, p.module)
		if err != nil {
			return err
		}
		for _, one := range p.peers {
			one.program = path
			b.peers = append(b.peers, one)
		}
	}
	return nil
}

// peer gives the path of another program, which is built where a version is named.
func (b *bench) peer(what, module string) (string, error) {
	if !strings.HasPrefix(what, "v") {
		return what, nil
	}
	cmd := exec.Command("go", "install", "-trimpath", module+"@"+what)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOBIN="+b.tmp)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building %s@%s: %w", module, what, err)
	}
	return filepath.Join(b.tmp, filepath.Base(module)), nil
}

func (b *bench) goRun(dir string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd.Run()
}

// make makes the images that are asked for, unless they are there, and gives them with
// those of the user's own.
func (b *bench) make() ([]string, error) {
	root := *keep
	if root == "" {
		root = b.tmp
	}
	var all []string
	for name := range strings.SplitSeq(*images, ",") {
		if name == "" {
			continue
		}
		i := slices.IndexFunc(recipes, func(r recipe) bool { return r.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no image is called %q: there are small, medium and large", name)
		}
		dir := filepath.Join(root, name+"-"+*suite+"-"+*packed)
		all = append(all, dir)
		if _, err := os.Stat(filepath.Join(dir, "index.json")); err == nil {
			continue
		}
		// In a process of its own: what this one holds counts as memory of those that
		// it starts.
		cmd := exec.Command(b.self, "-make", dir, "-images", name, "-suite", *suite, "-compression", *packed)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("making the %s image: %w", name, err)
		}
	}
	return append(all, layouts...), nil
}

// image measures all programs on one image.
func (b *bench) image(dir string) error {
	packages, err := b.inventory(dir)
	if err != nil {
		return err
	}
	size, err := layoutSize(dir)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s: %.0f MB compressed, boltseal lists %d packages\n", filepath.Base(dir), float64(size)/1e6, packages)
	fmt.Printf("%-36s  %8s  %8s  %8s  %8s  %s\n", "command", "CPU s", "time s", "peak MB", "x floor", "targets")
	ground := &command{name: "floor: SHA-256 and decompression", args: []string{b.self, "-floor", dir}, dir: b.tmp, ends: []int{0}}
	cache := filepath.Join(b.tmp, "cache")
	lists, config, all := b.ours("packages", dir, "packages"), b.ours("packages, imageconfig", dir, "packages,imageconfig"), b.ours("all three", dir, "packages,imageconfig,secrets")
	cold := b.ours("all three, empty cache", dir, "packages,imageconfig,secrets", "--cache-dir", cache)
	cold.before = func() error { return os.RemoveAll(cache) }
	warm := b.ours("all three, warm cache", dir, "packages,imageconfig,secrets", "--cache-dir", filepath.Join(b.tmp, "warm"))
	if _, err := once(b.tmp, warm); err != nil {
		return err
	}
	commands := []*command{ground, lists, config, all, cold, warm}
	for _, p := range b.peers {
		c := &command{name: p.name, args: []string{p.program}, dir: b.tmp, ends: []int{0}, env: []string{"SYFT_CHECK_FOR_APP_UPDATE=false"}}
		for _, a := range p.args {
			c.args = append(c.args, strings.ReplaceAll(strings.ReplaceAll(a, "{}", dir), "{tmp}", b.tmp))
		}
		c.before = func() error { return os.RemoveAll(filepath.Join(b.tmp, "trivy")) }
		commands = append(commands, c)
	}
	commands = slices.DeleteFunc(commands, func(c *command) bool { return c != ground && !strings.Contains(c.name, *only) })
	if err := measure(b.tmp, *rounds, commands); err != nil {
		return err
	}
	for _, c := range commands {
		b.show(c, ground, cold, []limit{
			{lists, "x floor <= 1.25", func(r float64) bool { return r <= 1.25 }},
			{config, "x floor <= 1.25", func(r float64) bool { return r <= 1.25 }},
			{all, "x floor <= 3", func(r float64) bool { return r <= 3 }},
		}, warm)
	}
	return os.RemoveAll(filepath.Join(b.tmp, "warm"))
}

// limit is what one command may take.
type limit struct {
	of    *command
	bound string
	met   func(ratio float64) bool
}

func (b *bench) show(c, ground, cold *command, limits []limit, warm *command) {
	m, r := c.median(), ratio(c, ground)
	var targets []string
	for _, l := range limits {
		if l.of == c {
			targets = append(targets, target(l.bound, l.met(r)), memory(c, 250))
		}
	}
	if c == warm && len(cold.runs) > 0 {
		part := 100 * ratio(warm, cold)
		targets = append(targets, target(fmt.Sprintf("%.1f %% of the first <= 3 %%", part), part <= 3))
	}
	fmt.Printf("%-36s  %8.2f  %8.2f  %8.0f  %8.2f  %s\n", c.name, m.cpu.Seconds(), m.wall.Seconds(), float64(m.peak)/1e6, r, strings.Join(targets, ", "))
}

// ours is a scan by boltseal. Without a database of vulnerabilities it ends with 3
// after all the work that is measured; that nothing else failed, inventory has seen.
func (b *bench) ours(name, dir, scanners string, more ...string) *command {
	args := append([]string{b.boltseal, "scan", "-q", "--db-source", "none", "--scanners", scanners}, more...)
	return &command{name: "boltseal: " + name, args: append(args, "oci-dir:"+dir), dir: b.tmp, ends: []int{0, 1, 3}}
}

// inventory scans once with all scanners, and gives the number of packages. A scan
// that could not look at everything is no measurement.
func (b *bench) inventory(dir string) (int, error) {
	out := filepath.Join(b.tmp, "run.json")
	cmd := exec.Command(b.boltseal, "scan", "-q", "--db-source", "none", "--scanners", "packages,imageconfig,secrets", "-f", "json="+out, "oci-dir:"+dir)
	cmd.Dir = b.tmp
	_ = cmd.Run() // what it says stands in the file
	data, err := os.ReadFile(out)
	if err != nil {
		return 0, err
	}
	var told struct {
		Scans    []struct{ Scanner, Status, Reason string }
		Packages []struct{}
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return 0, err
	}
	for _, s := range told.Scans {
		lacks := strings.HasPrefix(s.Reason, "no vulnerability database") && !strings.Contains(s.Reason, "; ")
		if s.Status != "ok" && !lacks {
			return 0, fmt.Errorf("scanner %s: %s: %s", s.Scanner, s.Status, s.Reason)
		}
	}
	if len(told.Scans) != 3 {
		return 0, errors.New("not every scanner ran")
	}
	return len(told.Packages), os.Remove(out)
}

// layerBlobs are the files of the layers of all images in a layout.
func layerBlobs(dir string) ([]string, error) {
	type document struct{ Manifests, Layers []blob }
	read := func(path string) (d document, err error) {
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &d)
		}
		return d, err
	}
	m := &maker{dir: dir}
	index, err := read(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, err
	}
	var files []string
	for todo := index.Manifests; len(todo) > 0; todo = todo[1:] {
		d, err := read(m.path(todo[0].Digest))
		if err != nil {
			return nil, err
		}
		todo = append(todo, d.Manifests...)
		for _, l := range d.Layers {
			files = append(files, m.path(l.Digest))
		}
	}
	return files, nil
}

func layoutSize(dir string) (size int64, err error) {
	files, err := layerBlobs(dir)
	for _, f := range files {
		info, statErr := os.Stat(f)
		if statErr != nil {
			return 0, statErr
		}
		size += info.Size()
	}
	return size, err
}

// readAll hashes and decompresses layers, as many at a time as there are cores.
func readAll(dir string) error {
	files, err := layerBlobs(dir)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	errs := make([]error, len(files))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range files {
		slots <- struct{}{}
		group.Go(func() {
			errs[i] = readBlob(f)
			<-slots
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func readBlob(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	r := bufio.NewReaderSize(io.TeeReader(file, h), 128<<10)
	head, err := r.Peek(2)
	if err != nil {
		return err
	}
	var unpacked io.Reader = r
	switch string(head) {
	case "\x1f\x8b":
		if unpacked, err = gzip.NewReader(r); err != nil {
			return err
		}
	case "\x28\xb5":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer z.Close()
		unpacked = z
	}
	if _, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{unpacked}, make([]byte, 128<<10)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	if err == nil && fmt.Sprintf("%x", h.Sum(nil)) != filepath.Base(path) {
		err = fmt.Errorf("%s is not what it says", path)
	}
	return err
}
