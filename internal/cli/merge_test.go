package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/boltseal/boltseal/internal/cli"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// shop is a repository with a history, a tree and three images beside it.
func shop(t *testing.T) (scan []string) {
	t.Helper()
	example, err := filepath.Abs("../../examples/leaky-app")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS("repo", os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll("repo/image"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := os.CopyFS(fmt.Sprintf("image-%d", i), os.DirFS(filepath.Join(example, "image"))); err != nil {
			t.Fatal(err)
		}
	}
	secret := func(n int) string {
		// Letters that a scanner takes for random ones.
		text := []byte("ghp" + "_")
		for i := range 36 {
			text = append(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[(i*i*7+n*13+i*29)%62])
		}
		return string(text)
	}
	for i := range 12 {
		write(fmt.Sprintf("repo/src/%d.env", i), "key="+secret(i)+"\nkey="+secret(i)+"\n")
	}
	write("repo/app/Dockerfile", "FROM scratch\nMAINTAINER me\n")
	write("repo/.boltseal.yaml", "version: 1\nrules:\n  - {id: secrets, scanner: secrets, action: block}\n  - {id: rest, action: warn}\nexceptions:\n  - {match: {path: src/3.env}, reason: an example, owner: \"@a\", approved-by: \"@b\", created: 2026-11-01, expires: 2027-01-01}\n")
	write("repo/gone.env", "key="+secret(99)+"\n")
	git("-C", "repo", "init", "-q", "-b", "main")
	git("-C", "repo", "add", "-A")
	git("-C", "repo", "commit", "-q", "-m", "one")
	git("-C", "repo", "rm", "-q", "gone.env")
	git("-C", "repo", "commit", "-q", "-m", "two")
	t.Chdir("repo")
	return []string{"scan", "--offline", "--db", "advisories", "dir:.", "git:.", "oci-dir:../image-0", "oci-dir:../image-1", "oci-dir:../image-2"}
}

// invoke runs a command line and gives its exit code and what it says.
func invoke(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := cli.Main(t.Context(), args, cli.System{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
		Getenv: func(string) string { return "" }, Now: func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) },
	})
	return code, out.String()
}

func stored(t *testing.T, file string) *report.Run {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestShardsMakeAWhole scans a history, a tree and three images in one job and in
// several, which find and decide the same.
func TestShardsMakeAWhole(t *testing.T) {
	scan := shop(t)
	whole := func(args ...string) []string { return append(slices.Clone(scan), args...) }
	code, out := invoke(t, whole("-f", "json=../whole.json")...)
	if code != cli.ExitBlocked {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	want := stored(t, "../whole.json")
	type facts struct {
		Findings []report.Finding
		Verdict  policy.Verdict
		Packages int
		Images   []report.Image
	}
	of := func(r *report.Run) facts { return facts{r.Findings, r.Verdict, len(r.Packages), r.Images} }
	for _, n := range []int{1, 2, 5, 8} {
		merge := []string{"merge", "-f", "json=../merged.json"}
		var secretsOf int
		for i := 1; i <= n; i++ {
			file := fmt.Sprintf("../run-%d-%d.json", n, i)
			if code, out := invoke(t, whole("--shard", fmt.Sprintf("%d/%d", i, n), "-f", "json="+file)...); code == cli.ExitUsage || code == cli.ExitNone {
				t.Fatalf("shard %d of %d: exit code %d\n%s", i, n, code, out)
			}
			merge = append(merge, file)
			for _, s := range stored(t, file).Scans {
				if n > 2 && i == 1 && s.Target != "git:." {
					t.Errorf("shard 1 of %d does %s on %s as well", n, s.Scanner, s.Target)
				}
				if s.Scanner == "secrets" && s.Target == "dir:." && s.Files > 0 {
					secretsOf++
				}
			}
		}
		if n > 2 && secretsOf < 2 {
			t.Errorf("of %d shards %d look through the tree for secrets", n, secretsOf)
		}
		code, out := invoke(t, merge...)
		if code != cli.ExitBlocked {
			t.Fatalf("merging %d shards: exit code %d\n%s", n, code, out)
		}
		if diff := cmp.Diff(of(want), of(stored(t, "../merged.json"))); diff != "" {
			t.Errorf("%d shards: %s", n, diff)
		}
		first, err := os.ReadFile("../merged.json")
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(merge[3:])
		invoke(t, merge...)
		if again, _ := os.ReadFile("../merged.json"); !bytes.Equal(first, again) {
			t.Errorf("%d shards: the order of the files matters", n)
		}
	}
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a lost shard of blocking ones":      {[]string{"../run-5-1.json", "../run-5-2.json", "../run-5-4.json"}, cli.ExitBlocked, "shards 3, 5 of 5 are missing"},
		"a lost shard, and nothing to block": {[]string{"--warn-only", "../run-5-1.json", "../run-5-2.json", "../run-5-4.json", "../run-5-5.json"}, cli.ExitNone, "shard 3 of 5 is missing"},
		"shards of another plan":             {[]string{"../run-2-1.json", "../run-5-2.json"}, cli.ExitNone, "different plans"},
		"a shard twice":                      {[]string{"../run-2-1.json", "../run-2-2.json", "../twice.json"}, cli.ExitBlocked, "block"},
		"a run file that is not there":       {[]string{"../run-2-1.json", "../none.json"}, cli.ExitNone, "reading run file"},
		"the same file twice":                {[]string{"../run-2-1.json", "../run-2-1.json"}, cli.ExitUsage, "named twice"},
		"more runs expected":                 {[]string{"--warn-only", "--expect", "2", "../whole.json"}, cli.ExitNone, "--expect 2: there are 1"},
		"another policy":                     {[]string{"-c", "../other.yaml", "../whole.json"}, cli.ExitNone, "which is not the one that judges here"},
		"another version":                    {[]string{"../whole.json", "../version.json"}, cli.ExitNone, "different versions of boltseal"},
		"another commit":                     {[]string{"../run-2-1.json", "../commit.json"}, cli.ExitNone, "different commits"},
		"another environment":                {[]string{"--environment", "production", "../whole.json"}, cli.ExitNone, "environment"},
	} {
		t.Run(name, func(t *testing.T) {
			copied := func(to, from, old, replaced string) {
				data, err := os.ReadFile(from)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(to, bytes.Replace(data, []byte(old), []byte(replaced), 1), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			copied("../twice.json", "../run-2-2.json", "", "")
			copied("../version.json", "../run-5-2.json", `"version": "`, `"version": "9`)
			copied("../commit.json", "../run-2-2.json", `"commit": "`, `"commit": "f`)
			if err := os.WriteFile("../other.yaml", []byte("version: 1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out := invoke(t, append([]string{"merge"}, test.args...)...)
			if code != test.code || !strings.Contains(out, test.says) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, test.code, test.says, out)
			}
		})
	}
}

// sameFindings FILE FILE demands run files of equal findings, decisions and verdict.
func sameFindings(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: samefindings FILE FILE")
	}
	var runs []*report.Run
	for _, file := range args {
		run, err := report.Read(strings.NewReader(ts.ReadFile(file)))
		ts.Check(err)
		runs = append(runs, run)
	}
	if diff := cmp.Diff(runs[0].Findings, runs[1].Findings); diff != "" {
		ts.Fatalf("findings differ: %s", diff)
	}
	if diff := cmp.Diff(runs[0].Verdict, runs[1].Verdict); diff != "" {
		ts.Fatalf("verdicts differ: %s", diff)
	}
}

// TestShardsAreOfOneSetting: shards that ran with other flags, variables or files do not
// make a whole, and what changes no verdict keeps none apart.
func TestShardsAreOfOneSetting(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("app/Dockerfile", "FROM scratch\nMAINTAINER me\n")
	vex := func(product string) string {
		return `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"2026-11-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2026-0001"},"products":[{"@id":"` + product + `"}],"status":"fixed"}]}`
	}
	write("a.vex.json", vex("pkg:npm/a"))
	write("copy/a.vex.json", vex("pkg:npm/a"))
	write("b.vex.json", vex("pkg:npm/b"))
	write("a.yaml", "ignored: [DL3008]\n")
	write("b.yaml", "ignored: [DL3059]\n")
	scan := func(i int, env string, args ...string) string {
		t.Helper()
		file := fmt.Sprintf("run-%d.json", i)
		args = append([]string{"scan", "--scanners", "dockerfile", "-f", "json=" + file, "--shard", fmt.Sprintf("%d/2", i)}, args...)
		var out bytes.Buffer
		code := cli.Main(t.Context(), append(args, "app"), cli.System{
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
			Getenv: func(name string) string {
				key, value, _ := strings.Cut(env, "=")
				if name == key {
					return value
				}
				return ""
			},
			Now: func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) },
		})
		if code == cli.ExitUsage {
			t.Fatalf("%v: %s", args, out.String())
		}
		return file
	}
	for name, test := range map[string]struct {
		one, two []string
		env      string // of the second
		same     bool
	}{
		"the same":                      {nil, nil, "", true},
		"a flag that tightens":          {[]string{"--no-gitignore"}, nil, "", false},
		"a flag that loosens":           {nil, []string{"--max-archive-depth", "1"}, "", false},
		"registries":                    {[]string{"--registry-mirror", "docker.io=a.example.com"}, []string{"--registry-mirror", "docker.io=b.example.com"}, "", false},
		"a list in another order":       {[]string{"--trusted-registry", "a.example.com,b.example.com"}, []string{"--trusted-registry", "b.example.com", "--trusted-registry", "a.example.com"}, "", true},
		"advisories":                    {[]string{"--db-mode", "api"}, nil, "", false},
		"a flag and its variable":       {[]string{"--environment", "production"}, nil, "BOLTSEAL_ENVIRONMENT=production", true},
		"a variable":                    {nil, nil, "BOLTSEAL_DOCKERFILE=*.docker", false},
		"a variable of hadolint":        {nil, nil, "HADOLINT_IGNORE=DL4000", false},
		"files of other content":        {[]string{"--vex", "a.vex.json"}, []string{"--vex", "b.vex.json"}, "", false},
		"files of one content":          {[]string{"--vex", "a.vex.json"}, []string{"--vex", "copy/a.vex.json"}, "", true},
		"another tool's file":           {[]string{"--hadolint-config", "a.yaml"}, []string{"--hadolint-config", "b.yaml"}, "", false},
		"what changes no verdict":       {[]string{"--timeout", "10m", "-v"}, []string{"--offline"}, "BOLTSEAL_CACHE_DIR=" + dir + "/cache", true},
		"a limit of one and none other": {[]string{"--fail-on", "low"}, nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			merge := []string{"merge", scan(1, "", test.one...), scan(2, test.env, test.two...)}
			if strings.Contains(strings.Join(test.one, " "), "--environment") {
				merge = append(merge, "--environment", "production")
			}
			_, out := invoke(t, merge...)
			if refused := strings.Contains(out, "they are of different"); refused == test.same {
				t.Errorf("refused: %v\n%s", refused, out)
			}
		})
	}
}
