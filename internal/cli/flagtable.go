package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/boltseal/boltseal/internal/gate"
)

// effect is what a flag, an input or a variable can do to a verdict.
type effect uint8

const (
	// neutral changes no verdict, or says what is scanned, which only the workflow
	// can know.
	neutral effect = iota
	// tightens can only add findings, or reasons to block.
	tightens
	// loosens can leave something out, or let it pass.
	loosens
)

// flagEffects says of every flag of scan and ci what it can do. In a change under CI
// what loosens is refused unless the trusted policy lists it in trust.may-set.
var flagEffects = map[string]effect{
	// What is scanned.
	"path": neutral, "image": neutral, "shard": neutral, "expect": neutral,
	// What the event is, where the CI system does not say so: there the workflow is all
	// that anybody knows of it. What a system says stands.
	"base-ref": neutral, "default-branch": neutral, "repository-url": neutral,
	// What is shown, and where.
	"output-dir": neutral, "summary": neutral, "check": neutral, "comment": neutral, "review": neutral, "upload-sarif": neutral, "category": neutral, "token-variable": neutral, "gitlab-reports": neutral, "format": neutral, "quiet": neutral, "verbose": neutral, "log-format": neutral, "help": neutral,
	// Where results come from: a cache is not read in a change, without a network
	// fewer things can be reached, and giving up is no verdict.
	"cache-dir": neutral, "offline": neutral, "timeout": neutral,

	"fail-on": tightens, "require-publish": tightens, "trusted-registry": tightens, "no-gitignore": tightens, "max-archive-depth": tightens, "dockerfile": tightens,

	"warn-only": loosens, "only-fixed": loosens, "only-new": loosens,
	// Another policy, or other files beside it, than the trusted ones.
	"policy": loosens, "policy-from": loosens, "baseline": loosens, "baseline-run": loosens, "vex": loosens, "environment": loosens,
	"gitleaks-config": loosens, "gitleaks-baseline": loosens, "hadolint-config": loosens,
	// What is not named is left out.
	"scanners": loosens, "platform": loosens, "commits": loosens, "staged": loosens, "rootfs": loosens,
	"new-from": loosens, "new-from-merge-base": loosens, "new-from-image": loosens, "base-image": loosens,
	// A database can be empty, a program of the checkout can say that all is well, and
	// another registry can have another image than the one that ships.
	"db": loosens, "db-source": loosens, "db-mode": loosens, "shellcheck": loosens, "insecure-registry": loosens, "registry-mirror": loosens,
}

// harmless are values of flags that loosen which do not: they ask for less, or for
// the source that is asked anyhow.
var harmless = map[string][]string{"db-source": {sourceOSV, sourceNone}, "db-mode": {modeLocal, modeAPI}}

// dayOne are the flags that may loosen where the trusted branch has no policy yet.
var dayOne = []string{"scanners", "warn-only"}

// checkFlags refuses what would loosen in a change. mayLoosen says what the trusted
// policy allows; nil stands for a branch that has none.
func checkFlags(cmd *cobra.Command, mayLoosen func(flag string) bool) error {
	var errs []error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if e, known := flagEffects[f.Name]; known && e != loosens || sameAsDefault(f) || slices.Contains(harmless[f.Name], plainValue(f)) {
			return
		}
		if mayLoosen == nil && slices.Contains(dayOne, f.Name) || mayLoosen != nil && mayLoosen(f.Name) {
			return
		}
		errs = append(errs, fmt.Errorf("--%s (%s) may not be set in a pull or merge request: flags, inputs and variables may only tighten what the trusted branch asks for; its policy can allow this one with trust: {may-set: [%s]}", f.Name, settingOf(f.Name), f.Name))
	})
	if len(errs) == 0 {
		return nil
	}
	return usage(errors.Join(errs...))
}

// settingOf names the other ways to set a flag.
func settingOf(flag string) string {
	for _, s := range settings {
		if s.flag == flag {
			return "$" + s.env
		}
	}
	return "flag"
}

// sameAsDefault says that a value changes nothing.
func sameAsDefault(f *pflag.Flag) bool {
	if f.Name == "scanners" {
		if set, ok := f.Value.(pflag.SliceValue); ok {
			var named []string
			for _, s := range set.GetSlice() {
				named = append(named, strings.TrimSpace(s))
			}
			return !slices.ContainsFunc(gate.ScannerNames(), func(name string) bool { return !slices.Contains(named, name) })
		}
	}
	return f.Value.String() == f.DefValue
}

// plainValue is what a flag was set to, as it was written.
func plainValue(f *pflag.Flag) string {
	if set, ok := f.Value.(pflag.SliceValue); ok {
		return strings.Join(set.GetSlice(), ",")
	}
	return f.Value.String()
}
