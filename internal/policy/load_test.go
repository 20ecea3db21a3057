package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/vex"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// full uses every key that is read.
const full = `version: 1
severity: {unknown: high}
coverage: {require: [secrets, packages], platforms: [linux/amd64, linux/arm/v7], on-scanner-error: warn, on-partial: warn, on-nothing-scanned: warn, max-db-age: 36h, on-stale-db: fail, db-digest: "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}
limits: {exception-max-age: {critical: 14d, high: 30d}, on-expired: warn, on-unmatched: fail}
trust: {head-may: nothing, native-ignores: count, branches: ["release/*"], may-set: [only-fixed]}
new: {compare-to: baseline, baseline: .boltseal-baseline}
targets: {exclude: ["testdata/**"], trusted-bases: ["debian:1?-slim", "ghcr.io/acme/**@sha256:*"], signed-bases: true}
vex: {files: security/vex.json, products: ["Acme App"]}
relaxable: [rest, fixable]
rules:
  - id: all
    scanner: [packages, secrets]
    rule: CVE-2026-*
    when:
      severity: [">=high", low, unknown]
      rule: ["DL30*", "image/**"]
      path: "services/{api,web}/**"
      image: registry.example.com/**
      package: pkg:deb/debian/*
      fix: available
      new: true
      kev: false
      malware: false
      epss: ">=0.25"
    action: block
    message: |
      told
      at length
  - {id: rest, action: note}
  - {id: bases, rule: image/untrusted-base, action: warn, until: 2026-12-31, then: block, message: "{rule} in {path}"}
  - {id: old, scanner: packages, when: {origin: base, published: ">=30d", event: [push, schedule], environment: prod}, cel: 'finding.package.name == "openssl"', action: block, grace: {since: published, for: {critical: 7d}}}
scopes:
  - {paths: "examples/**", images: app, rules: "DL*", packages: "pkg:npm/**", scanners: [secrets], kev: true, malware: true, action-max: note}
tests:
  - {name: old ones, finding: {scanner: packages, severity: high, rule: CVE-1-1, cve: GHSA-aaaa-bbbb-cccc, path: go.mod, image: app, package: "pkg:npm/a@1", fix: available, new: false, kev: true, malware: true, epss: 0.5, origin: base, published: 2026-01-02, fingerprint: "v1:00112233445566778899aabbccddeeff"}, event: push, environment: prod, default-branch: true, on: 2026-02-03, expect: block}
exceptions:
  - match: {cve: [CVE-2026-12345, GHSA-aaaa-bbbb-cccc], purl: "pkg:npm/@scope/name", rule: X, path: "a/**", image: app, fingerprint: "v1:00112233445566778899aabbccddeeff#2"}
    reason: not reached
    owner: "@acme/platform"
    approved-by: "@acme/appsec"
    created: 2026-09-01
    expires: "2026-10-15"
    vex: {status: not_affected, justification: component_not_present}
`

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func ptr[T any](v T) *T { return new(v) }

func TestLoad(t *testing.T) {
	got, err := Load("p.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		Path: "p.yaml", Digest: "sha256:…",
		Unknown:  finding.High,
		Coverage: Coverage{Require: []string{"secrets", "packages"}, Platforms: []string{"linux/amd64", "linux/arm/v7"}, OnScannerError: "warn", OnPartial: "warn", OnNothingScanned: "warn", MaxDBAge: 36 * time.Hour, OnStaleDB: "fail", DBDigests: []string{"sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}},
		Rules: []Rule{
			{
				ID: "all", Scanners: []string{"packages", "secrets"}, Rules: []string{"CVE-2026-*"}, Action: Block, Message: "told at length", Line: 11,
				When: When{
					Severities: []SeverityMatch{{finding.High, true}, {finding.Low, false}, {finding.Unknown, false}},
					Rules:      []string{"DL30*", "image/**"}, Paths: []string{"services/{api,web}/**"}, Images: []string{"registry.example.com/**"},
					Packages: []string{"pkg:deb/debian/*"}, Fix: FixAvailable,
					New: new(true), KEV: new(false), Malware: new(false), EPSS: new(0.25),
				},
			},
			{ID: "rest", Action: Note, Line: 29},
			{ID: "bases", Rules: []string{"image/untrusted-base"}, Action: Warn, Until: date(2026, 12, 31), Then: Block, Message: "{rule} in {path}", Line: 30},
			{
				ID: "old", Scanners: []string{"packages"}, Action: Block, Grace: &Grace{For: Days{finding.Critical: 7}}, Line: 31,
				CEL:  `finding.package.name == "openssl"`,
				When: When{Origin: OriginBase, Published: &Age{Days: 30}, Events: []string{"push", "schedule"}, Environments: []string{"prod"}},
			},
		},
		Scopes: []Scope{{
			Paths: []string{"examples/**"}, Images: []string{"app"}, Rules: []string{"DL*"}, Packages: []string{"pkg:npm/**"}, Scanners: []string{"secrets"},
			KEV: true, Malware: true, ActionMax: Note, Line: 33,
		}},
		Exclude: []string{"testdata/**"}, TrustedBases: []string{"debian:1?-slim", "ghcr.io/acme/**@sha256:*"}, SignedBases: true,
		Limits:   Limits{ExceptionMaxAge: Days{finding.Critical: 14, finding.High: 30}, OnExpired: WarnOfIt, OnUnmatched: Fail},
		Trust:    Trust{HeadMay: HeadIgnored, NativeIgnores: Count, Branches: []string{"release/*"}, MaySet: []string{"only-fixed"}},
		New:      Comparison{To: ToBaseline, Baseline: ".boltseal-baseline"},
		VEXFiles: []string{"security/vex.json"}, Products: []string{"Acme App"}, Relaxable: []string{"rest", "fixable"},
		Tests: []Test{{
			Name: "old ones", Event: Push, Environment: "prod", DefaultBranch: true, On: date(2026, 2, 3), Expect: Block, Line: 35,
			Finding: Example{
				Scanner: "packages", Rule: "CVE-1-1", Severity: finding.High, CVEs: []string{"GHSA-aaaa-bbbb-cccc"}, Path: "go.mod", Image: "app", Package: "pkg:npm/a@1",
				Fix: true, KEV: true, Malware: true, New: new(false), EPSS: 0.5, Origin: OriginBase, Published: date(2026, 1, 2),
				Fingerprint: "v1:00112233445566778899aabbccddeeff",
			},
		}},
		Exceptions: []Exception{{
			Match: Match{
				CVEs: []string{"CVE-2026-12345", "GHSA-aaaa-bbbb-cccc"}, PURLs: []string{"pkg:npm/@scope/name"}, Rules: []string{"X"},
				Paths: []string{"a/**"}, Images: []string{"app"}, Fingerprints: []string{"v1:00112233445566778899aabbccddeeff#2"},
			},
			Reason: "not reached", Owner: "@acme/platform", ApprovedBy: "@acme/appsec",
			Created: date(2026, 9, 1), Expires: date(2026, 10, 15), Line: 37,
			VEX: &Claim{Status: vex.NotAffected, Justification: "component_not_present"},
		}},
	}
	if len(got.Digest) != len("sha256:")+64 {
		t.Errorf("digest %q", got.Digest)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Policy{}), cmpopts.IgnoreFields(Policy{}, "Digest")); diff != "" {
		t.Error(diff)
	}
}

func TestTheLeastPolicyIsOneLine(t *testing.T) {
	got, err := Load("p.yaml", []byte("version: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{
		Path: "p.yaml", Unknown: finding.Medium, Coverage: Coverage{OnScannerError: Fail, OnPartial: Fail, OnNothingScanned: Fail, MaxDBAge: 120 * time.Hour, OnStaleDB: WarnOfIt},
		Limits: Limits{OnExpired: Fail, OnUnmatched: WarnOfIt}, Trust: Trust{HeadMay: HeadTightens, NativeIgnores: Honour}, New: Comparison{To: ToMergeBase},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Policy{}), cmpopts.IgnoreFields(Policy{}, "Digest")); diff != "" {
		t.Error(diff)
	}
}

// exception is one that loads, with a line replaced.
func exceptionYAML(old, changed string) string {
	const text = `version: 1
exceptions:
  - match: {cve: CVE-2026-12345}
    reason: not reached
    owner: "@acme"
    approved-by: "@appsec"
    created: 2026-09-01
    expires: 2026-10-15
`
	return strings.Replace(text, old, changed, 1)
}

func ruleYAML(rule string) string { return "version: 1\nrules:\n  - " + rule + "\n" }

var loadErrors = map[string]struct{ data, want string }{
	"an empty file": {"", "p.yaml:1:1: the file is empty"},
	"no version":    {"rules: [{id: a, action: warn}]\n", "p.yaml:1:1: policy needs \"version\"\n  1 | rules: [{id: a, action: warn}]\n    | ^"},
	"a version to come": {
		"version: 2\nroles: []\n",
		"p.yaml:1:10: version 2 is not known\n  1 | version: 2\n    |          ^\n  this boltseal reads version 1: write \"version: 1\" or take a newer one",
	},
	"version 0":                 {"version: 0\n", "p.yaml:1:10: version 0 is not known\n  1 | version: 0\n    |          ^\n  this boltseal reads version 1: write \"version: 1\" or take a newer one"},
	"a version in quotes":       {"version: \"1\"\n", "p.yaml:1:10: want a whole number, got \"1\"\n  1 | version: \"1\"\n    |          ^"},
	"a list":                    {"- version: 1\n", "p.yaml:1:1: policy: want a mapping, got a list\n  1 | - version: 1\n    | ^"},
	"a mistyped key":            {"version: 1\nrulse: []\n", "p.yaml:2:1: unknown key \"rulse\" in policy\n  2 | rulse: []\n    | ^\n  did you mean \"rules\"?"},
	"a key like none":           {"version: 1\nfoo: 1\n", "p.yaml:2:1: unknown key \"foo\" in policy\n  2 | foo: 1\n    | ^\n  known are version, rules, exceptions, coverage, severity, dockerfile, scopes, limits, trust, new, targets, vex, tests, relaxable, extends, compliance, report"},
	"a base that is an address": {"version: 1\ntargets: {trusted-bases: \"https://x/y\"}\n", "p.yaml:2:26: \"https://x/y\" is no base\n  2 | targets: {trusted-bases: \"https://x/y\"}\n    |                          ^\n  write it as FROM does: debian:12, ghcr.io/acme/**, or with @sha256:…"},
	"a base with a bad glob":    {"version: 1\ntargets: {trusted-bases: [\"debian:[\"]}\n", "p.yaml:2:27: base \"debian:[\" is malformed: a bracket or brace is not closed, or the last backslash escapes nothing\n  2 | targets: {trusted-bases: [\"debian:[\"]}\n    |                           ^"},
	"a key twice":               {"version: 1\nversion: 1\n", "p.yaml:2:1: key \"version\" comes twice, first on line 1\n  2 | version: 1\n    | ^\n  keep one of them"},
	"no rules":                  {"version: 1\nrules: []\n", "p.yaml:2:8: the list is empty\n  2 | rules: []\n    |        ^\n  leave the key out"},
	"rules that are none":       {"version: 1\nrules: {id: a}\n", "p.yaml:2:8: want a list, got a mapping\n  2 | rules: {id: a}\n    |        ^"},
	"rules left blank":          {"version: 1\nrules:\n", "p.yaml:2:7: want a list, got nothing\n  2 | rules:\n    |       ^"},
	"two faults": {
		ruleYAML("{id: a, when: {sevrity: high}, action: bolck}"),
		`p.yaml:3:20: unknown key "sevrity" in when
  3 |   - {id: a, when: {sevrity: high}, action: bolck}
    |                    ^
  did you mean "severity"?
p.yaml:3:44: "bolck" is not one of block, warn, note
  3 |   - {id: a, when: {sevrity: high}, action: bolck}
    |                                            ^
  did you mean "block"?`,
	},
	"a rule without id and action": {ruleYAML("{scanner: secrets}"), "p.yaml:3:5: rule needs \"id\", \"action\"\n  3 |   - {scanner: secrets}\n    |     ^"},
	"a rule id twice": {
		"version: 1\nrules:\n  - {id: a, action: warn}\n  - {id: a, action: block}\n",
		"p.yaml:4:5: rule id \"a\" comes twice, first on line 3\n  4 |   - {id: a, action: block}\n    |     ^\n  give each rule an id of its own",
	},
	"a rule id with a space": {ruleYAML("{id: a b, action: warn}"), "p.yaml:3:10: rule id \"a b\" cannot be used\n  3 |   - {id: a b, action: warn}\n    |          ^\n  use letters, digits, '-', '_' and '.', 64 at most"},
	"a rule that accepts":    {ruleYAML("{id: a, action: ignore}"), "p.yaml:3:21: a rule cannot ignore\n  3 |   - {id: a, action: ignore}\n    |                     ^\n  use note; what is accepted goes under \"exceptions\""},
	"a condition outside of when": {
		ruleYAML("{id: a, severity: high, action: warn}"),
		"p.yaml:3:13: key \"severity\" does not belong in rule\n  3 |   - {id: a, severity: high, action: warn}\n    |             ^\n  it goes under \"when\"",
	},
	"an empty when":          {ruleYAML("{id: a, when: {}, action: warn}"), "p.yaml:3:19: when is empty\n  3 |   - {id: a, when: {}, action: warn}\n    |                   ^\n  leave the key out for a rule that always matches"},
	"a blank when":           {ruleYAML("{id: a, when: , action: warn}"), "p.yaml:3:19: when: want a mapping, got nothing\n  3 |   - {id: a, when: , action: warn}\n    |                   ^"},
	"a scanner mistyped":     {ruleYAML("{id: a, scanner: secret, action: warn}"), "p.yaml:3:22: \"secret\" is not one of secrets, dockerfile, packages, imageconfig\n  3 |   - {id: a, scanner: secret, action: warn}\n    |                      ^\n  did you mean \"secrets\"?"},
	"a scanner to come":      {ruleYAML("{id: a, scanner: pipeline, action: warn}"), "p.yaml:3:22: scanner pipeline is not supported yet\n  3 |   - {id: a, scanner: pipeline, action: warn}\n    |                      ^\n  take it out: it would not be obeyed"},
	"a severity mistyped":    {ruleYAML("{id: a, when: {severity: hihg}, action: warn}"), "p.yaml:3:30: \"hihg\" is not one of critical, high, medium, low, info, unknown\n  3 |   - {id: a, when: {severity: hihg}, action: warn}\n    |                              ^\n  did you mean \"high\"?"},
	"a severity below":       {ruleYAML(`{id: a, when: {severity: "<=high"}, action: warn}`), "p.yaml:3:30: severity \"<=high\" cannot be read\n  3 |   - {id: a, when: {severity: \"<=high\"}, action: warn}\n    |                              ^\n  write high for exactly high, \">=high\" for that and above, or a list"},
	"unknown or worse":       {ruleYAML(`{id: a, when: {severity: ">=unknown"}, action: warn}`), "p.yaml:3:30: severity \">=unknown\" has no order: unknown compares as severity.unknown says\n  3 |   - {id: a, when: {severity: \">=unknown\"}, action: warn}\n    |                              ^\n  leave the key out for every severity"},
	"a truth value as text":  {ruleYAML(`{id: a, when: {kev: "true"}, action: warn}`), "p.yaml:3:25: want true or false, got \"true\"\n  3 |   - {id: a, when: {kev: \"true\"}, action: warn}\n    |                         ^"},
	"an EPSS without bound":  {ruleYAML("{id: a, when: {epss: 0.5}, action: warn}"), "p.yaml:3:26: epss wants a bound between 0 and 1\n  3 |   - {id: a, when: {epss: 0.5}, action: warn}\n    |                          ^\n  write the least probability, as \">=0.1\""},
	"an EPSS in percent":     {ruleYAML(`{id: a, when: {epss: ">=50"}, action: warn}`), "p.yaml:3:26: epss wants a bound between 0 and 1\n  3 |   - {id: a, when: {epss: \">=50\"}, action: warn}\n    |                          ^\n  write the least probability, as \">=0.1\""},
	"a fix of some sort":     {ruleYAML("{id: a, when: {fix: maybe}, action: warn}"), "p.yaml:3:25: \"maybe\" is not one of available, none\n  3 |   - {id: a, when: {fix: maybe}, action: warn}\n    |                         ^"},
	"an absolute path":       {ruleYAML(`{id: a, when: {path: "/src/**"}, action: warn}`), "p.yaml:3:26: path \"/src/**\" matches nothing\n  3 |   - {id: a, when: {path: \"/src/**\"}, action: warn}\n    |                          ^\n  paths start at the repository's root, without a slash: \"src/**\""},
	"a folder":               {ruleYAML("{id: a, when: {path: src/}, action: warn}"), "p.yaml:3:26: path \"src/\" matches nothing: it ends in a slash\n  3 |   - {id: a, when: {path: src/}, action: warn}\n    |                          ^\n  for everything below it write \"src/**\""},
	"a path outside":         {ruleYAML("{id: a, when: {path: a/../../b}, action: warn}"), "p.yaml:3:26: path \"a/../../b\" matches nothing\n  3 |   - {id: a, when: {path: a/../../b}, action: warn}\n    |                          ^\n  paths start at the repository's root"},
	"an open bracket":        {ruleYAML(`{id: a, when: {path: "a[b"}, action: warn}`), "p.yaml:3:26: pattern \"a[b\" is malformed: a bracket or brace is not closed, or the last backslash escapes nothing\n  3 |   - {id: a, when: {path: \"a[b\"}, action: warn}\n    |                          ^"},
	"a pattern that costs":   {ruleYAML(`{id: a, when: {path: "{a,b}{a,b}{a,b}"}, action: warn}`), "p.yaml:3:26: pattern \"{a,b}{a,b}{a,b}\" has more than 2 groups in braces\n  3 |   - {id: a, when: {path: \"{a,b}{a,b}{a,b}\"}, action: warn}\n    |                          ^"},
	"an image with a tag":    {ruleYAML(`{id: a, when: {image: "localhost:5000/app:1.2"}, action: warn}`), "p.yaml:3:27: image \"localhost:5000/app:1.2\" has a tag or digest: images are known by their names\n  3 |   - {id: a, when: {image: \"localhost:5000/app:1.2\"}, action: warn}\n    |                           ^\n  write the name alone"},
	"a package's plain name": {ruleYAML("{id: a, when: {package: openssl}, action: warn}"), "p.yaml:3:29: \"openssl\" is no package URL\n  3 |   - {id: a, when: {package: openssl}, action: warn}\n    |                             ^\n  write a package URL, as \"pkg:npm/lodash\" or \"pkg:deb/debian/*\""},
	"a long message":         {ruleYAML("{id: a, action: warn, message: " + strings.Repeat("x", 1001) + "}"), "p.yaml:3:36: the text has 1001 characters, more than the 1000 allowed\n  3 |   - {id: a, action: warn, message: ………………………………………………………………………………………………………………\n    |                                    ^"},
	"an age without unit":    {"version: 1\ncoverage: {max-db-age: 5}\n", "p.yaml:2:24: \"5\" is no age\n  2 | coverage: {max-db-age: 5}\n    |                        ^\n  write days or hours, as 5d or 36h"},
	"a digest cut off":       {"version: 1\ncoverage: {db-digest: \"sha256:00\"}\n", "p.yaml:2:23: \"sha256:00\" is no digest\n  2 | coverage: {db-digest: \"sha256:00\"}\n    |                       ^\n  boltseal db status prints it: sha256: and 64 hexadecimal digits"},
	"a coverage mistyped":    {"version: 1\ncoverage: {on-partial: ignore}\n", "p.yaml:2:24: \"ignore\" is not one of fail, warn\n  2 | coverage: {on-partial: ignore}\n    |                        ^"},
	"unknown is unknown":     {"version: 1\nseverity: {unknown: unknown}\n", "p.yaml:2:21: \"unknown\" is not one of critical, high, medium, low, info\n  2 | severity: {unknown: unknown}\n    |                     ^"},

	"grace for what is new":        {ruleYAML("{id: a, when: {new: true}, action: block, grace: {since: published, for: 7d}}"), "p.yaml:3:54: grace holds back what was published about a package that was there before: what is new has none\n  3 | …… {new: true}, action: block, grace: {since: published, for: 7d}}\n    |                                       ^\n  take \"new: true\" or the grace out"},
	"grace without a block":        {ruleYAML("{id: a, action: warn, grace: {since: published, for: 7d}}"), "p.yaml:3:34: grace holds back a block, and the action is warn\n  3 |   - {id: a, action: warn, grace: {since: published, for: 7d}}\n    |                                  ^"},
	"grace without end":            {ruleYAML("{id: a, action: block, grace: {since: published, for: 7}}"), "p.yaml:3:59: a number of days is wanted here\n  3 |   - {id: a, action: block, grace: {since: published, for: 7}}\n    |                                                           ^\n  write days, as 14d, at most 3660d"},
	"grace for no severity":        {ruleYAML("{id: a, action: block, grace: {since: published, for: {hihg: 7d}}}"), "p.yaml:3:60: unknown key \"hihg\" in days by severity\n  3 |   - {id: a, action: block, grace: {since: published, for: {hihg: 7d}}}\n    |                                                            ^\n  did you mean \"high\"?"},
	"until without then":           {ruleYAML("{id: a, action: warn, until: 2026-12-31}"), "p.yaml:3:34: the rule does not say what is done after 2026-12-31\n  3 |   - {id: a, action: warn, until: 2026-12-31}\n    |                                  ^\n  add \"then: block\""},
	"then without until":           {ruleYAML("{id: a, action: warn, then: block}"), "p.yaml:3:33: the rule does not say from when on\n  3 |   - {id: a, action: warn, then: block}\n    |                                 ^\n  add \"until: YYYY-MM-DD\""},
	"then as before":               {ruleYAML("{id: a, action: warn, until: 2026-12-31, then: warn}"), "p.yaml:3:52: then is what the action is already\n  3 |   - {id: a, action: warn, until: 2026-12-31, then: warn}\n    |                                                    ^"},
	"an age without bound":         {ruleYAML("{id: a, when: {published: 7d}, action: warn}"), "p.yaml:3:31: published wants a bound in days\n  3 |   - {id: a, when: {published: 7d}, action: warn}\n    |                               ^\n  write \"<7d\" for what was published within the last 7 days, \">=7d\" for what is older"},
	"an event mistyped":            {ruleYAML("{id: a, when: {event: pusch}, action: warn}"), "p.yaml:3:27: \"pusch\" is not one of change, push, schedule\n  3 |   - {id: a, when: {event: pusch}, action: warn}\n    |                           ^\n  did you mean \"push\"?"},
	"a placeholder mistyped":       {ruleYAML("{id: a, action: warn, message: \"{pakage}\"}"), "p.yaml:3:36: the message has a brace that opens or closes no placeholder\n  3 |   - {id: a, action: warn, message: \"{pakage}\"}\n    |                                    ^\n  did you mean {package}?"},
	"a brace that is not closed":   {ruleYAML("{id: a, action: warn, message: \"a {\"}"), "p.yaml:3:36: the message has a brace that opens or closes no placeholder\n  3 |   - {id: a, action: warn, message: \"a {\"}\n    |                                    ^\n  known are fixed, image, package, path, published, rule, scanner, severity, version; write a brace twice for itself"},
	"a scope for everything":       {"version: 1\nscopes: [{action-max: note}]\n", "p.yaml:2:10: the scope is everywhere\n  2 | scopes: [{action-max: note}]\n    |          ^\n  name one of paths, images, rules, packages, scanners, kev, malware"},
	"a scope that blocks":          {"version: 1\nscopes: [{paths: a, action-max: block}]\n", "p.yaml:2:33: \"block\" is not one of note, warn\n  2 | scopes: [{paths: a, action-max: block}]\n    |                                 ^"},
	"a scope that says false":      {"version: 1\nscopes: [{paths: a, kev: false, action-max: note}]\n", "p.yaml:2:26: it is false already\n  2 | scopes: [{paths: a, kev: false, action-max: note}]\n    |                          ^\n  leave the key out"},
	"a scope with a rule's key":    {"version: 1\nscopes: [{path: a, action-max: note}]\n", "p.yaml:2:11: key \"path\" does not belong in scope\n  2 | scopes: [{path: a, action-max: note}]\n    |           ^\n  write paths"},
	"no baseline to compare to":    {"version: 1\nnew: {compare-to: baseline}\n", "p.yaml:2:19: there is no baseline to compare to\n  2 | new: {compare-to: baseline}\n    |                   ^\n  add \"baseline: FILE\"; boltseal baseline writes the file"},
	"relaxable but no rule":        {"version: 1\nrelaxable: [lint, fixabel]\nrules: [{id: lint, action: warn}]\n", "p.yaml:2:19: there is no rule \"fixabel\"\n  2 | relaxable: [lint, fixabel]\n    |                   ^\n  did you mean \"fixable\"?"},
	"a flag with dashes":           {"version: 1\ntrust: {may-set: [--only-fixed]}\n", "p.yaml:2:19: \"--only-fixed\" is no name of a flag\n  2 | trust: {may-set: [--only-fixed]}\n    |                   ^\n  write it without dashes in front, as only-fixed"},
	"a statement without reason":   {exceptionYAML("    reason", "    vex: {status: not_affected}\n    reason"), "p.yaml:4:10: not_affected wants a reason\n  4 |     vex: {status: not_affected}\n    |          ^\n  add justification: one of component_not_present, vulnerable_code_not_present, vulnerable_code_not_in_execute_path, vulnerable_code_cannot_be_controlled_by_adversary, inline_mitigations_already_exist"},
	"a statement about no CVE":     {exceptionYAML("{cve: CVE-2026-12345}", "{rule: x}\n    vex: {status: fixed}"), "p.yaml:4:10: vex is a statement about a vulnerability, and the exception names none\n  4 |     vex: {status: fixed}\n    |          ^\n  name the vulnerability under match: {cve: …}"},
	"a test of a secret's package": {"version: 1\ntests: [{name: a, finding: {scanner: secrets, kev: true}, expect: warn}]\n", "p.yaml:2:52: only findings of the scanner packages have kev\n  2 | tests: [{name: a, finding: {scanner: secrets, kev: true}, expect: warn}]\n    |                                                    ^"},

	"an exception without anything": {
		"version: 1\nexceptions:\n  - {}\n",
		"p.yaml:3:5: exception needs \"match\", \"reason\", \"owner\", \"approved-by\", \"created\", \"expires\"\n  3 |   - {}\n    |     ^",
	},
	"an exception without approval":     {exceptionYAML("    approved-by: \"@appsec\"\n", ""), "p.yaml:3:5: exception needs \"approved-by\"\n  3 |   - match: {cve: CVE-2026-12345}\n    |     ^"},
	"an exception with a blank reason":  {exceptionYAML("not reached", "\"  \""), "p.yaml:4:13: want a string, got nothing\n  4 |     reason: \"  \"\n    |             ^\n  give it a value or leave the key out"},
	"an exception for everything":       {exceptionYAML("{cve: CVE-2026-12345}", "{}"), "p.yaml:3:12: match is empty: it would match everything\n  3 |   - match: {}\n    |            ^\n  name one of cve, purl, rule, path, image, fingerprint"},
	"an exception for all of a year":    {exceptionYAML("CVE-2026-12345", "CVE-2026-*"), "p.yaml:3:18: \"CVE-2026-*\" is no advisory: globs are not taken here\n  3 |   - match: {cve: CVE-2026-*}\n    |                  ^\n  name each advisory, or use \"rule\" with a glob"},
	"an exception for no advisory":      {exceptionYAML("CVE-2026-12345", "heartbleed"), "p.yaml:3:18: \"heartbleed\" is no advisory\n  3 |   - match: {cve: heartbleed}\n    |                  ^\n  write a CVE, GHSA or OSV id, as CVE-2026-12345"},
	"an exception for a bad print":      {exceptionYAML("cve: CVE-2026-12345", `fingerprint: "v1:abc"`), "p.yaml:3:26: \"v1:abc\" is no fingerprint\n  3 |   - match: {fingerprint: \"v1:abc\"}\n    |                          ^\n  copy it from a report: v1: and 32 hexadecimal digits"},
	"an exception on no real day":       {exceptionYAML("2026-10-15", "2026-02-30"), "p.yaml:8:14: \"2026-02-30\" is not a date\n  8 |     expires: 2026-02-30\n    |              ^\n  write it as YYYY-MM-DD"},
	"an exception that never was":       {exceptionYAML("2026-10-15", "2026-09-01"), "p.yaml:8:14: the exception expires before it holds: created is 2026-09-01\n  8 |     expires: 2026-09-01\n    |              ^"},
	"an exception that never ends":      {exceptionYAML("2026-10-15", "never"), "p.yaml:8:14: \"never\" is not a date\n  8 |     expires: never\n    |              ^\n  write it as YYYY-MM-DD"},
	"a match outside of match":          {exceptionYAML("    reason", "    path: a\n    reason"), "p.yaml:4:5: key \"path\" does not belong in exception\n  4 |     path: a\n    |     ^\n  it goes under \"match\""},
	"an exception with a key mistyped":  {exceptionYAML("expires:", "expire:"), "p.yaml:3:5: exception needs \"expires\"\n  3 |   - match: {cve: CVE-2026-12345}\n    |     ^\np.yaml:8:5: unknown key \"expire\" in exception\n  8 |     expire: 2026-10-15\n    |     ^\n  did you mean \"expires\"?"},
	"an exception with an owner number": {exceptionYAML("\"@acme\"", "12"), "p.yaml:5:12: want a string, got the number 12\n  5 |     owner: 12\n    |            ^\n  put it in quotes: \"12\""},
	"an owner that YAML cannot read":    {exceptionYAML("\"@acme\"", "@acme"), "p.yaml:5:12: while scanning for the next token: found character that cannot start any token\n  5 |     owner: @acme\n    |            ^\n  indent with spaces, not tabs; put text that starts with one of @ ` % in quotes"},
}

func TestLoadErrors(t *testing.T) {
	for name, test := range loadErrors {
		t.Run(name, func(t *testing.T) {
			_, err := Load("p.yaml", []byte(test.data))
			if err == nil {
				t.Fatal("it loads")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the schema has and is not read yet is neither ignored nor unknown.
func TestKeysToComeAreErrors(t *testing.T) {
	for at, keys := range map[string]string{
		"version: 1\ntargets: {%s: x}\n":    "images",
		"version: 1\ncompliance: {%s: x}\n": "map",
		"version: 1\nreport: {%s: x}\n":     "comment suggestions sarif gitlab",
	} {
		for key := range strings.FieldsSeq(keys) {
			_, err := Load("p.yaml", []byte(fmt.Sprintf(at, key)))
			var errs yamlpos.Errors
			if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Msg != key+" is not supported yet" {
				t.Errorf("%s: got %v", key, err)
			}
		}
	}
}

func TestLoadIsBounded(t *testing.T) {
	repeat := func(head, line string, n int) string {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	for name, test := range map[string]struct{ data, want string }{
		"rules":      {repeat("version: 1\nrules:\n", "  - {id: a%d, action: warn}\n", 1001), "p.yaml:3:3: 1001 rules, more than the 1000 allowed"},
		"cel":        {repeat("version: 1\nrules:\n", "  - {id: a%d, action: warn, cel: 'finding.new'}\n", 51), "p.yaml:3:3: 51 rules with cel, more than the 50 allowed"},
		"scopes":     {repeat("version: 1\nscopes:\n", "  - {rules: a%d, action-max: note}\n", 201), "p.yaml:3:3: 201 scopes, more than the 200 allowed"},
		"tests":      {repeat("version: 1\ntests:\n", "  - {name: a%d}\n", 1001), "p.yaml:3:3: 1001 tests, more than the 1000 allowed"},
		"vex files":  {repeat("version: 1\nvex:\n  files:\n", "  - a%d\n", 101), "p.yaml:4:3: 101 files, more than the 100 allowed"},
		"exceptions": {repeat("version: 1\nexceptions:\n", "  - {reason: a%d}\n", 10_001), "p.yaml:3:3: 10001 exceptions, more than the 10000 allowed"},
		"bytes":      {strings.Repeat("#", 10<<20), "p.yaml:1:1: the file has 10485760 bytes, more than the 1048576 allowed"},
		"depth":      {"version: 1\nrules: " + strings.Repeat("[", 10_000), "p.yaml:2:28: while increasing flow level: nested deeper than 20"},
		"aliases":    {"version: 1\nrules:\n  - &r {id: a, action: warn}\n" + strings.Repeat("  - *r\n", 900), "p.yaml:4:5: rule id \"a\" comes twice, first on line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := Load("p.yaml", []byte(test.data))
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
			if err == nil {
				t.Fatal("it loads")
			}
			if first, _, _ := strings.Cut(err.Error(), "\n"); first != test.want {
				t.Errorf("got  %s\nwant %s", first, test.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(defaultText))
	for _, test := range loadErrors {
		f.Add([]byte(test.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Load("p.yaml", data)
		if err != nil {
			var errs yamlpos.Errors
			if !errors.As(err, &errs) || len(errs) == 0 {
				t.Fatalf("%v is not Errors", err)
			}
			return
		}
		printed := Effective([]*Policy{p})
		again, err := Load("p.yaml", []byte(printed))
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		if diff := cmp.Diff(p, again, samePolicy); diff != "" {
			t.Fatal(diff)
		}
		Judge([]*Policy{p}, Input{Subjects: sampleSubjects()}, date(2026, 10, 1))
	})
}

// samePolicy leaves out where a policy was read.
var samePolicy = cmp.Options{
	cmpopts.IgnoreUnexported(Policy{}),
	cmpopts.IgnoreFields(Policy{}, "Path", "Ref", "Digest"),
	cmpopts.IgnoreFields(Rule{}, "Line"),
	cmpopts.IgnoreFields(Exception{}, "Line"),
	cmpopts.IgnoreFields(Scope{}, "Line"),
	cmpopts.IgnoreFields(Test{}, "Line"),
}

func TestEffective(t *testing.T) {
	p, err := Load("p.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	p.Ref = "abc123"
	d := Default()
	printed := Effective([]*Policy{p, d})
	documents := strings.Split(printed, "\n---\n")
	if len(documents) != 2 {
		t.Fatalf("%d documents:\n%s", len(documents), printed)
	}
	for i, want := range []*Policy{p, d} {
		got, err := Load("again.yaml", []byte(documents[i]))
		if err != nil {
			t.Fatalf("%v\n%s", err, documents[i])
		}
		if diff := cmp.Diff(want, got, samePolicy); diff != "" {
			t.Error(diff)
		}
	}
	const head = "# p.yaml at abc123, sha256:"
	if !strings.HasPrefix(printed, head) {
		t.Errorf("starts %q, want %q", printed[:len(head)], head)
	}
	if !strings.Contains(documents[0], "#   - {id: fixable, scanner: packages, ") {
		t.Errorf("does not show the default's rules:\n%s", documents[0])
	}
}

func TestDefault(t *testing.T) {
	got, err := Load(BuiltIn, []byte(defaultText))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, Default(), cmpopts.IgnoreUnexported(Policy{})); diff != "" {
		t.Error(diff)
	}
	last := got.Rules[len(got.Rules)-1]
	if last.Action != Note || len(last.Scanners)+len(last.Rules)+len(last.When.flow().parts) != 0 {
		t.Errorf("the last rule does not match everything: %s", last.yaml())
	}
}
