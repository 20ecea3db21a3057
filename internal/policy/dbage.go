package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

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

// stale looks at how old the advisories are, as if they were one more thing to scan:
// KEV and EPSS too, where the policy asks them. Those that do not say how old they are
// (a folder of one's own) pass where being old is only warned of.
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
		if text := j.staleText(&in, now); text != "" && !said[text] {
			said[text] = true
			g.add(fails, text)
		}
	}
}

// List is a list of CVEs beside the advisories.
type List struct {
	// Name is ListKEV or ListEPSS.
	Name string
	// There says whether the database has it.
	There bool
	// AsOf is when it was what its source had, RFC 3339; empty if unknown.
	AsOf string
}

// The lists of CVEs: CISA's of those that are known to be exploited, FIRST's of how
// probable that is.
const (
	ListKEV  = "KEV"
	ListEPSS = "EPSS"
)

// asks says whether a list matters to any decision about packages: to a rule that can be
// reached, of the default ones too, or to a scope, as one that does not name what is
// exploited leaves that alone.
func (j *judge) asks(list string) bool {
	if list == ListKEV && len(j.scopes) > 0 {
		return true
	}
	for _, r := range j.rules.rules {
		switch {
		case !r.circumstances || !anyOf(r.Scanners, finding.Packages):
		case r.asks(list):
			return true
		case r.takesAll():
			return false
		}
	}
	return false
}

func (r *compiledRule) asks(list string) bool {
	if list == ListKEV {
		return r.When.KEV != nil || celNames(r.CEL, "kev")
	}
	return r.When.EPSS != nil || celNames(r.CEL, "epss")
}

// takesAll says whether the rule leaves nothing to those behind it.
func (r *compiledRule) takesAll() bool {
	w := &r.When
	return r.always && len(w.Severities) == 0 && w.New == nil && w.KEV == nil && w.Malware == nil && w.Fix == "" && w.Origin == ""
}

// celNames says whether an expression names a field, or holds its name in a text.
func celNames(expression, field string) bool {
	other := func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return slices.Contains(strings.FieldsFunc(expression, other), field)
}

// staleText names what is too old; empty where nothing is.
func (j *judge) staleText(in *Input, now time.Time) string {
	c := &j.policy.Coverage
	var names []string
	add := func(name, fault string) {
		if fault != "" {
			names = append(names, fmt.Sprintf("%s (%s)", name, fault))
		}
	}
	for _, a := range in.Advisories {
		add(a.Ecosystem, c.stale(a.AsOf, now))
	}
	for _, l := range in.Lists {
		switch {
		case !j.asks(l.Name):
		case l.There:
			add(l.Name, c.stale(l.AsOf, now))
		case c.OnStaleDB == Fail:
			add(l.Name, "not there")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("advisories are older than the %s that max-db-age allows: %s; boltseal db update fetches them", ageText(c.MaxDBAge), strings.Join(names, ", "))
}

// stale says what is wrong with the age of a source; empty for nothing.
func (c *Coverage) stale(asOf string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, asOf)
	age := now.Sub(at)
	switch {
	case err == nil && age < -24*time.Hour:
		return "dated in the future"
	case err == nil && age > c.MaxDBAge:
		return ageText(age)
	case err != nil && c.OnStaleDB == Fail:
		return "of unknown age"
	}
	return ""
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
