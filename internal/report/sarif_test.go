package report

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

// log is what tests look at in SARIF.
type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []struct {
					ID                                string
					ShortDescription, FullDescription *struct{ Text string }
					Help                              *struct{ Text, Markdown string }
					HelpURI                           *string
					Properties                        struct {
						Tags     []string
						Severity string `json:"security-severity"`
					}
				}
			}
		}
		AutomationDetails struct{ ID string }
		Invocations       []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct {
				Level   string
				Message struct{ Text string }
			}
		}
		Results []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI, URIBaseID string }
					Region           *struct{ StartLine, EndLine, StartColumn int }
				}
				LogicalLocations []struct{ Kind, FullyQualifiedName string }
			}
			PartialFingerprints map[string]string
			Suppressions        []struct{ Kind, Status, Justification string }
		}
	}
}

func readSARIF(t *testing.T, run *Run) sarifLog {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(write(t, "sarif", run, Options{Catalogue: catalogue(t)}), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestSARIFIsValid(t *testing.T) {
	extreme := fixture()
	fill(extreme, evil)
	lost := many(3, policy.Block)
	lost.Scans = nil
	empty := many(2, policy.Suppress)
	fill(empty, "")
	for _, name := range []string{"sarif-schema-2.1.0.oasis.json", "sarif-schema-2.1.0.codeql-action.json"} {
		schema, err := os.ReadFile(conformance(t, "sarif", name))
		if err != nil {
			t.Fatal(err)
		}
		for what, run := range map[string]*Run{"fixture": fixture(), "hostile": extreme, "nothing": {Schema: Schema}, "no scans": lost, "empty texts": empty} {
			t.Run(name+" "+what, func(t *testing.T) {
				validate(t, mended(t, schema), write(t, "sarif", run, Options{Catalogue: catalogue(t)}))
			})
		}
	}
}

// mended puts "anyOf" of a region where it belongs: in the schema of GitHub's uploader
// it stands among the properties, and a validator that looks at the schema first
// refuses that.
func mended(t *testing.T, schema []byte) []byte {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(schema, &s); err != nil {
		t.Fatal(err)
	}
	region := s["definitions"].(map[string]any)["region"].(map[string]any)
	if properties := region["properties"].(map[string]any); properties["anyOf"] != nil {
		region["anyOf"] = properties["anyOf"]
		delete(properties, "anyOf")
	}
	out, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSARIFHasEveryFindingOnceByItsRule(t *testing.T) {
	run := fixture()
	log := readSARIF(t, run)
	seen := make(map[string]int)
	categories := make(map[string]bool)
	for _, r := range log.Runs {
		if categories[r.AutomationDetails.ID] {
			t.Errorf("category %q comes twice", r.AutomationDetails.ID)
		}
		categories[r.AutomationDetails.ID] = true
		for _, result := range r.Results {
			seen[result.PartialFingerprints["boltseal/v1"]]++
			if rule := r.Tool.Driver.Rules[result.RuleIndex]; rule.ID != result.RuleID {
				t.Errorf("rule %d is %s, not %s", result.RuleIndex, rule.ID, result.RuleID)
			}
			if len(result.Locations) != 1 || result.Locations[0].PhysicalLocation.ArtifactLocation.URI == "" {
				t.Errorf("%s has no file", result.RuleID)
			}
		}
		for _, rule := range r.Tool.Driver.Rules {
			if rule.ShortDescription == nil || rule.FullDescription == nil || rule.Help == nil || rule.Help.Markdown == "" || len(rule.Properties.Tags) > maxTags {
				t.Errorf("rule %+v", rule)
			}
		}
	}
	for _, f := range run.Findings {
		if seen[f.Fingerprint] != 1 {
			t.Errorf("%s is there %d times", f.Rule, seen[f.Fingerprint])
		}
	}
}

func TestSARIFLosesNoFindingWithoutAScan(t *testing.T) {
	run := many(3, policy.Block)
	run.Scans = nil
	log := readSARIF(t, run)
	if len(log.Runs) != 1 || len(log.Runs[0].Results) != 3 || log.Runs[0].Invocations[0].ExecutionSuccessful {
		t.Errorf("got %+v", log)
	}
}

func TestSARIFSaysHowScansEnded(t *testing.T) {
	got := make(map[string]bool)
	for _, r := range readSARIF(t, fixture()).Runs {
		got[r.AutomationDetails.ID+" "+r.Invocations[0].ToolExecutionNotifications[0].Level] = r.Invocations[0].ExecutionSuccessful
	}
	want := map[string]bool{
		"boltseal/secrets/dir:./ note": true, "boltseal/dockerfile/dir:./ note": true, "boltseal/packages/dir:./ note": true, "boltseal/imageconfig/dir:./ note": true,
		"boltseal/secrets/docker-archive:build/app.tar linux/amd64/ note": true, "boltseal/packages/docker-archive:build/app.tar linux/amd64/ error": false,
		"boltseal/imageconfig/docker-archive:build/app.tar linux/amd64/ note": true, "boltseal/imageconfig/dir:gone/ error": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSARIFResults(t *testing.T) {
	got := make(map[string]string)
	for _, r := range readSARIF(t, fixture()).Runs {
		for _, result := range r.Results {
			l := result.Locations[0].PhysicalLocation
			lines := "-"
			if l.Region != nil {
				lines = fmt.Sprintf("%d-%d:%d", l.Region.StartLine, l.Region.EndLine, l.Region.StartColumn)
			}
			if l.ArtifactLocation.URI[0] == 'a' { // the hostile one
				continue
			}
			got[result.RuleID] = fmt.Sprint(result.Level, " ", l.ArtifactLocation.URIBaseID, " ", l.ArtifactLocation.URI, " ", lines, " ", result.Suppressions)
		}
	}
	want := map[string]string{
		"DL3007":           "warning %SRCROOT% Dockerfile 1-1:0 []",
		"DL3059":           "note %SRCROOT% Dockerfile 9-9:0 []",
		"aws-access-token": "error %SRCROOT% config/%E6%97%A5%E6%9C%AC%E8%AA%9E%20settings.py 12-12:0 []",
		"generic-api-key":  "note %SRCROOT% testdata/key.txt 1-1:0 [{external accepted exception 1: a fake key for tests, @acme/appsec (until 2026-12-01)}]",
		"CVE-2021-23337":   "error %SRCROOT% web/package-lock.json - []",
		"CVE-2024-0001":    "warning IMAGEROOT var/lib/dpkg/status - []",
		"image/root-user":  "error %SRCROOT% build/app.tar - []",
		"private-key":      "error %SRCROOT% Dockerfile 9-9:0 []",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecuritySeverityIsTheScoreThatSaysTheSame(t *testing.T) {
	advisory := func(s finding.Severity, scores ...float64) *Finding {
		f := &Finding{}
		f.Severity, f.Advisory = s, &finding.Advisory{}
		for _, score := range scores {
			f.Advisory.CVSS = append(f.Advisory.CVSS, finding.CVSS{Score: score})
		}
		return f
	}
	for name, test := range map[string]struct {
		f    *Finding
		want float64
	}{
		"a score of the same severity":      {advisory(finding.High, 7.2), 7.2},
		"the higher of two":                 {advisory(finding.High, 7.2, 8.8), 8.8},
		"a vendor that says low":            {advisory(finding.Low, 9.8), 3.0},
		"no score":                          {advisory(finding.Critical), 9.5},
		"a score that cannot be":            {advisory(finding.Critical, 11), 9.5},
		"an unknown severity has no number": {advisory(finding.Unknown, 5), 0},
		"a rule":                            {&Finding{policy.Subject{Finding: finding.Finding{Severity: finding.Info}}, policy.Decision{}}, 0.5},
	} {
		if got := score(test.f); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestURI(t *testing.T) {
	for in, want := range map[string]string{
		"a/b c.txt": "a/b%20c.txt", "a:b": "a%3Ab", "../../etc/passwd": "etc/passwd", "/abs": "abs", "a\nb%2f": "a%0Ab%252f", "": "target", "?#": "%3F%23", "n/@scope/x": "n/@scope/x",
	} {
		if got := uri(in); got != want {
			t.Errorf("uri(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTargetFile(t *testing.T) {
	for in, want := range map[string]string{
		"dir:.": "", "dir:a/b": "a/b", "docker-archive:build/app.tar#app:1 linux/amd64": "build/app.tar", "oci-dir:image": "image",
		"docker-archive:/home/me/app.tar": "app.tar", `oci-archive:C:\tmp\app.tar`: "app.tar", "dir:../x": "x", "": "", "dir:a b": "a b",
	} {
		if got := targetFile(in); got != want {
			t.Errorf("targetFile(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLinksAreHTTPOnly(t *testing.T) {
	for s, want := range map[string]bool{
		"https://osv.dev/x": true, "http://a/b": true, "javascript:alert(1)": false, "file:///etc/passwd": false, "https://": false, "https://user:pass@a/": false, "": false, "https://a/\n": false,
	} {
		if got := isLink(s); got != want {
			t.Errorf("isLink(%q) = %v", s, got)
		}
	}
}
