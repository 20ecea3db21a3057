package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// gaps are what was not scanned, and whether that takes the verdict away.
type gaps struct{ failures, warnings []string }

func (g *gaps) add(fails bool, reason string) {
	if fails {
		g.failures = append(g.failures, reason)
	} else {
		g.warnings = append(g.warnings, reason)
	}
}

// coverageGaps looks at how the scanners ended. What one policy takes for a
// failure is one. Of a part of a run nothing is missing: the rest may have it.
func coverageGaps(b *bench, scans []Scan, part bool) gaps {
	fails := func(judges []*judge, of func(*Coverage) Reaction) bool {
		return slices.ContainsFunc(judges, func(j *judge) bool { return of(&j.policy.Coverage) != WarnOfIt })
	}
	var g gaps
	nothing := true
	for _, s := range scans {
		nothing = nothing && s.Status == finding.StatusNothing
		switch s.Status {
		case finding.StatusOK, finding.StatusNothing:
		case finding.StatusPartial:
			g.add(fails(b.of(s.Target), func(c *Coverage) Reaction { return c.OnPartial }), fmt.Sprintf("%s scanned %s in part only%s", s.Scanner, s.Target, because(s.Reason)))
		default: // failed, and whatever is none of ours
			g.add(fails(b.of(s.Target), func(c *Coverage) Reaction { return c.OnScannerError }), fmt.Sprintf("%s failed on %s%s", s.Scanner, s.Target, because(s.Reason)))
		}
	}
	if part {
		return g
	}
	for _, name := range missing(b.all(), scans) {
		g.add(true, fmt.Sprintf("required scanner %s has not run", name))
	}
	for _, reason := range unseen(b.all(), scans) {
		g.add(true, reason)
	}
	if nothing {
		g.add(len(b.all()) == 0 || fails(b.all(), func(c *Coverage) Reaction { return c.OnNothingScanned }), "nothing was scanned: there was nothing to look at for any scanner")
	}
	return g
}

// unseen tells of images that were not scanned for a platform for which they must be.
func unseen(judges []*judge, scans []Scan) []string {
	var reasons []string
	for _, j := range judges {
		if len(j.policy.Coverage.Platforms) == 0 {
			continue
		}
		seen := make(map[string][]string) // platforms by image
		var images []string
		for _, s := range j.scans(scans) {
			if s.Platform == "" {
				continue
			}
			name := s.image()
			if !slices.Contains(images, name) {
				images = append(images, name)
			}
			if s.Status != finding.StatusFailed {
				seen[name] = append(seen[name], s.Platform)
			}
		}
		for _, name := range images {
			for _, p := range j.policy.Coverage.Platforms {
				reason := fmt.Sprintf("%s was not scanned for %s, which coverage.platforms asks for", name, p)
				if !slices.Contains(seen[name], p) && !slices.Contains(reasons, reason) {
					reasons = append(reasons, reason)
				}
			}
		}
	}
	return reasons
}

// image is the target's name without the platform that it ends in where it has several.
func (s *Scan) image() string {
	name, _, _ := strings.Cut(s.Target, " "+s.Platform)
	return name
}

var platformForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(platformPattern) })

const platformPattern = `^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$`

func readPlatforms(v yamlpos.Value) []string {
	return formed(v, platformForm(), "platform", "write os/architecture, as linux/arm64")
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// missing names the required scanners that have run on no target. One that found
// nothing to look at has run; one that gave up has where its policy allows that.
func missing(judges []*judge, scans []Scan) []string {
	var names []string
	for _, j := range judges {
		c := &j.policy.Coverage
		for _, name := range c.Require {
			ran := slices.ContainsFunc(j.scans(scans), func(s Scan) bool {
				return s.Scanner == name && (s.Status == finding.StatusOK || s.Status == finding.StatusNothing ||
					s.Status == finding.StatusPartial && c.OnPartial == WarnOfIt)
			})
			if !ran && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
