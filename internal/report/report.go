package report

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/rule"
)

// Options say how a run is shown. The zero value gives plain text without limit
// of width.
type Options struct {
	// Catalogue explains the rules that findings name; a rule that it lacks is
	// explained by the finding alone.
	Catalogue rule.Catalogue
	// Color, Width (in columns of a terminal; 0 for no limit) and Quiet (the
	// verdict line only) are for the table.
	Color bool
	Width int
	Quiet bool
	// MaxBytes limits markdown; 0 stands for DefaultMaxBytes.
	MaxBytes int
	// Hearsay says that what was found is the word of the change's own author: no
	// comment shows it as a pass.
	Hearsay bool
	// Again says that of hearsay the tree and the commits of the change, and the packages
	// that are listed, were looked at once more, by somebody who can be believed.
	Again bool
}

// DefaultMaxBytes keeps markdown below what GitHub takes as a comment, 65,536.
const DefaultMaxBytes = 60_000

// writer writes a run in one format. Writers get a sorted run and sort nothing,
// open no file, and give every error of writing back.
type writer func(w io.Writer, run *Run, opt Options) error

var formats = map[string]writer{
	"table":              writeTable,
	"compliance":         writeCompliance,
	"cyclonedx":          writeCycloneDX,
	"evidence":           writeEvidence,
	"html":               writeHTML,
	"json":               writeJSON,
	"sarif":              writeSARIF,
	"spdx":               writeSPDX,
	"markdown":           writeMarkdown,
	"gitlab-codequality": writeCodeQuality,

	"gitlab-secret-detection":    writeGitLab(glKinds["gitlab-secret-detection"]),
	"gitlab-container-scanning":  writeGitLab(glKinds["gitlab-container-scanning"]),
	"gitlab-dependency-scanning": writeGitLab(glKinds["gitlab-dependency-scanning"]),
	"gitlab-sast":                writeGitLab(glKinds["gitlab-sast"]),

	"openvex": writeOpenVEX,
	"junit":   writeJUnit,
}

// Formats lists the names of all formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Write writes run in a format. What was scanned is hostile: text from there is
// made harmless for the format that it is written in.
func Write(w io.Writer, format string, run *Run, opt Options) error {
	write, ok := formats[format]
	if !ok {
		return UnknownFormat(format)
	}
	if run == nil {
		return errors.New("writing report: there is no run")
	}
	if err := write(w, run, opt); err != nil {
		return fmt.Errorf("writing %s report: %w", format, err)
	}
	return nil
}

// UnknownFormat is the error for a format that there is not.
func UnknownFormat(format string) error {
	if near := nearest.Word(format, Formats()); near != "" {
		return fmt.Errorf("unknown format %q; did you mean %q?", format, near)
	}
	return fmt.Errorf("unknown format %q: use %s", format, strings.Join(Formats(), ", "))
}
