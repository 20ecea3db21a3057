package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/boltseal/boltseal/internal/policy"
)

// readJUnit reads a report as a CI system does.
func readJUnit(t *testing.T, run *Run) junitSuites {
	t.Helper()
	var doc junitSuites
	d := xml.NewDecoder(bytes.NewReader(write(t, "junit", run, Options{})))
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestJUnitIsValid(t *testing.T) {
	schema := conformance(t, "junit", "junit-10.xsd")
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not there (libxml2-utils has it)")
	}
	hostile := fixture()
	fill(hostile, evil)
	for name, run := range map[string]*Run{"fixture": fixture(), "hostile texts": hostile, "empty": {Schema: Schema}} {
		file := filepath.Join(t.TempDir(), "junit.xml")
		if err := os.WriteFile(file, write(t, "junit", run, Options{}), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schema, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestJUnitFailsWhatBlocksAndSkipsWhatWarns(t *testing.T) {
	run := fixture()
	var failures, skipped, errs, tests int
	for _, s := range readJUnit(t, run).Suites {
		names := make(map[string]bool)
		for _, c := range s.Cases {
			tests++
			if names[c.Class+"/"+c.Name] {
				t.Errorf("%s %s comes twice", c.Class, c.Name)
			}
			names[c.Class+"/"+c.Name] = true
			switch {
			case c.Failure != nil:
				failures++
			case c.Skipped != nil && c.Skipped.Message != "":
				skipped++
			case c.Error != nil:
				errs++
			}
		}
	}
	// One more failure is the verdict, one more skipped the scan of nothing.
	if want := 1 + len(decided(run, policy.Block)); failures != want {
		t.Errorf("%d failures, want %d", failures, want)
	}
	if want := 1 + len(decided(run, policy.Warn)); skipped != want {
		t.Errorf("%d skipped, want %d", skipped, want)
	}
	if errs != 2 {
		t.Errorf("%d errors, want the two scans that did not end well", errs)
	}
	doc := readJUnit(t, run)
	if doc.Tests != strconv.Itoa(tests) || doc.Failures != strconv.Itoa(failures) || doc.Errors != strconv.Itoa(errs) {
		t.Errorf("counts %s %s %s, want %d %d %d", doc.Tests, doc.Failures, doc.Errors, tests, failures, errs)
	}
}

func TestJUnitOfARunWithoutVerdictIsNotGreen(t *testing.T) {
	doc := readJUnit(t, &Run{Schema: Schema, Verdict: policy.Verdict{Status: policy.None, Reasons: []string{"nothing was scanned"}}})
	if doc.Errors != "1" || doc.Suites[0].Cases[0].Error == nil {
		t.Errorf("got %+v", doc)
	}
}
