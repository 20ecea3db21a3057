package change

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// Result is what became of one part of what is published.
type Result struct {
	// Part is what the part is called, as "comment" or "check".
	Part string
	// Err is nil where it was published; see wire.Degraded.
	Err error
	// Notes are worth knowing although it was.
	Notes []string
}

// Part is a part of what is published.
type Part struct {
	Name   string
	Wanted bool
	// Before is an error for which there is nothing to do any more.
	Before error
	Do     func(ctx context.Context, run *report.Run) error
}

// Publish does the parts that are wanted, each by itself: that one fails keeps no other
// from being shown. After each one it asks for its notes.
func Publish(ctx context.Context, run *report.Run, parts []Part, after func(err error) (notes []string)) []Result {
	var results []Result
	for _, part := range parts {
		if !part.Wanted {
			continue
		}
		err := part.Before
		if err == nil {
			err = part.Do(ctx, run)
		}
		results = append(results, Result{part.Name, err, after(err)})
	}
	return results
}

const (
	maxLabel  = 60
	maxBranch = 150
)

// Name is the name of a gate's check of a commit, after a prefix. It carries the label
// and the target branch: a check sticks to its commit, and what was green for one branch
// must not count for another. Every label and branch makes another name, however long
// they are; the label and the branch may be empty.
func Name(prefix, label, branch string) string {
	name := prefix
	if label != "" {
		name += " " + named(label, maxLabel)
	}
	if branch != "" {
		name += " → " + named(branch, maxBranch)
	}
	return name
}

// named is a text of at most n runes that is another one for every other text. What is cut
// holds a "…" and a hash, so that a text with a "…" of its own gets a hash as well: nobody
// can call a branch as another one is shown.
func named(s string, n int) string {
	if wire.Shortened(s, n) == s && !strings.Contains(s, "…") {
		return s
	}
	hash := "…" + Key(s)
	return strings.TrimSuffix(wire.Shortened(s, n-utf8.RuneCountInString(hash)), "…") + hash
}

// Conclusion is what a verdict means for a check.
type Conclusion int

// The conclusions. Waived is what blocks and is let through all the same, by
// --warn-only.
const (
	Failure Conclusion = iota
	Success
	Waived
)

// Concludes is what a check says of a verdict. No verdict is a failure.
func Concludes(v policy.Verdict) Conclusion {
	switch {
	case v.ExitCode != policy.ExitPass:
		return Failure
	case v.Status == policy.Pass:
		return Success
	case v.Status == policy.Blocked:
		return Waived
	}
	return Failure
}
