package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/boltseal/boltseal/internal/finding"
)

func TestOldAdvisories(t *testing.T) {
	usual := mustLoad(t, "rules: [{id: all, action: note}]\n")
	strict := mustLoad(t, "coverage: {max-db-age: 36h, on-stale-db: fail}\n")
	for name, test := range map[string]struct {
		policies []*Policy
		asOf     []string
		status   VerdictStatus
		reasons  []string
	}{
		"of today":          {[]*Policy{usual, strict}, []string{"2026-11-25T00:00:00Z"}, Pass, nil},
		"of the last day":   {[]*Policy{usual}, []string{"2026-11-20T12:00:00Z"}, Pass, nil},
		"too old":           {[]*Policy{usual}, []string{"2026-11-20T11:59:59Z"}, Pass, []string{"advisories are older than the 5 days that max-db-age allows: npm (5 days); boltseal db update fetches them"}},
		"one of two":        {[]*Policy{usual}, []string{"2026-11-25T00:00:00Z", "2026-01-01T00:00:00Z"}, Pass, []string{"advisories are older than the 5 days that max-db-age allows: Debian (328 days); boltseal db update fetches them"}},
		"too old for one":   {[]*Policy{usual, strict}, []string{"2026-11-23T00:00:00Z"}, None, []string{"advisories are older than the 36 hours that max-db-age allows: npm (2 days); boltseal db update fetches them"}},
		"of nobody knows":   {[]*Policy{usual}, []string{""}, Pass, nil},
		"the same, strict":  {[]*Policy{strict}, []string{""}, None, []string{"advisories are older than the 36 hours that max-db-age allows: npm (of unknown age); boltseal db update fetches them"}},
		"of tomorrow":       {[]*Policy{strict}, []string{"2026-11-26T11:00:00Z"}, Pass, nil},
		"of the far future": {[]*Policy{strict}, []string{"2027-11-26T11:00:00Z"}, None, []string{"advisories are older than the 36 hours that max-db-age allows: npm (dated in the future); boltseal db update fetches them"}},
		"none were asked":   {[]*Policy{strict}, nil, Pass, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Scans: []Scan{{Scanner: finding.Packages, Target: "dir:.", Status: finding.StatusOK}}}
			for i, asOf := range test.asOf {
				in.Advisories = append(in.Advisories, Advisories{Ecosystem: []string{"npm", "Debian"}[i], AsOf: asOf})
			}
			v, _ := Judge(test.policies, in, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
			if v.Status != test.status {
				t.Errorf("status %s, want %s", v.Status, test.status)
			}
			if diff := cmp.Diff(test.reasons, v.Reasons, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDatabasesOfSeveralPolicies(t *testing.T) {
	const a, b = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "sha256:ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	none := mustLoad(t, "")
	one := mustLoad(t, "coverage: {max-db-age: 9d, db-digest: \""+a+"\"}\n")
	both := mustLoad(t, "coverage: {max-db-age: 7d, db-digest: [\""+a+"\", \""+b+"\"]}\n")
	other := mustLoad(t, "coverage: {db-digest: \""+b+"\"}\n")
	for name, test := range map[string]struct {
		policies []*Policy
		digests  []string
		asked    bool
		age      time.Duration
	}{
		"no policy":       {nil, nil, false, 120 * time.Hour},
		"no digest":       {[]*Policy{none}, nil, false, 120 * time.Hour},
		"one":             {[]*Policy{none, one}, []string{a}, true, 120 * time.Hour},
		"what both allow": {[]*Policy{both, one}, []string{a}, true, 168 * time.Hour},
		"nothing is left": {[]*Policy{one, other}, nil, true, 120 * time.Hour},
	} {
		digests, asked := DBDigests(test.policies)
		if diff := cmp.Diff(test.digests, digests, cmpopts.EquateEmpty()); diff != "" || asked != test.asked {
			t.Errorf("%s: asked %v: %s", name, asked, diff)
		}
		if got := MaxDBAge(test.policies); got != test.age {
			t.Errorf("%s: %s, want %s", name, got, test.age)
		}
	}
}
