package forge

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

func onTeamCity(t *testing.T, run *report.Run, files map[string]string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := NewTeamCity(&out).Publish(t.Context(), run, files); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(out.String()))
}

func TestTeamCityMessages(t *testing.T) {
	run := blocked("it's [a] b|c")
	run.Findings[0].Location = finding.Location{Path: "a'b/ü.env", StartLine: 3}
	image := run.Findings[0]
	image.Decision.Action = policy.Warn
	image.Message, image.Location = "old", finding.Location{Path: "etc/x", Image: "acme/app"}
	run.Findings = append(run.Findings, image)
	want := []string{
		"##teamcity[inspectionType id='r' name='r' description='secrets rule r' category='boltseal secrets']\n",
		"##teamcity[inspection typeId='r' message='it|'s |[a|] b||c' file='a|'b/|0x00fc.env' SEVERITY='ERROR' line='3']\n",
		"##teamcity[inspection typeId='r' message='old' file='acme/app:etc/x' SEVERITY='WARNING']\n",
		"##teamcity[buildProblem description='HEADLINE' identity='boltseal']\n",
		"##teamcity[publishArtifacts 'out => boltseal']\n",
	}
	got := onTeamCity(t, run, map[string]string{"html": "out/boltseal.html"})
	got[3] = regexp.MustCompile(`description='[^']+'`).ReplaceAllString(got[3], "description='HEADLINE'")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := onTeamCity(t, &report.Run{Verdict: policy.Verdict{Status: policy.Pass}}, nil); len(got) > 0 {
		t.Errorf("a pass says %q", got)
	}
}

// What is cut is cut as it is shown: spelled out, a byte can be four letters.
func TestTeamCityGetsShortTexts(t *testing.T) {
	run := blocked(strings.Repeat("\x00", 1500))
	run.Findings[0].Rule = strings.Repeat("x", 300)
	got := onTeamCity(t, run, nil)
	id, text := strings.Repeat("x", maxType-1)+"|0x2026", strings.Repeat(`\x00`, 249)+`\x0|0x2026`
	want := []string{
		"##teamcity[inspectionType id='" + id + "' name='" + id + "' description='secrets rule " + id + "' category='boltseal secrets']\n",
		"##teamcity[inspection typeId='" + id + "' message='" + text + "' file='",
	}
	for i, line := range want {
		if !strings.HasPrefix(got[i], line) {
			t.Errorf("got %q, want it to begin with %q", got[i], line)
		}
	}
}

var oneMessage = regexp.MustCompile(`^##teamcity\[[a-zA-Z]+( ([a-zA-Z]+=)?'([^|'\[\]\r\n]|\|[n r'|\[\]]|\|0x[0-9a-f]{4})*')+\]\n$`)

// No text becomes a message of its own.
func FuzzTeamCity(f *testing.F) {
	for _, s := range []string{"a']\n##teamcity[buildStatus status='SUCCESS']", "|", "|'", "|n", "\x00\u2028\U0001f512", "]", "##teamcity[x 'y']", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		run := blocked(s)
		run.Findings[0].Rule = s
		for _, line := range onTeamCity(t, run, nil) {
			if !oneMessage.MatchString(line) {
				t.Errorf("%q is not one message", line)
			}
		}
	})
}

func TestTeamCityGetsTheWorst(t *testing.T) {
	run := blocked("x")
	for i := range 700 {
		f := run.Findings[0]
		f.Rule = fmt.Sprint("r", i)
		run.Findings = append(run.Findings, f)
	}
	got := onTeamCity(t, run, nil)
	if len(got) != 1001 || !strings.Contains(got[1000], "201 more findings are in the reports") {
		t.Errorf("%d messages, the last %q", len(got), got[len(got)-1])
	}
}
