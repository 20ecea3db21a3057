package report

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goldenFiles are the files in testdata by format.
var goldenFiles = map[string]string{
	"json": "run.json", "table": "run.txt", "sarif": "run.sarif", "markdown": "run.md", "gitlab-codequality": "gl-code-quality.json",
	"junit": "run.junit.xml", "cyclonedx": "run.cdx.json", "spdx": "run.spdx.json", "html": "run.html", "evidence": "run.evidence.json", "compliance": "run.controls.md", "openvex": "run.openvex.json",
	"gitlab-secret-detection": "gl-secret-detection.json", "gitlab-container-scanning": "gl-container-scanning.json",
	"gitlab-dependency-scanning": "gl-dependency-scanning.json", "gitlab-sast": "gl-sast.json",
}

func TestGolden(t *testing.T) {
	for format, file := range goldenFiles {
		t.Run(format, func(t *testing.T) {
			golden(t, file, write(t, format, fixture(), Options{Catalogue: catalogue(t)}))
		})
	}
}

// TestEveryFormatHasAGoldenFile wants one for each, made of the same run.
func TestEveryFormatHasAGoldenFile(t *testing.T) {
	for _, format := range Formats() {
		if goldenFiles[format] == "" {
			t.Errorf("%s has none", format)
		}
	}
}

func TestFormatsHasEveryFormat(t *testing.T) {
	want := []string{"compliance", "cyclonedx", "evidence", "gitlab-codequality", "gitlab-container-scanning", "gitlab-dependency-scanning", "gitlab-sast", "gitlab-secret-detection", "html", "json", "junit", "markdown", "openvex", "sarif", "spdx", "table"}
	if diff := cmp.Diff(want, Formats()); diff != "" {
		t.Error(diff)
	}
}

func TestWriteOfAnUnknownFormatNamesTheNearest(t *testing.T) {
	for format, want := range map[string]string{
		"sarfi": `did you mean "sarif"?`, "markdwon": `did you mean "markdown"?`, "yaml-or-so": "use compliance, cyclonedx, evidence, gitlab-codequality, gitlab-container-scanning, gitlab-dependency-scanning, gitlab-sast, gitlab-secret-detection, html, json, junit, markdown, openvex, sarif, spdx, table",
	} {
		err := Write(&bytes.Buffer{}, format, fixture(), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", format, err)
		}
	}
	if err := Write(&bytes.Buffer{}, "json", nil, Options{}); err == nil {
		t.Error("a nil run was written")
	}
}

// broken fails after some bytes.
type broken struct{ left int }

var errBroken = errors.New("no space left on device")

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestEveryWriterReportsAnErrorOfWriting(t *testing.T) {
	for _, format := range Formats() {
		whole := len(write(t, format, fixture(), Options{}))
		for _, left := range []int{0, 100, 3000} {
			if left >= whole {
				continue
			}
			if err := Write(&broken{left}, format, fixture(), Options{}); !errors.Is(err, errBroken) {
				t.Errorf("%s, full after %d bytes: %v", format, left, err)
			}
		}
	}
}

func TestWritersAreDeterministicAndChangeNothing(t *testing.T) {
	run := fixture()
	for _, format := range Formats() {
		first := write(t, format, run, Options{Catalogue: catalogue(t)})
		for range 3 {
			if again := write(t, format, run, Options{Catalogue: catalogue(t)}); !bytes.Equal(first, again) {
				t.Errorf("%s differs from time to time", format)
			}
		}
	}
	if diff := cmp.Diff(fixture(), run); diff != "" {
		t.Errorf("a writer changed the run:\n%s", diff)
	}
}

func TestEveryFormatTakesAnEmptyRun(t *testing.T) {
	for _, format := range Formats() {
		if format == "evidence" {
			continue // it would be about nothing, which is an error
		}
		if out := write(t, format, &Run{Schema: Schema}, Options{}); len(out) == 0 {
			t.Errorf("%s is empty", format)
		}
	}
}

func TestEveryFormatButTheCodeQualityReportSaysWhatWasNotScanned(t *testing.T) {
	for _, format := range Formats() {
		if _, partial := glKinds[format]; format == "openvex" || partial {
			continue // it is about what was found, for readers who know of no scans, or about some of these
		}
		out := string(write(t, format, fixture(), Options{}))
		for _, want := range []string{"512 MiB", "no such directory"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q", format, want)
			}
		}
		if !slices.Contains([]string{"json", "sarif"}, format) && strings.Contains(out, "AKIAI") {
			t.Errorf("%s has a secret", format)
		}
	}
}
