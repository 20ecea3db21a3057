// Package policy decides. It reads .boltseal.yaml and judges findings by it:
// pure functions of policies, findings and the day, without files, clock or log.
package policy

import (
	"fmt"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/vex"
)

// Policy is a policy file as it was read. It is never changed afterwards.
type Policy struct {
	// Path is where it was read, BuiltIn for the default. Ref is the commit at
	// which it was read, for whoever reads it there to set; Digest is "sha256:"
	// of its bytes.
	Path, Ref, Digest string
	// Targets are the targets that it judges, by name, for whoever looks policies
	// up by target to set; none for all of them.
	Targets []string
	// Under is the folder below which it judges, relative to the root of the
	// repository, for whoever looks policies up to set; empty for everywhere.
	Under string
	// Head says that it is what counts of the policy of the change under test.
	Head bool
	// Extends are the policies that judge beside it.
	Extends []Parent
	// Rules are tried in order; the first that matches decides. Where none does,
	// the built-in default's rules do.
	Rules      []Rule
	Exceptions []Exception
	// Scopes bound what is done about findings in some places; of several that
	// match the first counts.
	Scopes []Scope
	// Exclude are globs over paths of the repository: what is found there is
	// suppressed. Like all such globs they match no path inside an image.
	Exclude []string
	// TrustedBases are globs over the images that FROM may name, as it writes them; none
	// for any.
	TrustedBases []string
	// SignedBases wants the images that others are built upon to have signatures.
	SignedBases bool
	Coverage    Coverage
	Limits      Limits
	Trust       Trust
	New         Comparison
	// Relaxable are ids of rules, its own or the default's: about what these decide
	// the exceptions, scopes, excludes and VEX statements of a child count as if
	// they were its own.
	Relaxable []string
	// Children are the policies for which this one is a parent, for whoever looks
	// policies up to set. They judge by themselves as well, where they are among the
	// policies that do.
	Children []*Policy
	// VEXFiles are the paths of VEX documents, VEX what they state, for whoever reads
	// them to set. Products are the names by which they call what is scanned.
	VEXFiles, Products []string
	VEX                []vex.Statement
	// Tests are the file's own tests.
	Tests []Test
	// Dockerfiles are globs over paths that are Dockerfiles, whatever they are
	// called, beside those that every one takes for such.
	Dockerfiles []string
	// Dashboards are where results of CI jobs go: see ToSend.
	Dashboards Dashboards
	// Unknown is the severity as which findings of unknown severity compare.
	Unknown finding.Severity

	// builtIn says that the rules are the default's.
	builtIn bool
	origin  Parent // see Origin
}

// BuiltIn is the path of the built-in default.
const BuiltIn = "built-in"

// Rule says what is done about the findings that it matches.
type Rule struct {
	// ID is unique in its policy.
	ID string
	// Scanners and Rules match when one of them does, or when there are none;
	// Rules are globs over rule ids.
	Scanners []string
	Rules    []string
	When     When
	Action   Action
	// Until is the last day of Action; Then is the action from the day after on.
	// The zero time is for a rule that does not change.
	Until time.Time
	Then  Action
	// Grace holds Block back; nil for none.
	Grace *Grace
	// CEL is an expression that must hold as well; empty for none.
	CEL string
	// Message is the reason to give; empty for one made from the conditions. What
	// stands in braces is replaced: see template.
	Message string
	// Line is where it stands in the file.
	Line int
}

// When are conditions that all must hold. The zero value always does.
type When struct {
	// Severities match when one of them does, or when there are none.
	Severities []SeverityMatch
	// Rules are globs over rule ids; an advisory is known by all its aliases.
	Rules []string
	// Paths are globs over paths of the repository. They never match a path
	// inside an image, unless Images are given: then they match these alone.
	Paths []string
	// Images are globs over image names without tag and digest.
	Images []string
	// Packages are globs over package URLs: see purlGlob.
	Packages []string
	// Fix is FixAvailable, FixNone or empty.
	Fix string
	// New, KEV and Malware must be equal to what the finding is; nil for either.
	New, KEV, Malware *bool
	// EPSS is the least probability of exploitation; nil for any.
	EPSS *float64
	// Origin is OriginBase, OriginOurs or empty. What an image holds and nobody knows
	// the origin of is of neither.
	Origin string
	// Published bounds the age of the advisory; nil for any.
	Published *Age
	// Events and Environments match when one of them is the run's, or when there
	// are none.
	Events, Environments []string
}

// Where a package of an image came from.
const (
	OriginBase = "base"
	OriginOurs = "ours"
)

// Age bounds how many days ago an advisory was published. One without a date, or
// with one to come, is older than any.
type Age struct {
	Days int
	// Younger says that it must be less than Days, else that or more.
	Younger bool
}

func (a *Age) String() string {
	if a.Younger {
		return fmt.Sprintf("<%dd", a.Days)
	}
	return fmt.Sprintf(">=%dd", a.Days)
}

// What a rule can ask of a fix: a version without the vulnerability, or edits
// that mend the finding.
const (
	FixAvailable = "available"
	FixNone      = "none"
)

// SeverityMatch is a severity, or with OrWorse that and all above it.
type SeverityMatch struct {
	Severity finding.Severity
	OrWorse  bool
}

func (m SeverityMatch) String() string {
	if m.OrWorse {
		return ">=" + m.Severity.String()
	}
	return m.Severity.String()
}

// Exception accepts what it matches until a day.
type Exception struct {
	Match Match
	// Reason, Owner and ApprovedBy are one line each and never empty.
	Reason, Owner, ApprovedBy string
	// Created and Expires are days, at midnight UTC. The exception holds until
	// the end of the day on which it expires.
	Created, Expires time.Time
	// VEX is what it says of the vulnerability to others; nil for nothing.
	VEX *Claim
	// Line is where it stands in the file.
	Line int
}

// Match says what an exception is about: of every field that has values one must
// match. At least one field has.
type Match struct {
	// CVEs are ids of advisories, whichever alias they are.
	CVEs []string
	// PURLs, Rules, Paths and Images match as those of When do.
	PURLs, Rules, Paths, Images []string
	// Fingerprints match any of the finding's keys.
	Fingerprints []string
}

// Reaction is what becomes of a gap in what was scanned.
type Reaction string

// The reactions: no verdict, or a warning.
const (
	Fail     Reaction = "fail"
	WarnOfIt Reaction = "warn"
)

// Coverage says what must have been scanned for there to be a verdict.
type Coverage struct {
	// Require names scanners that must have run. One that found nothing for it to
	// look at has run.
	Require []string
	// Platforms are those for which every image must have been scanned, as
	// "linux/amd64"; none for whichever there are.
	Platforms []string
	// OnScannerError is for a scanner that failed, OnPartial for one that gave
	// up on something, OnNothingScanned for a run in which no scanner found
	// anything to look at.
	OnScannerError, OnPartial, OnNothingScanned Reaction
	// MaxDBAge is how old advisories may be, OnStaleDB is for older ones.
	MaxDBAge  time.Duration
	OnStaleDB Reaction
	// DBDigests are the digests of which a database must have one; none for any.
	DBDigests []string
}
