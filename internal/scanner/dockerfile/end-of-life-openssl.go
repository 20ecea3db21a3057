package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/eol"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/end-of-life-openssl", Severity: finding.Medium,
	Title:       "OpenSSL is built from a release that gets no fixes any more",
	Remediation: "Build a release that is maintained, or install the distribution's package",
	Controls:    []string{"nist-800-190:4.1.1"},
}, onBuilding(func(r *report, i *instruction) {
	for n, w := range i.words[:max(0, len(i.words)-1)] {
		if source := unquote(w.text); remote(source) {
			if over := r.opensslIn(source); over.Date != "" {
				r.part(i, i.wordSpan(n), "OpenSSL %s has had no security fixes since %s", over.Version, over.Date)
			}
		}
	}
}, "ADD"), onProgram(func(r *report, c *command) {
	for _, a := range c.args() {
		if over := r.opensslIn(a.text); over.Date != "" {
			r.command(c, "OpenSSL %s has had no security fixes since %s", over.Version, over.Date)
			return
		}
	}
}, "curl", "wget", "git"))

// opensslEnds is the last day of each line of OpenSSL's releases, as endoflife.date
// has it, 2026-08-22.
var opensslEnds = map[string]string{
	"0.9.8": "2015-12-31", "1.0.0": "2015-12-31", "1.0.1": "2016-12-31", "1.0.2": "2019-12-31", "1.1.0": "2019-09-11", "1.1.1": "2023-09-11",
	"3.0": "2026-09-07", "3.1": "2025-03-14", "3.2": "2025-11-23", "3.3": "2026-04-09", "3.4": "2026-10-22", "3.5": "2030-04-08",
	"3.6": "2026-11-01", "4.0": "2027-05-14",
}

// opensslIn finds the name of a release, "openssl-1.0.2k" or "OpenSSL_1_0_2k", in an
// address, and gives its line where that has ended.
func (r *report) opensslIn(text string) eol.Ending {
	today := r.lint.native.today
	lower := strings.ToLower(text)
	for today != "" {
		_, rest, found := strings.Cut(lower, "openssl")
		if !found {
			break
		}
		lower = rest
		if rest == "" || rest[0] != '-' && rest[0] != '_' {
			continue
		}
		line := releaseLine(rest[1:])
		if date := opensslEnds[line]; date != "" && date < today {
			return eol.Ending{Product: "OpenSSL", Version: line, Date: date}
		}
	}
	return eol.Ending{}
}

// releaseLine gives what of a version tells its line: three numbers before 3, two
// from there on.
func releaseLine(text string) string {
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.' || text[end] == '_') {
		end++
	}
	numbers := strings.Split(strings.ReplaceAll(text[:end], "_", "."), ".")
	parts := 2
	if numbers[0] == "0" || numbers[0] == "1" {
		parts = 3
	}
	return strings.Join(numbers[:min(parts, len(numbers))], ".")
}
