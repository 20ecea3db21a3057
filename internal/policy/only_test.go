package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// TestOnly: what a flag leaves out is warned of, whoever wanted it blocked; what nobody
// wants blocked is left alone.
func TestOnly(t *testing.T) {
	advisory := func(fixed []string, malware bool) Subject {
		return Subject{Finding: finding.Finding{Scanner: finding.Packages, Rule: "CVE-1", Severity: finding.High, Advisory: &finding.Advisory{Fixed: fixed, Malware: malware}}}
	}
	was := func(s Subject, isNew bool) Subject {
		s.New = &isNew
		return s
	}
	secret := Subject{Finding: finding.Finding{Scanner: finding.Secrets, Rule: "x", Severity: finding.High}}
	high := finding.High
	blocks := "version: 1\nrules: [{id: all, action: block}]\n"
	for name, tt := range map[string]struct {
		policy  string
		failOn  *finding.Severity
		only    Only
		subject Subject
		want    Action
		by      string
	}{
		"nothing is narrowed down":           {blocks, nil, Only{}, was(advisory(nil, false), false), Block, "all"},
		"no version mends it":                {blocks, nil, Only{Fixed: true}, advisory(nil, false), Warn, "only-fixed"},
		"a version mends it":                 {blocks, nil, Only{Fixed: true}, advisory([]string{"2"}, false), Block, "all"},
		"malware has no fix":                 {blocks, nil, Only{Fixed: true}, advisory(nil, true), Block, "all"},
		"a secret has no fixed version":      {blocks, nil, Only{Fixed: true}, secret, Block, "all"},
		"it was there before":                {blocks, nil, Only{New: true}, was(secret, false), Warn, "only-new"},
		"the change brings it":               {blocks, nil, Only{New: true}, was(secret, true), Block, "all"},
		"nothing was compared":               {blocks, nil, Only{New: true}, secret, Block, "all"},
		"new, and no version mends it":       {blocks, nil, Only{New: true, Fixed: true}, was(advisory(nil, false), true), Warn, "only-fixed"},
		"fail-on wanted it":                  {"version: 1\nrules: [{id: all, action: note}]\n", &high, Only{New: true}, was(secret, false), Warn, "only-new"},
		"a note is no warning because of it": {"version: 1\nrules: [{id: all, action: note}]\n", nil, Only{New: true}, was(secret, false), Note, "all"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load("p.yaml", []byte(tt.policy))
			if err != nil {
				t.Fatal(err)
			}
			in := Input{Subjects: []Subject{tt.subject}, FailOn: tt.failOn, Only: tt.only}
			now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			v, got := Judge([]*Policy{p}, in, now)
			if got[0].Action != tt.want || got[0].By != tt.by && got[0].By != "rule "+tt.by {
				t.Errorf("%+v", got[0])
			}
			if (v.Blocked > 0) != (tt.want == Block) {
				t.Errorf("the verdict counts %d that block", v.Blocked)
			}
			said := slices.ContainsFunc(v.Reasons, func(r string) bool { return strings.HasPrefix(r, "--only-") })
			if spared := strings.HasPrefix(tt.by, "only-"); said != spared {
				t.Errorf("the verdict says %q", v.Reasons)
			}
			if e := Explain([]*Policy{p}, in, 0, now); e.Decision != got[0] {
				t.Errorf("explained as %+v", e.Decision)
			}
		})
	}
}
