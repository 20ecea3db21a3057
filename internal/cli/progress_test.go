package cli

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// screen is what a terminal shows after all that was written, and the longest line that
// it showed meanwhile. It knows the two sequences that the progress line uses.
func screen(t *testing.T, written string) (lines []string, longest int) {
	t.Helper()
	line := ""
	for rest := written; rest != ""; {
		longest = max(longest, utf8.RuneCountInString(strings.ToValidUTF8(line, "")))
		switch {
		case strings.HasPrefix(rest, clearLine):
			line, rest = "", rest[len(clearLine):]
			continue
		case rest[0] == '\n':
			lines, line = append(lines, line), ""
		case rest[0] == '\x1b' || rest[0] == '\r':
			t.Fatalf("an unknown sequence: %q", rest[:min(len(rest), 20)])
		default:
			line += rest[:1]
		}
		rest = rest[1:]
	}
	return append(lines, line), longest
}

// terminal runs a command before a terminal and gives what was written on standard error.
func terminal(t *testing.T, env map[string]string, terminal bool, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.txt"), "nothing\n", 0o600)
	t.Chdir(dir)
	var out, errs bytes.Buffer
	Main(t.Context(), args, System{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Getenv: func(name string) string { return env[name] }, Terminal: func() bool { return terminal },
	})
	if strings.Contains(out.String(), clearLine) {
		t.Errorf("progress is on standard output: %q", out.String())
	}
	return errs.String()
}

func TestProgressIsForPeopleBeforeATerminal(t *testing.T) {
	scan := []string{"scan", "--scanners", "secrets"}
	for name, test := range map[string]struct {
		env      map[string]string
		terminal bool
		args     []string
		drawn    bool
	}{
		"a terminal":                 {nil, true, scan, true},
		"another command that scans": {nil, true, []string{"sbom"}, true},
		"a pipe":                     {nil, false, scan, false},
		"quiet":                      {nil, true, append(scan, "-q"), false},
		"a CI job with a terminal":   {map[string]string{"CI": "true"}, true, scan, false},
		"Jenkins, which sets no CI":  {map[string]string{"JENKINS_URL": "https://ci.example", "BUILD_ID": "1", "BUILD_NUMBER": "1"}, true, scan, false},
		"a terminal that cannot":     {map[string]string{"TERM": "dumb"}, true, scan, false},
		"a command that scans none":  {nil, true, []string{"version"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			written := terminal(t, test.env, test.terminal, test.args...)
			if drawn := strings.Contains(written, clearLine); drawn != test.drawn {
				t.Errorf("drawn: %v: %q", drawn, written)
			}
			if lines, _ := screen(t, written); lines[len(lines)-1] != "" {
				t.Errorf("it stays behind: %q", lines)
			}
		})
	}
}

func TestWhatIsSaidStandsAboveTheProgressLine(t *testing.T) {
	var out bytes.Buffer
	l := &progressLine{w: &out}
	sys := System{Stderr: l, line: l}
	sys.warn("before")
	l.say("scanning a")
	sys.warn("during")
	l.say("scanning b")
	l.say("scanning b")
	l.clear()
	sys.warn("after")
	lines, _ := screen(t, out.String())
	if diff := cmp.Diff([]string{"boltseal: before", "boltseal: during", "boltseal: after", ""}, lines); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(out.String(), "scanning b"); n != 1 {
		t.Errorf("the same is drawn %d times", n)
	}
}

func TestFar(t *testing.T) {
	for want, f := range map[string]scan.Far{
		"preparing": {},
		"scanning dir:.: 1 file, 0.0 MB, 0 found":                                 {Target: "dir:.", Number: 1, Of: 1, Units: 1, Files: 1},
		"scanning 2 of 3: app:1: 25%, 300 files, 12.5 MB, 4 found":                {Target: "app:1", Number: 2, Of: 3, Units: 8, Walked: 2, Files: 300, Bytes: 12_500_000, Found: 4},
		"comparing with commit 12ab: 2 files, 0.0 MB, 4 found":                    {Target: "commit 12ab", Files: 2, Found: 4},
		"scanning dir:" + strings.Repeat("x", 31) + "…: 0 files, 0.0 MB, 0 found": {Target: "dir:" + strings.Repeat("x", 500), Number: 1, Of: 1},
		`scanning dir:\x1b[2J\u202e: 0 files, 0.0 MB, 0 found`:                    {Target: "dir:\x1b[2J\u202e", Number: 1, Of: 1},
	} {
		if got := far(f, 71); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTheProgressLineFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{0, 1, 2, 20, 40, 80, 200} {
		var out bytes.Buffer
		l := &progressLine{w: &out, columns: func() int { return columns }}
		p := new(scan.Progress)
		p.Begin(strings.Repeat("long/", 100), 1, 2)
		stop := l.watch(p)
		l.fetching(vulndb.Progress{Name: strings.Repeat("n", 300), Done: 5, Total: 10}, false)
		stop()
		limit := columns
		if columns == 0 {
			limit = usualColumns
		}
		lines, longest := screen(t, out.String())
		if longest >= max(limit, 2) || longest == 0 {
			t.Errorf("%d columns of %d", longest, columns)
		}
		if diff := cmp.Diff([]string{""}, lines); diff != "" {
			t.Errorf("%d columns: %s", columns, diff)
		}
	}
}

func TestADownloadIsShownUntilItIsThere(t *testing.T) {
	var out bytes.Buffer
	l := &progressLine{w: &out}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { l.say("scanning a") }, "scanning a"},
		{func() { l.fetching(vulndb.Progress{Name: "npm", Done: 1e6, Total: 2e6}, false) }, "npm: 1.0 MB of 2.0 MB"},
		{func() { l.say("scanning a") }, "npm: 1.0 MB of 2.0 MB"},
		{func() { l.fetching(vulndb.Progress{Name: "npm", Done: 2e6, Total: 2e6}, true) }, ""},
		{func() { l.say("scanning a") }, "scanning a"},
		{func() { l.fetching(vulndb.Progress{Name: "npm", Done: 1e6}, false) }, "npm: 1.0 MB"},
		{func() { l.told = l.told.Add(-silence); l.say("scanning b") }, "scanning b"},
		{l.clear, ""},
	} {
		step.do()
		if lines, _ := screen(t, out.String()); fmt.Sprint(lines) != "["+step.want+"]" {
			t.Errorf("shown is %q, want %q", lines, step.want)
		}
	}
}
