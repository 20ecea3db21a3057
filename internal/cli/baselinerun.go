package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/source/image"
)

// storedRun is an earlier run whose images those of this run are compared with.
type storedRun struct {
	name string
	run  *report.Run
}

// storedRun reads the run that the user named. In a CI job it must be one of a push or
// a schedule: what a change held says nothing of what was there before.
func (o scanOptions) storedRun() (*storedRun, error) {
	if o.baselineRun == "" {
		return nil, nil //nolint:nilnil // documented
	}
	run, err := readRun(o.baselineRun)
	if err != nil {
		return nil, err
	}
	if o.inJob && run.Judged.Event != policy.Push && run.Judged.Event != policy.Schedule {
		return nil, usage(fmt.Errorf("--baseline-run %s: the run is none of a push or schedule", o.baselineRun))
	}
	return &storedRun{name: o.baselineRun, run: run}, nil
}

// comparison is what the findings of an image are held against: the packages that it
// had, matched with today's advisories, and what else was found in it. nil where the
// run knows no such image.
func (s *storedRun) comparison(t scan.Target) *gate.Comparison {
	if s == nil || t.Kind != scan.KindImage || t.Image == nil {
		return nil
	}
	targets := s.targets(t)
	if len(targets) == 0 {
		return nil
	}
	var packages []inventory.Package
	for _, p := range s.run.Packages {
		if slices.Contains(targets, p.Target) {
			packages = append(packages, p)
		}
	}
	ref := &gate.Reference{
		Name: s.name,
		Open: func(context.Context, string, map[string]bool) (scan.Source, error) {
			return listedImage{scan.Target{
				Kind: scan.KindSBOM, Name: t.Name, Listed: &scan.Listed{Packages: packages},
				Image: &scan.Image{Name: t.Image.Name, Reference: t.Image.Reference, Platform: t.Image.Platform, Config: t.Image.Config},
			}}, nil
		},
	}
	for i := range s.run.Findings {
		f := s.run.Findings[i].Finding
		if slices.Contains(targets, f.Target) && f.Scanner != finding.Packages && f.Location.Image == t.Image.Name {
			ref.Stored = append(ref.Stored, f)
		}
	}
	return &gate.Comparison{Since: ref}
}

// targets are those of the stored run that are the same image: of the same name, tag
// and digest aside, and where both tell it of the same platform.
func (s *storedRun) targets(t scan.Target) []string {
	var found []string
	for _, row := range s.run.Scans {
		if row.Platform != "" && t.Image.Platform != "" && row.Platform != t.Image.Platform || slices.Contains(found, row.Target) {
			continue
		}
		if row.Target == t.Name || s.called(row.Target, t.Image.Name) {
			found = append(found, row.Target)
		}
	}
	return found
}

// called says whether a target of the stored run is an image of a name.
func (s *storedRun) called(target, name string) bool {
	if name == "" {
		return false
	}
	if slices.ContainsFunc(s.run.Findings, func(f report.Finding) bool { return f.Target == target && f.Location.Image == name }) {
		return true
	}
	scheme, ref, ok := strings.Cut(target, ":")
	if !ok || !slices.Contains([]string{image.SchemeRegistry, image.SchemeDocker, image.SchemePodman}, scheme) {
		return false
	}
	ref, _, _ = strings.Cut(ref, " ") // the platform
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return ref == name
}

// listedImage is what an image held in an earlier run.
type listedImage struct{ target scan.Target }

// Target implements scan.Source.
func (l listedImage) Target() scan.Target { return l.target }

// Units implements scan.Source: there is nothing to read.
func (listedImage) Units() []scan.Unit { return nil }

// Close implements scan.Source.
func (listedImage) Close() error { return nil }
