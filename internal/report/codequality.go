package report

import (
	"io"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// issue is one entry of a GitLab Code Quality report
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
type issue struct {
	Description string        `json:"description"`
	CheckName   string        `json:"check_name"`
	Fingerprint string        `json:"fingerprint"`
	Severity    string        `json:"severity"`
	Location    issueLocation `json:"location"`
}

type issueLocation struct {
	Path  string     `json:"path"`
	Lines issueLines `json:"lines"`
}

type issueLines struct {
	Begin int `json:"begin"`
}

// writeCodeQuality writes what is not accepted as a GitLab Code Quality report. A
// scan that did not end well is an issue too: a report without issues would say that
// all is good.
func writeCodeQuality(w io.Writer, run *Run, _ Options) error {
	issues := []issue{}
	seen := newNames()
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Decision.Action == policy.Suppress {
			continue
		}
		issues = append(issues, issue{
			Description: issueText(f),
			CheckName:   ruleID(f),
			Fingerprint: issueFingerprint(f, seen),
			Severity:    issueSeverity(f.Severity),
			Location:    issuePlace(f),
		})
	}
	for _, s := range run.Scans {
		if s.Status != finding.StatusOK && s.Status != finding.StatusNothing {
			issues = append(issues, scanIssue(s, seen))
		}
	}
	for _, why := range run.Judged.Failures { // of shards GitLab adds the reports up itself
		issues = append(issues, issue{
			Description: Plain("No verdict: " + why), CheckName: "scan/failed", Fingerprint: seen.once("failure "+Plain(why), " #"), Severity: "blocker",
			Location: issueLocation{issueFile(""), issueLines{1}},
		})
	}
	return encodeJSON(w, issues)
}

func scanIssue(s Scan, seen *names) issue {
	return issue{
		Description: Plain("Not scanned: " + s.Scanner + " on " + scanned(s) + ": " + outcome(s)),
		CheckName:   "scan/" + Plain(string(s.Status)),
		Fingerprint: seen.once("scan "+Plain(s.Scanner)+" on "+Plain(scanned(s)), " #"),
		Severity:    "blocker",
		Location:    issueLocation{issueFile(s.Target), issueLines{1}},
	}
}

func issueText(f *Finding) string {
	text := message(f)
	if f.Location.Image != "" {
		text += " in image " + f.Location.Image
	}
	if f.Decision.Action == policy.Block {
		text = "Blocks: " + text
	}
	return Plain(text)
}

// issueFingerprint is unique in the report, which GitLab asks for: one image on two
// platforms has every finding twice.
func issueFingerprint(f *Finding, seen *names) string {
	base := Plain(f.Fingerprint)
	if seen.used[base] {
		base += " in " + Plain(f.Target)
	}
	return seen.once(base, " #")
}

func issueSeverity(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return "blocker"
	case finding.High:
		return "critical"
	case finding.Low:
		return "minor"
	case finding.Info:
		return "info"
	}
	return "major" // medium, and unknown as the policy takes it when it says nothing
}

// issuePlace is a file of the repository, as GitLab links it: for an image what was
// scanned, not a path inside of it.
func issuePlace(f *Finding) issueLocation {
	if built := f.Location.Built; built.Path != "" {
		return issueLocation{Plain(relative(built.Path)), issueLines{max(built.StartLine, 1)}}
	}
	file := relative(f.Location.Path)
	if f.Location.Image != "" || file == "" {
		return issueLocation{issueFile(f.Target), issueLines{1}}
	}
	return issueLocation{Plain(file), issueLines{max(f.Location.StartLine, 1)}}
}

// issueFile is a file for what has none: what was scanned, and for the whole
// repository the file that no repository on GitLab with a pipeline is without.
func issueFile(target string) string {
	if file := targetFile(target); file != "" {
		return Plain(file)
	}
	return ".gitlab-ci.yml"
}
