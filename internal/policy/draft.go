package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Facts are what a first policy for a repository is made of.
type Facts struct {
	// Scanners are those that found something to look at.
	Scanners []string
	// Partial is why a scanner gave up on something; empty where none did.
	Partial string
	// Baseline is the file of what is known, Known how many findings it lists; empty
	// where there are none.
	Baseline string
	Known    int
	// Samples are folders of samples and tests in which something was found.
	Samples []string
	On      time.Time
}

// Draft is a first policy: it passes today, as what is there already warns, and blocks
// what comes in. It explains itself in comments.
func Draft(f *Facts) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# The policy of this repository: what boltseal blocks, and what it lets pass.")
	line("# Written on %s by `boltseal policy init`: it passes today, and what a change brings in", day(f.On))
	line("# blocks. `boltseal policy check` prints all that is in effect, `boltseal policy explain`")
	line("# says why a finding was decided as it was, `boltseal policy test` runs the tests below.")
	line("version: 1")
	line("")
	f.draftNew(line)
	line("rules: # the first that matches decides: block, warn or note")
	line("  - {id: secrets, scanner: secrets, when: {new: true}, action: block, message: \"a secret: take it out and rotate it\"}")
	line("  - {id: malware, scanner: packages, when: {malware: true, new: true}, action: block, message: \"{package} is known malware: take it out\"}")
	line("  - {id: exploited, scanner: packages, when: {kev: true, new: true}, action: block, message: \"{rule} in {package} is exploited in the wild\"}")
	line("  - {id: fixable, scanner: packages, when: {severity: \">=high\", fix: available, new: true}, action: block, message: \"{package}: take {fixed}\"}")
	line("  - {id: dockerfile, scanner: dockerfile, when: {severity: \">=medium\", new: true}, action: block}")
	line("  - {id: image, scanner: imageconfig, when: {severity: \">=high\", new: true}, action: block}")
	line("  # What no rule above matches is decided by the built-in default: what was there before")
	line("  # warns, the rest is noted. To tighten, step by step:")
	line("  # - {id: lint, scanner: dockerfile, when: {severity: \">=medium\"}, action: warn, until: %s, then: block}", day(f.On.AddDate(0, 3, 0)))
	line("  # - {id: overdue, scanner: packages, when: {severity: \">=high\", fix: available, event: push}, action: block, grace: {since: published, for: {critical: 7d, high: 30d}}}")
	line("")
	f.draftCoverage(line)
	if len(f.Samples) > 0 {
		line("# In folders of samples something was found. To have less said of them:")
		var paths flow
		paths.list("paths", f.Samples)
		line("# scopes: [{%s, action-max: note}] # never secrets, unless scanners names them", paths.parts[0])
		line("")
	}
	line("# To accept a finding for a while; all of this is mandatory:")
	line("# exceptions:")
	line("#   - {match: {cve: CVE-2026-12345}, reason: \"never called\", owner: \"@us\", approved-by: \"@security\", created: %s, expires: %s}", day(f.On), day(f.On.AddDate(0, 1, 0)))
	line("limits: {exception-max-age: {critical: 30d, high: 90d}}")
	line("")
	line("tests: # what this policy is for")
	line("  - {name: a new secret blocks, finding: {scanner: secrets, severity: high, new: true}, expect: block}")
	line("  - {name: an old secret warns, finding: {scanner: secrets, severity: high, new: false}, expect: warn}")
	line("  - {name: a new vulnerability with a fix blocks, finding: {scanner: packages, severity: high, fix: available, new: true}, expect: block}")
	line("  - {name: \"a new FROM x:latest blocks\", finding: {scanner: dockerfile, rule: DL3007, severity: medium, new: true}, expect: block}")
	line("  - {name: what was there before passes, finding: {scanner: dockerfile, rule: DL3007, severity: medium, new: false}, expect: warn}")
	return b.String()
}

// draftNew says what tells new findings from old ones.
func (f *Facts) draftNew(line func(string, ...any)) {
	if f.Baseline == "" {
		line("# In a change what is new is told by the commit that it starts from.")
		line("new: {compare-to: merge-base}")
	} else {
		line("# In a change what is new is told by the commit that it starts from, elsewhere by the")
		line("# list of %s: `boltseal baseline` writes it again.", plural(f.Known, "known finding"))
		line("new: {compare-to: merge-base, baseline: %s}", yamlpos.Quote(f.Baseline))
	}
	line("")
}

func (f *Facts) draftCoverage(line func(string, ...any)) {
	var coverage flow
	coverage.list("require", f.Scanners)
	if f.Partial != "" {
		line("# One scanner gave up on something today: %s", strings.Map(printable, oneLine(f.Partial)))
		coverage.text("on-partial", string(WarnOfIt))
	}
	line("# What must have been looked at: a scanner that does not run is no pass.")
	line("coverage: %s", coverage.String())
	line("")
}

// sampleFolders are names of folders whose files are there to be wrong.
var sampleFolders = []string{"testdata", "fixtures", "examples", "samples", "test", "tests"}

// Samples are globs of the folders of samples in which there are findings.
func Samples(findings []finding.Finding) []string {
	var out []string
	for _, name := range sampleFolders {
		glob := newGlob("**/" + name + "/**")
		for i := range findings {
			if glob.match(findings[i].Location.Path) {
				out = append(out, glob.pattern)
				break
			}
		}
	}
	return out
}
