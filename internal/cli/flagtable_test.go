package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagHasAnEffect fails for a flag that the table lacks, and for a line that
// no flag needs.
func TestEveryFlagHasAnEffect(t *testing.T) {
	seen := map[string]bool{"help": true}
	for _, cmd := range []*cobra.Command{newScan(System{}, &global{}), newCI(System{}, &global{}), newMerge(System{}, &global{}), newRoot(System{})} {
		for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				seen[f.Name] = true
				if _, ok := flagEffects[f.Name]; !ok {
					t.Errorf("--%s of %s has no line in flagEffects: say what it can do to a verdict", f.Name, cmd.Name())
				}
			})
		}
	}
	for name := range flagEffects {
		if !seen[name] {
			t.Errorf("there is no flag --%s: take its line out of flagEffects", name)
		}
	}
}

func TestCheckFlags(t *testing.T) {
	none := func(string) bool { return false }
	warnOnly := func(flag string) bool { return flag == "warn-only" }
	for name, test := range map[string]struct {
		args []string
		may  func(string) bool
		want string
	}{
		"nothing":                         {nil, none, ""},
		"what tightens":                   {[]string{"--fail-on", "low", "--no-gitignore", "--max-archive-depth", "3"}, none, ""},
		"what is the same as not said":    {[]string{"--warn-only=false", "--db", "", "--shellcheck", "own"}, none, ""},
		"all scanners":                    {[]string{"--scanners", "secrets,dockerfile,packages,imageconfig"}, none, ""},
		"some scanners":                   {[]string{"--scanners", "secrets"}, none, "--scanners ($BOLTSEAL_SCANNERS) may not be set"},
		"warn-only":                       {[]string{"--warn-only"}, none, "--warn-only ($BOLTSEAL_WARN_ONLY) may not be set"},
		"what the policy lets through":    {[]string{"--warn-only"}, warnOnly, ""},
		"and nothing else":                {[]string{"--warn-only", "--db", "x"}, warnOnly, "--db ($BOLTSEAL_DB) may not be set"},
		"the first day":                   {[]string{"--warn-only", "--scanners", "secrets", "--fail-on", "high"}, nil, ""},
		"the first day, a database":       {[]string{"--db", "empty"}, nil, "--db"},
		"a policy of the author's choice": {[]string{"--policy", "lax.yaml"}, none, "--policy"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := newCI(System{}, &global{})
			if err := cmd.ParseFlags(test.args); err != nil {
				t.Fatal(err)
			}
			err := checkFlags(cmd, test.may)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
