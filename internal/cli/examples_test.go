package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/spf13/cobra"
)

// inExample finds calls of the program, and its variables.
var (
	calls     = regexp.MustCompile(`\bboltseal (ci|merge|scan)\b([^'"\n]*)`)
	variables = regexp.MustCompile(`\bBOLTSEAL_[A-Z_]+`)
	flags     = regexp.MustCompile(`--([a-z-]+)`)
)

// TestExamplesOfSystems reads the example of every CI system: it is YAML (and valid by
// its schema where there is one), calls commands that there are with flags that they
// have, and sets variables that are read.
func TestExamplesOfSystems(t *testing.T) {
	files, err := filepath.Glob("../../examples/ci/*")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../../templates/plain.yml")
	schemas := map[string]string{"gitea.yml": "github-workflow.json", "github-shards.yml": "github-workflow.json", "gitlab-shards.yml": "gitlab-ci.json", "plain.yml": "gitlab-ci.json"}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var document any
			isCode := filepath.Base(file) == "Jenkinsfile" || filepath.Ext(file) == ".kts"
			if !isCode {
				readYAML(t, file, &document)
			} else if strings.Count(string(data), "{") != strings.Count(string(data), "}") {
				t.Error("its braces do not match")
			}
			if name := schemas[filepath.Base(file)]; name != "" {
				schema, err := jsonschema.NewCompiler().Compile(conformance(t, "ci", name))
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(document); err != nil {
					t.Error(err)
				}
			}
			checkExample(t, string(data))
		})
	}
	if len(files) < 11 {
		t.Errorf("there are %d examples", len(files))
	}
}

func checkExample(t *testing.T, text string) {
	t.Helper()
	commands := map[string]*cobra.Command{"ci": newCI(System{}, &global{}), "merge": newMerge(System{}, &global{}), "scan": newScan(System{}, &global{})}
	found := calls.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		t.Error("it does not call boltseal")
	}
	for _, call := range found {
		for _, f := range flags.FindAllStringSubmatch(call[2], -1) {
			if f[1] != "help" && commands[call[1]].Flags().Lookup(f[1]) == nil {
				t.Errorf("boltseal %s has no flag --%s", call[1], f[1])
			}
		}
	}
	for _, name := range variables.FindAllString(text, -1) {
		if name != "BOLTSEAL_JOB_IMAGE" && name != envGitLabToken && !slices.ContainsFunc(settings, func(s setting) bool { return s.env == name }) {
			t.Errorf("nothing reads %s", name)
		}
	}
}

// The annotation of Buildkite is made whatever happens, and leaves the exit code alone.
func TestTheExampleOfBuildkiteRuns(t *testing.T) {
	var pipeline struct{ Steps []struct{ Command string } }
	readYAML(t, "../../examples/ci/buildkite.yml", &pipeline)
	if strings.Contains(pipeline.Steps[0].Command, "$") {
		t.Error("Buildkite puts variables in where a dollar stands")
	}
	for name, agent := range map[string]string{"an agent": "cat >annotation", "an agent that fails": "cat >annotation; exit 7"} {
		dir := t.TempDir()
		for program, text := range map[string]string{"boltseal": "mkdir boltseal-report; echo report >boltseal-report/boltseal.md; exit 3", "buildkite-agent": agent} {
			if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", pipeline.Steps[0].Command)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		annotation, readErr := os.ReadFile(filepath.Join(dir, "annotation"))
		if code := cmd.ProcessState.ExitCode(); code != 3 || readErr != nil || string(annotation) != "report\n" {
			t.Errorf("%s: exit %d (%v), annotation %q: %s", name, code, err, annotation, out)
		}
	}
}
