// Package imageconfig looks at what an image does wrong by itself: its
// configuration, and the modes, owners and names of its files. Of the content it
// reads nothing but the two files that hold accounts.
//
// A rule is one file that declares it, with its page beside it.
package imageconfig

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// Scanner is the scanner of image configurations.
type Scanner struct {
	checks []check
}

// New makes the scanner with all its rules.
func New() *Scanner { return &Scanner{checks: sorted()} }

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

// Begin implements scan.Scanner: images only.
func (s *Scanner) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	if t.Kind != scan.KindImage || t.Image == nil || t.Image.Config == nil {
		return nil, nil //nolint:nilnil // scan.Scanner: not our business
	}
	return &pass{checks: s.checks}, nil
}

// pass is the scan of one image.
type pass struct {
	checks []check
}

// maxAccounts is how many bytes an account file may have.
const maxAccounts = 1 << 20

// Wants implements scan.Pass. Apart from the account files nothing is read.
func (p *pass) Wants(e *scan.Entry, _ func(int) []byte) scan.Want {
	if e.Kind == scan.File && (e.Path == passwdPath || e.Path == shadowPath) {
		return scan.Want{Mode: scan.Whole, Max: maxAccounts}
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
	if e.Path != passwdPath && e.Path != shadowPath || e.Kind != scan.File {
		return noted, nil
	}
	accounts, err := parseAccounts(c.Bytes())
	if err != nil {
		return nil, err
	}
	return encodeAccounts(accounts)
}

// Finish implements scan.Pass.
func (p *pass) Finish(_ context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := scan.Result{Status: finding.StatusOK, RulesAssessed: len(p.checks)}
	img := &image{Image: v.Target().Image}
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
		files = append(files, file{path: path, entry: ref.Entry, unit: ref.Unit})
		if ref.Err != nil {
			continue
		}
		if err := img.addAccounts(path, ref); err != nil {
			res.Status, res.Reason = finding.StatusFailed, err.Error()
			return res
		}
	}
	// A hard link and what it was a link to can be the same path by now.
	slices.SortStableFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	files = slices.CompactFunc(files, func(a, b file) bool { return a.path == b.path })
	for _, c := range p.checks {
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
	return res
}

// finding makes a finding of an issue.
func (img *image) finding(c check, i issue) finding.Finding {
	f := finding.Finding{
		Rule: c.ID, Scanner: finding.ImageConfig,
		Severity: c.Severity, SeverityFrom: "rule",
		Message: i.message, Remediation: c.Remediation, Controls: c.Controls,
		Location: finding.Location{
			Path: i.path, StartLine: i.line, Image: img.Name, Instruction: i.instruction,
		},
		Identity: finding.ImageIdentity(img.Name, cmp.Or(i.subject, i.path)),
	}
	if i.at != nil && i.at.unit < len(img.Layers) {
		layer := img.Layers[i.at.unit]
		f.Location.Layer, f.Location.Instruction = layer.Digest, layer.Instruction
	}
	return f
}
