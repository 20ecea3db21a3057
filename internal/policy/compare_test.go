package policy

import (
	"fmt"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	for name, test := range map[string]struct {
		before, after string
		want          []string // "tighter|looser: old -> new", and what the example must hold
	}{
		"nothing": {"rules: [{id: a, action: warn}]\n", "rules: [{id: b, action: warn}]\n", nil},
		"a milder rule": {
			"rules: [{id: lint, scanner: dockerfile, when: {severity: \">=medium\"}, action: block}]\n",
			"rules: [{id: lint, scanner: dockerfile, when: {severity: \">=medium\"}, action: warn}]\n",
			[]string{"looser: block by rule lint -> warn by rule lint: {scanner: dockerfile, rule: example, severity: critical, fix: available, new: true}"},
		},
		"a stricter rule": {
			"", "rules: [{id: lint, rule: \"DL30*\", action: block}]\n",
			[]string{
				"tighter: note by default rule rest -> block by rule lint: {scanner: dockerfile, rule: DL30x, severity: low, fix: available, new: true}",
				"tighter: warn by default rule medium -> block by rule lint: ",
			},
		},
		"an exception more": {
			"", "exceptions: [{match: {cve: CVE-2026-1, purl: \"pkg:npm/*\"}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-12-01}]\n",
			[]string{"CVE-2026-1"},
		},
		"an exception by fingerprint": {
			"", "exceptions: [{match: {fingerprint: \"v1:00112233445566778899aabbccddeeff\"}, reason: r, owner: o, approved-by: a, created: 2026-09-01, expires: 2026-12-01}]\n",
			[]string{"v1:00112233445566778899aabbccddeeff"},
		},
		"a path that is excluded":  {"", "targets: {exclude: [\"a/**/b.{env,txt}\"]}\n", []string{"path: a/x/b.env"}},
		"a scope":                  {"", "scopes: [{paths: \"examples/**\", action-max: note}]\n", []string{"path: examples/x"}},
		"a grace":                  {"rules: [{id: p, scanner: packages, action: block}]\n", "rules: [{id: p, scanner: packages, action: block, grace: {since: published, for: 7d}}]\n", []string{"published: 2026-09-24"}},
		"a rule of pushes":         {"", "rules: [{id: p, scanner: dockerfile, when: {event: push}, action: note}]\n", []string{"note by rule p"}},
		"what need not be scanned": {"coverage: {require: [secrets]}\n", "coverage: {on-partial: warn}\n", []string{"looser: coverage.on-partial fail -> coverage.on-partial warn", "looser: coverage.require secrets yes -> coverage.require secrets no"}},
		"limits":                   {"limits: {exception-max-age: {high: 7d}}\n", "limits: {exception-max-age: {high: 9d, low: 5d}, on-unmatched: fail}\n", []string{"looser: limits.exception-max-age high 7d -> limits.exception-max-age high 9d", "tighter: limits.exception-max-age low unbounded -> limits.exception-max-age low 5d", "tighter: limits.on-unmatched warn -> limits.on-unmatched fail"}},
		"Dockerfiles":              {"dockerfile: {files: [a]}\n", "dockerfile: {files: [b]}\n", []string{"looser: dockerfile.files a yes -> dockerfile.files a no", "tighter: dockerfile.files b no -> dockerfile.files b yes"}},
		"trust":                    {"trust: {native-ignores: refuse}\n", "trust: {branches: [x]}\nrelaxable: rest\n", []string{"looser: relaxable rest no -> relaxable rest yes", "looser: trust.branches x no -> trust.branches x yes", "looser: trust.native-ignores refuse -> trust.native-ignores honour"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for _, d := range Compare([]*Policy{mustLoad(t, test.before)}, []*Policy{mustLoad(t, test.after)}, nil, today) {
				direction := "looser"
				if d.Tighter {
					direction = "tighter"
				}
				line := fmt.Sprintf("%s: %s -> %s", direction, d.Old, d.New)
				if d.Example != "" {
					line += ": " + d.Example
				}
				got = append(got, line)
			}
			if len(test.want) == 0 && len(got) > 0 {
				t.Error(got)
			}
			for _, want := range test.want {
				if !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("no %q in\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

// The largest policies are compared in bounded time.
func TestCompareIsBounded(t *testing.T) {
	big := &Policy{Path: "p", Rules: manyRules(1000), Exceptions: manyExceptions(10_000), Unknown: 3}
	Compare([]*Policy{big}, []*Policy{big, big}, nil, today)
}
