package secrets_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compareVariable asks for the comparisons that take minutes, and may list trees and
// repositories to compare as well, separated like PATH. Its value can be "1".
const compareVariable = "BOLTSEAL_COMPARE"

// askedFor gives what the variable lists, and whether it is set.
func askedFor() (paths []string, all bool) {
	value := os.Getenv(compareVariable)
	for _, p := range filepath.SplitList(value) {
		if p != "" && p != "1" {
			paths = append(paths, p)
		}
	}
	return paths, value != ""
}

// leftOut says aloud what a run does not compare.
func leftOut(t *testing.T, what string) {
	t.Helper()
	t.Logf("left out: %s; set %s=1 to compare it too", what, compareVariable)
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func moduleFolder(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil || len(strings.TrimSpace(string(out))) == 0 {
		t.Fatalf("finding the module %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// Modules whose folders hold many findings.
const gitleaksModule = "github.com/zricethezav/gitleaks/v8"

func TestRealTreesFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	src := filepath.Join(goEnv(t, "GOROOT"), "src")
	rules := filepath.Join(moduleFolder(t, gitleaksModule), "cmd", "generate")
	_, all := askedFor()
	switch {
	case testing.Short():
		leftOut(t, "every real tree, in -short")
	case all:
		for name, dir := range map[string]string{
			"Go source tree": src, "gitleaks": moduleFolder(t, gitleaksModule),
			"buildkit": moduleFolder(t, "github.com/moby/buildkit"), "osv-scalibr": moduleFolder(t, "github.com/google/osv-scalibr"),
		} {
			t.Run(name, func(t *testing.T) { compareTree(t, name, dir, settings{}) })
		}
	default:
		leftOut(t, "the whole Go source tree, gitleaks, buildkit, osv-scalibr")
		for name, dir := range map[string]string{
			"Go crypto/x509": filepath.Join(src, "crypto", "x509"), "Go encoding/pem": filepath.Join(src, "encoding", "pem"),
			"Go net/url": filepath.Join(src, "net", "url"), "gitleaks rules": rules,
		} {
			t.Run(name, func(t *testing.T) { compareTree(t, name, dir, settings{}) })
		}
	}
}

func TestNamedTreesAndRepositoriesFindWhatGitleaksFinds(t *testing.T) {
	paths, _ := askedFor()
	for _, p := range paths {
		t.Run(filepath.Base(p), func(t *testing.T) {
			compareTree(t, p, p, settings{})
			if _, err := gitTry(t, p, "rev-parse", "--git-dir"); err == nil && prefixOf(t, p) == "" {
				compareHistory(t, p, p, settings{})
			}
		})
	}
	t.Logf("%d trees and repositories are named by %s", len(paths), compareVariable)
}

// TestLargeFilesFindWhatGitleaksFinds takes files beyond the sizes at which anything
// is done otherwise: a stream, the budget of memory, hundreds of megabytes.
func TestLargeFilesFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	sizes := []int{5 << 20}
	if _, all := askedFor(); all {
		sizes = append(sizes, 70<<20, 200<<20)
	} else {
		leftOut(t, "files of 70 and 200 MB, a hunk of one line of 2 MB")
	}
	if testing.Short() {
		leftOut(t, "a file of 5 MB, in -short")
		return
	}
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%d MB", size>>20), func(t *testing.T) {
			dir := t.TempDir()
			writeLarge(t, filepath.Join(dir, "large.txt"), size)
			compareTree(t, fmt.Sprintf("a file of %d MB", size>>20), dir, settings{})
		})
	}
}

// TestLongHunkFindsWhatGitleaksFinds takes a hunk that is one line, with encoded
// texts all over it: the command reads it in one piece.
func TestLongHunkFindsWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	if _, all := askedFor(); !all {
		return // said above
	}
	r := newRepo(t, 701)
	r.commit(files{"data.json": strings.ReplaceAll(strewn(r.rng, 2<<20, 20_000, false), "\n", ";")})
	compareHistory(t, "a hunk of one line of 2 MB", r.dir, settings{})
}

// writeLarge writes a file that is mostly one block again and again, with secrets in
// between.
func writeLarge(t *testing.T, path string, size int) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rng := seeded(700)
	block := strings.Repeat("a line of plain words that nothing wants, number by number 0123456789\n", 900) + "\n"
	for written := 0; written < size; {
		n, err := file.WriteString(block + word(rng, rng.IntN(60)) + "\n" + one(rng) + "\n")
		if err != nil {
			t.Fatal(err)
		}
		written += n
	}
}

// TestRandomFilesFindWhatGitleaksFinds puts files together of fragments that meet as
// nobody would write them.
func TestRandomFilesFindWhatGitleaksFinds(t *testing.T) {
	t.Parallel()
	rounds := 1
	if testing.Short() {
		leftOut(t, "random files, in -short")
		return
	}
	if _, all := askedFor(); all {
		rounds = 40
	} else {
		leftOut(t, "39 of 40 rounds of random files")
	}
	for round := range rounds {
		rng := seeded(uint64(800 + round))
		all := samples(t, rng, 1)
		f := make(files)
		for i := range 20 {
			f[fmt.Sprintf("%d.txt", i)] = randomText(rng, all, 400+rng.IntN(6_000))
		}
		// One that meets the border of a chunk.
		f["border.txt"] = prose(rng, 99_000+rng.IntN(27_000), rng.IntN(2) == 0) + randomText(rng, all, 4_000) + prose(rng, 400, true)
		compareTree(t, fmt.Sprintf("random files, round %d", round), f.write(t, t.TempDir()), settings{})
	}
}

func randomText(rng *rand.Rand, all []sample, n int) string {
	var b strings.Builder
	glue := []string{
		"\n", "\n", "\n\n", " ", ";", "\r\n", "\t", `"`, "'", "=", ":", "%20", "\x00", "\u212a", "\xff", "\n\n\n", `\n`, ",", "`", "(", ".", "/",
		" key ", "secret=", "token: ", " // " + allow + "\n", "api_key = ", "-----", "%", `\u0041`, "0x", "==",
	}
	for b.Len() < n {
		text := all[rng.IntN(len(all))].text
		switch rng.IntN(8) {
		case 0:
			text = one(rng)
		case 1:
			text = word(rng, 1+rng.IntN(80))
		case 2:
			text = encodings[rng.IntN(len(encodings))].encode(text)
		case 3:
			text = text[:rng.IntN(len(text)+1)]
		case 4:
			text = prose(rng, 1+rng.IntN(300), true)
		}
		b.WriteString(text)
		for range 1 + rng.IntN(3) {
			b.WriteString(glue[rng.IntN(len(glue))])
		}
	}
	return b.String()
}
