package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestParted: whatever is written, in whatever pieces, no command comes out.
func TestParted(t *testing.T) {
	for name, pieces := range map[string][]string{
		"two":                {"a ##vso[task.complete]"},
		"three":              {"a ###vso[task.complete]"},
		"many":               {"########[error]"},
		"in two pieces":      {"a #", "#vso[task.complete]"},
		"in three pieces":    {"#", "", "#", "#vso["},
		"one":                {"a # b #", "c"},
		"a line in between":  {"#\n", "#vso["},
		"a part is in there": {"#\u200b##vso["},
		"a line":             {"boltseal: x\n::error::y\r \u00a0::warning::z"},
		"a line in pieces":   {"x\n", " :", "", ":error::y"},
		"the first line":     {"::error::y"},
		"not a line":         {"x::y :: z\n:x::y\n: :"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := &parted{w: &out}
			for _, p := range pieces {
				if n, err := w.Write([]byte(p)); n != len(p) || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
			}
			if strings.Contains(out.String(), "##") {
				t.Errorf("%q", out.String())
			}
			for line := range strings.SplitSeq(strings.ReplaceAll(out.String(), "\r", "\n"), "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "::") {
					t.Errorf("%q", out.String())
				}
			}
			if name == "not a line" && strings.Contains(out.String(), "\u200b") {
				t.Errorf("%q", out.String())
			}
			plain := strings.NewReplacer("\u200b", "")
			if plain.Replace(out.String()) != plain.Replace(strings.Join(pieces, "")) {
				t.Errorf("%q is other text", out.String())
			}
		})
	}
}
