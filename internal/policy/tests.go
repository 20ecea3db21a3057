package policy

import (
	"strconv"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Test says what the policy must decide about a finding.
type Test struct {
	Name    string
	Finding Example
	// Event, Environment and DefaultBranch are the run's.
	Event         Event
	Environment   string
	DefaultBranch bool
	// On is the day; the zero time for today.
	On     time.Time
	Expect Action
	// Line is where it stands in the file.
	Line int
}

// Example is a finding by what policies ask of it.
type Example struct {
	Scanner, Rule string
	Severity      finding.Severity
	// CVEs are ids of the advisory beside Rule.
	CVEs []string
	// Package is a package URL.
	Path, Image, Package string
	Fix, KEV, Malware    bool
	// New is nil where nothing was compared.
	New    *bool
	EPSS   float64
	Origin string
	// Published is a day; the zero time for an unknown one.
	Published time.Time
	// Fingerprint is as reports show it.
	Fingerprint string
}

// maxTests bounds the tests of a file.
const maxTests = 1_000

func readTests(v yamlpos.Value) []Test {
	items := v.Items()
	if len(items) > maxTests {
		v.Fail("", "%d tests, more than the %d allowed", len(items), maxTests)
		return nil
	}
	tests := make([]Test, len(items))
	for i, item := range items {
		tests[i] = readTest(item)
	}
	return tests
}

func readTest(v yamlpos.Value) Test {
	t := Test{Line: v.Line()}
	v.Map(
		"test",
		yamlpos.Need("name", yamlpos.Into(&t.Name, readLine)),
		yamlpos.Need("finding", yamlpos.Into(&t.Finding, readExample)),
		yamlpos.May("event", yamlpos.Into(&t.Event, func(v yamlpos.Value) Event {
			return Event(v.OneOf(string(Change), string(Push), string(Schedule)))
		})),
		yamlpos.May("environment", yamlpos.Into(&t.Environment, readLine)),
		yamlpos.May("default-branch", yamlpos.Into(&t.DefaultBranch, yamlpos.Value.Bool)),
		yamlpos.May("on", yamlpos.Into(&t.On, yamlpos.Value.Date)),
		yamlpos.Need("expect", yamlpos.Into(&t.Expect, func(v yamlpos.Value) Action {
			return Action(v.OneOf(string(Block), string(Warn), string(Note), string(Suppress)))
		})),
	)
	return t
}

func readExample(v yamlpos.Value) Example {
	var e Example
	v.Map(
		"finding",
		yamlpos.Need("scanner", yamlpos.Into(&e.Scanner, func(v yamlpos.Value) string {
			if names := readScanners(v); len(names) == 1 {
				return names[0]
			}
			v.Fail("", "one scanner is wanted here")
			return ""
		})),
		yamlpos.May("rule", yamlpos.Into(&e.Rule, readLine)),
		yamlpos.May("severity", yamlpos.Into(&e.Severity, func(v yamlpos.Value) finding.Severity {
			s, _ := finding.ParseSeverity(v.OneOf("critical", "high", "medium", "low", "info", "unknown"))
			return s
		})),
		yamlpos.May("cve", yamlpos.Into(&e.CVEs, readAdvisories)),
		yamlpos.May("path", yamlpos.Into(&e.Path, readLine)),
		yamlpos.May("image", yamlpos.Into(&e.Image, readLine)),
		yamlpos.May("package", yamlpos.Into(&e.Package, readPURL)),
		yamlpos.May("fix", yamlpos.Into(&e.Fix, func(v yamlpos.Value) bool { return v.OneOf(FixAvailable, FixNone) == FixAvailable })),
		yamlpos.May("new", yamlpos.Into(&e.New, readBool)),
		yamlpos.May("kev", yamlpos.Into(&e.KEV, yamlpos.Value.Bool)),
		yamlpos.May("malware", yamlpos.Into(&e.Malware, yamlpos.Value.Bool)),
		yamlpos.May("epss", yamlpos.Into(&e.EPSS, readProbability)),
		yamlpos.May("origin", yamlpos.Into(&e.Origin, func(v yamlpos.Value) string { return v.OneOf(OriginBase, OriginOurs) })),
		yamlpos.May("published", yamlpos.Into(&e.Published, yamlpos.Value.Date)),
		yamlpos.May("fingerprint", yamlpos.Into(&e.Fingerprint, func(v yamlpos.Value) string {
			if prints := readFingerprints(v); len(prints) == 1 {
				return prints[0]
			}
			v.Fail("", "one fingerprint is wanted here")
			return ""
		})),
	)
	if e.Scanner != finding.Packages {
		for _, key := range []string{"cve", "package", "kev", "malware", "epss", "origin", "published"} {
			if at, ok := v.Peek(key); ok && e.Scanner != "" {
				at.Fail("", "only findings of the scanner packages have %s", key)
			}
		}
	}
	return e
}

func readPURL(v yamlpos.Value) string {
	purl := readLine(v)
	if purl != "" && !strings.HasPrefix(purl, "pkg:") {
		v.Fail(`write a package URL, as "pkg:npm/lodash@4.17.4"`, "%q is no package URL", purl)
		return ""
	}
	return purl
}

func readProbability(v yamlpos.Value) float64 {
	text, _ := v.Scalar()
	p, err := strconv.ParseFloat(text, 64)
	if err != nil || !(p >= 0 && p <= 1) {
		v.Fail("", "epss wants a number between 0 and 1")
		return 0
	}
	return p
}

// exampleID is the rule of an example that names none.
const exampleID = "example"

// Subject is the finding that the example describes, as a scanner finds it.
func (e *Example) Subject() Subject {
	s := Subject{New: e.New}
	s.Scanner, s.Severity = e.Scanner, e.Severity
	s.Rule = e.Rule
	if s.Rule == "" && len(e.CVEs) > 0 {
		s.Rule = e.CVEs[0]
	}
	if s.Rule == "" {
		s.Rule = exampleID
	}
	s.Location = finding.Location{Path: e.Path, Image: e.Image}
	s.Fingerprint = e.Fingerprint
	if e.Scanner != finding.Packages {
		if e.Fix {
			s.Fix = &finding.Fix{}
		}
		return s
	}
	s.Package = &inventory.Package{PURL: e.Package, Origin: e.Origin}
	plain := cutPURL(e.Package)
	s.Package.Name, s.Package.Version = plain.name[strings.LastIndexByte(plain.name, '/')+1:], plain.version
	s.Advisory = &finding.Advisory{ID: s.Rule, Aliases: e.CVEs, KEV: e.KEV, Malware: e.Malware, EPSS: e.EPSS}
	if e.Fix {
		s.Advisory.Fixed = []string{"some version"}
	}
	if !e.Published.IsZero() {
		s.Advisory.Published = day(e.Published)
	}
	return s
}

// TestResult is what became of a test.
type TestResult struct {
	Test *Test
	Got  Decision
}

// Passed says whether the policy decides what the test expects.
func (r *TestResult) Passed() bool { return r.Got.Action == r.Test.Expect }

// RunTests lets a policy, by itself, decide about the findings of its tests.
func RunTests(p *Policy, now time.Time) []TestResult {
	results := make([]TestResult, len(p.Tests))
	for i := range p.Tests {
		t := &p.Tests[i]
		on := now
		if !t.On.IsZero() {
			on = t.On
		}
		alone := *p
		alone.Targets = nil
		in := Input{Subjects: []Subject{t.Finding.Subject()}, Event: t.Event, Environment: t.Environment, DefaultBranch: t.DefaultBranch}
		_, decisions := Judge([]*Policy{&alone}, in, on)
		results[i] = TestResult{t, decisions[0]}
	}
	return results
}

func (t *Test) yaml() string {
	var f flow
	f.text("name", t.Name)
	f.raw("finding", t.Finding.yaml())
	f.text("event", string(t.Event))
	f.text("environment", t.Environment)
	if t.DefaultBranch {
		f.raw("default-branch", "true")
	}
	if !t.On.IsZero() {
		f.raw("on", day(t.On))
	}
	f.text("expect", string(t.Expect))
	return f.String()
}

// yaml writes the example as a test's finding; it is also how examples are shown.
func (e *Example) yaml() string {
	var f flow
	f.text("scanner", e.Scanner)
	f.text("rule", e.Rule)
	if e.Severity != finding.Unknown {
		f.text("severity", e.Severity.String())
	}
	f.list("cve", e.CVEs)
	f.text("path", e.Path)
	f.text("image", e.Image)
	f.text("package", e.Package)
	if e.Fix {
		f.text("fix", FixAvailable)
	}
	f.bool("new", e.New)
	if e.KEV {
		f.raw("kev", "true")
	}
	if e.Malware {
		f.raw("malware", "true")
	}
	if e.EPSS > 0 {
		f.raw("epss", strconv.FormatFloat(e.EPSS, 'g', -1, 64))
	}
	f.text("origin", e.Origin)
	if !e.Published.IsZero() {
		f.raw("published", day(e.Published))
	}
	f.text("fingerprint", e.Fingerprint)
	return f.String()
}
