// Package imageconfig looks at what an image does wrong by itself: its
// configuration, its layers, and the modes, owners and names of its files. Of the
// content it reads nothing but a few small files (accounts, sudoers, os-release) and
// the first bytes of programs. Of an unpacked root file system it looks at the files
// alone.
//
// A rule is one file that declares it, with its page beside it.
package imageconfig

import (
	"cmp"
	"context"
	"debug/elf"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// Options are what images are held to. The zero value asks for nothing.
type Options struct {
	// Now is the day that ends of life are compared with; the zero time compares
	// none.
	Now time.Time
	// TrustedRegistries are the registries that images and their bases may come
	// from; a "*" may stand at either end. None for all.
	TrustedRegistries []string
	// TrustsBase says whether an image may be built upon another one, which is named as
	// FROM names it; nil for whatever it is.
	TrustsBase func(reference string) bool
}

// Scanner is the scanner of image configurations.
type Scanner struct {
	opt    Options
	checks []check
	// against names by target the older image that it is compared with; kept is what is
	// kept of these, changed what differs. Targets are scanned one after the other.
	against map[string]string
	kept    map[string]*snapshot
	changed map[string][]RightsChange
}

// New makes the scanner with all its rules.
func New(opt Options) *Scanner { return &Scanner{opt: opt, checks: sorted()} }

// Name implements scan.Scanner.
func (*Scanner) Name() string { return finding.ImageConfig }

// CacheKey implements scan.Scanner.
func (*Scanner) CacheKey() string {
	key, err := keyOf(sources)
	if err != nil { // what is embedded can be read
		return ""
	}
	return key
}

// Begin implements scan.Scanner: images and root file systems.
func (s *Scanner) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	switch {
	case t.Kind == scan.KindRootFS:
		files := slices.DeleteFunc(slices.Clone(s.checks), func(c check) bool { return c.config })
		none := &scan.Image{Config: &v1.ConfigFile{}}
		return &pass{checks: files, image: none, opt: s.opt, scanner: s}, nil
	case t.Kind == scan.KindImage && t.Image != nil && t.Image.Config != nil:
		return &pass{checks: s.checks, image: t.Image, opt: s.opt, scanner: s, older: s.kept[s.against[t.Name]]}, nil
	}
	return nil, nil //nolint:nilnil // scan.Scanner: not our business
}

// pass is the scan of one image.
type pass struct {
	checks []check
	image  *scan.Image
	opt    Options
	// older is the image that this one is compared with; nil for none.
	older   *snapshot
	scanner *Scanner
}

// Wants implements scan.Pass.
func (p *pass) Wants(e *scan.Entry, _ func(int) []byte) scan.Want {
	switch {
	case isText(e):
		return scan.Want{Mode: scan.Whole, Max: maxTextFile}
	case isProgram(e):
		return scan.Want{Mode: scan.Head}
	}
	for i := range p.checks {
		if file := p.checks[i].file; file != nil && file(e) {
			return scan.Want{Mode: scan.NoRead}
		}
	}
	return scan.Want{}
}

// noted is the part of an entry of which the mode and name say all.
var noted = scan.Part{'n'}

// File implements scan.Pass.
func (p *pass) File(_ context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	switch {
	case isText(e):
		return readText(e.Path, c.Bytes())
	case isProgram(e):
		if part := programPart(c.Bytes()); part != nil {
			return part, nil
		}
	}
	return noted, nil
}

// Finish implements scan.Pass.
func (p *pass) Finish(_ context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := scan.Result{Status: finding.StatusOK, RulesAssessed: len(p.checks)}
	img := &image{Image: p.image, view: v, opt: p.opt, older: p.older, machines: make(map[scan.At]elf.Machine)}
	files := make([]file, 0, len(parts))
	for _, ref := range parts {
		if ref.Index < 0 {
			continue // an error of the walk; there is no entry
		}
		path, shown := v.Shown(ref)
		if !shown {
			if res.Excused == nil {
				res.Excused = make(map[scan.At]bool)
			}
			res.Excused[ref.At] = true
			continue
		}
		files = append(files, file{path: path, entry: ref.Entry, at: ref.At})
		if ref.Err != nil {
			continue
		}
		if err := img.add(path, ref); err != nil {
			res.Status, res.Reason = finding.StatusFailed, err.Error()
			return res
		}
	}
	// A hard link and what it was a link to can be the same path by now.
	slices.SortStableFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	files = slices.CompactFunc(files, func(a, b file) bool { return a.path == b.path })
	for _, c := range p.checks {
		if c.older && p.older == nil {
			res.RulesAssessed--
			continue
		}
		img.files = img.files[:0]
		for _, f := range files {
			if c.file != nil && c.file(f.entry) {
				img.files = append(img.files, f)
			}
		}
		for _, i := range c.find(img) {
			res.Findings = append(res.Findings, img.finding(c, i))
		}
	}
	p.keep(img, files, v.Target().Name)
	return res
}

// finding makes a finding of an issue.
func (img *image) finding(c check, i issue) finding.Finding {
	f := finding.Finding{
		Rule: c.ID, Scanner: finding.ImageConfig,
		Severity: cmp.Or(i.severity, c.Severity), SeverityFrom: "rule",
		Message: i.message, Remediation: c.Remediation, Controls: c.Controls,
		Location: finding.Location{
			Path: i.path, StartLine: i.line, Image: img.Name, Instruction: i.instruction,
		},
		Identity: finding.ImageIdentity(img.Name, cmp.Or(i.subject, i.path)),
	}
	if i.at != nil && i.at.at.Unit < len(img.Layers) {
		layer := img.Layers[i.at.at.Unit]
		f.Location.Layer, f.Location.Instruction = layer.Digest, layer.Instruction
	}
	return f
}
