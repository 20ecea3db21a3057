package report

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

const (
	sarifSchema = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/sarif-2.1/schema/sarif-schema-2.1.0.json"
	homepage    = "https://github.com/boltseal/boltseal"

	// srcRoot is the root of the repository, as GitHub knows it; imageRoot that of
	// an image's file system.
	srcRoot   = "%SRCROOT%"
	imageRoot = "IMAGEROOT"
)

// writeSARIF writes SARIF 2.1.0 with a run per scanner and target
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). It has no
// columns: SARIF counts them in UTF-16 units and we in bytes, and only the file
// itself could tell one from the other.
func writeSARIF(w io.Writer, run *Run, opt Options) error {
	log := newSARIF(run)
	for _, part := range byScan(run) {
		log.Runs = append(log.Runs, sarifRun(run, part, opt))
	}
	return encodeSARIF(w, log)
}

func newSARIF(run *Run) *sarif.Report {
	log := &sarif.Report{Version: string(sarif.Version210), Schema: sarifSchema, Runs: []*sarif.Run{}}
	log.Properties = sarif.Properties{"boltseal": sarifVerdict(run)}
	return log
}

func encodeSARIF(w io.Writer, log *sarif.Report) error {
	var b bytes.Buffer
	if err := encodeJSON(&b, log); err != nil {
		return err
	}
	_, err := w.Write(nulls.ReplaceAll(b.Bytes(), nil))
	return err
}

// nulls are members that the library writes of suppressions though they are unset,
// which no schema of SARIF takes. No text has a line of this kind: a line break in a
// string is an escape.
var nulls = regexp.MustCompile(`(?m)^ *"(?:guid|location)": null,\n`)

// sarifVerdict is the verdict, which no other part of SARIF has room for.
func sarifVerdict(run *Run) map[string]any {
	reasons := make([]string, len(run.Verdict.Reasons))
	for i, r := range run.Verdict.Reasons {
		reasons[i] = Plain(r)
	}
	return map[string]any{
		"verdict": string(run.Verdict.Status), "exitCode": run.Verdict.ExitCode, "reasons": reasons,
	}
}

// scanPart is a scan with its findings.
type scanPart struct {
	scan     Scan
	category string
	findings []*Finding
}

// byScan gives every finding to the first scan of its scanner and target. Findings
// without one are not lost: they get a part of their own.
func byScan(run *Run) []*scanPart {
	type key struct{ scanner, target string }
	var parts []*scanPart
	index := make(map[key]*scanPart)
	seen := newNames()
	add := func(s Scan) *scanPart {
		p := &scanPart{scan: s}
		// What stands behind the last slash is no part of a category on GitHub.
		p.category = seen.once("boltseal/"+Plain(s.Scanner)+"/"+Plain(unversioned(scanned(s))), "#") + "/"
		parts = append(parts, p)
		if k := (key{s.Scanner, s.Target}); index[k] == nil {
			index[k] = p
		}
		return p
	}
	for _, s := range run.Scans {
		add(s)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		p := index[key{f.Scanner, f.Target}]
		if p == nil {
			p = add(Scan{Scanner: f.Scanner, Target: f.Target, Status: finding.StatusFailed, Reason: "the run says nothing of this scan"})
		}
		p.findings = append(p.findings, f)
	}
	return parts
}

// unversioned is a target without an image's tag or digest, or commits: a category that changed
// with every build would never close an alert.
func unversioned(target string) string {
	scheme, ref, ok := strings.Cut(target, ":")
	if i := strings.LastIndexByte(target, '@'); scheme == "git" && i > 0 {
		return target[:i] // the commits of a change
	}
	if !ok || scheme != "registry" && scheme != "docker" && scheme != "podman" {
		return target
	}
	ref, platform, _ := strings.Cut(ref, " ")
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return strings.TrimSuffix(scheme+":"+ref+" "+platform, " ")
}

func sarifRun(run *Run, part *scanPart, opt Options) *sarif.Run {
	driver := sarif.NewVersionedDriver("boltseal", Plain(run.Tool.Version)).WithInformationURI(homepage)
	driver.Version = nonEmpty(driver.Version)
	r := sarif.NewRun(sarif.Tool{Driver: driver})
	r.AutomationDetails = sarif.NewRunAutomationDetails().WithID(part.category)
	r.ColumnKind = "utf16CodeUnits"
	r.OriginalUriBaseIDs = map[string]*sarif.ArtifactLocation{
		srcRoot:   sarif.NewArtifactLocation().WithDescriptionText("The root of the repository, or of the target where there is none."),
		imageRoot: sarif.NewArtifactLocation().WithDescriptionText("The root of the image's file system."),
	}
	r.Invocations = []*sarif.Invocation{invocation(run, part.scan)}
	rules := newSARIFRules(opt.Catalogue, part.findings)
	driver.Rules = rules.list
	for _, f := range part.findings {
		r.Results = append(r.Results, sarifResult(f, rules.index[ruleID(f)]))
	}
	return r
}

func nonEmpty(s *string) *string {
	if s == nil || *s == "" {
		return nil
	}
	return s
}

// invocation says how a scan ended. A scan that is partial was not successful, nor is
// one of a run that lacks something: that nothing was found means nothing there.
func invocation(run *Run, s Scan) *sarif.Invocation {
	lacks := Missing(run)
	success := len(lacks) == 0 && (s.Status == finding.StatusOK || s.Status == finding.StatusNothing)
	level := "note"
	if !success {
		level = "error"
	}
	inv := sarif.NewInvocation().WithExecutionSuccess(success)
	say := func(level, text string) {
		inv.AddTToolExecutionNotification(sarif.NewNotification().WithLevel(level).WithMessage(sarifMessage(text)))
	}
	say(level, s.Scanner+" on "+scanned(s)+": "+outcome(s))
	for _, e := range slices.Concat(s.Errors, lacks) {
		say("error", e)
	}
	for _, n := range s.Notes {
		say("note", n)
	}
	return inv
}

// sarifResult is one finding. The library's own AddResult looks for the rule from
// the first one on, and gives an index of 2^64-1 where there is none.
func sarifResult(f *Finding, ruleIndex int) *sarif.Result {
	r := sarif.NewRuleResult(ruleID(f)).WithRuleIndex(ruleIndex).WithLevel(level(f.Decision.Action))
	r.Message = *sarifMessage(f.Message)
	r.Locations = []*sarif.Location{sarifLocation(f)}
	r.PartialFingerprints = map[string]any{"boltseal/v1": Plain(f.Fingerprint)}
	if f.Decision.Action == policy.Suppress {
		why := strings.TrimPrefix(f.Decision.By+": "+f.Decision.Reason, ": ")
		if f.Decision.Until != "" {
			why += " (until " + f.Decision.Until + ")"
		}
		r.Suppressions = []*sarif.Suppression{sarif.NewSuppression("external").WithStatus("accepted").WithJustifcation(Plain(why))}
	}
	r.Properties = sarif.Properties{
		"severity": f.Severity.String(),
		"decision": string(f.Decision.Action),
		"by":       Plain(f.Decision.By),
	}
	if f.New != nil {
		r.Properties["new"] = *f.New
	}
	return r
}

func level(a policy.Action) string {
	switch a {
	case policy.Block:
		return "error"
	case policy.Warn:
		return "warning"
	}
	return "note"
}

// placeholder is what stands for an argument in a message.
var placeholder = regexp.MustCompile(`\{(\d+)\}`)

// sarifMessage is a text as SARIF shows it: {0} would be an argument, and [text](URL) a
// link (sections 3.11.5 and 3.11.6). It is never empty, which is not allowed.
func sarifMessage(s string) *sarif.Message {
	s = strings.ReplaceAll(Plain(s), "](", "] (")
	s = placeholder.ReplaceAllString(s, "{{$1}}")
	if strings.TrimSpace(s) == "" {
		s = "no message"
	}
	return sarif.NewTextMessage(s)
}

// sarifLocation has a file always, as GitHub shows no result without one, and for
// images what is known of the place in the image. Where a line of a Dockerfile brought
// it, that is the file: a path in an image is none of the repository.
func sarifLocation(f *Finding) *sarif.Location {
	l := f.Location
	file, base := l.Path, srcRoot
	switch {
	case l.Image != "" && file != "":
		base = imageRoot
	case file == "":
		file = targetFile(f.Target)
	}
	start, end := l.StartLine, l.EndLine
	if l.Built.Path != "" {
		file, base, start, end = l.Built.Path, srcRoot, l.Built.StartLine, l.Built.EndLine
	}
	physical := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(uri(file)).WithUriBaseId(base))
	if l.Path+l.Built.Path != "" && start > 0 {
		region := sarif.NewRegion().WithStartLine(start)
		if end >= start {
			region.WithEndLine(end)
		}
		physical.WithRegion(region)
	}
	location := sarif.NewLocationWithPhysicalLocation(physical)
	if l.Image == "" {
		return location
	}
	add := func(kind, name string) {
		if name = Plain(name); name != "" {
			location.AddLogicalLocations(sarif.NewLogicalLocation().WithKind(kind).WithFullyQualifiedName(name))
		}
	}
	add("module", l.Image)
	if l.Built.Path != "" {
		add("path", l.Path)
	}
	add("layer", l.Layer)
	add("instruction", l.Instruction)
	if f.Package != nil {
		add("package", f.Package.Name+"@"+f.Package.Version)
	}
	return location
}

// targetFile is the file or folder that a target names, relative to where the
// program ran and without the folders of the machine; "" for that place itself.
func targetFile(target string) string {
	kind, file, ok := strings.Cut(target, ":")
	if !ok {
		kind, file = "", target
	}
	if strings.HasSuffix(kind, "archive") || kind == "oci-dir" {
		// What comes behind the file tells one of its images from the others.
		file, _, _ = strings.Cut(file, "#")
		file, _, _ = strings.Cut(file, " ")
	}
	if path.IsAbs(file) || strings.Contains(file, `\`) {
		file = path.Base(strings.ReplaceAll(file, `\`, "/"))
	}
	return relative(file)
}

// relative cleans a path, which then never leads out of the root; "" for the root.
func relative(file string) string {
	return strings.TrimPrefix(path.Clean("/"+file), "/")
}

// uri is a path as a relative reference (RFC 3986, section 4.2).
func uri(file string) string {
	var b strings.Builder
	for _, c := range []byte(relative(file)) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-._~@+,=", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() == 0 {
		return "target"
	}
	return b.String()
}
