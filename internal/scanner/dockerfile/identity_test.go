package dockerfile

import (
	"strings"
	"testing"
)

// TestLongInstruction: what identifies a finding does not grow with the instruction
// that it is in, or many findings in one long instruction would take all memory.
func TestLongInstruction(t *testing.T) {
	const sources = 2000
	text := "FROM debian:12\nADD " + strings.Repeat("https://example.com/a \\\n", sources) + "b\n"
	l := parse("Dockerfile", []byte(text)).lint(&Native{})
	found := 0
	for _, h := range l.hits {
		if len(h.identity) > maxIdentity {
			t.Fatalf("%s is identified by %d bytes", h.rule.ID, len(h.identity))
		}
		if h.rule.ID == "dockerfile/remote-add-unchecked" {
			found++
		}
	}
	if found != sources {
		t.Errorf("found %d, want %d", found, sources)
	}
}

func TestBounded(t *testing.T) {
	long := strings.Repeat("word ", maxIdentity)
	cases := map[string]struct {
		a, b string
		same bool
	}{
		"short texts stay as they are":            {"a  b", "a b", false},
		"long ones that differ in their end":      {long + "a", long + "b", false},
		"long ones that differ in white space":    {long + "a", strings.ReplaceAll(long, " ", "\t ") + "a", true},
		"long ones cut in the middle of a letter": {strings.Repeat("é", maxIdentity), strings.Repeat("é", maxIdentity) + "x", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := bounded(c.a) == bounded(c.b); got != c.same {
				t.Errorf("the same: %v, want %v", got, c.same)
			}
		})
	}
}
