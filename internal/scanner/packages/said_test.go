package packages

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzSaid hands any bytes to what reads licences and relations: never a panic, and never
// more than a row takes.
func FuzzSaid(f *testing.F) {
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"a 1 (x)\", \"\"]\n"))
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\n[package.dependencies]\nb = {version = 1}\n"))
	f.Add([]byte("[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [{name = \"a\"}]\n"))
	f.Add([]byte(`{"packages":[{"name":"a","version":"1","require":{"a":"*"},"license":["MIT"]}]}`))
	f.Add([]byte(`{"packages":{"":{},"node_modules/a":{"version":"1","license":{"type":"x"},"dependencies":{"a":"1"}},"node_modules/b":{"link":true,"resolved":"../.."}}}`))
	f.Add([]byte("GEM\n  specs:\n    a (1-x)\n      a (~> 1)!\n"))
	f.Add([]byte("License: a\n b\nLicense-Expression: MIT\nClassifier: License :: x\n\n"))
	f.Add([]byte(`["MIT", "a b"]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, asks := range []func([]byte) []asking{cargoNeeds, poetryNeeds, uvNeeds, composerNeeds, gemNeeds} {
			all := asks(data)
			rows := []row{{Kind: "PyPI", Name: "a", Version: "1"}}
			for _, a := range all {
				rows = append(rows, row{Kind: "PyPI", Name: a.name, Version: a.version})
			}
			relate(rows, "PyPI", len(data), all)
			for _, r := range rows {
				if len(r.Needs) > maxNeeds {
					t.Errorf("a row asks for %d bytes", len(r.Needs))
				}
				if joined := joinNeeds(splitNeeds(r.Needs)); joined != r.Needs {
					t.Errorf("%q becomes %q", r.Needs, joined)
				}
			}
		}
		raw := json.RawMessage(data)
		for _, said := range []string{npmLicence(raw), npmLicences(data), composerLicence(raw), pythonLicence(data)} {
			if len(said) > maxString || strings.Contains(said, "\r") {
				t.Errorf("a licence of %d bytes: %q", len(said), said)
			}
		}
		if made, err := readNPMLock(t.Context(), "package-lock.json", data); err == nil {
			if err := made.check(); err != nil && !strings.Contains(err.Error(), "name") {
				t.Error(err)
			}
		}
	})
}
