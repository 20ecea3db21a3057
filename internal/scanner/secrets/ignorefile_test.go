package secrets

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"
)

// ignoreQuery is a finding by what identifies it in a .gitleaksignore.
type ignoreQuery struct {
	commit, file, rule string
	line               int
}

// ignoredByLibrary says what the engine makes of a file.
func ignoredByLibrary(t testing.TB, text string, q ignoreQuery) bool {
	t.Helper()
	if _, err := loadDefault(); err != nil { // silences the engine's log
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), ".gitleaksignore")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := detect.NewDetector(config.Config{})
	if err := d.AddGitleaksIgnore(file); err != nil {
		t.Fatal(err)
	}
	d.AddFinding(report.Finding{Commit: q.commit, File: q.file, RuleID: q.rule, StartLine: q.line})
	return len(d.Findings()) == 0
}

func TestIgnoreFile(t *testing.T) {
	tests := map[string]struct {
		text    string
		query   ignoreQuery
		ignored bool
		differs bool // from the library
	}{
		"a file's entry in a tree":         {"a/b:r:1", ignoreQuery{"", "a/b", "r", 1}, true, false},
		"a file's entry in a commit":       {"a/b:r:1", ignoreQuery{"c1", "a/b", "r", 1}, true, false},
		"a commit's entry":                 {"c1:a/b:r:1", ignoreQuery{"c1", "a/b", "r", 1}, true, false},
		"a commit's entry in a tree":       {"c1:a/b:r:1", ignoreQuery{"", "a/b", "r", 1}, false, false},
		"a commit's entry, another commit": {"c1:a/b:r:1", ignoreQuery{"c2", "a/b", "r", 1}, false, false},
		"part of a commit's id":            {"c1:a/b:r:1", ignoreQuery{"c123", "a/b", "r", 1}, false, false},
		"another line":                     {"a/b:r:1", ignoreQuery{"", "a/b", "r", 11}, false, false},
		"another rule":                     {"a/b:r:1", ignoreQuery{"", "a/b", "rr", 1}, false, false},
		"another file":                     {"a/b:r:1", ignoreQuery{"", "x/a/b", "r", 1}, false, false},
		"back slashes":                     {`a\b:r:1`, ignoreQuery{"", "a/b", "r", 1}, true, false},
		"back slashes in a commit":         {`c1:a\b:r:1`, ignoreQuery{"c1", "a/b", "r", 1}, true, false},
		"a back slash in a rule":           {`a:r\x:1`, ignoreQuery{"", "a", `r\x`, 1}, true, false},
		"a comment":                        {"# a:r:1", ignoreQuery{"", "# a", "r", 1}, false, false},
		"an indented comment":              {"\t # a:r:1\n", ignoreQuery{"", "a", "r", 1}, false, false},
		"spaces around, lines of Windows":  {"\r\n\n  a:r:1\t \r\n", ignoreQuery{"", "a", "r", 1}, true, false},
		"a byte order mark":                {"\ufeffa:r:1", ignoreQuery{"", "a", "r", 1}, false, false},
		"a comment behind":                 {"a:r:1 # why", ignoreQuery{"", "a", "r", 1}, false, false},
		"a path with a colon":              {"a:b:r:1", ignoreQuery{"", "a:b", "r", 1}, true, false},
		"a commit's path with a colon":     {"c1:a:b:r:1", ignoreQuery{"c1", "a:b", "r", 1}, true, false},
		"a file in an archive":             {"x.zip!in/a:r:1", ignoreQuery{"", "x.zip!in/a", "r", 1}, true, false},
		"a leading zero":                   {"a:r:01", ignoreQuery{"", "a", "r", 1}, false, false},
		"two parts":                        {"a:1", ignoreQuery{"", "a", "", 1}, false, false},
		"a path below the working folder":  {"./a:r:1", ignoreQuery{"", "a", "r", 1}, false, false},
		"behind a line that is too long":   {strings.Repeat("x", maxIgnoreLine+1) + "\na:r:1", ignoreQuery{"", "a", "r", 1}, true, true},
		"nothing":                          {"", ignoreQuery{"", "a", "r", 1}, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			list, _ := parseIgnore("f", []byte(tt.text))
			q := tt.query
			if got := list.match(q.commit, q.file, q.rule, q.line); got != tt.ignored {
				t.Errorf("ignored: %v", got)
			}
			if got := ignoredByLibrary(t, tt.text, q); (got != tt.ignored) != tt.differs {
				t.Errorf("ignored by the library: %v", got)
			}
		})
	}
	var none *ignoreList
	if none.match("", "a", "r", 1) || none.unused() != nil {
		t.Error("no list ignores")
	}
}

func TestIgnoreFileTellsWhatHasNoEffect(t *testing.T) {
	list, notes := parseIgnore("x", []byte("a:r:1\n\n# x\nnonsense\nb:r:x\nb:r:2\n c:r:3\nb:r:2\nd:r:4 # why\n"))
	if d := cmp.Diff([]string{
		`x:4: "nonsense" is no fingerprint: it must be file:rule:line or commit:file:rule:line`,
		`x:5: "b:r:x" is no fingerprint: its last part must be the number of a line, without a comment behind it`,
		`x:9: "d:r:4 # why" is no fingerprint: its last part must be the number of a line, without a comment behind it`,
	}, notes); d != "" {
		t.Error(d)
	}
	list.match("", "a", "r", 1)
	list.match("", "b", "r", 3)
	if d := cmp.Diff([]string{`line 6: "b:r:2"`, `line 7: "c:r:3"`}, list.unused()); d != "" {
		t.Error(d)
	}
}

func TestIgnoreFileBounds(t *testing.T) {
	many := strings.Repeat("#\n", 7)
	var b strings.Builder
	b.WriteString(many)
	for i := range maxIgnoreEntries + 5 {
		fmt.Fprintf(&b, "a:r:%d\n", i)
	}
	list, notes := parseIgnore("f", []byte(b.String()))
	if len(list.entries) != maxIgnoreEntries || len(notes) != 1 || !strings.HasPrefix(notes[0], fmt.Sprintf("f:%d: more than", maxIgnoreEntries+8)) {
		t.Errorf("%d entries, notes %q", len(list.entries), notes)
	}
	list, notes = parseIgnore("f", []byte("a:r:1\n"+strings.Repeat("#\n", maxIgnoreSize/2)+"b:r:1\n"))
	if len(list.entries) != 1 || len(notes) != 1 {
		t.Errorf("%d entries, notes %q", len(list.entries), notes)
	}
	_, notes = parseIgnore("f", []byte(strings.Repeat("x\n", 1000)))
	if len(notes) != maxIgnoreNotes+1 || notes[maxIgnoreNotes] != "and 950 more notes" {
		t.Errorf("%d notes", len(notes))
	}
}

func FuzzIgnoreFile(f *testing.F) {
	f.Add("a:r:1\nc1:a\\b:r:2\n#\n", "c1", "a/b", "r", 2)
	f.Add("a:b:r:1\r\nx!y:r:3", "", "x!y", "r", 3)
	f.Fuzz(func(t *testing.T, text, commit, file, rule string, line int) {
		list, _ := parseIgnore("f", []byte(text))
		got := list.match(commit, file, rule, line)
		if len(text) >= maxIgnoreLine {
			return
		}
		if want := ignoredByLibrary(t, text, ignoreQuery{commit, file, rule, line}); got != want {
			t.Errorf("ignored: %v, by the library %v", got, want)
		}
	})
}
