package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// defaultDBAge is how old advisories may be where no policy says otherwise.
const defaultDBAge = 5 * 24 * time.Hour

// Advisories are what packages were compared with.
type Advisories struct {
	Ecosystem string
	// AsOf is when these were all that were published, RFC 3339; empty if unknown.
	AsOf string
}

// MaxDBAge is how old advisories may be by the strictest of several policies.
func MaxDBAge(policies []*Policy) time.Duration {
	least := defaultDBAge
	for i, p := range policies {
		if i == 0 || p.Coverage.MaxDBAge < least {
			least = p.Coverage.MaxDBAge
		}
	}
	return least
}

// DBDigests are the digests of which a database must have one by several policies,
// and whether there is any that all of them allow; none of them where no policy says.
func DBDigests(policies []*Policy) (digests []string, asked bool) {
	for _, p := range policies {
		own := p.Coverage.DBDigests
		switch {
		case len(own) == 0:
		case !asked:
			digests, asked = slices.Clone(own), true
		default:
			digests = slices.DeleteFunc(digests, func(d string) bool { return !slices.Contains(own, d) })
		}
	}
	return digests, asked
}

// stale looks at how old the advisories are, as if they were one more thing to scan.
// Those that do not say how old they are (a folder of one's own) pass where being
// old is only warned of.
func (g *gaps) stale(b *bench, in Input, now time.Time) {
	if len(in.Advisories) == 0 {
		return
	}
	said := make(map[string]bool)
	for _, j := range b.all() {
		c := &j.policy.Coverage
		ran := slices.ContainsFunc(j.scans(in.Scans), func(s Scan) bool { return s.Scanner == finding.Packages })
		if !ran {
			continue
		}
		fails := c.OnStaleDB == Fail
		if text := c.staleText(in.Advisories, now); text != "" && !said[text] {
			said[text] = true
			g.add(fails, text)
		}
	}
}

// staleText names what is too old; empty where nothing is.
func (c *Coverage) staleText(advisories []Advisories, now time.Time) string {
	var names []string
	for _, a := range advisories {
		at, err := time.Parse(time.RFC3339, a.AsOf)
		age := now.Sub(at)
		switch {
		case err == nil && age < -24*time.Hour:
			names = append(names, a.Ecosystem+" (dated in the future)")
		case err == nil && age > c.MaxDBAge:
			names = append(names, fmt.Sprintf("%s (%s)", a.Ecosystem, ageText(age)))
		case err != nil && c.OnStaleDB == Fail:
			names = append(names, a.Ecosystem+" (of unknown age)")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("advisories are older than the %s that max-db-age allows: %s; boltseal db update fetches them", ageText(c.MaxDBAge), strings.Join(names, ", "))
}

// ageText is a time in days, or in hours where that is more exact.
func ageText(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day && d%day != 0 {
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/day), "day")
}

var ageForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([1-9][0-9]{0,3})([dh])$`) })

func readDBAge(v yamlpos.Value) time.Duration {
	text, _ := v.Scalar()
	form := ageForm().FindStringSubmatch(text)
	if form == nil {
		v.Fail("write days or hours, as 5d or 36h", "%q is no age", text)
		return defaultDBAge
	}
	n, _ := strconv.Atoi(form[1]) // four digits
	if form[2] == "h" {
		return time.Duration(n) * time.Hour
	}
	return time.Duration(n) * 24 * time.Hour
}

// ageYAML writes what readDBAge reads.
func ageYAML(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}

var digestForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(digestPattern) })

const digestPattern = `^sha256:[0-9a-f]{64}$`

func readDigests(v yamlpos.Value) []string {
	return formed(v, digestForm(), "digest", "boltseal db status prints it: sha256: and 64 hexadecimal digits")
}
