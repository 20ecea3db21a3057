package gate

import (
	"maps"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/report"
)

// PlatformsApart gives runs in which an image that they scanned for a platform each is
// called as one run for all of its platforms calls it, with the platform behind its name:
// under one name nobody could tell whose a package is. The runs themselves stay as they
// are.
func PlatformsApart(parts []Part) []Part {
	several := make(map[string]map[string]bool) // platforms by target
	for _, p := range parts {
		for target, platform := range platforms(p.Run) {
			if several[target] == nil {
				several[target] = make(map[string]bool)
			}
			several[target][platform] = true
		}
	}
	apart := slices.Clone(parts)
	for i, p := range parts {
		names := platforms(p.Run)
		for target, platform := range names {
			names[target] = target + " " + platform
		}
		maps.DeleteFunc(names, func(target, _ string) bool { return len(several[target]) < 2 })
		if len(names) > 0 {
			apart[i].Run = renamed(p.Run, names)
		}
	}
	return apart
}

// platforms are those of a run's targets, without those whose name has it, and those of
// which the run itself tells several.
func platforms(run *report.Run) map[string]string {
	of := make(map[string]string)
	var several []string
	for _, s := range run.Scans {
		if s.Platform == "" || strings.HasSuffix(s.Target, " "+s.Platform) {
			continue
		}
		if before, ok := of[s.Target]; ok && before != s.Platform {
			several = append(several, s.Target)
		}
		of[s.Target] = s.Platform
	}
	for _, target := range several {
		delete(of, target)
	}
	return of
}

// renamed is a run with other names for some targets.
func renamed(run *report.Run, names map[string]string) *report.Run {
	name := func(target *string) {
		if now, ok := names[*target]; ok {
			*target = now
		}
	}
	out := *run
	out.Scans, out.Images, out.Drifts = slices.Clone(run.Scans), slices.Clone(run.Images), slices.Clone(run.Drifts)
	out.Packages, out.Findings = slices.Clone(run.Packages), slices.Clone(run.Findings)
	for i := range out.Scans {
		name(&out.Scans[i].Target)
	}
	for i := range out.Images {
		name(&out.Images[i].Target)
	}
	for i := range out.Drifts {
		name(&out.Drifts[i].Target)
	}
	for i := range out.Packages {
		name(&out.Packages[i].Target)
	}
	for i := range out.Findings {
		f := &out.Findings[i]
		name(&f.Target)
		if f.Package != nil {
			f.Package = new(*f.Package)
			name(&f.Package.Target)
		}
	}
	return &out
}
