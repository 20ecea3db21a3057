package secrets_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// theirs is the engine's own command, built from the module that go.mod names, once
// for all tests. TestMain removes it.
var theirs = sync.OnceValues(func() (path string, err error) {
	dir, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return "", err
	}
	theirFolder = dir
	path = filepath.Join(dir, "gitleaks")
	out, err := exec.Command("go", "build", "-o", path, "github.com/zricethezav/gitleaks/v8").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the gitleaks command: %w\n%s", err, out)
	}
	return path, nil
})

var theirFolder string

func TestMain(m *testing.M) {
	code := m.Run()
	total.print(os.Stdout)
	if theirFolder != "" {
		os.RemoveAll(theirFolder)
	}
	os.Exit(code)
}

// leak is one finding of the command. Unlike its JSON, its template report keeps
// bytes that are no UTF-8.
type leak struct {
	rule, file, commit         string
	line, column, endLine, end int
	secret, match, tags        string
}

const leakTemplate = `{{range .}}{{printf "%x\t%x\t%x\t%d\t%d\t%d\t%d\t%x\t%x\t%x\n" .RuleID .File .Commit .StartLine .StartColumn .EndLine .EndColumn .Secret .Match (join "," .Tags)}}{{end}}`

// theirRun says how the command is called: in the folder target, on source.
type theirRun struct {
	mode   string // "dir" or "git"
	target string
	source string // "." where empty
	set    settings
	env    []string // beside a fixed environment
	flags  []string
}

// settings are what both programs are told. Paths are absolute.
type settings struct {
	config, ignore, baseline string
	archiveDepth             int
	logOpts                  string
	// broken names what we cannot read to its end, and say so; empty for nothing.
	broken string
}

// fixedEnv is the environment of every process: it knows nothing of the user.
func fixedEnv(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + os.TempDir(), "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
	}
}

// run runs the command and gives what it reports. It ends with 0 or the test fails.
func (r theirRun) run(t *testing.T) []leak {
	t.Helper()
	leaks, code, stderr := r.try(t)
	if code != 0 {
		t.Fatalf("gitleaks %s ended with %d: %s", r.mode, code, stderr)
	}
	return leaks
}

// try runs the command and gives what it reports and how it ended.
func (r theirRun) try(t *testing.T) (leaks []leak, code int, stderr string) {
	t.Helper()
	bin, err := theirs()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	report, tmpl := filepath.Join(tmp, "report"), filepath.Join(tmp, "template")
	if err := os.WriteFile(tmpl, []byte(leakTemplate), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{r.mode, "--exit-code", "0", "--no-banner", "--no-color", "-r", report, "--report-template", tmpl, "-f", "template"}
	add := func(flag, value string) {
		if value != "" && value != "0" {
			args = append(args, flag+"="+value)
		}
	}
	add("--config", r.set.config)
	add("--gitleaks-ignore-path", r.set.ignore)
	add("--baseline-path", r.set.baseline)
	add("--max-archive-depth", strconv.Itoa(r.set.archiveDepth))
	add("--log-opts", r.set.logOpts)
	args = append(args, r.flags...)
	if r.source == "" {
		r.source = "."
	}
	cmd := exec.CommandContext(t.Context(), bin, append(args, r.source)...)
	cmd.Dir = r.target
	cmd.Env = append(fixedEnv(tmp), r.env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(report)
	if err != nil && cmd.ProcessState.Success() {
		t.Fatalf("no report: %v\n%s", err, errs.Bytes())
	}
	return readLeaks(t, data), cmd.ProcessState.ExitCode(), errs.String()
}

func readLeaks(t *testing.T, data []byte) []leak {
	t.Helper()
	var out []leak
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 10 {
			t.Fatalf("a line of the report has %d fields", len(f))
		}
		text := func(i int) string {
			b, err := hex.DecodeString(f[i])
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		number := func(i int) int {
			n, err := strconv.Atoi(f[i])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		out = append(out, leak{
			rule: text(0), file: text(1), commit: text(2),
			line: number(3), column: number(4), endLine: number(5), end: number(6),
			secret: text(7), match: text(8), tags: text(9),
		})
	}
	return out
}
