package gate

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
)

// Beside puts what somebody else's run says, as Hearsay gives it, beside a run of our
// own and judges all of it. What our own run has found is not told twice: severity, what
// is new and what is passed over are ours there. listed are the targets of which we have
// matched the list of packages alone; what else was looked at there is hearsay.
func Beside(own, heard *report.Run, listed []string, j Judging) {
	seen := make(map[string]bool)
	for i := range own.Findings {
		for _, key := range sameness(&own.Findings[i].Finding) {
			seen[key] = true
		}
	}
	for _, f := range heard.Findings {
		if !slices.ContainsFunc(sameness(&f.Finding), func(key string) bool { return seen[key] }) {
			own.Findings = append(own.Findings, f)
		}
	}
	rows := make(map[[2]string]bool)
	for _, s := range own.Scans {
		rows[[2]string{s.Target, s.Scanner}] = true
	}
	lists := make(map[string]bool)
	for _, l := range listed {
		lists[l] = true
	}
	for _, s := range heard.Scans {
		// Our own word counts, but for a list of which he says himself that it is short.
		whole := s.Status == finding.StatusOK || s.Status == finding.StatusNothing
		if !rows[[2]string{s.Target, s.Scanner}] || lists[s.Target] && !whole {
			own.Scans = append(own.Scans, s)
		}
	}
	slices.SortStableFunc(own.Findings, func(a, b report.Finding) int { return finding.Compare(a.Finding, b.Finding) })
	Judge(own, j)
}

// sameness are the keys under which a finding of one run is one of another run, that saw
// the same files in another way: one for each name of its rule. Which secret it is, and
// on which line, nobody can compare.
func sameness(f *finding.Finding) []string {
	rest := []string{f.Scanner, f.Location.Image, f.Location.Path}
	if f.Package != nil {
		rest = append(rest, f.Package.Ecosystem, f.Package.Name, f.Package.Version)
	}
	var keys []string
	for _, id := range append(f.IDs(), f.Rule) {
		keys = append(keys, strings.Join(append([]string{id}, rest...), "\x00"))
	}
	return keys
}
