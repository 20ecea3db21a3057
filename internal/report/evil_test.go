package report

import (
	"encoding/json"
	"encoding/xml"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/policy"
)

// fill puts text into every string of a run that is not one of a few known words.
func fill(run *Run, text string) {
	fillValue(reflect.ValueOf(run).Elem(), text)
	run.Schema = Schema
}

func fillValue(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if _, known := words[v.Type()]; !known {
			v.SetString(text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			fillValue(v.Elem(), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fillValue(v.Index(i), text)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fillValue(field, text)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			value := v.MapIndex(k)
			v.SetMapIndex(k, reflect.Value{})
			v.SetMapIndex(reflect.ValueOf(text), value)
		}
	}
}

// checkHarmless says what a hostile text did to a format.
func checkHarmless(t *testing.T, format, out string, lines int) {
	t.Helper()
	for _, r := range out {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Cf, r) && !strings.ContainsRune(zwsp+string(zwj)+string(zwnj), r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			t.Fatalf("%s holds %q", format, r)
		}
	}
	if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(out, "\n## ", ""), "\n### ", ""), "##") && !strings.HasPrefix(out, "## ") {
		t.Errorf("%s holds a command to a CI system: %q", format, regexp.MustCompile(".{0,20}##.{0,20}").FindString(out))
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%s holds a command to a runner: %q", format, line)
		}
	}
	switch format {
	case "terminal":
	case "table", "markdown", "compliance":
		if got := strings.Count(out, "\n"); got != lines {
			t.Errorf("%s has %d lines, %d with harmless texts", format, got, lines)
		}
		if format != "table" {
			checkMarkdown(t, out)
		}
	case "html":
		if got := strings.Count(out, "\n"); got != lines {
			t.Errorf("%s has %d lines, %d with harmless texts", format, got, lines)
		}
	case "junit":
		if got := strings.Count(out, "\n"); got != lines {
			t.Errorf("%s has %d lines, %d with harmless texts", format, got, lines)
		}
		if err := xml.Unmarshal([]byte(out), new(junitSuites)); err != nil {
			t.Errorf("%s is no XML: %v", format, err)
		}
	default:
		if !json.Valid([]byte(out)) {
			t.Errorf("%s is no JSON", format)
		}
	}
}

// checkEvil fills a run with a hostile text and writes every format of it.
func checkEvil(t *testing.T, text string) {
	t.Helper()
	benign, hostile := fixture(), fixture()
	fill(benign, "x")
	if text == "" || Plain(text) == "" {
		return
	}
	fill(hostile, text)
	hostile.Change.Head = fixture().Change.Head // evidence is about a commit
	benign.Change.Head = hostile.Change.Head
	for _, run := range []*Run{benign, hostile} {
		for _, f := range run.Findings {
			if f.Excerpt != nil { // a region that every text has
				f.Excerpt.StartColumn, f.Excerpt.EndColumn = 1, 2
			}
		}
	}
	checkTerminal(t, hostile)
	for _, format := range Formats() {
		opt := Options{MaxBytes: 1 << 30, Catalogue: catalogue(t)}
		lines := strings.Count(string(write(t, format, benign, opt)), "\n")
		checkHarmless(t, format, string(write(t, format, hostile, opt)), lines)
	}
}

// checkTerminal says what a hostile text did to what a terminal shows: its only escape
// sequences are our own colours, and no line is longer than the terminal.
func checkTerminal(t *testing.T, run *Run) {
	t.Helper()
	const columns = 72
	for _, quiet := range []bool{false, true} {
		plain := string(write(t, "table", run, Options{Catalogue: catalogue(t), Width: columns, Quiet: quiet}))
		colour := string(write(t, "table", run, Options{Catalogue: catalogue(t), Width: columns, Quiet: quiet, Color: true}))
		if got := sgr.ReplaceAllString(colour, ""); got != plain {
			t.Errorf("in colour the table differs:\n%s", cmp.Diff(plain, got))
		}
		checkHarmless(t, "terminal", plain, 0)
		for line := range strings.Lines(plain) {
			if n := width(strings.TrimSuffix(line, "\n")); n > columns {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	}
}

func TestHostileTextIsHarmlessInEveryFormat(t *testing.T) {
	for _, text := range []string{
		evil, "\n::error::x", "::error::x", "x\x1b]0;title\x07", "| a | b |", "`", "``", "\\|", "\\", "<script>", "</details>", "</summary><h1>", "<!--", "-->",
		"@acme/team", "#1", "!1", "~bug", "GH-1", "https://evil", "www.evil.x", "[a](b)", "![a](b)", "- [ ] x", "# h", "> q", "1. x", "---", "***", "/close", "    code",
		"\u202e", "\xff", "{0}", "[a](1)", "$x$", "&lt;", "&", "%0A", "##[error]x", "##vso[x]", "###", "日本", strings.Repeat("x", 5000), "x\r", "..", "/", "//", "a\x00b",
	} {
		checkEvil(t, text)
	}
}

func FuzzHostileText(f *testing.F) {
	f.Add(evil)
	f.Add("::error::x")
	f.Fuzz(func(t *testing.T, text string) { checkEvil(t, text) })
}

func TestNoFormatShowsMoreOfASecretThanItsMask(t *testing.T) {
	run := many(1, policy.Block)
	run.Findings[0].Message = "AWS key AKIA…"
	for _, format := range Formats() {
		if _, partial := glKinds[format]; partial && format != "gitlab-secret-detection" || slices.Contains([]string{"openvex", "cyclonedx", "spdx", "compliance", "evidence"}, format) {
			continue // they have no messages, or none of secrets
		}
		if out := string(write(t, format, run, Options{})); !strings.Contains(out, "AKIA") {
			t.Errorf("%s has no message", format)
		}
	}
}
