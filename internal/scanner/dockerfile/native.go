package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
)

// Native is what hadolint's own configuration asks for: .hadolint.yaml and its
// environment variables. The zero value asks for nothing.
type Native struct {
	// Ignored are rules that are passed over in the whole tree, by their ids, each
	// with what asks for it: the file's name, or a variable's.
	Ignored map[string]string
	// Severities are rules by upper-case id whose findings have another severity
	// than the default one; a rule that is off by default runs where it is named.
	Severities map[string]finding.Severity
	// today is the day that ends of life are compared with, as "2006-01-02"; empty
	// compares none.
	today string
	// trustsBase is TrustsBase of the options, for one target.
	trustsBase func(path, reference string) bool
	// TrustedRegistries are the registries that DL3026 accepts, as they are
	// written: a "*" may stand at either end. None for all.
	TrustedRegistries []string
	// Labels is the schema of labels that DL3049 to DL3058 hold a file to.
	Labels map[string]LabelType
	// StrictLabels says that no label may stand outside of the schema.
	StrictLabels bool
	// DisablePragmas says that hadolint's ignore pragmas silence nothing.
	DisablePragmas bool
	// Threshold is the mildest severity that hadolint would fail for, NoFail says
	// that it would for none: what is milder is found, and asks not to block.
	// Unknown where nothing is said. SparedBy names what asks.
	Threshold finding.Severity
	NoFail    bool
	SparedBy  string
	// Notes are worth telling, and change nothing.
	Notes []string
	// noShell says that the checks of shell code are a program's business.
	noShell bool
}

// LabelType is what the value of a label must be.
type LabelType string

// The types of labels, as hadolint names them.
const (
	LabelText    LabelType = "text"
	LabelURL     LabelType = "url"
	LabelTime    LabelType = "rfc3339"
	LabelVersion LabelType = "semver"
	LabelLicence LabelType = "spdx"
	LabelCommit  LabelType = "hash"
	LabelEmail   LabelType = "email"
)

// runs says whether a rule is on.
func (n *Native) runs(d *definition) bool {
	_, set := n.Severities[d.ID]
	return set || !d.Off
}

// severity gives the severity of a rule's findings. What does not build is never
// made milder.
func (n *Native) severity(d *finding.Finding) finding.Severity {
	if s, set := n.Severities[d.Rule]; set && d.Rule != brokenFile.ID {
		return s
	}
	return d.Severity
}

// spares says what asks that a finding does not block; empty where nothing does.
// It is about hadolint's codes only: of ours its configuration says nothing.
func (n *Native) spares(f *finding.Finding) string {
	if strings.Contains(f.Rule, "/") || !n.NoFail && f.Severity >= n.Threshold {
		return ""
	}
	return n.SparedBy
}
