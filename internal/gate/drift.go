package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
)

// older is an image that another one is compared with, and what was found in it.
type older struct {
	target   scan.Target
	findings []finding.Finding
	packages []inventory.Package
	results  []scan.Result
}

// under is a source whose image goes by the name of another one: what identifies
// findings is the name, and they are to be found again.
type under struct {
	scan.Source
	name string
}

// Target implements scan.Source.
func (u under) Target() scan.Target {
	t := u.Source.Target()
	img := *t.Image
	img.Name = u.name
	t.Image = &img
	return t
}

// older scans the older image of a source by the same scanners, under the name of the
// image that is compared with it; nil where there is none. What cannot be looked at in it
// is told as of any target, and what was not found there counts as new. It comes before
// the image itself: what is there more is found by looking at both.
func (r *Request) older(ctx context.Context, t scan.Target, due []scan.Scanner) *older {
	if len(r.Older) == 0 || t.Kind != scan.KindImage || t.Image == nil {
		return nil
	}
	old := r.olderOf(t.Image)
	if old == nil {
		return nil
	}
	if s := imageConfig(due); s != nil {
		s.Compare(t.Name, old.Target().Name)
	}
	return r.scanOlder(ctx, under{old, t.Image.Name}, due)
}

// imageConfig is the scanner of image configurations, which compares by itself what no
// finding tells; nil where it does not run.
func imageConfig(scanners []scan.Scanner) *imageconfig.Scanner {
	for _, s := range scanners {
		if found, ok := s.(*imageconfig.Scanner); ok {
			return found
		}
	}
	return nil
}

// olderOf is the older image for the same platform, or the only one.
func (r *Request) olderOf(img *scan.Image) scan.Source {
	i := slices.IndexFunc(r.Older, func(s scan.Source) bool { return s.Target().Image.Platform == img.Platform })
	switch {
	case i >= 0:
		return r.Older[i]
	case len(r.Older) == 1:
		return r.Older[0]
	}
	return nil
}

func (r *Request) scanOlder(ctx context.Context, src scan.Source, due []scan.Scanner) *older {
	o := &older{target: src.Target()}
	r.Options.Progress.Begin(r.mask(src.Target().Name), 0, 0)
	for _, res := range scan.Run(ctx, src, due, r.Options) {
		findings, packages := named(res)
		o.findings = append(o.findings, findings...)
		o.packages = append(o.packages, packages...)
		o.results = append(o.results, res)
	}
	o.findings = finding.Seal(o.findings, r.mask)
	return o
}

// mark says of the findings in images that were compared whether they are new: each
// finding of the older image is one of the image, once.
func mark(run *report.Run, compared map[string]*older, mask func(string) string) {
	known := make(map[string]*finding.Known, len(compared))
	for target, o := range compared {
		known[mask(target)] = finding.NewKnown(o.findings, nil)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		if k := known[f.Target]; k != nil {
			f.New = new(k.Take(&f.Finding) == nil)
		}
	}
}

// drifts say what images add to the older ones.
func drifts(run *report.Run, req *Request, compared map[string]*older) []report.Drift {
	var out []report.Drift
	for _, src := range req.Sources {
		t := src.Target()
		o := compared[t.Name]
		if o == nil {
			continue
		}
		d := report.Drift{
			Target: req.mask(t.Name), Old: req.mask(o.target.Name), OldDigest: o.target.Digest,
			Size: size(t.Image), OldSize: size(o.target.Image),
			Packages: changedPackages(run.Packages, o.packages, req.mask(t.Name), req.mask),
			Settings: changedSettings(o.target.Image.Config, t.Image.Config, req.mask),
		}
		if s := imageConfig(req.Scanners); s != nil {
			for _, c := range s.ChangedRights(t.Name) {
				d.Rights = append(d.Rights, report.RightsChange{Path: req.mask(c.Path), Old: c.Old, New: c.New})
			}
		}
		for _, s := range req.Scanners {
			if c := changedFindings(run, o, d.Target, s.Name()); c != (report.FindingsChange{Scanner: s.Name()}) {
				d.Findings = append(d.Findings, c)
			}
		}
		out = append(out, d)
	}
	return out
}

func size(img *scan.Image) (sum int64) {
	for _, l := range img.Layers {
		sum += max(l.Size, 0)
	}
	return sum
}

// changedFindings counts what mark has told.
func changedFindings(run *report.Run, o *older, target, scanner string) report.FindingsChange {
	c := report.FindingsChange{Scanner: scanner}
	for i := range run.Findings {
		f := &run.Findings[i]
		switch {
		case f.Target != target || f.Scanner != scanner:
		case f.New != nil && *f.New:
			c.New++
		default:
			c.Same++
		}
	}
	for i := range o.findings {
		if o.findings[i].Scanner == scanner {
			c.Gone++
		}
	}
	c.Gone = max(0, c.Gone-c.Same)
	return c
}

// changedPackages compares versions by ecosystem and name; "" is for none.
func changedPackages(now, before []inventory.Package, target string, mask func(string) string) []report.PackageChange {
	type id struct{ ecosystem, name string }
	versions := func(packages []inventory.Package, of string, mask func(string) string) map[id][]string {
		all := make(map[id][]string)
		for _, p := range packages {
			if of != "" && p.Target != of {
				continue
			}
			if mask != nil {
				p = finding.MaskPackage(p, mask)
			}
			k := id{inventory.Family(p.Ecosystem), p.Name}
			all[k] = append(all[k], p.Version)
		}
		return all
	}
	is, was := versions(now, target, nil), versions(before, "", mask)
	text := func(versions []string) string {
		slices.Sort(versions)
		return strings.Join(slices.Compact(versions), ", ")
	}
	var out []report.PackageChange
	add := func(k id) {
		c := report.PackageChange{Ecosystem: k.ecosystem, Name: k.name, Old: text(was[k]), New: text(is[k])}
		_, had := was[k]
		_, has := is[k]
		c.Change = map[[2]bool]string{{true, false}: "removed", {false, true}: "added", {true, true}: "changed"}[[2]bool{had, has}]
		if c.Change != "changed" || c.Old != c.New {
			out = append(out, c)
		}
	}
	for k := range is {
		add(k)
	}
	for k := range was {
		if _, has := is[k]; !has {
			add(k)
		}
	}
	slices.SortFunc(out, report.ComparePackageChanges)
	return out
}

// changedSettings compares what says how containers run. Of variables it tells names.
func changedSettings(before, now *v1.ConfigFile, mask func(string) string) []report.SettingChange {
	is, was := settings(now), settings(before)
	var out []report.SettingChange
	for i := range is {
		if is[i].text != was[i].text {
			out = append(out, report.SettingChange{Name: is[i].name, Old: mask(was[i].text), New: mask(is[i].text)})
		}
	}
	return out
}

type setting struct{ name, text string }

func settings(c *v1.ConfigFile) []setting {
	names := func(assignments []string) string {
		var out []string
		for _, a := range assignments {
			name, _, _ := strings.Cut(a, "=")
			out = append(out, name)
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	set := func(m map[string]struct{}) string {
		var out []string
		for k := range m {
			out = append(out, k)
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	quoted := func(words []string) string {
		if len(words) == 0 {
			return ""
		}
		return fmt.Sprintf("%q", words)
	}
	check := ""
	if h := c.Config.Healthcheck; h != nil {
		check = quoted(h.Test)
	}
	return []setting{
		{"user", c.Config.User},
		{"entrypoint", quoted(c.Config.Entrypoint)},
		{"command", quoted(c.Config.Cmd)},
		{"working directory", c.Config.WorkingDir},
		{"ports", set(c.Config.ExposedPorts)},
		{"volumes", set(c.Config.Volumes)},
		{"variables", names(c.Config.Env)},
		{"healthcheck", check},
		{"stop signal", c.Config.StopSignal},
	}
}
