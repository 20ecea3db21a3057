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
)

// older is an image that another one is compared with, and what was found in it.
type older struct {
	target   scan.Target
	keys     map[string]bool // of all findings
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

// compared scans the older images, each under the name of the image that it is
// compared with. What cannot be looked at in them is told as of any target, and what
// was not found there counts as new.
func (r *Request) compared(ctx context.Context) map[string]*older {
	found := make(map[string]*older)
	if len(r.Older) == 0 {
		return found
	}
	for _, src := range r.Sources {
		t := src.Target()
		if t.Kind != scan.KindImage || t.Image == nil {
			continue
		}
		if old := r.olderOf(t.Image); old != nil {
			found[t.Name] = r.scanOlder(ctx, under{old, t.Image.Name})
		}
	}
	return found
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

func (r *Request) scanOlder(ctx context.Context, src scan.Source) *older {
	o := &older{target: src.Target(), keys: make(map[string]bool)}
	r.Options.Progress.Begin(r.mask(src.Target().Name), 0, 0)
	for _, res := range scan.Run(ctx, src, r.Scanners, r.Options) {
		findings, packages := named(res)
		o.findings = append(o.findings, findings...)
		o.packages = append(o.packages, packages...)
		o.results = append(o.results, res)
	}
	o.findings = finding.Seal(o.findings, r.mask)
	for i := range o.findings {
		for _, k := range o.findings[i].Keys() {
			o.keys[k] = true
		}
	}
	return o
}

// has says whether the older image has a finding, under any of its names.
func (o *older) has(f *finding.Finding) bool {
	return slices.ContainsFunc(f.Keys(), func(k string) bool { return o.keys[k] })
}

// mark says of the findings in images that were compared whether they are new.
func mark(run *report.Run, compared map[string]*older, mask func(string) string) {
	byTarget := make(map[string]*older, len(compared))
	for target, o := range compared {
		byTarget[mask(target)] = o
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		if o := byTarget[f.Target]; o != nil {
			isNew := !o.has(&f.Finding)
			f.New = &isNew
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

func changedFindings(run *report.Run, o *older, target, scanner string) report.FindingsChange {
	c := report.FindingsChange{Scanner: scanner}
	now := make(map[string]bool)
	for i := range run.Findings {
		f := &run.Findings[i]
		if f.Target != target || f.Scanner != scanner {
			continue
		}
		for _, k := range f.Keys() {
			now[k] = true
		}
		if f.New != nil && *f.New {
			c.New++
		} else {
			c.Same++
		}
	}
	for i := range o.findings {
		f := &o.findings[i]
		if f.Scanner == scanner && !slices.ContainsFunc(f.Keys(), func(k string) bool { return now[k] }) {
			c.Gone++
		}
	}
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
