package report

import (
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/policy"
)

// WorthSaying says whether a run has anything to say where a silent pass is no news:
// something blocks, warns, or could not be looked at.
func WorthSaying(run *Run) bool {
	return run.Verdict.Status != policy.Pass || run.Verdict.Warned > 0
}

// Headline is the verdict in one line, without a word from what was scanned.
func Headline(run *Run, opt Options) string {
	if opt.Hearsay && run.Verdict.Status == policy.Pass {
		return neutralMark + " nothing blocks, by the word of the change's own job"
	}
	return mark(run) + " " + headline(run)
}

// hearsay says what a run is worth that the author's own job wrote, hearsayBeside what
// one is worth that we have looked at ourselves as far as we could.
const (
	hearsay       = "\nA job that the author of this change controls found this; boltseal judged it again by the policy of the default branch, and scanned nothing itself. What that job left out is not here.\n"
	hearsayBeside = "\nA job that the author of this change controls found some of this. boltseal itself scanned the change's last commit, as git keeps it, by the policy of the default branch, and matched the packages that the job lists with today's advisories. What the job left out of images is not here.\n"
)

// FindingMarkdown writes one finding as a comment on its line, without the line
// itself.
func FindingMarkdown(f *Finding, opt Options) string {
	word := "Warning"
	if f.Decision.Action == policy.Block {
		word = "Blocks"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** · %s · %s\n\n%s\n", word, f.Severity, mdCode(f.Rule, mdShort), zwsp+mdText(f.Message, mdLong))
	if f.Remediation != "" {
		fmt.Fprintf(&b, "\n%s\n", zwsp+mdText(f.Remediation, mdLong))
	}
	if why := f.Decision.Reason; why != "" {
		if f.Decision.Until != "" {
			why += " (until " + f.Decision.Until + ")"
		}
		fmt.Fprintf(&b, "\n%s\n", zwsp+mdText(f.Decision.By+": "+why, mdLong))
	}
	if r, ok := opt.Catalogue.Find(f.Rule); ok {
		fmt.Fprintf(&b, "\n`boltseal explain %s` says why it matters and what to do.\n", r.ID)
	}
	return b.String()
}

// InRepository says whether a finding's path is one of the repository's files, as
// they are checked out: not one in an image, and not of an earlier commit.
func (f *Finding) InRepository() bool {
	return f.Location.Path != "" && f.Location.Image == "" && f.Location.Commit == "" &&
		(strings.HasPrefix(f.Target, "dir:") || f.Target == "")
}

// Lines are the lines of a file of the repository that a finding is about: its own, or
// those of a Dockerfile that brought its layer to an image.
func (f *Finding) Lines() (path string, start, end int, ok bool) {
	l := f.Location
	switch {
	case l.Built.Path != "" && l.Built.StartLine > 0:
		return l.Built.Path, l.Built.StartLine, max(l.Built.EndLine, l.Built.StartLine), true
	case f.InRepository() && l.StartLine > 0:
		return l.Path, l.StartLine, max(l.EndLine, l.StartLine), true
	}
	return "", 0, 0, false
}

// Title is one line about a finding, in plain text.
func (f *Finding) Title() string { return Plain(f.Rule) + " (" + f.Severity.String() + ")" }

// Explained is a finding in plain text, a line each for what it is, where it is in
// what is no file of the repository, and what to do.
func (f *Finding) Explained() string {
	lines := []string{Plain(f.Message)}
	if !f.InRepository() {
		where := place(f, true)
		if s := spot(f); s != "" {
			where += " " + s
		}
		lines = append(lines, "In "+Plain(where))
	}
	if f.Remediation != "" {
		lines = append(lines, Plain(f.Remediation))
	}
	return strings.Join(lines, "\n")
}

// isKnown says whether a finding was there before the change under test.
func (f *Finding) isKnown() bool { return f.New != nil && !*f.New }

// Attention lists the findings that block, then the new ones that warn; of each the
// most severe first.
func Attention(run *Run) []*Finding {
	all := mostSevere(decided(run, policy.Block))
	for _, f := range mostSevere(decided(run, policy.Warn)) {
		if !f.isKnown() {
			all = append(all, f)
		}
	}
	return all
}
