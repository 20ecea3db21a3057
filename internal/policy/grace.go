package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Grace holds a block back for some days after an advisory was published: what was
// there before is not to stop everybody on the day on which it becomes known.
// Whatever is known to be new has none, and neither has an unknown date.
type Grace struct {
	// For are the days by severity; a severity that is left out has none.
	For Days
}

// Days are numbers of days by severity.
type Days map[finding.Severity]int

// maxDays is ten years; whoever writes more means never.
const maxDays = 3660

func readGrace(v yamlpos.Value) *Grace {
	var g Grace
	v.Map(
		"grace",
		yamlpos.Need("since", func(v yamlpos.Value) { v.OneOf("published") }),
		yamlpos.Need("for", yamlpos.Into(&g.For, readDays)),
	)
	return &g
}

// readDays reads days by severity, or days for all of them.
func readDays(v yamlpos.Value) Days {
	days := make(Days)
	if _, one := v.Scalar(); one {
		n := readDayCount(v)
		for _, s := range knownSeverities() {
			days[s] = n
		}
		return days
	}
	var fields []yamlpos.Field
	for _, s := range knownSeverities() {
		fields = append(fields, yamlpos.May(s.String(), func(v yamlpos.Value) { days[s] = readDayCount(v) }))
	}
	if v.Empty() {
		v.Fail("leave the key out", "it names no severity")
	}
	v.Map("days by severity", fields...)
	return days
}

// knownSeverities are all but unknown, which compares as one of them.
func knownSeverities() []finding.Severity {
	return slices.DeleteFunc(finding.Severities(), func(s finding.Severity) bool { return s == finding.Unknown })
}

func readDayCount(v yamlpos.Value) int {
	text, _ := v.Scalar()
	n, ok := dayCount(text)
	if !ok {
		v.Fail(fmt.Sprintf("write days, as 14d, at most %dd", maxDays), "a number of days is wanted here")
	}
	return n
}

// dayCount reads "14d".
func dayCount(text string) (int, bool) {
	number, ok := strings.CutSuffix(text, "d")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > maxDays || strconv.Itoa(n) != number {
		return 0, false
	}
	return n, true
}

// readAge reads "<7d" or ">=30d".
func readAge(v yamlpos.Value) *Age {
	text, _ := v.Scalar()
	bound, younger := strings.CutPrefix(text, "<")
	older := false
	if !younger {
		bound, older = strings.CutPrefix(text, ">=")
	}
	n, ok := dayCount(strings.TrimSpace(bound))
	if !ok || !younger && !older {
		v.Fail(`write "<7d" for what was published within the last 7 days, ">=7d" for what is older`, "published wants a bound in days")
		return nil
	}
	return &Age{n, younger}
}

// yaml writes days as readDays reads them.
func (d Days) yaml() string {
	var f flow
	for _, s := range knownSeverities() {
		if n, ok := d[s]; ok {
			f.raw(s.String(), fmt.Sprintf("%dd", n))
		}
	}
	return f.String()
}

// published is the day of an advisory; false when it has none, or one that is to
// come: neither may hold anything back. A day's difference is a matter of clocks.
func published(a *finding.Advisory, today time.Time) (time.Time, bool) {
	if a == nil || a.Published == "" {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, a.Published)
	if err != nil {
		t, err = time.Parse(time.DateOnly, a.Published)
	}
	t = dayOf(t)
	if err != nil || t.After(today.AddDate(0, 0, 1)) {
		return time.Time{}, false
	}
	return t, true
}

// dayOf is the beginning of a day in UTC. Days, not hours, decide: a run that is
// judged again on the same day gets the same verdict.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// ageIs says whether an advisory is as old as asked.
func (s *subject) ageIs(want *Age) bool {
	if want == nil {
		return true
	}
	if s.Advisory == nil {
		return false
	}
	on, known := published(s.Advisory, s.today)
	young := known && int(s.today.Sub(on)/(24*time.Hour)) < want.Days
	return young == want.Younger
}

// graced is the last day of a rule's grace for a finding; false where it has none,
// or none any more.
func (r *compiledRule) graced(s *subject) (time.Time, bool) {
	if r.Grace == nil || s.New != nil && *s.New {
		return time.Time{}, false
	}
	on, known := published(s.Advisory, s.today)
	days, ok := r.Grace.For[s.Severity.Known(r.unknown)]
	if !known || !ok {
		return time.Time{}, false
	}
	last := on.AddDate(0, 0, days)
	return last, !s.today.After(last)
}
