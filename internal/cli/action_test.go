package cli

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// action is action.yml as far as the tests look at it.
type action struct {
	Inputs  map[string]struct{ Default *string }
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			Run string
			Env map[string]string
		}
	}
}

func readYAML(t *testing.T, path string, documents ...any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoder := yaml.NewDecoder(f)
	for _, d := range documents {
		if err := decoder.Decode(d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

var inputOf = regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`)

func TestInputsOfTheActionAreFlags(t *testing.T) {
	var a action
	readYAML(t, "../../action.yml", &a)
	got := map[string]string{} // input -> variable
	for name, value := range a.Runs.Steps[0].Env {
		m := inputOf.FindStringSubmatch(value)
		if m == nil {
			t.Errorf("variable %s is %q, want an input", name, value)
			continue
		}
		got[m[1]] = name
	}
	// A token is no flag: command lines are for everybody to read.
	want := map[string]string{"binary": "BOLTSEAL_BINARY", "releases": "BOLTSEAL_RELEASES", "github-token": envGitHubToken}
	for _, s := range settings {
		if s.action != "" {
			want[s.action] = s.env
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the variables of action.yml are not those of the table of settings: %s", diff)
	}
	for input := range got {
		if _, ok := a.Inputs[input]; !ok {
			t.Errorf("%s is passed on but is no input", input)
		}
	}
	for input, i := range a.Inputs {
		if got[input] == "" {
			t.Errorf("input %s is not passed on", input)
		}
		if i.Default != nil && (input != "github-token" || *i.Default != "${{ github.token }}") {
			t.Errorf("input %s has a default: the program has them", input)
		}
	}
	flags := newCI(System{}, &global{}).Flags()
	for _, s := range settings {
		if s.action != "" && flags.Lookup(s.flag) == nil {
			t.Errorf("input %s stands for --%s, which ci does not have", s.action, s.flag)
		}
	}
}

func TestInputsOfTheComponentAreFlags(t *testing.T) {
	var spec struct {
		Spec struct{ Inputs map[string]any }
	}
	var jobs map[string]struct{ Variables map[string]string }
	readYAML(t, "../../templates/boltseal.yml", &spec, &jobs)
	if len(jobs) != 1 {
		t.Fatalf("want one job, got %d", len(jobs))
	}
	want := map[string]string{
		"BOLTSEAL_BINARY": "$[[ inputs.binary ]]",
		"GIT_DEPTH":       "0", // the commits of a change are scanned
	}
	// These place the job itself.
	own := []string{"stage", "job-name", "job-image", "binary", "cache-key"}
	for _, s := range settings {
		if s.gitlab == "" {
			continue
		}
		want[s.env] = "$[[ inputs." + s.gitlab + " ]]"
		if _, ok := spec.Spec.Inputs[s.gitlab]; !ok {
			t.Errorf("the component has no input %s", s.gitlab)
		}
		own = append(own, s.gitlab)
	}
	for _, job := range jobs {
		if diff := cmp.Diff(want, job.Variables); diff != "" {
			t.Error(diff)
		}
	}
	for input := range spec.Spec.Inputs {
		if !slices.Contains(own, input) {
			t.Errorf("input %s stands for no flag", input)
		}
	}
}

func TestEverySettingIsAFlagSomewhere(t *testing.T) {
	scan, ci := newScan(System{}, &global{}).Flags(), newCI(System{}, &global{}).Flags()
	for _, s := range settings {
		if scan.Lookup(s.flag) == nil && ci.Lookup(s.flag) == nil {
			t.Errorf("--%s is in the table and is no flag", s.flag)
		}
	}
}
