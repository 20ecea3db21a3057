package cli_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/cli"
	"github.com/boltseal/boltseal/internal/policy"
)

var update = flag.Bool("update", false, "write generated parts of the README")

const readme = "../../README.md"

// between cuts out what stands between <!-- name --> and <!-- /name -->.
func between(t *testing.T, text, name string) (before, part, after string) {
	t.Helper()
	before, rest, ok := strings.Cut(text, "<!-- "+name+" -->\n")
	part, after, ok2 := strings.Cut(rest, "<!-- /"+name+" -->")
	if !ok || !ok2 {
		t.Fatalf("README.md has no markers for %s", name)
	}
	return before, part, after
}

// run runs a command line in this process and gives what it prints and its code.
func run(t *testing.T, width int, args ...string) (string, int) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Main(t.Context(), args, cli.System{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Getenv: func(string) string { return "" },
		Width:  func() int { return width },
		Now:    func() time.Time { return today },
	})
	if errs.Len() > 0 {
		t.Logf("stderr: %s", errs.String())
	}
	return out.String(), code
}

func TestRuleTableOfTheReadme(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, scanner := range []string{"dockerfile", "imageconfig"} {
		table, code := run(t, 0, "rules", "--scanner", scanner, "-f", "markdown")
		if code != 0 {
			t.Fatalf("rules: exit code %d", code)
		}
		want.WriteString("### " + scanner + "\n\n" + table + "\n")
	}
	before, got, after := between(t, string(data), "rules")
	if got == want.String() {
		return
	}
	if !*update {
		t.Fatal("the rule table is stale: go test ./internal/cli -update")
	}
	text := before + "<!-- rules -->\n" + want.String() + "<!-- /rules -->" + after
	if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// command gives the words of the command between two markers of the README.
func command(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := between(t, string(data), name)
	lines := strings.Split(strings.TrimSpace(block), "\n")
	if len(lines) != 3 {
		t.Fatalf("README.md: want one command in the block %s, got %q", name, block)
	}
	return strings.Fields(lines[1])
}

// TestReadmeCommandOnTheExample runs what the README tells a newcomer to run, and
// draws its picture from what that prints.
func TestReadmeCommandOnTheExample(t *testing.T) {
	words := command(t, "run")
	if got := strings.Join(words[:3], " "); got != "go run ./cmd/boltseal" {
		t.Fatalf("the command begins with %q", got)
	}
	t.Chdir("../..")
	out, code := run(t, 100, words[3:]...)
	if code != cli.ExitBlocked {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, scanner := range []string{"secrets", "dockerfile", "packages", "imageconfig"} {
		if !strings.Contains(out, scanner) {
			t.Errorf("nothing is said of %s", scanner)
		}
	}
	prompt := "$ boltseal " + strings.Join(words[3:], " ")
	prompt = strings.Replace(prompt, " examples/leaky-app oci-dir", " \\\n    examples/leaky-app oci-dir", 1)
	svg := drawTerminal(prompt, middleCut(out, 42, 14), 100)
	path := filepath.Join(".github", "leaky-app.svg")
	old, err := os.ReadFile(path)
	if err == nil && string(old) == svg {
		return
	}
	if !*update {
		t.Fatal("the picture in .github is stale: go test ./internal/cli -update")
	}
	if err := os.WriteFile(path, []byte(svg), 0o644); err != nil {
		t.Fatal(err)
	}
}

// middleCut keeps the first and the last lines of a text.
func middleCut(text string, first, last int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) <= first+last {
		return text
	}
	cut := fmt.Sprintf("\n  … %d more lines …\n", len(lines)-first-last)
	return strings.Join(lines[:first], "\n") + "\n" + cut + "\n" + strings.Join(lines[len(lines)-last:], "\n")
}

func TestReadmeTestCommand(t *testing.T) {
	if got := strings.Join(command(t, "test"), " "); got != "go test ./..." {
		t.Errorf("the test command is %q", got)
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Fatal(err)
	}
}

func TestPolicyOfTheReadmeLoads(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(data), "```yaml\nversion: 1\n")
	text, _, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatal("README.md shows no policy")
	}
	if _, err := policy.Load("README.md", []byte("version: 1\n"+text)); err != nil {
		t.Error(err)
	}
}
