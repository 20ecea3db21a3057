package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/baseline"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
)

// Baseline are known findings and the file that they were read from.
type Baseline struct {
	Name string
	*baseline.Baseline
}

// tellNew says of every finding that nobody has compared yet whether it is new, by the
// baseline of its target, and warns of entries that nothing matches any more. Targets
// are known by their masked names.
func tellNew(run *report.Run, baselines map[string]*Baseline, mask func(string) string) []string {
	byTarget := make(map[string]*Baseline, len(baselines))
	var all []*Baseline
	for target, b := range baselines {
		byTarget[mask(target)] = b
		if !slices.Contains(all, b) {
			all = append(all, b)
		}
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		if b := byTarget[f.Target]; b != nil && f.New == nil {
			f.New = new(!b.Has(&f.Finding))
		}
	}
	slices.SortFunc(all, func(a, b *Baseline) int { return strings.Compare(a.Name, b.Name) })
	var warnings []string
	for _, b := range all {
		if n := len(b.Stale(found(run), Looked(run))); n > 0 {
			warnings = append(warnings, fmt.Sprintf("baseline %s: %s nothing any more: boltseal baseline takes them out", b.Name, entries(n)))
		}
	}
	return warnings
}

func entries(n int) string {
	if n == 1 {
		return "1 entry matches"
	}
	return fmt.Sprintf("%d entries match", n)
}

func found(run *report.Run) []finding.Finding {
	out := make([]finding.Finding, len(run.Findings))
	for i := range run.Findings {
		out[i] = run.Findings[i].Finding
	}
	return out
}

// Looked says whether a scanner has looked at all of a target in a run.
func Looked(run *report.Run) func(scanner, target string) bool {
	type scan struct{ scanner, target string }
	looked := make(map[scan]bool)
	for _, s := range run.Scans {
		key := scan{s.Scanner, s.Target}
		whole := s.Status == finding.StatusOK || s.Status == finding.StatusNothing
		before, seen := looked[key]
		looked[key] = whole && (before || !seen)
	}
	return func(scanner, target string) bool { return looked[scan{scanner, target}] }
}
