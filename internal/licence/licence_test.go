package licence

import (
	"testing"

	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"mit":                              "MIT",
		"(MIT or apache-2.0)":              "(MIT OR Apache-2.0)",
		" mit  and ( isc or bsd-3-clause)": "MIT AND (ISC OR BSD-3-Clause)",
		"gpl-2.0+":                         "GPL-2.0+",
		"apache-2.0+":                      "Apache-2.0+",
		"gpl-2.0-only with classpath-exception-2.0": "GPL-2.0-only WITH Classpath-exception-2.0",
		"LicenseRef-Acme-1":                         "LicenseRef-Acme-1",
		"MIT WITH AdditionRef-x":                    "MIT WITH AdditionRef-x",
		"MIT OR":                                    "",
		"BSD":                                       "",
		"see LICENSE":                               "",
		"":                                          "",
	} {
		got, ok := Canonical(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, ok, want)
		}
	}
}

func TestCanonicalStaysValidAndIsItsOwn(t *testing.T) {
	words := []string{"mit", "Apache-2.0", "gpl-2.0+", "AND", "or", "WITH", "with", "(", ")", "classpath-exception-2.0", "LicenseRef-x", "-", ""}
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for _, w := range rapid.SliceOfN(rapid.SampledFrom(words), 0, 9).Draw(t, "words") {
			text += w + " "
		}
		once, ok := Canonical(text)
		if ok != Valid(text) {
			t.Fatalf("%q: %v", text, ok)
		}
		if twice, again := Canonical(once); ok && (!again || twice != once) {
			t.Fatalf("%q becomes %q and then %q", text, once, twice)
		}
	})
}
