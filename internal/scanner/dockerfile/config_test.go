package dockerfile

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

func configFile(text string) *File { return &File{".hadolint.yaml", []byte(text)} }

func TestConfiguration(t *testing.T) {
	const everything = `failure-threshold: warning
format: tty
formats: [sarif]
ignored: [DL3008, SC2086]
override:
  error: [DL3015]
  warning: []
  info:
  - DL3018
  style: [dockerfile/missing-user]
no-color: false
no-fail: false
verbose: 3
strict-labels: true
disable-ignore-pragma: TRUE
trustedRegistries: [docker.io, "*.example.org"]
label-schema:
  author: text
  built: rfc3339
  empty: ""
  none:
`
	all := Native{
		Ignored: map[string]string{"DL3008": ".hadolint.yaml", "SC2086": ".hadolint.yaml"},
		Severities: map[string]finding.Severity{
			"DL3015": finding.High, "DL3018": finding.Low, "dockerfile/missing-user": finding.Info,
		},
		TrustedRegistries: []string{"docker.io", "*.example.org"},
		Labels:            map[string]LabelType{"author": LabelText, "built": LabelTime, "empty": LabelText, "none": LabelText},
		StrictLabels:      true, DisablePragmas: true,
		Threshold: finding.Medium, SparedBy: "failure-threshold in .hadolint.yaml",
		Notes: []string{
			".hadolint.yaml: format has no meaning here: write reports with -f",
			".hadolint.yaml: formats has no meaning here: write reports with -f",
			".hadolint.yaml: no-color has no meaning here: set NO_COLOR",
			".hadolint.yaml: verbose has no meaning here: give -v",
			".hadolint.yaml: what hadolint's codes find below warning (medium) does not block; what does is the policy's to say (failure-threshold)",
		},
	}
	for name, c := range map[string]struct {
		vars []Variable
		file *File
		want Native
	}{
		"nothing at all":      {},
		"an empty file":       {file: configFile("")},
		"comments only":       {file: configFile("\ufeff---\n# nothing\r\n\n...\n")},
		"keys without values": {file: configFile("ignored:\noverride:\n  error:\ntrustedRegistries: []\nlabel-schema: ~\nstrict-labels:\nfailure-threshold:\nno-fail:\n")},
		"every key":           {file: configFile(everything), want: all},
		"JSON":                {file: configFile(`{"ignored": ["DL3018"]}`), want: Native{Ignored: map[string]string{"DL3018": ".hadolint.yaml"}}},
		"of two severities the worst": {
			file: configFile("override: {style: [DL3018], error: [DL3009], warning: [DL3018, DL3009], info: [DL3018]}"),
			want: Native{Severities: map[string]finding.Severity{"DL3018": finding.Medium, "DL3009": finding.High}},
		},
		"thresholds that spare nothing": {file: configFile("failure-threshold: ignore")},
		"style is the mildest":          {file: configFile("failure-threshold: style")},
		"no-fail goes before the threshold": {
			file: configFile("failure-threshold: error\nno-fail: true"),
			want: Native{
				NoFail: true, SparedBy: "no-fail in .hadolint.yaml",
				Notes: []string{".hadolint.yaml: what hadolint's codes find does not block (no-fail)"},
			},
		},
		"unknown keys and rules are noted": {
			file: configFile("ignore: [DL3008]\nignored: [dl3018, DL9999, SC9999]\noverride: {warnings: [DL3001]}\n"),
			want: Native{
				Ignored: map[string]string{"dl3018": ".hadolint.yaml", "DL9999": ".hadolint.yaml", "SC9999": ".hadolint.yaml"},
				Notes: []string{
					`.hadolint.yaml: there is no rule "dl3018"; did you mean "DL3018"?`,
					`.hadolint.yaml: there is no rule "DL9999"`,
					`.hadolint.yaml:1:1: unknown key "ignore" in hadolint's configuration; did you mean "ignored"?; it is passed over`,
					`.hadolint.yaml:3:12: unknown key "warnings" in override; did you mean "warning"?; it is passed over`,
				},
			},
		},
		"variables": {
			vars: []Variable{
				{"HADOLINT_IGNORE", "ignored", "DL3008, SC2046,"},
				{"HADOLINT_OVERRIDE_STYLE", "override.style", "DL3015"},
				{"HADOLINT_TRUSTED_REGISTRIES", "trustedRegistries", "ghcr.io"},
				{"HADOLINT_REQUIRE_LABELS", "label-schema", "a:semver,b:,c"},
				{"HADOLINT_STRICT_LABELS", "strict-labels", "Yes"},
				{"HADOLINT_DISABLE_IGNORE_PRAGMA", "disable-ignore-pragma", "1"},
				{"HADOLINT_FAILURE_THRESHOLD", "failure-threshold", "none"},
				{"HADOLINT_NOFAIL", "no-fail", "off"},
			},
			want: Native{
				Ignored:    map[string]string{"DL3008": "HADOLINT_IGNORE", "SC2046": "HADOLINT_IGNORE"},
				Severities: map[string]finding.Severity{"DL3015": finding.Info}, TrustedRegistries: []string{"ghcr.io"},
				Labels: map[string]LabelType{"a": LabelVersion, "b": LabelText, "c": LabelText}, StrictLabels: true, DisablePragmas: true,
			},
		},
		"the file over the variables": {
			vars: []Variable{
				{"I", "ignored", "DL3008"},
				{"O", "override.error", "DL3015"},
				{"T", "trustedRegistries", "ghcr.io"},
				{"S", "strict-labels", "1"},
				{"F", "failure-threshold", "error"},
				{"L", "label-schema", "a:text"},
				{"N", "no-fail", "1"},
			},
			file: configFile("ignored: [DL3009]\noverride: {style: [DL3015]}\ntrustedRegistries: [docker.io]\nstrict-labels: false\nfailure-threshold: info\nno-fail: false\nlabel-schema: {a: url}\n"),
			want: Native{
				Ignored:           map[string]string{"DL3008": "I", "DL3009": ".hadolint.yaml"},
				Severities:        map[string]finding.Severity{"DL3015": finding.High},
				TrustedRegistries: []string{"ghcr.io", "docker.io"}, Labels: map[string]LabelType{"a": LabelURL},
				Threshold: finding.Low, SparedBy: "failure-threshold in .hadolint.yaml",
				Notes: []string{".hadolint.yaml: what hadolint's codes find below info (low) does not block; what does is the policy's to say (failure-threshold)"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NewNative(c.vars, c.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Native{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfigurationThatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"ignored: DL3008":                ".hadolint.yaml:1:10: want a list, got \"DL3008\"\n  1 | ignored: DL3008\n    |          ^",
		"ignored:\n- 3008":               ".hadolint.yaml:2:3: want a string, got the number 3008\n  2 | - 3008\n    |   ^\n  put it in quotes: \"3008\"",
		"override: [DL3008]":             ".hadolint.yaml:1:11: override: want a mapping, got a list\n  1 | override: [DL3008]\n    |           ^",
		"strict-labels: 1":               ".hadolint.yaml:1:16: want true or false, got the number 1\n  1 | strict-labels: 1\n    |                ^",
		"failure-threshold: warnings":    ".hadolint.yaml:1:20: \"warnings\" is not one of error, warning, info, style, ignore, none\n  1 | failure-threshold: warnings\n    |                    ^\n  did you mean \"warning\"?",
		"label-schema: {a: rawtext}":     ".hadolint.yaml:1:19: \"rawtext\" is not one of text, url, rfc3339, semver, spdx, hash, email\n  1 | label-schema: {a: rawtext}\n    |                   ^",
		"- a":                            ".hadolint.yaml:1:1: hadolint's configuration: want a mapping, got a list\n  1 | - a\n    | ^",
		"ignored: []\nignored: [DL3008]": ".hadolint.yaml:2:1: key \"ignored\" comes twice, first on line 1\n  2 | ignored: [DL3008]\n    | ^\n  keep one of them",
		"ignored: [":                     ".hadolint.yaml:1:11: while parsing a flow node: did not find expected node content\n  1 | ignored: [\n    |           ^\n  a bracket or a value is missing",
	} {
		_, err := NewNative(nil, configFile(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n%v\nwant\n%s", text, err, want)
		}
	}
	for _, c := range [][3]string{
		{"strict-labels", "maybe", `V: "maybe" is neither true nor false`},
		{"failure-threshold", "wraning", `V: "wraning" is not one of error, warning, info, style, ignore, none: did you mean "warning"?`},
		{"label-schema", "a:zzz", `V: "zzz" is not one of text, url, rfc3339, semver, spdx, hash, email`},
		{"label-schema", ":text", `V: ":text": want label:type`},
		{"what", "a", "V: not a variable of hadolint's"},
	} {
		if _, err := NewNative([]Variable{{"V", c[0], c[1]}}, nil); err == nil || err.Error() != c[2] {
			t.Errorf("%s=%s: %v, want %s", c[0], c[1], err, c[2])
		}
	}
}

// TestConfigurationIsHeeded: what it ignores is found, and asks to be passed over.
func TestConfigurationIsHeeded(t *testing.T) {
	const text = "FROM alpine:3.20\n# hadolint ignore=DL3004\nRUN sudo id\n# boltseal:ignore DL3000 the base sets it\nWORKDIR x\nBOGUS\n"
	scanned := func(config string) map[string]finding.Finding {
		n, err := NewNative(nil, configFile(config))
		if err != nil {
			t.Fatal(err)
		}
		s := New(Options{Native: map[string]Native{"dir:.": n}})
		res := scan.Run(t.Context(), scantest.Tree(scantest.Text("Dockerfile", text)), []scan.Scanner{s}, scan.Options{})[0]
		found := make(map[string]finding.Finding)
		for _, f := range res.Findings {
			found[f.Rule] = f
		}
		return found
	}
	const pragma = "a hadolint ignore pragma in line 2"
	type asked struct {
		Severity        finding.Severity
		Ignored, Spared string
	}
	for name, c := range map[string]struct {
		config string
		want   map[string]asked
	}{
		"nothing": {"", map[string]asked{
			"DL3004": {finding.High, pragma, ""}, "DL1000": {finding.High, "", ""}, "dockerfile/missing-user": {finding.Medium, "", ""},
		}},
		"no pragmas": {"disable-ignore-pragma: true", map[string]asked{
			"DL3004": {finding.High, "", ""}, "DL3000": {finding.High, "a boltseal:ignore comment in line 4: the base sets it", ""},
		}},
		"ignored": {"ignored: [DL3004, DL1000, dockerfile/missing-user]", map[string]asked{
			"DL3004": {finding.High, pragma, ""}, "DL1000": {finding.High, "", ""}, "dockerfile/missing-user": {finding.Medium, ".hadolint.yaml", ""},
		}},
		"ignored alone": {"ignored: [DL3004]\ndisable-ignore-pragma: true", map[string]asked{"DL3004": {finding.High, ".hadolint.yaml", ""}}},
		"a threshold goes by the severity of the configuration": {
			"failure-threshold: error\noverride: {style: [DL3004, DL1000]}",
			map[string]asked{
				"DL3004": {finding.Info, pragma, "failure-threshold in .hadolint.yaml"}, "DL1000": {finding.High, "", ""},
				"DL3000": {finding.High, "a boltseal:ignore comment in line 4: the base sets it", ""}, "dockerfile/missing-user": {finding.Medium, "", ""},
			},
		},
		"no-fail": {"no-fail: true", map[string]asked{
			"DL3004": {finding.High, pragma, "no-fail in .hadolint.yaml"}, "DL1000": {finding.High, "", "no-fail in .hadolint.yaml"},
			"dockerfile/missing-user": {finding.Medium, "", ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			found := scanned(c.config)
			for rule, want := range c.want {
				f, ok := found[rule]
				if !ok {
					t.Errorf("%s is not found", rule)
					continue
				}
				if diff := cmp.Diff(want, asked{f.Severity, f.Ignored, f.Spared}); diff != "" {
					t.Errorf("%s: %s", rule, diff)
				}
			}
		})
	}
}

// nativeOf makes the configuration of a case.
func nativeOf(t *testing.T, v verdict) Native {
	t.Helper()
	var vars []Variable
	keys := map[string]string{
		"--error": "override.error", "--warning": "override.warning", "--info": "override.info", "--style": "override.style",
		"--ignore": "ignored", "--trusted-registry": "trustedRegistries", "--require-label": "label-schema",
	}
	args := slices.Clone(v.Args)
	for len(args) > 0 {
		if args[0] == "--strict-labels" {
			vars, args = append(vars, Variable{args[0], "strict-labels", "true"}), args[1:]
			continue
		}
		if keys[args[0]] == "" {
			t.Fatalf("%s: unknown argument %s", v.ID, args[0])
		}
		vars, args = append(vars, Variable{args[0], keys[args[0]], args[1]}), args[2:]
	}
	var config *File
	if v.Config != "" {
		config = configFile(v.Config)
	}
	n, err := NewNative(vars, config)
	if err != nil {
		t.Logf("%s: %v", v.ID, err) // as hadolint says, which goes on without
	}
	return n
}

// FuzzConfiguration holds that no file breaks its reader, and that what is wrong has a
// place.
func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{
		"ignored: [DL3008]\noverride: {error: [DL3015], style: []}\n", "label-schema: {a: semver, ? b : ~}\nstrict-labels: true", "{\"no-fail\": true}",
		"failure-threshold: &a error\nformat: *a\n", "ignored: &a [x]\noverride: {info: *a}", "# nothing", "---\n...\n", "trustedRegistries: ['*']\nignore: x", "a: b: c",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := NewNative(nil, &File{"f.yaml", data})
		if faults, ok := errors.AsType[yamlpos.Errors](err); err != nil && (!ok || faults[0].Line < 1) {
			t.Fatalf("%v has no place", err)
		}
		if err != nil && (len(n.Ignored) > 0 || n.NoFail) {
			t.Fatal("half of a file is heeded")
		}
		for _, note := range n.Notes {
			if strings.ContainsAny(note, "\n\x00") {
				t.Fatalf("note %q", note)
			}
		}
	})
}
