// The program behind .ci/compare-packages.
package main

import (
	"archive/tar"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/layout"
)

var (
	program = flag.String("boltseal", "", "a boltseal that is built already")
	syft    = flag.String("syft", "", "version of github.com/anchore/syft, to be built, or the path of a program")
	shown   = flag.Int("shown", 10, "how many packages of a class are named")
)

func main() {
	flag.Parse()
	same, err := run(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare-packages:", err)
		os.Exit(2)
	}
	if !same {
		os.Exit(1)
	}
}

// pack is a package in a list.
type pack struct{ kind, name, version string }

func (p pack) String() string { return p.kind + " " + p.name + " " + p.version }

func run(dir string) (same bool, err error) {
	if dir == "" {
		return false, errors.New("name an OCI image layout")
	}
	tmp, err := os.MkdirTemp("", "compare-packages-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	ours, err := boltseal(dir, tmp)
	if err != nil {
		return false, err
	}
	fmt.Printf("boltseal lists %d packages\n", len(ours))
	theirs, err := dpkg(dir, tmp)
	if err != nil {
		return false, err
	}
	isDeb := func(p pack) bool { return p.kind == "deb" }
	same = differences("dpkg", only(ours, isDeb), theirs)
	if *syft == "" {
		return same, nil
	}
	theirs, err = syftList(dir, tmp)
	if err != nil {
		return false, err
	}
	differences("syft", ours, theirs)
	return same, nil
}

func only(all map[pack]bool, keep func(pack) bool) map[pack]bool {
	some := maps.Clone(all)
	maps.DeleteFunc(some, func(p pack, _ bool) bool { return !keep(p) })
	return some
}

// differences prints what one list has and the other has not, by kind.
func differences(name string, ours, theirs map[pack]bool) bool {
	fmt.Printf("\n%s lists %d packages\n", name, len(theirs))
	same := true
	for _, side := range []struct {
		who           string
		with, without map[pack]bool
	}{{"boltseal", ours, theirs}, {name, theirs, ours}} {
		byKind := make(map[string][]string)
		for p := range side.with {
			if !side.without[p] {
				byKind[p.kind] = append(byKind[p.kind], p.name+" "+p.version)
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(byKind)) {
			same = false
			list := byKind[kind]
			slices.Sort(list)
			fmt.Printf("  %s alone, %s: %d\n", side.who, kind, len(list))
			for _, p := range list[:min(len(list), *shown)] {
				fmt.Println("     ", p)
			}
		}
	}
	if same {
		fmt.Println("  the same as boltseal's")
	}
	return same
}

// kinds are what the lists call the same things.
var kinds = map[string]string{
	"Debian": "deb", "Ubuntu": "deb", "deb": "deb", "npm": "npm", "PyPI": "python", "python": "python", "Go": "go", "go-module": "go",
	"Maven": "java", "java-archive": "java", "jenkins-plugin": "java", "RubyGems": "gem", "gem": "gem", "Packagist": "php", "php-composer": "php",
	"NuGet": "dotnet", "dotnet": "dotnet", "crates.io": "rust", "rust-crate": "rust", "CRAN": "r", "R-package": "r",
}

func boltseal(dir, tmp string) (map[pack]bool, error) {
	if *program == "" {
		*program = filepath.Join(tmp, "boltseal")
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", *program, "./cmd/boltseal")
		cmd.Dir, cmd.Stderr = cmp.Or(os.Getenv("BENCH_CHECKOUT"), "."), os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, err
		}
	}
	out := filepath.Join(tmp, "run.json")
	_ = exec.Command(*program, "scan", "-q", "--scanners", "packages", "-f", "json="+out, "oci-dir:"+dir).Run() // the file says what it found
	data, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var told struct {
		Packages []struct{ Ecosystem, Name, Version string }
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return nil, err
	}
	list := make(map[pack]bool)
	for _, p := range told.Packages {
		family, _, _ := strings.Cut(p.Ecosystem, ":")
		add(list, cmp.Or(kinds[family], family), p.Name, p.Version)
	}
	return list, nil
}

// add puts a package into a list, in the spelling that both have in common.
func add(list map[pack]bool, kind, name, version string) {
	switch kind {
	case "python":
		name = strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name))
	case "go":
		version = strings.TrimPrefix(strings.TrimPrefix(version, "v"), "go")
	case "java": // syft knows many archives without their group
		if _, artifact, found := strings.Cut(name, ":"); found {
			name = artifact
		}
	}
	list[pack{kind, name, version}] = true
}

// dpkg asks dpkg-query about the image's database: the last one that a layer has.
func dpkg(dir, tmp string) (map[pack]bool, error) {
	path, err := layout.FromPath(dir)
	if err != nil {
		return nil, err
	}
	index, err := path.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, err
	}
	status := filepath.Join(tmp, "status")
	for _, l := range layers {
		content, err := l.Uncompressed()
		if err != nil {
			return nil, err
		}
		if err := extract(content, "var/lib/dpkg/status", status); err != nil {
			return nil, err
		}
		content.Close()
	}
	out, err := exec.Command("dpkg-query", "--admindir="+tmp, "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n").Output()
	if err != nil {
		return nil, fmt.Errorf("dpkg-query: %w", err)
	}
	list := make(map[pack]bool)
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "installed" {
			list[pack{"deb", f[1], f[2]}] = true
		}
	}
	return list, nil
}

func extract(layer io.Reader, name, to string) error {
	for t := tar.NewReader(layer); ; {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case strings.TrimPrefix(h.Name, "./") != name:
			continue
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o600)
	}
}

func syftList(dir, tmp string) (map[pack]bool, error) {
	path := *syft
	if strings.HasPrefix(path, "v") {
		cmd := exec.Command("go", "install", "-trimpath", "github.com/anchore/syft/cmd/syft@"+path)
		cmd.Stderr = os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOBIN="+tmp)
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("building syft: %w", err)
		}
		path = filepath.Join(tmp, "syft")
	}
	cmd := exec.Command(path, "scan", "-q", "-o", "syft-json", "oci-dir:"+dir)
	cmd.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false", "TMPDIR="+tmp)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("syft: %w", err)
	}
	var told struct {
		Artifacts []struct{ Type, Name, Version string }
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return nil, err
	}
	list := make(map[pack]bool)
	for _, a := range told.Artifacts {
		add(list, cmp.Or(kinds[a.Type], a.Type), a.Name, a.Version)
	}
	return list, nil
}
