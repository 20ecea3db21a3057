package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/policy"
)

func readIssues(t *testing.T, run *Run) []issue {
	t.Helper()
	var issues []issue
	if err := json.Unmarshal(write(t, "gitlab-codequality", run, Options{}), &issues); err != nil {
		t.Fatal(err)
	}
	return issues
}

func TestCodeQualityIsValid(t *testing.T) {
	schema, err := os.ReadFile(conformance(t, "gitlab", "codequality-issue.json"))
	if err != nil {
		t.Fatal(err)
	}
	hostile := fixture()
	fill(hostile, evil)
	for _, run := range []*Run{fixture(), hostile} {
		var issues []json.RawMessage
		if err := json.Unmarshal(write(t, "gitlab-codequality", run, Options{}), &issues); err != nil {
			t.Fatal(err)
		}
		for _, i := range issues {
			validate(t, schema, i)
		}
	}
}

func TestCodeQualityFingerprintsAreUniqueAndAcceptedFindingsLeftOut(t *testing.T) {
	run := fixture()
	twice := run.Findings[0]
	twice.Target = "dir:b"
	run.Findings = append(run.Findings, twice, twice)
	seen := make(map[string]bool)
	issues := readIssues(t, run)
	for _, i := range issues {
		if seen[i.Fingerprint] {
			t.Errorf("%s comes twice", i.Fingerprint)
		}
		seen[i.Fingerprint] = true
		if strings.Contains(i.Description, "in test data") {
			t.Error("an accepted finding is there")
		}
		if i.Location.Path == "" || strings.HasPrefix(i.Location.Path, "./") || i.Location.Lines.Begin < 1 {
			t.Errorf("location %+v", i.Location)
		}
	}
	if want := len(run.Findings) - 1 + 2; len(issues) != want {
		t.Errorf("%d issues, want %d: all but one finding, and two scans", len(issues), want)
	}
}

func TestCodeQualityShowsAScanThatFailed(t *testing.T) {
	var got []string
	for _, i := range readIssues(t, fixture()) {
		if strings.HasPrefix(i.CheckName, "scan/") {
			got = append(got, i.CheckName+" "+i.Severity+" "+i.Location.Path)
		}
	}
	if want := "scan/partial blocker build/app.tar, scan/failed blocker gone"; strings.Join(got, ", ") != want {
		t.Errorf("got %q", got)
	}
}

func TestCodeQualityOfNothingIsAnEmptyList(t *testing.T) {
	if got := string(write(t, "gitlab-codequality", &Run{}, Options{})); got != "[]\n" {
		t.Errorf("got %q", got)
	}
	if got := readIssues(t, many(1, policy.Suppress)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
