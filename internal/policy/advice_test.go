package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAdvice(t *testing.T) {
	p := mustLoad(t, `limits: {exception-max-age: {critical: 200d, low: 365d}}
rules:
  - {id: a, scanner: [secrets, packages], action: warn}
  - {id: b, scanner: secrets, when: {new: true}, action: block}
  - {id: c, scanner: [secrets, dockerfile], action: block}
  - {id: d, rule: DL3008, action: block}
  - {id: e, action: note}
  - {id: f, rule: x, action: block}
`+excepting("{match: {rule: a}, expires: 2026-05-01}", "{match: {rule: b}, expires: 2026-02-01}", "{match: {rule: c}, expires: 2026-10-05}", "{match: {rule: d}, expires: 2026-12-31}")+
		"  - {match: {rule: e}, reason: r, owner: o, approved-by: a, created: 2026-12-01, expires: 2026-12-31}\n")
	want := []string{
		".boltseal.yaml:5: rule b never matches: rule a on line 4 takes all that it could",
		".boltseal.yaml:9: rule f never matches: rule e on line 8 takes all that it could",
		".boltseal.yaml:11: exception 1 (a, owner @acme) expired on 2026-05-01",
		".boltseal.yaml:12: exception 2 (b, owner @acme) expired on 2026-02-01",
		".boltseal.yaml:13: exception 3 (c, owner @acme) expires on 2026-10-05",
		".boltseal.yaml:13: exception 3 (c, owner @acme) ends on 2026-07-20 for severity critical: limits.exception-max-age allows 200 days",
		".boltseal.yaml:14: exception 4 (d, owner @acme) ends on 2026-07-20 for severity critical: limits.exception-max-age allows 200 days",
		".boltseal.yaml:15: exception 5 (e, owner o) holds from 2026-12-01 only",
	}
	if diff := cmp.Diff(want, p.Advice(today)); diff != "" {
		t.Error(diff)
	}
	if advice := Default().Advice(today); len(advice) > 0 {
		t.Error(advice)
	}
}
