package nearest

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWord(t *testing.T) {
	words := []string{"severity", "rule", "path", "new", "kev", "fix", "package", "dockerfile"}
	for word, want := range map[string]string{
		"sevrity": "severity", "severty": "severity", "Severity": "severity", "paht": "path", "packages": "package",
		"ne": "new", "kve": "kev", "dokcerfile": "dockerfile", "PACKAGES": "package", "cve": "", "x": "", "": "", "something": "", strings.Repeat("a", 1000): "",
	} {
		if got := Word(word, words); got != want {
			t.Errorf("Word(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistanceIsSymmetric(t *testing.T) {
	text := rapid.StringMatching(`[abc]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if distance(a, b) != distance(b, a) {
			t.Fatalf("%q and %q: not symmetric", a, b)
		}
		if (distance(a, b) == 0) != (a == b) {
			t.Fatalf("%q and %q: distance 0 is not equality", a, b)
		}
	})
}
