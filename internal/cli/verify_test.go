package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

func TestDoubts(t *testing.T) {
	day := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	pol, err := policy.Load("p.yaml", []byte("version: 1\ncoverage: {require: [packages], max-db-age: 5d, on-stale-db: fail}\nlimits: {on-unmatched: fail}\n"+
		"exceptions: [{match: {cve: CVE-2026-1}, reason: x, owner: \"@a\", approved-by: \"@b\", created: 2026-11-20, expires: 2026-12-01}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*report.EvidencePredicate)
		want   string // "" for holds
	}{
		"as it was made":          {func(*report.EvidencePredicate) {}, ""},
		"its last day":            {func(p *report.EvidencePredicate) { p.HoldsUntil = "2026-11-25" }, ""},
		"the day after":           {func(p *report.EvidencePredicate) { p.HoldsUntil = "2026-11-24" }, "ended on 2026-11-24"},
		"a day that is none":      {func(p *report.EvidencePredicate) { p.HoldsUntil = "never" }, "ended on never"},
		"made tomorrow":           {func(p *report.EvidencePredicate) { p.Judged.On = "2026-11-26" }, "is to come"},
		"made on no day":          {func(p *report.EvidencePredicate) { p.Judged.On = "" }, "on which day"},
		"a block":                 {func(p *report.EvidencePredicate) { p.Verdict.Status, p.Verdict.Blocked = policy.Blocked, 1 }, "no pass: blocked"},
		"a block that was waived": {func(p *report.EvidencePredicate) { p.Verdict.Blocked = 1 }, "no pass"},
		"no verdict":              {func(p *report.EvidencePredicate) { p.Verdict.Status = policy.None }, "no pass: none"},
		"another policy":          {func(p *report.EvidencePredicate) { p.Policies[0].Digest = "sha256:00" }, "did not judge it"},
		"a part of it":            {func(p *report.EvidencePredicate) { p.Policies[0].Targets = []string{"dir:b"} }, "did not judge dir:a"},
		"half a scan":             {func(p *report.EvidencePredicate) { p.Scans[0].Status = finding.StatusPartial }, "packages"},
		"no scan":                 {func(p *report.EvidencePredicate) { p.Scans = nil }, "packages"},
		"old advisories":          {func(p *report.EvidencePredicate) { p.Database.Sources[0].AsOf = "2026-11-01T00:00:00Z" }, "npm (24 days)"},
		"an old list of KEV":      {func(p *report.EvidencePredicate) { p.Database.KEVAsOf = "2026-11-01T00:00:00Z" }, "KEV (24 days)"},
		"no list of KEV":          {func(p *report.EvidencePredicate) { p.Database.KEV, p.Database.KEVAsOf = "", "" }, "KEV (not there)"},
		"a report that failed":    {func(p *report.EvidencePredicate) { p.Judged.Failures = []string{"writing x"} }, "writing x"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &report.Evidence{
				Subject: []report.EvidenceSubject{{Name: "app", Digest: map[string]string{"sha256": "aa"}}},
				Predicate: report.EvidencePredicate{
					Verdict: policy.Verdict{Status: policy.Pass}, Judged: report.Judged{On: "2026-11-24"}, Policies: []report.Policy{{Path: "p.yaml", Digest: pol.Digest}},
					Scans:    []report.EvidenceScan{{Scanner: finding.Packages, Target: "dir:a", Status: finding.StatusOK}},
					Database: &report.Database{KEV: "2026-11-20", KEVAsOf: "2026-11-24T00:00:00Z", Sources: []report.DatabaseSource{{Ecosystem: "npm", AsOf: "2026-11-24T00:00:00Z", Records: 1}}},
				},
			}
			test.change(&e.Predicate)
			got := strings.Join(doubts(e, []*policy.Policy{pol}, []string{"sha256:aa"}, day), "; ")
			if strings.Contains(got, "matches nothing") {
				t.Errorf("there are no findings to match: %s", got)
			}
			if got != "" != (test.want != "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestEvidenceIsAboutWhatWasAsked(t *testing.T) {
	s := report.EvidenceSubject{Digest: map[string]string{"sha256": "aa", "gitCommit": "bb"}}
	for digest, want := range map[string]bool{"sha256:aa": true, "bb": true, "gitCommit:bb": true, "aa": false, "sha256:bb": false, "sha512:aa": false, "sha256:": false, "": false, "sha256": false} {
		if s.Is(digest) != want {
			t.Errorf("%q: %v", digest, !want)
		}
	}
}
