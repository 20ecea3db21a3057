package shellcheck

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program writes a program that answers --version, and does something else otherwise.
func program(t *testing.T, body string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the fake is a shell script")
	}
	path := filepath.Join(t.TempDir(), "shellcheck")
	text := "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'version: 1.2.3'; exit; fi\n" + body + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *Engine {
	t.Helper()
	e, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOpen(t *testing.T) {
	if e := open(t, program(t, "")); e.Version() != "1.2.3" {
		t.Errorf("version %q", e.Version())
	}
	if _, err := Open(t.Context(), "no-such-program"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("a missing program gives %v", err)
	}
	mute := filepath.Join(t.TempDir(), "mute")
	if err := os.WriteFile(mute, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), mute); err == nil {
		t.Error("a program without a version was taken")
	}
}

// TestCheck looks at what the program is given, and at what is made of its answer.
func TestCheck(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	e := open(t, program(t, `
echo "$*" > `+seen+`; env | grep -v -E '^(PWD|OLDPWD|SHLVL|_)=' >> `+seen+`; cat 0 1 >> `+seen+`
printf '%s' '{"comments":[{"file":"1","line":2,"endLine":2,"column":1,"endColumn":2,"level":"info","code":1,"message":"ours"},{"file":"1","line":3,"endLine":4,"column":6,"endColumn":8,"level":"info","code":2086,"message":"Quote."}]}'
exit 1`))
	got, err := e.Check(t.Context(), []Script{
		{Shell: "sh", Text: "true"},
		{Shell: "bash", Variables: []string{"A", "B"}, Text: "echo $A # shellcheck disable=all\n#shellcheck shell=ksh\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Comment{{Script: 1, Line: 1, Column: 6, EndLine: 2, EndColumn: 8, Level: "info", Code: 2086, Message: "Quote."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	given, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	wanted := "--norc --format=json1 --exclude=SC1090,SC1091,SC2187,SC1128,SC2148 -- 0 1\n" +
		"LC_ALL=C.UTF-8\n" +
		"# shellcheck shell=sh\n:\ntrue" +
		"# shellcheck shell=bash\nexport A B\necho $A # ---------- disable=all\n#---------- shell=ksh\n"
	if diff := cmp.Diff(wanted, string(given)); diff != "" {
		t.Error(diff)
	}
}

// TestFailures: whatever goes wrong is an error, never an answer without comments.
func TestFailures(t *testing.T) {
	cases := map[string]string{
		"a crash":                         "exit 3",
		"a crash with a word":             "echo broken >&2; exit 2",
		"no JSON":                         "echo hello",
		"nothing":                         "true",
		"JSON without comments":           "echo '{}'",
		"JSON that is broken off":         `printf '{"comments":[{"file":"0"'`,
		"a file that was not asked about": `echo '{"comments":[{"file":"7","line":9,"code":1}]}'; exit 1`,
		"output without end":              "exec yes",
		"a signal":                        "kill -9 $$",
	}
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := open(t, program(t, body)).Check(t.Context(), []Script{{Shell: "sh", Text: "a"}})
			if err == nil || got != nil {
				t.Errorf("gave %v and %v", got, err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	e := open(t, program(t, "exec sleep 100"))
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("time is up"))
	defer cancel()
	if _, err := e.Check(ctx, []Script{{Shell: "sh", Text: "a"}}); err == nil || !strings.Contains(err.Error(), "time is up") {
		t.Errorf("gave %v", err)
	}
}

// TestReal runs the real program: a configuration in its way is not obeyed, nor is a
// directive, and characters of several bytes are counted once.
func TestReal(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("no shellcheck on PATH: install Debian's package of that name")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".shellcheckrc", []byte("disable=all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, "shellcheck").Check(t.Context(), []Script{
		{Shell: "sh", Text: "# shellcheck disable=SC2086\necho äöü $A"},
		{Shell: "bash", Variables: []string{"b"}, Text: "#!/bin/sh\n. /x; [[ -e $b ]]"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range got {
		got[n].Message = ""
	}
	want := []Comment{{Script: 0, Line: 2, Column: 10, EndLine: 2, EndColumn: 12, Level: "info", Code: 2086}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
