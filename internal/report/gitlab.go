package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// glVersion is the version of GitLab's schemas that the security reports are valid by
// (https://gitlab.com/gitlab-org/security-products/security-report-schemas).
const glVersion = "15.2.1"

// Lengths that GitLab's schemas set, in characters.
const (
	glMaxName        = 255
	glMaxDescription = 1 << 20
	glMaxSolution    = 7000
	glMaxVectors     = 10
	glMaxIdentifiers = 20
)

// glKind is one of GitLab's security reports.
type glKind struct {
	// scan is what the report calls itself.
	scan string
	// scanners are those whose findings it takes.
	scanners []string
	// takes says whether it takes what is in an image, or outside of one.
	takes func(image bool) bool
	place func(run *Run, f *Finding) any
}

func anywhere(bool) bool       { return true }
func inImages(image bool) bool { return image }
func outside(image bool) bool  { return !image }

// glKinds are the reports by the name of their format.
var glKinds = map[string]glKind{
	"gitlab-secret-detection":    {"secret_detection", []string{finding.Secrets}, anywhere, glSecretPlace},
	"gitlab-container-scanning":  {"container_scanning", []string{finding.Packages}, inImages, glImagePlace},
	"gitlab-dependency-scanning": {"dependency_scanning", []string{finding.Packages}, outside, glDependencyPlace},
	"gitlab-sast":                {"sast", []string{finding.Dockerfile, finding.ImageConfig}, anywhere, glFilePlace},
}

type glReport struct {
	Version         string            `json:"version"`
	Vulnerabilities []glVulnerability `json:"vulnerabilities"`
	Scan            glScan            `json:"scan"`
}

type glScan struct {
	Analyzer  glTool      `json:"analyzer"`
	Scanner   glTool      `json:"scanner"`
	Type      string      `json:"type"`
	StartTime string      `json:"start_time"`
	EndTime   string      `json:"end_time"`
	Status    string      `json:"status"`
	Messages  []glMessage `json:"messages,omitempty"`
}

type glTool struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	URL     string   `json:"url"`
	Version string   `json:"version"`
	Vendor  glVendor `json:"vendor"`
}

type glVendor struct {
	Name string `json:"name"`
}

type glMessage struct {
	Level string `json:"level"`
	Value string `json:"value"`
}

type glVulnerability struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Severity    string             `json:"severity"`
	Solution    string             `json:"solution,omitempty"`
	Identifiers []glIdentifier     `json:"identifiers"`
	CVSS        []glVector         `json:"cvss_vectors,omitempty"`
	Links       []glLink           `json:"links,omitempty"`
	Details     map[string]glField `json:"details"`
	Location    any                `json:"location"`
}

type glIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type glVector struct {
	Vendor string `json:"vendor"`
	Vector string `json:"vector"`
}

type glLink struct {
	URL string `json:"url"`
}

type glField struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

type glDependency struct {
	Package glPackage `json:"package"`
	Version string    `json:"version"`
}

type glPackage struct {
	Name string `json:"name"`
}

// writeGitLab writes what is not accepted, of the scanners that a report is about. A
// scan that did not end well makes it a failed one, with the reason: GitLab takes what a
// successful report lacks for mended.
func writeGitLab(kind glKind) writer {
	return func(w io.Writer, run *Run, _ Options) error {
		out := glReport{Version: glVersion, Vulnerabilities: []glVulnerability{}, Scan: kind.summary(run)}
		seen, images := newNames(), imagesOf(run)
		for i := range run.Findings {
			f := &run.Findings[i]
			if f.Decision.Action != policy.Suppress && slices.Contains(kind.scanners, f.Scanner) && kind.takes(f.Location.Image != "" || images[f.Target]) {
				out.Vulnerabilities = append(out.Vulnerabilities, kind.vulnerability(run, f, seen))
			}
		}
		return encodeJSON(w, out)
	}
}

// GitLabReports are the formats of GitLab's security reports.
func GitLabReports() []string { return slices.Sorted(maps.Keys(glKinds)) }

// GitLabHas says whether anything was looked at that one of GitLab's security reports is
// about: of what did not run, a report would say that all is mended.
func GitLabHas(run *Run, format string) bool {
	kind, ok := glKinds[format]
	return ok && len(kind.rows(run)) > 0
}

// rows are the scans that a report is about.
func (k glKind) rows(run *Run) []Scan {
	var rows []Scan
	images := imagesOf(run)
	for _, s := range run.Scans {
		// Of what could not be opened nobody knows whether it is an image.
		if slices.Contains(k.scanners, s.Scanner) && (k.takes(images[s.Target]) || s.Status == finding.StatusFailed) {
			rows = append(rows, s)
		}
	}
	return rows
}

// summary says how the scans ended. A run knows its day and no time: two reports of it
// are the same to the byte.
func (k glKind) summary(run *Run) glScan {
	day := run.Judged.On
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		day = "1970-01-01"
	}
	tool := glTool{ID: "boltseal", Name: "boltseal", URL: homepage, Version: cmp.Or(Plain(run.Tool.Version), "unknown"), Vendor: glVendor{"boltseal"}}
	s := glScan{Analyzer: tool, Scanner: tool, Type: k.scan, StartTime: day + "T00:00:00", EndTime: day + "T00:00:00", Status: "success"}
	rows := k.rows(run)
	for _, r := range rows {
		if r.Status != finding.StatusOK && r.Status != finding.StatusNothing {
			s.Status = "failure"
			s.Messages = append(s.Messages, glMessage{"fatal", Plain(r.Scanner + " on " + scanned(r) + ": " + outcome(r))})
		}
	}
	for _, why := range Missing(run) {
		s.Status = "failure"
		s.Messages = append(s.Messages, glMessage{"fatal", cmp.Or(Plain(why), "not all was scanned")})
	}
	ran := func(scanner string) bool {
		return slices.ContainsFunc(run.Scans, func(r Scan) bool { return r.Scanner == scanner })
	}
	if len(rows) == 0 && !slices.ContainsFunc(k.scanners, ran) {
		s.Status = "failure"
		s.Messages = append(s.Messages, glMessage{"fatal", "not scanned: " + strings.Join(k.scanners, ", ") + " has not run"})
	}
	return s
}

func (k glKind) vulnerability(run *Run, f *Finding, seen *names) glVulnerability {
	v := glVulnerability{
		ID:          glID(k.scan, f, seen),
		Name:        glCut(glName(f), glMaxName),
		Description: mdText(Plain(message(f)), glMaxDescription/2),
		Severity:    glSeverity(f.Severity),
		Solution:    glSolution(f),
		Identifiers: glIdentifiers(f),
		Details: map[string]glField{
			"decision": {"text", "Decision", cmp.Or(Plain(strings.TrimSuffix(fmt.Sprintf("%s by %s: %s", f.Decision.Action, f.Decision.By, f.Decision.Reason), ": ")), "none")},
		},
		Location: k.place(run, f),
	}
	v.Description = glCut(v.Description, glMaxDescription)
	if f.New != nil {
		v.Details["new"] = glField{"text", "New in this change", map[bool]string{true: "yes", false: "no"}[*f.New]}
	}
	if a := f.Advisory; a != nil {
		if isURL(a.URL) {
			v.Links = append(v.Links, glLink{Plain(a.URL)})
		}
		v.CVSS = glVectors(a.CVSS)
	}
	return v
}

// glID is a stable id of the finding in its target. Of equals every one has its own.
func glID(scan string, f *Finding, seen *names) string {
	name := fmt.Sprintf("%s\n%d:%s\n%d:%s", scan, len(f.Target), f.Target, len(f.Fingerprint), f.Fingerprint)
	return uuidOf(sha256.Sum256([]byte(seen.once(name, "\n"))))
}

// glName is the finding in a few words.
func glName(f *Finding) string {
	name := ruleID(f)
	if f.Package != nil {
		name += " in " + f.Package.Name
	} else if f.Location.Path != "" {
		name += " in " + f.Location.Path
	}
	return Plain(name)
}

func glSolution(f *Finding) string {
	text := Plain(f.Remediation)
	if a := f.Advisory; a != nil && len(a.Fixed) > 0 && text == "" {
		text = "Upgrade to " + Plain(strings.Join(a.Fixed, " or "))
	}
	return glCut(mdText(text, glMaxSolution/2), glMaxSolution)
}

func glSeverity(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return "Critical"
	case finding.High:
		return "High"
	case finding.Medium:
		return "Medium"
	case finding.Low:
		return "Low"
	case finding.Info:
		return "Info"
	}
	return "Unknown"
}

var (
	cveID  = regexp.MustCompile(`^CVE-\d{4}-\d{4,}$`)
	ghsaID = regexp.MustCompile(`^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$`)
)

// glIdentifiers are the ids of an advisory, CVE ids first, as the first one is what
// GitLab knows the finding by; else the rule.
func glIdentifiers(f *Finding) []glIdentifier {
	if f.Advisory == nil {
		id := ruleID(f)
		return []glIdentifier{{Type: "boltseal_rule_id", Name: "boltseal rule " + Plain(id), Value: cmp.Or(Plain(id), "unknown")}}
	}
	var cves, others []glIdentifier
	for _, id := range f.IDs() {
		plain := Plain(id)
		switch {
		case plain == "":
		case cveID.MatchString(plain):
			cves = append(cves, glIdentifier{Type: "cve", Name: plain, Value: plain, URL: "https://nvd.nist.gov/vuln/detail/" + plain})
		case ghsaID.MatchString(plain):
			others = append(others, glIdentifier{Type: "ghsa", Name: plain, Value: plain, URL: "https://github.com/advisories/" + plain})
		default:
			others = append(others, glIdentifier{Type: "osv", Name: plain, Value: plain})
		}
	}
	all := append(cves, others...)
	if len(all) == 0 {
		return []glIdentifier{{Type: "boltseal_rule_id", Name: "boltseal rule unknown", Value: "unknown"}}
	}
	return all[:min(len(all), glMaxIdentifiers)]
}

// The metrics of the vectors that GitLab's schemas know: CVSS 4 is none of them.
var (
	cvss2 = regexp.MustCompile(`^(AV:[NAL]|AC:[LMH]|Au:[MSN]|[CIA]:[NPC]|E:(U|POC|F|H|ND)|RL:(OF|TF|W|U|ND)|RC:(UC|UR|C|ND)|CDP:(N|L|LM|MH|H|ND)|TD:(N|L|M|H|ND)|[CIA]R:(L|M|H|ND))$`)
	cvss3 = regexp.MustCompile(`^(AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH]|E:[XUPFH]|RL:[XOTWU]|RC:[XURC]|[CIA]R:[XLMH]|MAV:[XNALP]|MAC:[XLH]|MPR:[XNLH]|MUI:[XNR]|MS:[XUC]|M[CIA]:[XNLH])$`)
)

// glVectors are those that GitLab's schemas know.
func glVectors(scores []finding.CVSS) []glVector {
	var out []glVector
	seen := make(map[string]bool)
	for _, s := range scores {
		if !glKnows(s.Vector) || seen[s.Vector] || len(out) == glMaxVectors {
			continue
		}
		seen[s.Vector] = true
		out = append(out, glVector{"unknown", s.Vector})
	}
	return out
}

func glKnows(vector string) bool {
	const most, least2, least3 = 128, 16, 32
	metric, least, rest := cvss2, least2, vector
	for _, prefix := range []string{"CVSS:3.0/", "CVSS:3.1/"} {
		if after, ok := strings.CutPrefix(vector, prefix); ok {
			metric, least, rest = cvss3, least3, after
		}
	}
	if len(vector) < least || len(vector) > most {
		return false
	}
	for m := range strings.SplitSeq(rest, "/") {
		if !metric.MatchString(m) {
			return false
		}
	}
	return true
}

// glFile is a file of the repository with lines, as GitLab links it.
type glFile struct {
	File      string `json:"file"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line,omitempty"`
}

func glLines(f *Finding) glFile {
	at := issuePlace(f)
	out := glFile{File: at.Path, StartLine: at.Lines.Begin}
	switch built := f.Location.Built; {
	case built.Path != "":
		out.EndLine = built.EndLine
	case f.Location.Image == "" && f.Location.Path != "":
		out.EndLine = f.Location.EndLine
	}
	out.EndLine = max(out.EndLine, out.StartLine)
	return out
}

func glFilePlace(_ *Run, f *Finding) any { return glLines(f) }

// noCommit stands where a secret is in no commit that is known.
const noCommit = "0000000000000000000000000000000000000000"

func glSecretPlace(run *Run, f *Finding) any {
	sha := f.Location.Commit
	if sha == "" && run.Change != nil {
		sha = run.Change.Head
	}
	type commit struct {
		SHA string `json:"sha"`
	}
	return struct {
		glFile
		Commit commit `json:"commit"`
	}{glLines(f), commit{cmp.Or(Plain(cmp.Or(sha, run.Commit)), noCommit)}}
}

func glDependencyOf(f *Finding) glDependency {
	if f.Package == nil {
		return glDependency{}
	}
	return glDependency{glPackage{Plain(f.Package.Name)}, Plain(f.Package.Version)}
}

func glImagePlace(_ *Run, f *Finding) any {
	system := "unknown"
	if f.Package != nil {
		system = cmp.Or(Plain(f.Package.Ecosystem), system)
	}
	_, image, _ := strings.Cut(f.Target, ":")
	if strings.HasPrefix(f.Target, "docker-archive:") || strings.HasPrefix(f.Target, "oci-") {
		image = targetFile(f.Target)
	}
	return struct {
		Dependency      glDependency `json:"dependency"`
		OperatingSystem string       `json:"operating_system"`
		Image           string       `json:"image"`
	}{glDependencyOf(f), system, cmp.Or(Plain(image), cmp.Or(Plain(f.Location.Image), "unknown"))}
}

func glDependencyPlace(_ *Run, f *Finding) any {
	return struct {
		File       string       `json:"file"`
		Dependency glDependency `json:"dependency"`
	}{issuePlace(f).Path, glDependencyOf(f)}
}

// isURL says whether a link is one that GitLab's schemas take.
func isURL(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && rest != "" && fits(s) && !strings.ContainsAny(s, " \t\"<>`")
}

// glCut cuts a text to a number of characters.
func glCut(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:most-1]), `\`) + "…"
}
