// Package action holds the tests of the GitHub action: of action.yml, of what stands in
// setup, and of how a release is built.
package action

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// root is the repository's.
const root = "../.."

// definition is an action file as far as the tests look at it.
type definition struct {
	Name, Description string
	Branding          struct{ Icon, Color string }
	Inputs            map[string]struct {
		Description string
		Default     *string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Shell, Uses, Run string
			Env                  map[string]string
		}
	}
}

func readDefinition(t *testing.T, path string) definition {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	var d definition
	if err := yaml.Unmarshal(data, &d); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return d
}

// needsBash skips where the actions' scripts cannot run.
func needsBash(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the paths of this test are not those of bash on Windows")
	}
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
}

// checkout is a copy of the action, as a runner has one of the commit that "uses" names.
type checkout struct {
	dir    string
	output string // the runner's files
	paths  string
	env    map[string]string
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	needsBash(t)
	dir := t.TempDir()
	c := &checkout{dir: filepath.Join(dir, "action"), output: filepath.Join(dir, "output"), paths: filepath.Join(dir, "paths")}
	temp, home := filepath.Join(dir, "temp"), filepath.Join(dir, "home")
	for _, d := range []string{filepath.Join(c.dir, ".github/setup"), temp, home} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"action.yml", ".github/setup/action.yml", ".github/setup/obtain.sh", ".github/setup/install.sh"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, name, string(data), 0o755)
	}
	c.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home, "RUNNER_TEMP": temp, "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64",
		"GITHUB_OUTPUT": c.output, "GITHUB_PATH": c.paths,
	}
	return c
}

func (c *checkout) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// release writes the checksums of a release that holds one program for each of the
// platforms.
func (c *checkout) release(t *testing.T, program []byte, platforms ...string) {
	t.Helper()
	var text strings.Builder
	for _, p := range platforms {
		fmt.Fprintf(&text, "%x  boltseal_1.2.3_%s\n", sha256.Sum256(program), p)
	}
	c.write(t, ".github/setup/checksums.txt", text.String(), 0o644)
}

// outcome is what is seen of a step.
type outcome struct {
	code              int
	stdout, stderr    string
	outputs, addPaths string
}

// run runs the one step of an action as a runner does.
func (c *checkout) run(t *testing.T, name string) outcome {
	t.Helper()
	d := readDefinition(t, filepath.Join(name, "action.yml"))
	script := filepath.Join(t.TempDir(), "step.sh")
	if err := os.WriteFile(script, []byte(d.Runs.Steps[0].Run), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(c.env)) {
		cmd.Env = append(cmd.Env, name+"="+c.env[name])
	}
	cmd.Env = append(cmd.Env, "GITHUB_ACTION_PATH="+filepath.Join(c.dir, name))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), readIfThere(t, c.output), readIfThere(t, c.paths)}
}

func readIfThere(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func TestActionFiles(t *testing.T) {
	for _, path := range []string{"action.yml", ".github/setup/action.yml"} {
		d := readDefinition(t, path)
		if d.Runs.Using != "composite" || len(d.Runs.Steps) != 1 {
			t.Fatalf("%s: want one composite step, got %+v", path, d.Runs)
		}
		step := d.Runs.Steps[0]
		if step.Uses != "" || step.Shell != "bash" || strings.Contains(step.Run, "${{") {
			t.Errorf("%s: the step is another action's, or lets an expression near the shell: %+v", path, step)
		}
		if d.Name == "" || d.Description == "" || d.Branding.Icon == "" || d.Branding.Color == "" {
			t.Errorf("%s has no name, description or branding", path)
		}
		for name, in := range d.Inputs {
			if in.Description == "" {
				t.Errorf("%s: input %s is not described", path, name)
			}
		}
		for name, out := range d.Outputs {
			if out.Value != "${{ steps."+step.ID+".outputs."+name+" }}" {
				t.Errorf("%s: output %s is %q", path, name, out.Value)
			}
		}
	}
}
