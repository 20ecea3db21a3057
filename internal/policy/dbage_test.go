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

// TestOldLists holds that KEV and EPSS are as old as advisories may be where the policy
// asks them, and nowhere else.
func TestOldLists(t *testing.T) {
	const strict = "coverage: {on-stale-db: fail}\n"
	asks := map[string]string{
		"nothing":            "rules: [{id: all, action: note}]\n",
		"kev":                "rules: [{id: a, when: {kev: true}, action: block}]\n",
		"no kev":             "rules: [{id: a, when: {kev: false}, action: note}]\n",
		"kev in cel":         "rules: [{id: a, cel: \"finding.advisory.kev && finding.new\", action: block}, {id: all, action: note}]\n",
		"a longer word":      "rules: [{id: a, cel: \"finding.rule == 'kevlar' || finding.rule == 'my_epss'\", action: block}, {id: all, action: note}]\n",
		"a scope":            "rules: [{id: all, action: note}]\nscopes: [{paths: [\"a/**\"], action-max: warn}]\n",
		"epss":               "rules: [{id: a, when: {epss: \">=0.1\"}, action: block}]\n",
		"epss in cel":        "rules: [{id: a, cel: \"finding.advisory.epss > 0.1\", action: block}, {id: all, action: note}]\n",
		"both, and to fail":  strict + "rules: [{id: a, when: {kev: true, epss: \">=0.1\"}, action: block}]\n",
		"nothing, to fail":   strict + "rules: [{id: all, action: note}]\n",
		"some, then nothing": "rules: [{id: a, scanner: packages, action: warn}, {id: b, when: {kev: true}, action: block}]\n",
		"in another event":   "rules: [{id: a, when: {kev: true, event: schedule}, action: block}, {id: all, action: note}]\n",
		"of secrets":         "rules: [{id: a, scanner: secrets, cel: \"finding.advisory.kev\", action: block}, {id: all, action: note}]\n",
		"some":               "rules: [{id: a, when: {severity: \">=high\"}, action: warn}]\n",
	}
	const old, young, far = "2026-11-01T00:00:00Z", "2026-11-25T00:00:00Z", "2027-11-25T00:00:00Z"
	both := func(kev, epss string) []List { return []List{{ListKEV, true, kev}, {ListEPSS, true, epss}} }
	none := []List{{Name: ListKEV}, {Name: ListEPSS}}
	for name, test := range map[string]struct {
		asks  string
		lists []List
		want  string // of what is too old, empty for nothing
		fails bool
	}{
		"nothing is asked of old lists":      {"nothing", both(old, old), "", false},
		"a rule asks KEV":                    {"kev", both(old, old), "KEV (24 days)", false},
		"a rule asks what is not in KEV":     {"no kev", both(old, old), "KEV (24 days)", false},
		"KEV is young":                       {"kev", both(young, old), "", false},
		"an expression asks KEV":             {"kev in cel", both(old, old), "KEV (24 days)", false},
		"an expression has a longer word":    {"a longer word", both(old, old), "", false},
		"a scope leaves the exploited alone": {"a scope", both(old, old), "KEV (24 days)", false},
		"a rule asks EPSS":                   {"epss", both(young, old), "EPSS (24 days)", false},
		"an expression asks EPSS":            {"epss in cel", both(old, old), "EPSS (24 days)", false},
		"a rule that is never reached asks":  {"some, then nothing", both(old, old), "", false},
		"a rule for another event asks":      {"in another event", both(old, old), "", false},
		"a rule about secrets asks":          {"of secrets", both(old, old), "", false},
		"the rules behind the policy's ask":  {"some", both(old, old), "KEV (24 days)", false},
		"the built-in policy asks KEV":       {"what is built in", both(old, old), "KEV (24 days)", false},
		"both are old, which fails":          {"both, and to fail", both(old, old), "KEV (24 days), EPSS (24 days)", true},
		"a list of the future":               {"kev", both(far, far), "KEV (dated in the future)", false},
		"of unknown age":                     {"kev", both("", ""), "", false},
		"of unknown age, which fails":        {"both, and to fail", both("", young), "KEV (of unknown age)", true},
		"there are none":                     {"kev", none, "", false},
		"there are none, which fails":        {"both, and to fail", none, "KEV (not there), EPSS (not there)", true},
		"there are none, and none are asked": {"nothing, to fail", none, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{
				Scans:      []Scan{{Scanner: finding.Packages, Target: "dir:.", Status: finding.StatusOK}},
				Advisories: []Advisories{{"npm", young}}, Lists: test.lists,
			}
			p := Default()
			if text, ok := asks[test.asks]; ok {
				p = mustLoad(t, text)
			}
			v, _ := Judge([]*Policy{p}, in, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
			var want []string
			if test.want != "" {
				want = []string{"advisories are older than the 5 days that max-db-age allows: " + test.want + "; boltseal db update fetches them"}
			}
			if diff := cmp.Diff(want, v.Reasons, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if fails := v.Status == None; fails != test.fails {
				t.Errorf("status %s", v.Status)
			}
			in.Scans[0].Scanner = finding.Secrets
			if v, _ := Judge([]*Policy{p}, in, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)); len(v.Reasons) > 0 {
				t.Errorf("without packages: %q", v.Reasons)
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
