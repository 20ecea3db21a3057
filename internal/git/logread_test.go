package git_test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/git"
)

// collector writes down what a walk over patches tells.
type collector struct {
	hunks []string
	lost  []string
	stop  error
}

// show writes a hunk in one line.
func show(commit, path string, line int, text string) string {
	return fmt.Sprintf("%.10s %q %d %q", commit, path, line, text)
}

func (c *collector) Hunk(h *git.Hunk) error {
	c.hunks = append(c.hunks, show(h.Commit, h.Path, h.Line, string(h.Text)))
	return c.stop
}

func (c *collector) Lost(commit, path string, err error) {
	c.lost = append(c.lost, fmt.Sprintf("%.10s %q: %v", commit, path, err))
}

var (
	atLine = regexp.MustCompile(`^@@ -\d+(,\d+)? \+(\d+)(,(\d+))? @@`)
	cQuote = regexp.MustCompile(`\\([abtnvfr"\\]|[0-7]{3})`)
)

// readLog reads git log -p in another way than the package does: by lines, with
// marks around commits that no line of a patch can hold. Of files of which lines
// are only deleted it gives one hunk without text, as the package does.
func readLog(t testing.TB, dir string, more ...string) []string {
	t.Helper()
	args := append([]string{"-c", "safe.directory=*", "log", "-p", "-U0", "--full-history", "--all", "--diff-filter=xdub", "--full-index", "--format=%x00%H"}, more...)
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	var hunks []string
	var commit, path string
	told := false
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch m := atLine.FindStringSubmatch(line); {
		case len(line) > 40 && line[0] == 0:
			commit, path = line[1:], ""
		case strings.HasPrefix(line, "diff --git "):
			path, told = between(line), false
		case strings.HasPrefix(line, "+++ b/"):
			path = strings.TrimSuffix(line[6:], "\t")
		case strings.HasPrefix(line, `+++ "b/`):
			path = backslashes(line[7 : len(line)-1])
		case strings.HasPrefix(line, "+++ /dev/null"):
			path = ""
		case strings.HasPrefix(line, "Binary files ") && path != "" && !strings.HasSuffix(line, "and /dev/null differ"):
			hunks = append(hunks, show(commit, path, 0, ""))
		case m != nil && path != "":
			at, _ := strconv.Atoi(m[2])
			n := 1
			if m[4] != "" {
				n, _ = strconv.Atoi(m[4])
			}
			for strings.HasPrefix(lines[i+1], "-") || strings.HasPrefix(lines[i+1], `\`) {
				i++
			}
			text := strings.Builder{}
			for range n {
				i++
				text.WriteString(lines[i][1:] + "\n")
			}
			s := text.String()
			if n > 0 && strings.HasPrefix(lines[i+1], `\`) {
				s = strings.TrimSuffix(s, "\n")
			}
			if n == 0 && told {
				continue
			}
			told = true
			hunks = append(hunks, show(commit, path, max(at, 1), s))
		}
	}
	return hunks
}

// between gives the path of a header that names it twice.
func between(line string) string {
	rest := strings.TrimPrefix(line, "diff --git ")
	half := rest[len(rest)/2+1:]
	if strings.HasPrefix(half, `"b/`) {
		return backslashes(half[3 : len(half)-1])
	}
	return strings.TrimPrefix(half, "b/")
}

func backslashes(s string) string {
	return cQuote.ReplaceAllStringFunc(s, func(e string) string {
		if n, err := strconv.ParseUint(e[1:], 8, 8); err == nil {
			return string([]byte{byte(n)})
		}
		return map[string]string{`\a`: "\a", `\b`: "\b", `\t`: "\t", `\n`: "\n", `\v`: "\v", `\f`: "\f", `\r`: "\r", `\"`: `"`, `\\`: `\`}[e]
	})
}
