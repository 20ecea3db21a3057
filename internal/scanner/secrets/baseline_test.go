package secrets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"

	"github.com/boltseal/boltseal/internal/finding"
)

var longHash = finding.Hasher{Key: []byte("key")}.Hash

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// reportOf is what the engine writes of findings.
func reportOf(t testing.TB, all ...report.Finding) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&report.JsonReporter{}).Write(nopCloser{&b}, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func found(change func(*report.Finding)) report.Finding {
	f := report.Finding{
		RuleID: "r", File: "a/b", Commit: "c", StartLine: 3, EndLine: 3, StartColumn: 2, EndColumn: 9, Secret: "s1",
		Match: "x = s1", Entropy: 2.5, Author: "A", Email: "e", Date: "d", Message: "m", Description: "about",
	}
	if change != nil {
		change(&f)
	}
	return f
}

// isKnown asks our baseline for a finding of the engine.
func isKnown(b *baseline, left tally, f report.Finding) bool {
	return left.take(b.find(f.RuleID, f.File, f.Commit, f.StartLine, longHash(f.Secret)))
}

func TestBaseline(t *testing.T) {
	redact := func(percent uint) func(*report.Finding) {
		return func(f *report.Finding) { f.Redact(percent) }
	}
	tests := map[string]struct {
		entry, finding func(*report.Finding)
		known, differs bool
		redact         uint // as the library is told
	}{
		"the same":                  {known: true},
		"another rule":              {finding: func(f *report.Finding) { f.RuleID = "r2" }},
		"another file":              {finding: func(f *report.Finding) { f.File = "b" }},
		"another commit":            {finding: func(f *report.Finding) { f.Commit = "" }},
		"another line":              {finding: func(f *report.Finding) { f.StartLine, f.EndLine = 4, 4 }},
		"another secret":            {finding: func(f *report.Finding) { f.Secret = "s2" }},
		"another column":            {finding: func(f *report.Finding) { f.StartColumn = 1 }, known: true, differs: true},
		"another end":               {finding: func(f *report.Finding) { f.EndLine, f.EndColumn = 4, 1 }, known: true, differs: true},
		"another entropy":           {finding: func(f *report.Finding) { f.Entropy = 1 }, known: true, differs: true},
		"another author":            {finding: func(f *report.Finding) { f.Author, f.Email = "B", "b" }, known: true, differs: true},
		"another date and message":  {finding: func(f *report.Finding) { f.Date, f.Message = "e", "n" }, known: true, differs: true},
		"another description":       {finding: func(f *report.Finding) { f.Description = "b" }, known: true, differs: true},
		"another match":             {finding: func(f *report.Finding) { f.Match = "y = s1" }, known: true, differs: true},
		"other tags":                {finding: func(f *report.Finding) { f.Tags = []string{"t"} }, known: true},
		"a redacted secret":         {entry: redact(100), known: true, redact: 100},
		"a redacted secret, a flag": {entry: redact(100), known: true, differs: true},
		"half a secret":             {entry: redact(50), known: true, redact: 50},
		"nothing of a secret":       {entry: redact(99), known: true, redact: 99},
		"a redacted secret, another line": {
			entry: redact(100), finding: func(f *report.Finding) { f.StartLine, f.EndLine = 4, 4 }, redact: 100,
		},
		"a path from here":    {entry: func(f *report.Finding) { f.File = "./a/b" }, known: true, differs: true},
		"a path of Windows":   {entry: func(f *report.Finding) { f.File = `a\b` }, known: true, differs: true},
		"a rule on the path":  {entry: func(f *report.Finding) { f.Secret = "" }, finding: func(f *report.Finding) { f.Secret = "" }, known: true},
		"a path's other text": {entry: func(f *report.Finding) { f.Secret = "" }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			entry, f := found(tt.entry), found(tt.finding)
			b, err := parseBaseline("b.json", reportOf(t, entry), longHash)
			if err != nil {
				t.Fatal(err)
			}
			if got := isKnown(b, b.tally(), f); got != tt.known {
				t.Errorf("known: %v", got)
			}
			if got := !detect.IsNew(f, tt.redact, []report.Finding{entry}); (got != tt.known) != tt.differs {
				t.Errorf("known by the library: %v", got)
			}
		})
	}
	var none *baseline
	if isKnown(none, none.tally(), found(nil)) || none.tally().unused() != 0 {
		t.Error("no baseline knows something")
	}
}

func TestBaselineCounts(t *testing.T) {
	whole, half := found(nil), found(func(f *report.Finding) { f.Redact(50) })
	b, err := parseBaseline("b", reportOf(t, half, whole, whole), longHash)
	if err != nil {
		t.Fatal(err)
	}
	other := found(func(f *report.Finding) { f.Secret = "other" })
	var got []string
	left := b.tally()
	for _, f := range []report.Finding{whole, whole, other, whole, other} {
		got = append(got, fmt.Sprint(isKnown(b, left, f), " ", left.unused()))
	}
	// The whole ones are taken first, so that the redacted one is left for another.
	if d := cmp.Diff([]string{"true 2", "true 1", "true 0", "false 0", "false 0"}, got); d != "" {
		t.Error(d)
	}
}

func TestBaselineHoldsNoSecret(t *testing.T) {
	secret := strings.Repeat("hush", 5)
	text := reportOf(t, found(func(f *report.Finding) { f.Secret, f.Match = secret, "x="+secret }))
	b, err := parseBaseline("b", text, longHash)
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%+v", b.ids); strings.Contains(s, "hush") {
		t.Error("the secret is kept")
	}
	for cut := range len(text) - 1 {
		_, err := parseBaseline("b", text[:cut], longHash)
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func TestBaselineErrors(t *testing.T) {
	const hint = " (make it with gitleaks --report-format json)"
	tests := map[string]struct{ text, want string }{
		"no findings":        {"[]", ""},
		"null":               {" null\n", ""},
		"nothing":            {"", "b:1:1: reading the baseline: the JSON ends too early" + hint},
		"an object":          {`{"runs": []}`, "b:1:1: reading the baseline: it is no array of findings" + hint},
		"a word":             {`"x"`, "b:1:1: reading the baseline: it is no array of findings" + hint},
		"words":              {"[\n \"x\"]", "b:2:2: reading the baseline: it is no array of findings" + hint},
		"other objects":      {"[\n {\"RuleID\": \"a\"},\n {\"id\": 1}]", "b:3:2: reading the baseline: finding 2 has no RuleID" + hint},
		"null in the array":  {"[null]", "b:1:2: reading the baseline: finding 1 has no RuleID" + hint},
		"a wrong type":       {"[{\"RuleID\": \"a\",\n\"StartLine\": \"x\"}]", "b:1:2: reading the baseline: the field StartLine has the wrong type" + hint},
		"broken JSON":        {"[\n{\"RuleID\" \"a\"}]", "b:2:11: reading the baseline: the JSON is broken" + hint},
		"an end too early":   {"[{\"RuleID\": \"a\"},", "b:1:18: reading the baseline: the JSON ends too early" + hint},
		"something behind":   {"[]\n[]", "b:2:1: reading the baseline: something stands behind the report" + hint},
		"something unquoted": {"[]\nx", "b:2:1: reading the baseline: the JSON is broken" + hint},
		"too much":           {strings.Repeat(" ", maxBaselineSize+1), "b: the baseline is larger than 67108864 bytes"},
		"too many":           {"[" + strings.Repeat("{\"RuleID\":\"a\"},\n", maxBaselineEntries) + "{}]", "b:1000001:1: reading the baseline: more than 1000000 findings" + hint},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseBaseline("b", []byte(tt.text), longHash)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("error\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// FuzzBaseline reads any text: what we take, the engine takes.
func FuzzBaseline(f *testing.F) {
	f.Add(reportOf(f, found(nil), found(func(f *report.Finding) { f.Redact(100) })))
	f.Add([]byte(`[{"RuleID":"a","secret":"x"}]`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := parseBaseline("b", text, longHash)
		if err != nil {
			return
		}
		var entries []baselineEntry
		if err := json.Unmarshal(text, &entries); err != nil {
			t.Fatalf("the library would say %v", err)
		}
		left := b.tally()
		for _, e := range entries {
			key := e.key(longHash)
			if !left.take(b.find(key.rule, key.file, key.commit, key.line, longHash(e.Secret))) {
				t.Fatalf("not known: %+v", e)
			}
		}
		if n := left.unused(); n != 0 {
			t.Fatalf("%d left", n)
		}
	})
}
