package exampleimage

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// files are a source of fragments for gitleaks: text by path.
type files map[string]string

func (f files) Fragments(_ context.Context, yield sources.FragmentsFunc) error {
	for name, text := range f {
		if err := yield(sources.Fragment{Raw: text, FilePath: name}, nil); err != nil {
			return err
		}
	}
	return nil
}

// secrets names what gitleaks' own rules find: "path rule", sorted.
func secrets(t *testing.T, f files) []string {
	t.Helper()
	detector, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	detector.MaxDecodeDepth = 5 // as gitleaks on the command line
	findings, err := detector.DetectSource(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	found := []string{}
	for _, f := range findings {
		found = append(found, f.File+" "+f.RuleID)
	}
	slices.Sort(found)
	return found
}

// tree reads the files of a folder, without the image's.
func tree(t *testing.T, root string) files {
	t.Helper()
	found := files{}
	fsys := os.DirFS(root)
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p == "image" {
				return fs.SkipDir
			}
			return nil
		}
		data, err := fs.ReadFile(fsys, p)
		found[p] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPlantedSecretsAndNoOthers(t *testing.T) {
	for _, test := range []struct {
		name  string
		files files
		want  []string
	}{
		{"the app's folder", tree(t, appDir), []string{
			".npmrc npm-access-token", "config/production.json aws-access-token",
		}},
		{"the image, deleted files too", contents(t, buildExample(t)), []string{
			"root/.ssh/id_rsa private-key", "srv/app/.env github-pat",
			"srv/app/.npmrc npm-access-token", "srv/app/config/production.json aws-access-token",
		}},
		{"this package", tree(t, "."), []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, secrets(t, test.files)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFakeKeyIsNoKey(t *testing.T) {
	block, _ := pem.Decode([]byte(deployKey()))
	if block == nil {
		t.Fatal("the fake key does not even look like one")
	}
	// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
	if bytes.Contains(block.Bytes, []byte("openssh-key-v1")) {
		t.Error("the fake key has the mark of a real one")
	}
}

// TestAdvisoriesAreAboutSomething holds the advisories to the layout that --db
// reads, and to packages that the example has.
func TestAdvisoriesAreAboutSomething(t *testing.T) {
	has := map[string]bool{}
	for _, p := range append(slices.Clone(base), more...) {
		has["Alpine "+p.origin] = true
	}
	modules, err := nodeModules(os.DirFS(appDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range modules {
		has["npm "+path.Base(e.name)] = true
	}
	paths, err := filepath.Glob(filepath.Join(appDir, "advisories", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 10 {
		t.Fatalf("found %d advisories only", len(paths))
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			ID       string `json:"id"`
			Affected []struct {
				Package struct {
					Ecosystem string `json:"ecosystem"`
					Name      string `json:"name"`
				} `json:"package"`
			} `json:"affected"`
		}
		if err := json.Unmarshal(data, &record); err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if record.ID+".json" != filepath.Base(p) || len(record.Affected) != 1 {
			t.Errorf("%s: its id is %s, and it affects %d packages; want the file's name and 1", p, record.ID, len(record.Affected))
			continue
		}
		affected := record.Affected[0].Package
		ecosystem, _, _ := strings.Cut(affected.Ecosystem, ":")
		if ecosystem != filepath.Base(filepath.Dir(p)) {
			t.Errorf("%s: wrong folder for %s", p, ecosystem)
		}
		if !has[ecosystem+" "+affected.Name] {
			t.Errorf("%s: the example has no %s package %s", p, ecosystem, affected.Name)
		}
	}
}
