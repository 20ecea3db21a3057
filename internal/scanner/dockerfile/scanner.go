// Package dockerfile lints Dockerfiles: hadolint's rules under hadolint's codes,
// and rules of our own.
//
//	bytes ──split──> instructions with positions ──BuildKit──> what builds, what not
//	      ──parse──> file: stages, instructions, words ──shell──> scripts, commands
//	      ──lint───> hits of all rules ──pragmas──> findings, silenced ones
//
// A file that builds is linted; one that does not gives DL1000 for each
// instruction at fault, and the rest of it is linted all the same. Faulty text
// never ends the linting of a file. Time and memory are bounded by the file's size:
// a file that is too large, or shell code and findings beyond a limit, make the
// scan partial, and what was found until then is told.
package dockerfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// Options are the scanner's settings. The zero value is the default.
type Options struct {
	// Now is the time of the scan: base images that are out of maintenance by then
	// are reported. Zero reports none.
	Now time.Time
	// Native is what hadolint's configuration asks for, by the name of the target.
	Native map[string]Native
	// Files says of a path that it is a Dockerfile whatever it is called; nil for
	// none.
	Files func(path string) bool
	// TrustsBase says of what FROM names, in a file of a target, whether images may be
	// built upon it; nil for whatever it is.
	TrustsBase func(target, path, reference string) bool
	// ShellChecker checks the shell code; nil leaves it to our own checks.
	ShellChecker ShellChecker
}

// Scanner lints the Dockerfiles of a tree.
type Scanner struct{ opt Options }

// New makes a scanner.
func New(opt Options) *Scanner { return &Scanner{opt} }

// Name is the scanner's name.
func (*Scanner) Name() string { return finding.Dockerfile }

// CacheKey is empty: linting costs less than reading a cache, and a finding's
// identity is made of commands, which may hold what must not be stored.
func (*Scanner) CacheKey() string { return "" }

// Begin starts a pass over a tree; images and histories hold no Dockerfiles that
// anyone builds.
func (s *Scanner) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	if t.Kind != scan.KindTree {
		return nil, nil //nolint:nilnil // the contract: no business with such targets
	}
	n := s.opt.Native[t.Name]
	n.today = day(s.opt.Now)
	n.noShell = s.opt.ShellChecker != nil
	if s.opt.TrustsBase != nil {
		n.trustsBase = func(path, reference string) bool { return s.opt.TrustsBase(t.Name, path, reference) }
	}
	return &pass{&n, s.opt.Files, s.opt.ShellChecker}, nil
}

// maxFile is the largest Dockerfile that is read, in bytes.
const maxFile = 8 << 20

// pass lints the Dockerfiles of one target.
type pass struct {
	native  *Native
	files   func(path string) bool
	checker ShellChecker
}

// part is what File makes of a Dockerfile.
type part struct {
	// Conditional are findings that depend on what lies beside the Dockerfile.
	Conditional []conditional `json:"conditional,omitempty"`
	// Other says that it is of another file: what a .dockerignore leaves out, or a
	// file that holds credentials, going by its name.
	Other  bool     `json:"other,omitempty"`
	Ignore []string `json:"ignore,omitempty"`
	Secret bool     `json:"secret,omitempty"`

	Findings []record `json:"f,omitempty"`
	// Silenced counts the findings that pragmas ask to pass over.
	Silenced int `json:"s,omitempty"`
	// Scripts are for the program that checks shell code, if there is one.
	Scripts []checked `json:"c,omitempty"`
	// Shell counts the scripts that our own checks have looked at.
	Shell int `json:"n,omitempty"`
}

// record is a finding with what findings do not write.
type record struct {
	finding.Finding
	Identity finding.Identity `json:"identity"`
	Pragma   bool             `json:"pragma,omitempty"`
	Above    string           `json:"above,omitempty"`
}

func recordOf(f finding.Finding) record {
	r := record{Finding: f, Identity: f.Identity, Pragma: f.Placed}
	if f.Excerpt != nil {
		r.Above = f.Excerpt.Above
	}
	return r
}

func (r record) complete(t scan.Target) finding.Finding {
	f := r.Finding
	f.Target, f.Identity, f.Placed = t.Name, r.Identity, r.Pragma
	if f.Excerpt != nil {
		f.Excerpt.Above = r.Above
	}
	return f
}

// Wants takes what is called like a Dockerfile, or what the user says is one; and a
// file that the user named, or that is called "Dockerfile-dev" or "Dockerfile.go",
// when it looks like one. A symbolic link is built under its own name, so it is taken
// as a file would be.
func (p *pass) Wants(e *scan.Entry, head func(int) []byte) scan.Want {
	if e.Kind != scan.File && e.Kind != scan.Symlink {
		return scan.Want{}
	}
	taken := isDockerfile(e.Path) || e.Named && e.Path == "-" || p.files != nil && p.files(e.Path)
	switch {
	case taken:
	case e.Named:
		taken = looksLikeDockerfile(head(scan.HeadSize))
	case mayBeDockerfile(e.Path):
		taken = isSurelyDockerfile(head(scan.HeadSize))
	}
	if !taken {
		return wantsBeside(e.Path)
	}
	return scan.Want{Mode: scan.Whole, Max: maxFile}
}

// File lints one Dockerfile. A limit that was hit is an error beside the part.
func (p *pass) File(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if beside(e.Path) {
		return readBeside(e.Path, c)
	}
	l := parse(e.Path, c.Bytes()).lint(p.native)
	made := part{Conditional: l.conditional()}
	for _, h := range l.hits {
		if h.silenced != nil {
			made.Silenced++
		}
		f := l.finding(h)
		made.Findings = append(made.Findings, recordOf(f))
	}
	if p.checker == nil {
		made.Shell = len(l.scripts())
	} else {
		made.Scripts = l.checked()
	}
	encoded, err := json.Marshal(made)
	if err != nil {
		return nil, fmt.Errorf("encoding findings: %w", err)
	}
	limits := l.file.limits
	if l.dropped > 0 {
		limits = append(limits, fmt.Sprintf("more than %d findings: %d were left out", maxHits, l.dropped))
	}
	if len(limits) > 0 {
		return encoded, errors.New(strings.Join(limits, "; "))
	}
	return encoded, nil
}

// Count implements scan.Counting.
func (*pass) Count(data scan.Part) int {
	var got part
	if err := json.Unmarshal(data, &got); err != nil {
		return 0
	}
	return len(got.Findings)
}

// Finish gathers the findings, those of a file once however many links lead to it.
func (p *pass) Finish(ctx context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := scan.Result{RulesAssessed: len(declared), Notes: slices.Clone(p.native.Notes)}
	linted := make(map[string]bool)
	around, parts := gather(parts)
	if len(parts) == 0 {
		res.Status = finding.StatusNothing
	}
	for _, ref := range parts {
		linted[ref.Entry.Path] = linted[ref.Entry.Path] || ref.Part != nil
	}
	silenced, shell := 0, 0
	var scripts []checked
	var paths []string
	for _, ref := range parts {
		if ref.Part == nil {
			continue
		}
		if to, ok := linkTarget(ref.Entry); ok && linted[to] {
			continue
		}
		var got part
		if err := json.Unmarshal(ref.Part, &got); err != nil {
			res.Status, res.Reason = finding.StatusFailed, "decoding findings: "+err.Error()
			continue
		}
		res.Findings = append(res.Findings, around.met(got.Conditional, v.Target(), ref.Entry)...)
		for _, r := range got.Findings {
			res.Findings = append(res.Findings, r.complete(v.Target()))
		}
		silenced += got.Silenced
		shell += got.Shell
		for _, s := range got.Scripts {
			scripts, paths = append(scripts, s), append(paths, ref.Entry.Path)
		}
	}
	switch {
	case len(scripts) > 0:
		silenced += p.program(ctx, v.Target(), scripts, paths, &res)
	case shell > 0:
		res.Notes = append(res.Notes, fmt.Sprintf("shell code checked by boltseal's own checks (%d codes)", len(indexed().shell)))
	}
	switch silenced {
	case 0:
	case 1:
		res.Notes = append(res.Notes, "1 finding ignored by pragma")
	default:
		res.Notes = append(res.Notes, fmt.Sprintf("%d findings ignored by pragma", silenced))
	}
	return res
}

// linkTarget gives the path that a symbolic link names, as far as its text alone
// tells: a relative one that steps up at its beginning only, so that no other link
// on the way can lead elsewhere.
func linkTarget(e *scan.Entry) (string, bool) {
	link := strings.TrimPrefix(e.Link, "./")
	if e.Kind != scan.Symlink || link == "" || path.IsAbs(link) || link != path.Clean(link) {
		return "", false
	}
	return path.Join(path.Dir(e.Path), link), true
}
