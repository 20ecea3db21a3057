package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
)

// lacking are runs of which every scan ended well and which are no whole ones.
func lacking() map[string]*Run {
	shard, lost := ofAll(1), ofAll(1)
	shard.Shard = &Shard{Index: 2, Of: 3, Plan: "sha256:0"}
	lost.Judged.Failures = []string{"shard 3 of 3 is missing"}
	return map[string]*Run{"shard 2 of 3": shard, "shard 3 of 3 is missing": lost}
}

func TestWhatLacksSomethingIsNoSuccess(t *testing.T) {
	for why, run := range lacking() {
		t.Run(why, func(t *testing.T) {
			for format := range glSchemas {
				out := glRead(t, format, run)
				if out.Scan.Status != "failure" || len(out.Scan.Messages) != 1 || !strings.Contains(out.Scan.Messages[0].Value, why) || len(out.Vulnerabilities) == 0 {
					t.Errorf("%s: %+v", format, out.Scan)
				}
			}
			for _, r := range readSARIF(t, run).Runs {
				told := r.Invocations[0].ToolExecutionNotifications
				if r.Invocations[0].ExecutionSuccessful || !strings.Contains(told[len(told)-1].Message.Text, why) || len(r.Results) == 0 {
					t.Errorf("%s: %+v", r.AutomationDetails.ID, r.Invocations)
				}
			}
			if parts, held := SARIFParts(run); len(parts) != 0 || len(held) != 1 || !strings.Contains(held[0], why) {
				t.Errorf("%d parts, held back: %q", len(parts), held)
			}
			if s, err := softwareOf(run); err != nil || s.targets[0].complete {
				t.Errorf("the list of software is complete, %v", err)
			}
			for _, s := range controlScans(run) {
				if s.Status != finding.StatusPartial {
					t.Errorf("for controls %s is %s", s.Scanner, s.Status)
				}
			}
		})
	}
	for _, r := range readSARIF(t, ofAll(1)).Runs {
		if !r.Invocations[0].ExecutionSuccessful {
			t.Errorf("%s of a whole run: %+v", r.AutomationDetails.ID, r.Invocations)
		}
	}
}

func TestALostPartIsAnIssueAndAShardIsNone(t *testing.T) {
	issues := func(run *Run) (n int) {
		var all []issue
		if err := json.Unmarshal(write(t, "gitlab-codequality", run, Options{}), &all); err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			if i.CheckName == "scan/failed" && i.Severity == "blocker" {
				n++
			}
		}
		return n
	}
	runs := lacking()
	if got := issues(runs["shard 3 of 3 is missing"]); got != 1 {
		t.Errorf("of a lost part: %d issues", got)
	}
	if got := issues(runs["shard 2 of 3"]); got != 0 {
		t.Errorf("of a shard: %d issues", got)
	}
}
