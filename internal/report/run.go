// Package report holds the run file, which is all that is known of a run, and
// writes it in every format. Writers get an io.Writer and a sorted run; they open
// no files and sort nothing.
package report

import (
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
)

// Schema is the version of the run file that this program writes and reads.
const Schema = "boltseal/run/v1"

// Run is everything that is known of a run: enough to judge it again and to make
// every other format without scanning. Its JSON form is `-f json`; order and bytes
// are stable, durations aside.
type Run struct {
	Schema   string         `json:"schema"`
	Tool     Tool           `json:"tool"`
	Verdict  policy.Verdict `json:"verdict"`
	Policies []Policy       `json:"policies"`
	Judged   Judged         `json:"judged"`
	Change   *Change        `json:"change,omitempty"`
	// Commit is the one that was checked out, where that is known.
	Commit string `json:"commit,omitempty"`
	// Shard says which part of a larger run this is; nil for a whole one.
	Shard    *Shard    `json:"shard,omitempty"`
	Database *Database `json:"database,omitempty"`
	Scans    []Scan    `json:"scans"`
	// Images are those that were scanned. A package or finding names its layer by
	// digest: here is what brought it.
	Images []Image `json:"images,omitempty"`
	// Drifts are how images differ from older ones that they are compared with.
	Drifts   []Drift             `json:"drifts,omitempty"`
	Packages []inventory.Package `json:"packages,omitempty"`
	Findings []Finding           `json:"findings"`
}

// Tool is the program that made the run.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Policy names a policy that judged the run.
type Policy struct {
	// Path is where it was read, "built-in" for the default.
	Path string `json:"path"`
	// Ref is the commit at which it was read; empty for the checked-out file.
	Ref string `json:"ref,omitempty"`
	// Digest is "sha256:" of its bytes.
	Digest string `json:"digest"`
	// Targets are the targets that it judged; left out for all of them.
	Targets []string `json:"targets,omitempty"`
}

// Judged is what a verdict depends on beside findings and policies.
type Judged struct {
	// On is the day, "2026-12-01", in UTC.
	On string `json:"on"`
	// FailOn is the severity from which everything blocks.
	FailOn *finding.Severity `json:"failOn,omitempty"`
	// WarnOnly says that a blocked verdict does not change the exit code.
	WarnOnly bool `json:"warnOnly,omitempty"`
	// Only says what alone may block.
	policy.Only
	// Failures are why there is no verdict beside what the scans say: a report
	// that could not be written.
	Failures []string `json:"failures,omitempty"`
	// Warnings are reasons of the verdict that change nothing.
	Warnings []string `json:"warnings,omitempty"`
	// Event is what caused the run: "change", "push" or "schedule"; empty outside of
	// CI. Environment is where what was scanned is to run.
	Event       policy.Event `json:"event,omitempty"`
	Environment string       `json:"environment,omitempty"`
	// DefaultBranch says that the run is about the default branch itself.
	DefaultBranch bool `json:"defaultBranch,omitempty"`
}

// Change is the change under test, by commits.
type Change struct {
	Base      string `json:"base,omitempty"`
	Head      string `json:"head,omitempty"`
	MergeBase string `json:"mergeBase,omitempty"`
}

// Shard is one of the parts that several jobs share a run in.
type Shard struct {
	// Index counts from 1 up to Of.
	Index int `json:"index"`
	Of    int `json:"of"`
	// Plan is "sha256:" of what the whole run is to do: parts of different plans do
	// not make a whole.
	Plan string `json:"plan"`
}

// Database is the vulnerability database that was asked.
type Database struct {
	// Built is RFC 3339; empty for a plain folder of advisories.
	Built string `json:"built,omitempty"`
	// Digest says which database it is; empty for what is no built one.
	Digest string `json:"digest,omitempty"`
	// KEV and EPSS are the dates of CISA's list of exploited vulnerabilities and of
	// FIRST's scores; empty where the database has none.
	KEV  string `json:"kev,omitempty"`
	EPSS string `json:"epss,omitempty"`
	// KEVAsOf and EPSSAsOf are RFC 3339: when these were what their sources had; empty if
	// unknown.
	KEVAsOf  string           `json:"kevAsOf,omitempty"`
	EPSSAsOf string           `json:"epssAsOf,omitempty"`
	Sources  []DatabaseSource `json:"sources,omitempty"`
}

// Judged is what of the database matters to a verdict.
func (d *Database) Judged() (advisories []policy.Advisories, lists []policy.List) {
	for _, s := range d.Sources {
		advisories = append(advisories, policy.Advisories{Ecosystem: s.Ecosystem, AsOf: s.AsOf})
	}
	return advisories, []policy.List{
		{Name: policy.ListKEV, There: d.KEV != "", AsOf: d.KEVAsOf},
		{Name: policy.ListEPSS, There: d.EPSS != "", AsOf: d.EPSSAsOf},
	}
}

// DatabaseSource is what the database holds of one ecosystem.
type DatabaseSource struct {
	Ecosystem string `json:"ecosystem"`
	// Date is RFC 3339: when the newest record was modified.
	Date string `json:"date,omitempty"`
	// AsOf is RFC 3339: when these were all advisories of the source.
	AsOf    string `json:"asOf,omitempty"`
	Records int    `json:"records"`
	// Bad counts records that could not be read in whole.
	Bad int `json:"bad,omitempty"`
}

// Scan is how one scanner ended on one target.
type Scan struct {
	Scanner  string         `json:"scanner"`
	Target   string         `json:"target"`
	Digest   string         `json:"digest,omitempty"`
	Platform string         `json:"platform,omitempty"`
	Status   finding.Status `json:"status"`
	Reason   string         `json:"reason,omitempty"`
	Files    int64          `json:"files"`
	Bytes    int64          `json:"bytes"`
	// Skipped counts what the source left out, by reason.
	Skipped map[string]int64 `json:"skipped,omitempty"`
	// Errors name what could not be looked at, where there is more than one;
	// there may be more of them than are named.
	Errors []string `json:"errors,omitempty"`
	// Notes are worth knowing and change no status.
	Notes         []string `json:"notes,omitempty"`
	DurationMS    int64    `json:"durationMs"`
	RulesAssessed int      `json:"rulesAssessed,omitempty"`
}

// Image is an image that was scanned.
type Image struct {
	Target string `json:"target"`
	// Name is the image's name without tag and digest.
	Name string `json:"name"`
	// From is what FROM names, of the Dockerfile in the scanned tree that the image's
	// history speaks of; empty where there is none.
	From string `json:"from,omitempty"`
	// Base is the image whose layers begin this one, by digest where a registry was
	// asked for it; empty where that is not known.
	Base   string       `json:"base,omitempty"`
	Layers []ImageLayer `json:"layers"`
}

// ImageLayer is a layer of an image, oldest first.
type ImageLayer struct {
	Digest string `json:"digest"`
	// DiffID is of the unpacked layer, as the image's configuration says.
	DiffID string `json:"diffId"`
	// Size is that of the blob, in bytes.
	Size int64 `json:"size"`
	// Instruction is what the history says that built it.
	Instruction string `json:"instruction,omitempty"`
	// Origin is "base" or "ours", empty where that is unknown.
	Origin string        `json:"origin,omitempty"`
	Built  finding.Built `json:"built,omitzero"`
}

// Finding is a finding with what was decided about it.
type Finding struct {
	policy.Subject
	Decision policy.Decision `json:"decision"`
}
