package cli

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// workflow is a workflow as far as the tests look at it.
type workflow struct {
	On          map[string]struct{ Types []string }
	Permissions map[string]string
	Jobs        map[string]struct {
		If          string
		Needs       []string
		Permissions map[string]string
		Steps       []step
	}
}

type step struct {
	Uses, Run string
	With      map[string]string
}

var (
	pinned  = regexp.MustCompile(`^[^@]+@[0-9a-f]{40}$`)
	ourself = "boltseal/boltseal@main"
)

// People copy the examples: nothing in them may be what the gate itself warns of.
func TestExampleWorkflows(t *testing.T) {
	files, err := filepath.Glob("../../examples/github/*.yml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%v: %v", files, err)
	}
	var a action
	readYAML(t, "../../action.yml", &a)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var w workflow
			readYAML(t, file, &w)
			if w.Permissions == nil || len(w.Permissions) > 0 {
				t.Errorf("permissions of the whole workflow are %v, want none", w.Permissions)
			}
			if e, ok := w.On["pull_request"]; ok && !slices.Contains(e.Types, "edited") {
				t.Error("it does not hear of a new target branch: subscribe to edited")
			}
			if _, ok := w.On["pull_request_target"]; ok {
				t.Error("it runs with the target's token on a change")
			}
			for name, job := range w.Jobs {
				if len(job.Needs) > 0 && job.If != "always()" {
					t.Errorf("job %s is skipped, which counts as success, where what it needs failed", name)
				}
				for _, step := range job.Steps {
					if step.Uses != "" && step.Uses != ourself && !pinned.MatchString(step.Uses) {
						t.Errorf("%s is pinned by no commit", step.Uses)
					}
					if strings.Contains(step.Run, "${{") {
						t.Errorf("an expression stands in run: %s", step.Run)
					}
					if _, change := w.On["pull_request"]; change && step.Uses == ourself && !strings.HasPrefix(step.With["binary"], "${{ runner.temp }}/") {
						t.Errorf("job %s runs %s, which the author of a change can replace", name, step.With["binary"])
					}
					for input := range step.With {
						if _, ok := a.Inputs[input]; step.Uses == ourself && !ok {
							t.Errorf("the action has no input %s", input)
						}
					}
					if strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != "false" {
						t.Errorf("job %s leaves its token in the checkout", name)
					}
				}
			}
		})
	}
}

// The jobs of a change run the program as the default branch has it, and scan the change.
func TestExamplesTakeTheProgramFromTheDefaultBranch(t *testing.T) {
	for _, file := range []string{"pull-request.yml", "matrix.yml"} {
		var w workflow
		readYAML(t, "../../examples/github/"+file, &w)
		for name, job := range w.Jobs {
			uses := slices.IndexFunc(job.Steps, func(s step) bool { return s.Uses == ourself })
			if uses < 0 {
				continue
			}
			first := job.Steps[0]
			if !strings.HasPrefix(first.Uses, "actions/checkout@") || first.With["ref"] != "${{ github.event.repository.default_branch }}" || !strings.Contains(job.Steps[1].Run, "$RUNNER_TEMP") {
				t.Errorf("%s, job %s: %+v", file, name, job.Steps[:2])
			}
			// What is scanned is the change.
			if last := job.Steps[2]; !strings.HasPrefix(last.Uses, "actions/checkout@") || last.With["ref"] != "" {
				t.Errorf("%s, job %s: %+v is scanned", file, name, last)
			}
		}
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
