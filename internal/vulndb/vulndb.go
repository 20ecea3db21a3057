// Package vulndb answers which published advisories affect a package. Advisories
// are in OSV form (https://ossf.github.io/osv-schema/); where they come from (a
// folder, a compact database, an API) is behind DB.
//
// A DB never lets silence pass for safety: a package that it could not judge, for
// want of data, of a release or of a version that can be compared, has an error in
// its Match.
package vulndb

import (
	"context"
	"errors"
	"fmt"

	"github.com/boltseal/boltseal/internal/inventory"
)

// DB answers for packages. It is safe for concurrent use.
type DB interface {
	// Query answers for many packages at once, as an API wants to be asked and a
	// sorted file wants to be read. Match i belongs to package i. An error says
	// that nothing could be answered at all; what concerns one package is in its
	// Match. The answer depends on the package and the data only.
	Query(ctx context.Context, packages []inventory.Package) ([]Match, error)
	// Info describes the data as far as they have been read.
	Info() Info
	// Close releases what the DB holds; no Query may be running.
	Close() error
}

// Match is the answer for one package.
type Match struct {
	// Advisories affect the package; sorted by ID, one per issue.
	Advisories []Advisory
	// Err says why the answer is not whole: ErrNoData, ErrNoRelease, a
	// *VersionError, or damage to the data. Advisories may be there none the less.
	Err error
}

// Advisory is one issue: everything that its records under all their ids say of
// one package.
type Advisory struct {
	// ID is the id of the record that speaks for the issue, Aliases are all its
	// other ids, sorted.
	ID      string
	Aliases []string
	// Summary is one line, possibly empty.
	Summary string
	// Published is RFC 3339, of the record published first; empty where none says.
	Published string
	// Fixed are the versions above the installed one that are not affected, in
	// ascending order: the one of the installed branch stands first.
	Fixed []string
	// Rating is what the vendor or distribution says of its own package:
	// "critical", "high", "medium", "low", "info"; empty where it does not.
	Rating string
	// Statement is what the distribution or the maintainers say of a fix: "end of
	// life", "ignored", "will not fix", "fix deferred", "not affected" or
	// "unmaintained"; empty where they say nothing. A package that is called not
	// affected and is within what the record calls affected is reported all the same.
	Statement string
	// CVSS are the scores, the one to go by first: newest version of CVSS, then
	// highest score.
	CVSS []CVSS
	// CWE are the kinds of weakness, sorted.
	CWE []string
	// Malware says that the package itself is malicious.
	Malware bool
	// KEV is set where CISA lists one of the ids as exploited.
	KEV *KEV
	// EPSS is set where FIRST scores one of the ids.
	EPSS *EPSS
	// URL is a page about the issue.
	URL string
}

// CVSS is a base score with the vector that it was computed from.
type CVSS struct {
	Vector string
	Score  float64
	// Version is 2, 3 or 4.
	Version int
}

// KEV is an entry of CISA's catalogue of exploited vulnerabilities.
type KEV struct {
	Added, Due string // dates, YYYY-MM-DD
	Ransomware bool
}

// EPSS is FIRST's probability of exploitation within 30 days, as of Date.
type EPSS struct {
	Score, Percentile float64
	Date              string // YYYY-MM-DD
}

// Info describes a database.
type Info struct {
	// Kind is "folder" or "database".
	Kind string
	// Built is when it was built, RFC 3339; empty for a plain folder.
	Built string
	// Digest says which database it is; empty for what is no built database.
	Digest string
	// Sources are the ecosystems read so far, sorted.
	Sources []SourceInfo
	// KEVDate and EPSSDate are the dates of the enrichment, empty without it. A
	// KEV list that does not say is as old as its newest entry.
	KEVDate, EPSSDate string
	// KEVAsOf and EPSSAsOf are RFC 3339: when these were what their sources had; empty
	// if unknown.
	KEVAsOf, EPSSAsOf string
	// Notes tell what the user should know of how the data came here.
	Notes []string
}

// SourceInfo is what is held of one ecosystem.
type SourceInfo struct {
	Ecosystem string
	// Date is RFC 3339: when the newest record was modified; empty if unknown.
	Date string
	// AsOf is RFC 3339: when these were all advisories of the source; empty if
	// unknown.
	AsOf      string
	Records   int
	Withdrawn int
	// Bad counts records that could not be read in whole; BadNames are the first
	// of them with the reason.
	Bad      int
	BadNames []string
}

// ErrNoData says that the database has nothing on an ecosystem or release, which
// is not the same as nothing being wrong with the package.
var ErrNoData = errors.New("the database has no advisories")

// ErrNoRelease says that the release of a distribution is not known.
var ErrNoRelease = errors.New("the release is not known")

// VersionError says that a package's version could not be compared.
type VersionError struct {
	Ecosystem, Version string
	Err                error
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("comparing %s version %q: %v", inventory.Family(e.Ecosystem), clip(e.Version, 80), e.Err)
}

func (e *VersionError) Unwrap() error { return e.Err }
