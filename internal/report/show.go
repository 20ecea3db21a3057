package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/rule"
)

// The words in which formats for people speak of a run. Nothing here is escaped.

// headline is the verdict in one line, without a word from what was scanned. Of a shard
// it says what was found there, and no pass.
func headline(run *Run) string {
	v := run.Verdict
	var counts []string
	for _, c := range []struct {
		n    int
		word string
	}{{v.Warned, "warn"}, {v.Noted, "noted"}, {v.Suppressed, "accepted"}} {
		if c.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	first := ""
	switch {
	case v.Status == policy.Blocked:
		first = "blocked: " + count(v.Blocked, "finding blocks", "findings block")
	case v.Status == policy.None:
		first = "no verdict: not everything could be scanned"
	case v.Status == policy.Pass && run.Shard != nil:
		first = "nothing blocks here"
	case v.Status == policy.Pass && len(counts) == 0:
		first = "pass: no findings"
	case v.Status == policy.Pass:
		first = "pass: nothing blocks"
	default:
		first = "no verdict"
	}
	line := strings.Join(append([]string{first}, counts...), ", ")
	if s := run.Shard; s != nil {
		line = fmt.Sprintf("shard %d of %d: %s", s.Index, s.Of, line)
	}
	if v.Status == policy.Blocked && v.ExitCode == policy.ExitPass {
		line += " (exit code 0, as blocking is switched off)"
	}
	return line
}

// passed says whether a run is one that may be shown as a pass: of a shard nobody knows.
func passed(run *Run) bool { return run.Verdict.Status == policy.Pass && run.Shard == nil }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// decided gives the findings with that action, in order.
func decided(run *Run, action policy.Action) []*Finding {
	var some []*Finding
	for i := range run.Findings {
		if run.Findings[i].Decision.Action == action {
			some = append(some, &run.Findings[i])
		}
	}
	return some
}

// place is the file or the image in which a finding is; targets tells those of
// several targets apart.
func place(f *Finding, targets bool) string {
	where := f.Location.Path
	switch {
	case f.Location.Image != "":
		where = "image " + f.Location.Image
	case where == "":
		return f.Target
	}
	if targets && f.Target != "" && f.Target != "dir:." {
		where += " in " + f.Target
	}
	return where
}

// spot is where in its place a finding is: a line, or a path in an image.
func spot(f *Finding) string {
	if f.Location.Image == "" {
		return position(f.Location)
	}
	spot := f.Location.Path
	if spot == "" {
		return ""
	}
	if p := position(f.Location); p != "" {
		spot += ":" + p
	}
	if f.Location.Deleted {
		spot += " (deleted by a later layer)"
	}
	return spot
}

func position(l finding.Location) string {
	switch {
	case l.StartLine <= 0:
		return ""
	case l.StartColumn <= 0:
		return fmt.Sprintf("%d", l.StartLine)
	}
	return fmt.Sprintf("%d:%d", l.StartLine, l.StartColumn)
}

// severalTargets says whether places need their target's name.
func severalTargets(run *Run) bool {
	for _, s := range run.Scans {
		if s.Target != run.Scans[0].Target {
			return true
		}
	}
	return false
}

// imagesOf are the targets of a run that are images.
func imagesOf(run *Run) map[string]bool {
	images := make(map[string]bool)
	for _, i := range run.Images {
		images[i.Target] = true
	}
	for _, s := range run.Scans {
		if s.Platform != "" {
			images[s.Target] = true
		}
	}
	return images
}

// scanned is the target of a scan, with its platform unless its name has it.
func scanned(s Scan) string {
	if s.Platform == "" || strings.Contains(s.Target, s.Platform) {
		return s.Target
	}
	return s.Target + " " + s.Platform
}

// outcome is how a scan ended, in words.
func outcome(s Scan) string {
	word := string(s.Status)
	switch s.Status {
	case finding.StatusOK:
		word += ": " + count(int(s.Files), "file", "files")
	case finding.StatusNothing:
		word = "nothing to scan"
	}
	if s.Reason != "" {
		word += ": " + s.Reason
	}
	if len(s.Skipped) == 0 {
		return word
	}
	var reasons []string
	var sum int64
	for _, why := range slices.Sorted(maps.Keys(s.Skipped)) {
		sum += s.Skipped[why]
		reasons = append(reasons, fmt.Sprintf("%s %d", why, s.Skipped[why]))
	}
	return fmt.Sprintf("%s; %d skipped (%s)", word, sum, strings.Join(reasons, ", "))
}

// accepted says how many findings are accepted, and until when the first one is.
func accepted(findings []*Finding) string {
	first := ""
	for _, f := range findings {
		if until := f.Decision.Until; until != "" && (first == "" || until < first) {
			first = until
		}
	}
	text := fmt.Sprintf("%d accepted", len(findings))
	if first == "" {
		return text
	}
	if len(findings) == 1 {
		return text + " until " + first
	}
	return text + ", the first until " + first
}

// acceptance is what one exception, baseline or comment accepts.
type acceptance struct {
	by, until, reason string
	findings          int
}

// acceptances gathers what is accepted by what accepts it, in order.
func acceptances(findings []*Finding) []acceptance {
	var all []acceptance
	known := make(map[acceptance]int)
	for _, f := range findings {
		a := acceptance{by: f.Decision.By, until: f.Decision.Until, reason: f.Decision.Reason}
		i, ok := known[a]
		if !ok {
			i = len(all)
			known[a], all = i, append(all, a)
		}
		all[i].findings++
	}
	return all
}

// severities counts findings by severity, the worst first.
func severities(findings []*Finding) string {
	counts := make(map[finding.Severity]int)
	for _, f := range findings {
		counts[f.Severity]++
	}
	var words []string
	for _, s := range worstFirst {
		if counts[s] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return strings.Join(words, ", ")
}

// fixes is how many findings boltseal fix mends, and what to type for that; what is in
// an image it leaves alone.
func fixes(run *Run) (command string, n int) {
	command = "boltseal fix"
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Fix == nil || f.Decision.Action == policy.Suppress || !strings.HasPrefix(f.Target, "dir:") {
			continue
		}
		if n++; f.Target != "dir:." {
			command = "boltseal fix PATH"
		}
	}
	return command, n
}

// next says what to do about the verdict, a line each.
func next(run *Run, c rule.Catalogue) []string {
	var lines []string
	if run.Verdict.Status == policy.Blocked {
		if id := explained(run, c); id != "" {
			lines = append(lines, fmt.Sprintf("`boltseal explain %s` says why it matters and what to do", id))
		}
		if command, n := fixes(run); n > 0 {
			lines = append(lines, fmt.Sprintf("`%s` mends %s, and with `--diff` shows how", command, count(n, "finding", "findings")))
		}
		lines = append(lines, "to accept a finding for a limited time, add an exception (reason, owner, expiry) to the policy")
	}
	if slices.ContainsFunc(run.Scans, func(s Scan) bool { return s.Status == finding.StatusPartial || s.Status == finding.StatusFailed }) {
		lines = append(lines, "what could not be scanned has not passed: fix it and run again")
	} else if run.Verdict.Status == policy.None {
		lines = append(lines, "what was not scanned has not passed: fix what is named above and run again")
	}
	return lines
}

// explained is the id of the first blocking rule that has a page; ids of others
// are not to be trusted in a command line.
func explained(run *Run, c rule.Catalogue) string {
	for _, f := range decided(run, policy.Block) {
		if r, ok := c.Find(f.Rule); ok {
			return r.ID
		}
	}
	return ""
}
