package secrets_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
	"github.com/boltseal/boltseal/internal/source/tree"
)

// hasher hashes secrets of both sides alike, with all digits.
var hasher = finding.Hasher{Key: []byte("compare")}

var (
	defaultScanner = sync.OnceValues(func() (*secrets.Scanner, error) {
		return secrets.New(secrets.Options{Hasher: hasher})
	})
	masker = sync.OnceValue(secrets.NewMasker)
)

// oursOn scans a source that lies in a folder, with the same files of the engine as
// the command takes: those of the settings, else those of the folder.
func oursOn(t *testing.T, src scan.Source, dir string, set settings) scan.Result {
	t.Helper()
	s, err := scannerFor(src.Target().Name, dir, set)
	if err != nil {
		t.Fatal(err)
	}
	res := scan.Run(t.Context(), src, []scan.Scanner{s}, scan.Options{})[0]
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	return res
}

func scannerFor(target, dir string, set settings) (*secrets.Scanner, error) {
	opt := secrets.Options{Hasher: hasher, ArchiveDepth: set.archiveDepth}
	var n secrets.Native
	n.Config = fileAt("", set.config)
	if n.Config == nil {
		n.Config = fileAt(dir, ".gitleaks.toml")
	}
	n.Baseline = fileAt("", set.baseline)
	for _, f := range []*secrets.File{fileAt("", set.ignore), fileAt(dir, ".gitleaksignore")} {
		if f != nil {
			n.Ignore = append(n.Ignore, *f)
		}
	}
	n.Open = os.ReadFile
	if n.Config == nil && n.Baseline == nil && n.Ignore == nil && set.archiveDepth == 0 {
		return defaultScanner()
	}
	opt.Native = map[string]secrets.Native{target: n}
	return secrets.New(opt)
}

// configText is the custom configuration of the settings; empty for none.
func configText(set settings) string {
	if f := fileAt("", set.config); f != nil {
		return string(f.Text)
	}
	return ""
}

// fileAt reads a file; nil where there is none.
func fileAt(dir, name string) *secrets.File {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if name == "" || err != nil {
		return nil
	}
	return &secrets.File{Name: name, Text: text}
}

func openTree(t *testing.T, dir string) scan.Source {
	t.Helper()
	src, err := tree.Open(t.Context(), dir, tree.Options{NoGitignore: true})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// prefixOf is where a folder lies in its repository, "" or with a slash at the end:
// our paths begin there, the command's in the folder.
func prefixOf(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "-C", dir, "rev-parse", "--show-prefix")
	cmd.Env = fixedEnv(t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(out), "\n")
}

// real is a folder's path without links.
func real(t *testing.T, dir string) string {
	t.Helper()
	out, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
