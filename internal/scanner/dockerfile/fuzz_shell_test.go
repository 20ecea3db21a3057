package dockerfile

import (
	"os"
	"strings"
	"testing"
)

// FuzzShell holds that the checks of shell code stand any script, and that what they
// find lies within it.
func FuzzShell(f *testing.F) {
	for _, shell := range []string{"sh", "bash"} {
		data, err := os.ReadFile("testdata/shell-" + shell + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			f.Add(strings.ReplaceAll(strings.TrimSpace(line), "⏎", "\n"), shell == "bash")
		}
	}
	f.Fuzz(func(t *testing.T, text string, bash bool) {
		shell := "sh"
		if bash {
			shell = "bash"
		}
		head := "FROM a:1\nSHELL [\"" + shell + "\", \"-c\"]\n"
		file := parse("Dockerfile", []byte(head+"RUN <<'BOLTEND'\n"+text+"\nBOLTEND\n"))
		for _, h := range file.lint(&Native{}).hits {
			if !strings.HasPrefix(h.rule.ID, "SC") {
				continue
			}
			if h.where.start < len(head) || h.where.end < h.where.start || h.where.end > len(file.data) {
				t.Errorf("%s at %v of %d bytes", h.rule.ID, h.where, len(file.data))
			}
			if h.identity == "" || h.message == "" {
				t.Errorf("%s without identity or message", h.rule.ID)
			}
		}
	})
}
