package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSARIFByTheValidator hands our files to Microsoft's validator with the rules that
// GitHub has for code scanning. Its exit code says nothing: its own log does.
func TestSARIFByTheValidator(t *testing.T) {
	program := os.Getenv("BOLTSEAL_SARIF_VALIDATOR")
	if program == "" {
		t.Log("left out: the validator of SARIF; set BOLTSEAL_SARIF_VALIDATOR to Sarif.Multitool of the npm package @microsoft/sarif-multitool-linux")
		return
	}
	hostile := fixture()
	fill(hostile, evil)
	wrong := json.RawMessage(`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"ruleIndex": 7}]}]}`)
	for name, tt := range map[string]struct {
		data   []byte
		errors bool
	}{
		"findings of all kinds": {data: write(t, "sarif", fixture(), Options{Catalogue: catalogue(t)})},
		"a hostile repository":  {data: write(t, "sarif", hostile, Options{Catalogue: catalogue(t)})},
		"30,000 findings":       {data: write(t, "sarif", large(30_000), Options{Catalogue: catalogue(t)})},
		"no findings":           {data: write(t, "sarif", &Run{Schema: Schema}, Options{})},
		"a file that is wrong":  {data: wrong, errors: true},
	} {
		t.Run(name, func(t *testing.T) {
			found := validated(t, program, tt.data)
			if (len(found) > 0) != tt.errors {
				t.Errorf("%d errors: %q", len(found), found[:min(5, len(found))])
			}
		})
	}
}

// validated gives the rules of the errors that the validator finds in a file.
func validated(t *testing.T, program string, data []byte) []string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.sarif"), filepath.Join(dir, "out.sarif")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "validate", "--rule-kind", "Sarif;Ghas", "--level", "Error", "--log", "ForceOverwrite", "--max-file-size-in-kb", "100000", "-o", out, in)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said[max(0, len(said)-2000):])
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Runs []struct {
			Invocations []struct{ ExecutionSuccessful bool }
			Results     []struct {
				RuleID, Level string
				Message       struct{ Arguments []string }
			}
		}
	}
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatal(err)
	}
	if len(log.Runs) != 1 || len(log.Runs[0].Invocations) != 1 {
		t.Fatalf("the validator says nothing: %s", text[:min(len(text), 500)])
	}
	var found []string
	for _, r := range log.Runs[0].Results {
		if r.Level == "error" {
			found = append(found, r.RuleID+" "+strings.Join(r.Message.Arguments, " "))
		}
	}
	return found
}
