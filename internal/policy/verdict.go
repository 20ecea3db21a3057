package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// verdict sums up. Its reasons are in this order: what blocks, what failed, that
// blocking was waived, and warnings: gaps in what was scanned, then exceptions.
func verdict(b *bench, in Input, decisions []Decision) Verdict {
	v := counted(decisions)
	gaps := coverageGaps(b, in.Scans, in.Part)
	for _, j := range b.judges {
		if !j.policy.Head && !in.Part { // of a head they are another one's
			j.exceptionGaps(j.scans(in.Scans), &gaps)
		}
	}
	gaps.stale(b, in, b.now)
	failures := slices.Concat(in.Failures, gaps.failures)
	if v.Blocked > 0 {
		v.Reasons = append(v.Reasons, blockedReason(decisions))
	}
	v.Reasons = append(v.Reasons, failures...)
	v.Reasons = append(v.Reasons, sparedReasons(decisions)...)
	switch {
	case v.Blocked > 0 && in.WarnOnly:
		v.Status = Blocked
		v.Reasons = append(v.Reasons, "--warn-only: what blocks does not change the exit code")
	case v.Blocked > 0:
		v.Status, v.ExitCode = Blocked, ExitBlocked
	case len(failures) > 0:
		v.Status = None
	default:
		v.Status = Pass
	}
	if v.ExitCode == ExitPass && len(failures) > 0 {
		v.ExitCode = ExitNone
	}
	v.Reasons = append(v.Reasons, gaps.warnings...)
	v.Reasons = append(v.Reasons, in.Warnings...)
	return v
}

func counted(decisions []Decision) Verdict {
	var v Verdict
	for _, d := range decisions {
		switch d.Action {
		case Block:
			v.Blocked++
		case Warn:
			v.Warned++
		case Note:
			v.Noted++
		case Suppress:
			v.Suppressed++
		}
	}
	return v
}

// blockedReason says how many findings block, and by what, the most first.
func blockedReason(decisions []Decision) string {
	counts := make(map[string]int)
	total := 0
	for _, d := range decisions {
		if d.Action == Block {
			counts[d.By]++
			total++
		}
	}
	by := make([]string, 0, len(counts))
	for name := range counts {
		by = append(by, name)
	}
	slices.SortFunc(by, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	for i, name := range by {
		by[i] = fmt.Sprintf("%d by %s", counts[name], name)
	}
	verb := "block"
	if total == 1 {
		verb = "blocks"
	}
	return fmt.Sprintf("%s %s: %s", plural(total, "finding"), verb, strings.Join(by, ", "))
}

// sparedReasons say how many findings a flag of Only keeps from blocking.
func sparedReasons(decisions []Decision) []string {
	var reasons []string
	for _, flag := range []string{onlyNew, onlyFixed} {
		n := 0
		for _, d := range decisions {
			if d.By == flag {
				n++
			}
		}
		if n > 0 {
			reasons = append(reasons, fmt.Sprintf("--%s: %s only warned of, which would block", flag, plural(n, "finding")))
		}
	}
	return reasons
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// soon is how long before its end an exception is named.
const soon = 7 * 24 * time.Hour

// exceptionGaps names the exceptions that someone should look at, each once.
func (j *judge) exceptionGaps(scans []Scan, g *gaps) {
	for i, e := range j.exceptions.all {
		if e.told {
			continue
		}
		name := fmt.Sprintf("%s:%d: exception %d (%s, owner %s)", j.policy.Path, e.Line, i+1, e.Match.short(), e.Owner)
		switch {
		case e.pending:
			g.add(false, fmt.Sprintf("%s holds from %s only: it was created in the future", name, day(e.Created)))
		case e.lapsed > 0 && e.expired:
			g.add(false, fmt.Sprintf("%s expired on %s; %s no longer accepted", name, day(e.Expires), are(e.lapsed)))
		case e.lapsed > 0:
			g.add(false, fmt.Sprintf("%s is older than limits.exception-max-age allows; %s no longer accepted", name, are(e.lapsed)))
		case e.matched == 0 && e.couldMatch(scans):
			g.add(j.policy.Limits.OnUnmatched == Fail, name+" matches nothing: take it out")
		case e.expired:
			g.add(false, fmt.Sprintf("%s expired on %s: take it out", name, day(e.Expires)))
		case e.lastDay().AddDate(0, 0, 1).Sub(j.today) <= soon:
			g.add(false, fmt.Sprintf("%s expires on %s", name, day(e.lastDay())))
		default:
			continue
		}
		e.told = true
	}
}

// lastDay is the day on which the exception ends for the first of what it matched.
func (e *compiledException) lastDay() time.Time {
	if e.ends.IsZero() {
		return e.Expires
	}
	return e.ends
}

func are(n int) string {
	if n == 1 {
		return "1 finding is"
	}
	return fmt.Sprintf("%d findings are", n)
}

// couldMatch says whether what the exception is about has been looked at: of a run
// without the packages scanner no exception for a CVE is unused.
func (e *compiledException) couldMatch(scans []Scan) bool {
	return slices.ContainsFunc(scans, func(s Scan) bool {
		scheme, _, _ := strings.Cut(s.Target, ":")
		return s.Status == finding.StatusOK &&
			(len(e.cves)+len(e.purls) == 0 || s.Scanner == finding.Packages) &&
			(len(e.images) == 0 || slices.Contains(imageSchemes, scheme))
	})
}

// short names what a match is about by its first value.
func (m *Match) short() string {
	for _, values := range [][]string{m.CVEs, m.Rules, m.PURLs, m.Paths, m.Images, m.Fingerprints} {
		if len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
