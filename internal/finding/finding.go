// Package finding holds the one fact that flows through the program: something
// that a scanner found. A finding carries what was found and where, never what
// is done about it (that is a policy's decision, which stands beside it), and
// never a secret in clear text.
package finding

import (
	"cmp"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
)

// The scanners' names, as policies, reports and flags write them.
const (
	Secrets     = "secrets"
	Dockerfile  = "dockerfile"
	Packages    = "packages"
	ImageConfig = "imageconfig"
	// Policy is no scanner: it stands for what the gate itself has to say of a change.
	// Such findings are warnings, whatever a policy says.
	Policy = "policy"
)

// The rules of the gate's own findings.
const (
	RuleLoosened = "policy/loosened"   // what a change loosens counts after the merge
	RuleVanished = "coverage/vanished" // a change leaves a scanner nothing to look at
)

// Finding is one immutable fact. Scanners build it without a Fingerprint; Seal
// completes it, and nobody changes it afterwards.
type Finding struct {
	// Fingerprint identifies the finding from run to run: see Seal.
	Fingerprint string `json:"fingerprint"`
	// Rule is the id under which it is configured, ignored and explained.
	Rule string `json:"rule"`
	// Scanner is the name of the scanner that found it.
	Scanner string `json:"scanner"`
	// Target is the target in which it was found, as the run file names it.
	Target string `json:"target"`
	// Severity is how bad it is; SeverityFrom says who decided that: "rule",
	// "vendor", "cvss3", "cvss4", "cvss2", "malware" or empty when unknown.
	Severity     Severity `json:"severity"`
	SeverityFrom string   `json:"severityFrom,omitempty"`
	// Message is one sentence in plain text, without a final full stop.
	Message string `json:"message"`
	// Remediation is one sentence that says what to do.
	Remediation string   `json:"remediation,omitempty"`
	Location    Location `json:"location"`
	// Excerpt shows the line; nil where a scanner has none to show.
	Excerpt *Excerpt `json:"excerpt,omitempty"`
	// Package and Advisory are set by the packages scanner, Secret by secrets.
	Package  *inventory.Package `json:"package,omitempty"`
	Advisory *Advisory          `json:"advisory,omitempty"`
	Secret   *Secret            `json:"secret,omitempty"`
	// Fix is a set of edits that is safe to apply as it is; nil when there is none.
	Fix *Fix `json:"fix,omitempty"`
	// Controls are the compliance controls that it touches, "catalogue:control".
	Controls []string `json:"controls,omitempty"`
	// Ignored names what in the scanned tree asks to pass the finding over: "a
	// gitleaks:allow comment", an ignore file, a baseline. Whether that is heeded
	// is the policy's to say; empty where nothing asks.
	Ignored string `json:"ignored,omitempty"`
	// Spared names what in the scanned tree asks that the finding is shown and
	// blocks nothing: "failure-threshold in .hadolint.yaml". It is heeded as Ignored
	// is; empty where nothing asks.
	Spared string `json:"spared,omitempty"`

	// Placed says that what Ignored names goes by a place, as a comment beside the
	// finding or an entry with a line, and not by what was found. Never written.
	Placed bool `json:"-"`

	// Identity is what identifies the finding beside its rule: see the
	// constructors in identity.go. It is spent by Seal and never written.
	Identity Identity `json:"-"`
	// Compared is the identity by which findings of one run are compared, where it
	// is another one: with a hash of a secret that nobody outside of the run could
	// use, and nobody could hit. Never written.
	Compared Identity `json:"-"`
}

// Location says where a finding is: a region of a file, and for images the
// image, layer and instruction as well. Lines and columns count from 1, columns
// in bytes; an end column stands behind the last byte; 0 means unknown.
type Location struct {
	// Path is relative to the repository root, to the target where there is
	// no repository, or to the image's root directory. Slashes, no leading one.
	Path        string `json:"path,omitempty"`
	StartLine   int    `json:"startLine,omitempty"`
	StartColumn int    `json:"startColumn,omitempty"`
	EndLine     int    `json:"endLine,omitempty"`
	EndColumn   int    `json:"endColumn,omitempty"`
	// Commit is the git commit that brought it, in history scans.
	Commit string `json:"commit,omitempty"`
	// Image is the image's name without tag or digest.
	Image string `json:"image,omitempty"`
	// Layer is the digest of the layer, Instruction what built it (from the
	// image's history; text from the image, not trusted).
	Layer       string `json:"layer,omitempty"`
	Instruction string `json:"instruction,omitempty"`
	// Step is the entry of the image's history that set what was found, counted from 1;
	// 0 where a layer tells, or nothing does. It is for finding a line, and is not kept.
	Step int `json:"-"`
	// Deleted says that a later layer hides the path: it is in the image, but
	// not in the containers started from it.
	Deleted bool `json:"deleted,omitempty"`
	// Origin is "base" where the layer is one of the base image, "ours" where it was
	// added to it, empty where that is unknown.
	Origin string `json:"origin,omitempty"`
	// Built is where a Dockerfile of the scanned tree does what an image's history
	// says of the layer or setting. A history can say anything: it is for showing
	// people a line, and identifies nothing.
	Built Built `json:"built,omitzero"`
}

// Built are lines of a Dockerfile, counted from 1, the last one included. Path is as
// in Location, of the tree.
type Built struct {
	Path      string `json:"path"`
	StartLine int    `json:"startLine"`
	EndLine   int    `json:"endLine,omitempty"`
}

// Advisory is what a vulnerability database says about a package.
type Advisory struct {
	// ID is the record's id in OSV, Aliases every other id of the same issue.
	ID      string   `json:"id"`
	Aliases []string `json:"aliases,omitempty"`
	// Summary is one line.
	Summary string `json:"summary,omitempty"`
	// Published is RFC 3339, empty when the source does not say.
	Published string `json:"published,omitempty"`
	// Fixed are the versions that mend it, for the installed version's branch
	// first; empty when there is no fix.
	Fixed []string `json:"fixed,omitempty"`
	// Statement is what the distribution or the maintainers say of a fix, as "end of
	// life" or "fix deferred"; empty when they say nothing.
	Statement string `json:"statement,omitempty"`
	CVSS      []CVSS `json:"cvss,omitempty"`
	// KEV says that CISA lists it as exploited; EPSS is FIRST's probability of
	// exploitation within 30 days, 0 when unknown.
	KEV     bool    `json:"kev,omitempty"`
	EPSS    float64 `json:"epss,omitempty"`
	Malware bool    `json:"malware,omitempty"`
	URL     string  `json:"url,omitempty"`
}

// CVSS is one score with the vector that it was computed from.
type CVSS struct {
	Vector string  `json:"vector"`
	Score  float64 `json:"score"`
}

// Secret is what may be said of a secret.
type Secret struct {
	// Masked shows the rule's fixed prefix and nothing else.
	Masked string `json:"masked"`
	// Hash tells two secrets in one file apart; see Hasher.
	Hash string `json:"hash"`
}

// Fix is a set of edits that mends a finding. Edits do not overlap.
type Fix struct {
	Description string `json:"description,omitempty"`
	Edits       []Edit `json:"edits"`
}

// Edit replaces a region of a file by Text. Lines and columns count from 1,
// columns in bytes; the end column stands behind the last byte replaced. Start
// and end are equal where Text is only inserted.
type Edit struct {
	Path        string `json:"path"`
	StartLine   int    `json:"startLine"`
	StartColumn int    `json:"startColumn"`
	EndLine     int    `json:"endLine"`
	EndColumn   int    `json:"endColumn"`
	Text        string `json:"text"`
}

// IDs are the ids under which the finding's advisory is known, the record's own
// first; for every other finding they are its rule.
func (f *Finding) IDs() []string {
	if f.Advisory == nil {
		return []string{f.Rule}
	}
	ids := append([]string{f.Advisory.ID}, f.Advisory.Aliases...)
	if !slices.Contains(ids, f.Rule) {
		ids = append(ids, f.Rule)
	}
	return ids
}

// Compare is a full order: two findings that compare equal are the same to the
// byte of everything that is reported of their place and kind. It groups by
// target and path, then goes down the file.
func Compare(a, b Finding) int {
	return cmp.Or(
		strings.Compare(a.Target, b.Target),
		strings.Compare(a.Location.Image, b.Location.Image),
		strings.Compare(a.Location.Path, b.Location.Path),
		cmp.Compare(a.Location.StartLine, b.Location.StartLine),
		cmp.Compare(a.Location.StartColumn, b.Location.StartColumn),
		cmp.Compare(a.Location.EndLine, b.Location.EndLine),
		cmp.Compare(a.Location.EndColumn, b.Location.EndColumn),
		strings.Compare(a.Scanner, b.Scanner),
		comparePackages(a.Package, b.Package),
		strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Location.Layer, b.Location.Layer),
		strings.Compare(a.Location.Commit, b.Location.Commit),
		strings.Compare(a.Location.Built.Path, b.Location.Built.Path),
		cmp.Compare(a.Location.Built.StartLine, b.Location.Built.StartLine),
		compareSecrets(a.Secret, b.Secret),
		strings.Compare(a.Message, b.Message),
		cmp.Compare(a.Severity, b.Severity),
		strings.Compare(a.Fingerprint, b.Fingerprint),
	)
}

func comparePackages(a, b *inventory.Package) int {
	if a == nil || b == nil {
		return cmp.Compare(btoi(a != nil), btoi(b != nil))
	}
	return cmp.Or(
		strings.Compare(a.Ecosystem, b.Ecosystem),
		strings.Compare(a.Name, b.Name),
		strings.Compare(a.Version, b.Version),
		slices.Compare(a.Paths, b.Paths),
	)
}

func compareSecrets(a, b *Secret) int {
	if a == nil || b == nil {
		return cmp.Compare(btoi(a != nil), btoi(b != nil))
	}
	return cmp.Or(strings.Compare(a.Masked, b.Masked), strings.Compare(a.Hash, b.Hash))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
