package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// workflow is a workflow as far as the tests look at it.
type workflow struct {
	On          map[string]yaml.Node
	Permissions map[string]string
	Jobs        map[string]exampleJob
}

type exampleJob struct {
	If          string
	Needs       []string
	Permissions map[string]string
	Steps       []struct {
		Uses, Run string
		With      map[string]string
	}
}

var (
	pinned = regexp.MustCompile(`^[^@]+@[0-9a-f]{40}$`)
	// ours are the actions of this repository, by their file.
	ours = map[string]string{"boltseal/boltseal@main": "../../action.yml", "boltseal/boltseal/.github/setup@main": "../../.github/setup/action.yml"}
	// rights are those that an action of ours has a use for.
	rights = map[string]string{"contents": "read", "checks": "write", "pull-requests": "write", "security-events": "write", "actions": "read"}
)

// People copy the examples: nothing in them may be what the gate itself warns of.
func TestExampleWorkflows(t *testing.T) {
	files, err := filepath.Glob("../../examples/github/*.yml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%v: %v", files, err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if link := "(examples/github/" + filepath.Base(file) + ")"; !strings.Contains(string(readme), link) {
			t.Errorf("the README does not name %s", file)
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			var w workflow
			readYAML(t, file, &w)
			if w.Permissions == nil || len(w.Permissions) > 0 {
				t.Errorf("permissions of the whole workflow are %v, want none", w.Permissions)
			}
			for event, on := range w.On {
				var e struct{ Types []string }
				if strings.HasPrefix(event, "pull_request") && (on.Decode(&e) != nil || !slices.Contains(e.Types, "edited")) {
					t.Error("it does not hear of a new target branch: subscribe to edited")
				}
			}
			_, privileged := w.On["pull_request_target"]
			for name, job := range w.Jobs {
				checkExampleJob(t, name, job, privileged)
			}
		})
	}
}

func checkExampleJob(t *testing.T, name string, job exampleJob, privileged bool) {
	t.Helper()
	gates, compares, history := false, false, false
	for _, step := range job.Steps {
		file := ours[step.Uses]
		compares = compares || step.Uses == "boltseal/boltseal@main" || strings.Contains(step.Run, "boltseal ")
		history = history || strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["fetch-depth"] == "0"
		gates = gates || step.Uses == "boltseal/boltseal@main" || strings.Contains(step.Run, "boltseal merge")
		if step.Uses != "" && file == "" && !pinned.MatchString(step.Uses) {
			t.Errorf("%s is pinned by no commit", step.Uses)
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("an expression stands in run: %s", step.Run)
		}
		if privileged && (step.Run != "" || step.With["ref"] != "" || step.With["repository"] != "") {
			t.Errorf("it checks out or runs something beside the target's token: %+v", step)
		}
		if file != "" {
			var a action
			readYAML(t, file, &a)
			for input := range step.With {
				if _, ok := a.Inputs[input]; !ok {
					t.Errorf("%s has no input %s", file, input)
				}
			}
		}
		if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != "false" {
			t.Errorf("job %s leaves its token in the checkout", name)
		}
	}
	if compares && !history {
		t.Errorf("job %s lacks the history: where a change left its target nobody can tell", name)
	}
	if (gates || len(job.Needs) > 0) && job.If != "always()" {
		t.Errorf("job %s is skipped, which counts as success, where something before it failed", name)
	}
	for right, level := range job.Permissions {
		if rights[right] != level {
			t.Errorf("job %s may %s %s", name, level, right)
		}
	}
	if job.Permissions == nil && len(job.Steps) > 1 {
		t.Errorf("job %s does not say what it may", name)
	}
}

// The privileged job looks at nothing of the fork but the artifact, which lands
// outside of the checkout.
func TestTheForkExampleChecksOutNothingOfTheFork(t *testing.T) {
	var w workflow
	readYAML(t, "../../examples/github/fork-publish.yml", &w)
	for _, step := range w.Jobs["publish"].Steps {
		if strings.HasPrefix(step.Uses, "actions/checkout@") && (step.With["ref"] != "" || step.With["repository"] != "") {
			t.Errorf("it checks out %v", step.With)
		}
		if strings.HasPrefix(step.Uses, "actions/download-artifact@") && !strings.HasPrefix(step.With["path"], "${{ runner.temp }}/") {
			t.Errorf("the artifact lands in %q", step.With["path"])
		}
	}
}
