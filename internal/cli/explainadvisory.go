package cli

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/boltseal/boltseal/internal/vulndb"
)

// isAdvisory says whether an id is one of an advisory and none of a rule.
func isAdvisory(id string) bool {
	upper := strings.ToUpper(id)
	for _, prefix := range []string{"CVE-", "GHSA-", "MAL-", "GO-", "PYSEC-", "RUSTSEC-", "DSA-", "DLA-", "USN-", "ALPINE-", "DEBIAN-", "UBUNTU-", "ALSA-", "RHSA-", "RLSA-"} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	return false
}

// recordsOf are the records that may tell of an id: distributions have records of
// their own for a CVE.
func recordsOf(id string) []string {
	ids := []string{id}
	if strings.HasPrefix(id, "CVE-") {
		for _, prefix := range []string{"DEBIAN-", "UBUNTU-", "ALPINE-"} {
			ids = append(ids, prefix+id)
		}
	}
	return ids
}

// explainAdvisory tells what the database has of an advisory at length.
func explainAdvisory(sys System, dir, id string) (string, error) {
	dir, err := namedDatabase(sys, dir)
	if err != nil {
		return "", err
	}
	db, err := vulndb.OpenDatabase(dir)
	if err != nil {
		return "", noVerdict(fmt.Errorf("%q is an advisory, and there is no database to look it up: %w", id, noDatabaseYet(dir, err)))
	}
	defer db.Close() //nolint:errcheck // only read from
	var b strings.Builder
	for _, record := range recordsOf(id) {
		d, err := db.Describe(record)
		if err != nil {
			return "", noVerdict(err)
		}
		if d.Details == "" && len(d.References) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\n\n", record)
		if text := strings.TrimSpace(plainText(d.Details)); text != "" {
			fmt.Fprintf(&b, "%s\n\n", text)
		}
		for _, r := range d.References {
			fmt.Fprintf(&b, "%-10s %s\n", strings.ToLower(plainText(r.Kind)), plainText(r.URL))
		}
	}
	known, err := exploitation(db, id)
	if err != nil {
		return "", noVerdict(err)
	}
	b.WriteString(known)
	if b.Len() == 0 {
		return "", usage(fmt.Errorf("the database has nothing on %q: records are looked up by their own ids, as a report's JSON has them in advisory.id", id))
	}
	return b.String(), nil
}

// exploitation is what KEV and EPSS say.
func exploitation(db *vulndb.Database, id string) (string, error) {
	kev, epss, err := db.About(id)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if kev != nil {
		fmt.Fprintf(&b, "exploited  listed by CISA since %s\n", kev.Added)
	}
	if epss != nil {
		fmt.Fprintf(&b, "EPSS       %.5g on %s, more than %.4g%% of all\n", epss.Score, epss.Date, 100*epss.Percentile)
	}
	return b.String(), nil
}

// plainText leaves out what a terminal would obey.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return -1
	}, s)
}
