package policy

import (
	"slices"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Trust says whom the policy believes beside itself.
type Trust struct {
	// HeadMay is HeadTightens where the policy of the change under test is judged
	// beside the trusted one, HeadIgnored where nobody looks at it.
	HeadMay string
	// NativeIgnores says what becomes of what the scanned tree asks to pass over.
	NativeIgnores NativeIgnores
	// Branches are globs over the names of branches that bring a policy of their
	// own. The default branch always does.
	Branches []string
	// MaySet are flags and inputs that may loosen in a change.
	MaySet []string
}

// What the policy of a change's head may do.
const (
	HeadTightens = "tighten"
	HeadIgnored  = "nothing"
)

// NativeIgnores says how comments and ignore files of other tools are heeded.
type NativeIgnores string

// How they are heeded: as they ask, as warnings, not at all.
const (
	Honour NativeIgnores = "honour"
	Count  NativeIgnores = "count"
	Refuse NativeIgnores = "refuse"
)

func readTrust(v yamlpos.Value, t *Trust) {
	v.Map(
		"trust",
		yamlpos.May("head-may", yamlpos.Into(&t.HeadMay, func(v yamlpos.Value) string { return v.OneOf(HeadTightens, HeadIgnored) })),
		yamlpos.May("native-ignores", yamlpos.Into(&t.NativeIgnores, func(v yamlpos.Value) NativeIgnores {
			return NativeIgnores(v.OneOf(string(Honour), string(Count), string(Refuse)))
		})),
		yamlpos.May("branches", yamlpos.Into(&t.Branches, readRuleGlobs)),
		yamlpos.May("may-set", yamlpos.Into(&t.MaySet, readFlags)),
	)
}

// readFlags reads names of flags. Which of them there are is not known here.
func readFlags(v yamlpos.Value) []string {
	return formed(v, ruleID(), "name of a flag", "write it without dashes in front, as only-fixed")
}

// TrustsBranch says whether a branch, by its name without refs/heads/, brings a
// policy of its own. That the default branch does is for the caller to know.
func (t *Trust) TrustsBranch(name string) bool { return newGlobs(t.Branches).match(name) }

// MayLoosen says whether a flag may loosen in a change.
func (t *Trust) MayLoosen(flag string) bool { return slices.Contains(t.MaySet, flag) }

func (t *Trust) yaml() string {
	var f flow
	f.text("head-may", t.HeadMay)
	f.text("native-ignores", string(t.NativeIgnores))
	f.list("branches", t.Branches)
	f.list("may-set", t.MaySet)
	return f.String()
}

// Comparison says what tells new findings from old ones.
type Comparison struct {
	// To is ToMergeBase, ToBaseline or ToNothing.
	To string
	// Baseline is the path of the baseline file, from the root of the repository.
	Baseline string
}

// What is compared with.
const (
	ToMergeBase = "merge-base"
	ToBaseline  = "baseline"
	ToNothing   = "none"
)

func readComparison(v yamlpos.Value, c *Comparison) {
	v.Map(
		"new",
		yamlpos.May("compare-to", yamlpos.Into(&c.To, func(v yamlpos.Value) string { return v.OneOf(ToMergeBase, ToBaseline, ToNothing) })),
		yamlpos.May("baseline", yamlpos.Into(&c.Baseline, readFile)),
	)
	if to, ok := v.Peek("compare-to"); ok && c.To == ToBaseline && c.Baseline == "" {
		to.Fail(`add "baseline: FILE"; boltseal baseline writes the file`, "there is no baseline to compare to")
	}
}

// readFile reads the path of one file of the repository.
func readFile(v yamlpos.Value) string {
	paths := readPathGlobs(v)
	if len(paths) != 1 {
		v.Fail("", "one path is wanted here")
		return ""
	}
	return paths[0]
}

func (c *Comparison) yaml() string {
	var f flow
	f.text("compare-to", c.To)
	f.text("baseline", c.Baseline)
	return f.String()
}
