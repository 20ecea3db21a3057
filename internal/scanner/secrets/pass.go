package secrets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// maxFile is the largest file that is looked through, maxHeld the largest archive
// that must be in memory, maxHunk how much one commit may add in one place.
const (
	maxFile = 1 << 30
	maxHeld = 256 << 20
	maxHunk = 64 << 20
	// maxBinary is how long what a commit brings may be, of what git calls binary.
	maxBinary = 1 << 20
)

// pass is one scan of a target.
type pass struct {
	*Scanner
	*native
	target scan.Target
	// paths remembers which paths of a history are left out.
	paths     sync.Map
	pathCount atomic.Int64
}

// maxPaths bounds what is remembered.
const maxPaths = 200_000

// CacheKey implements scan.Keyed: what a target brings decides as well.
func (p *pass) CacheKey() string { return p.cacheKey(p.native) }

// part is what is kept of an entry: places, hashes and masks, no clear text.
type part struct {
	// Skipped counts what was not looked at, by why.
	Skipped map[string]int `json:"skipped,omitempty"`
	Secrets []record       `json:"secrets,omitempty"`
}

// record is a secret in a part.
type record struct {
	Rule string `json:"r"`
	Mask string `json:"m,omitempty"`
	// Name is what stands before the secret: "token = ".
	Name string `json:"b,omitempty"`
	Hash string `json:"h,omitempty"`
	// Run is the hash under the key of the run; empty where Hash has to do.
	Run    string `json:"u,omitempty"`
	Region [4]int `json:"p"`
	// Inner is what the path in an archive adds to the entry's own: "!a/b.txt".
	Inner string `json:"i,omitempty"`
	// Severity is the rule's, or less where Why says so.
	Severity finding.Severity `json:"s"`
	Why      string           `json:"w,omitempty"`
	// Allowed says that a `gitleaks:allow` comment stands beside it, Known which
	// entries of the baseline could be it.
	Allowed bool   `json:"a,omitempty"`
	Known   [2]int `json:"k,omitzero"`
}

// Why content is not looked at.
const (
	skippedPath      = "path"
	skippedBinary    = "binary"
	skippedLFS       = "lfs"
	skippedUnchanged = "unchanged"
)

// Why a file that the user named is not passed over but at fault.
var (
	errBinary  = errors.New("binary content is not looked through")
	errPointer = errors.New("content is not here but in Git LFS; fetch it with git lfs pull")
)

// isHunk says that an entry is what a commit adds in one place.
func isHunk(e *scan.Entry) bool { return e.Commit != "" && e.Line > 0 }

// Wants implements scan.Pass. What the engine leaves out is wanted unread, so that
// it is counted, and found by rules that look at the name alone.
func (p *pass) Wants(e *scan.Entry, head func(int) []byte) scan.Want {
	unread := scan.Want{Mode: scan.NoRead}
	switch {
	case e.Kind != scan.File || e.Size == 0:
		return scan.Want{}
	case p.credential(e):
		return scan.Want{Mode: scan.Stream, Max: maxFile}
	case e.Unchanged || p.leavesOut(e):
		return unread
	case isHunk(e):
		return scan.Want{Mode: scan.Whole, Max: maxHunk}
	}
	inHistory := e.Commit != ""
	if inHistory && p.opt.ArchiveDepth == 0 && e.Size > maxBinary {
		return unread
	}
	first := head(scan.HeadSize)
	if p.opt.ArchiveDepth > 0 && isArchive(e.Path, first) {
		if needsBytes(e.Path, first) {
			return scan.Want{Mode: scan.Whole, Max: maxHeld}
		}
		return scan.Want{Mode: scan.Stream, Max: maxFile}
	}
	// What git calls binary is mostly that; what is of no known format is looked at
	// where it is short: text in UTF-16, or what an attribute shows as text.
	if isBinary(first) || inHistory && (e.Size > maxBinary || isMedia(first)) {
		return unread
	}
	return scan.Want{Mode: scan.Stream, Max: maxFile}
}

// leavesOut says that the path allowlist leaves a file out. It is for what nobody
// asked for: a file that the user named is looked at.
func (p *pass) leavesOut(e *scan.Entry) bool {
	if e.Named || e.Commit == "" {
		return !e.Named && (p.own[e.Path] || p.rules.pathAllowed(e.Path))
	}
	return p.LeavesOut(e.Path)
}

// LeavesOut implements scan.Picky.
func (p *pass) LeavesOut(path string) bool {
	// A history comes back to the same paths again and again.
	if out, known := p.paths.Load(path); known {
		return out.(bool) //nolint:forcetypeassert // nothing else is stored
	}
	out := p.own[path] || p.rules.pathAllowed(path)
	if p.pathCount.Add(1) < maxPaths {
		p.paths.Store(path, out)
	}
	return out
}

// credential says that a file of an image is known to hold credentials.
func (p *pass) credential(e *scan.Entry) bool {
	return p.target.Kind == scan.KindImage && isCredentialName(e.Path)
}

// File implements scan.Pass.
func (p *pass) File(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	if isHunk(e) && c.Size() > 0 {
		return p.hunk(ctx, e, c)
	}
	out := part{}
	if !p.leavesOut(e) && !e.Unchanged {
		out.Secrets = p.named(e, "")
	}
	if c.Size() == 0 {
		return p.unread(out, e)
	}
	err := p.read(ctx, e, c, &out)
	if len(out.Secrets)+len(out.Skipped) == 0 {
		return nil, err
	}
	encoded, encodeErr := encode(out)
	if encodeErr != nil {
		return nil, encodeErr
	}
	return encoded, err
}

// named finds what a path alone says. inner is what an archive adds to the entry's.
func (p *pass) named(e *scan.Entry, inner string) []record {
	var out []record
	for _, r := range p.rules.pathRules(e.Path+inner, e.Commit) {
		out = append(out, record{Rule: r.RuleID, Inner: inner, Severity: r.severity, Known: p.baseline.find(r.RuleID, e.Path+inner, e.Commit, 0, p.known.Hash(""))})
	}
	return out
}

// unread counts an entry that Wants left unread.
func (p *pass) unread(out part, e *scan.Entry) (scan.Part, error) {
	why := skippedBinary
	switch {
	case p.leavesOut(e):
		why = skippedPath
	case e.Unchanged:
		why = skippedUnchanged
	case e.Named:
		encoded, err := encode(out)
		return encoded, errors.Join(err, errBinary)
	case e.Commit != "" && len(out.Secrets) == 0:
		return nil, nil // of a history nobody wants to know
	case e.Commit != "":
		return encode(out)
	}
	out.Skipped = map[string]int{why: 1}
	return encode(out)
}

// hunk looks at what a commit adds in one place.
func (p *pass) hunk(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	out := part{Secrets: p.named(e, "")}
	found, err := p.search(ctx, e, "")(newHunk(c.Bytes()))
	out.Secrets = append(out.Secrets, found...)
	if len(out.Secrets) == 0 {
		return nil, err
	}
	encoded, encodeErr := encode(out)
	return encoded, errors.Join(err, encodeErr)
}

// read looks at the content of a file: as an archive, as one that holds
// credentials, as text.
func (p *pass) read(ctx context.Context, e *scan.Entry, c *scan.Content, out *part) error {
	t := textOf(c)
	if p.opt.ArchiveDepth > 0 && isArchive(e.Path, t.head) {
		return p.archive(ctx, e, c, t, out)
	}
	var cred credReader
	if p.credential(e) {
		t = cred.tap(t)
	}
	var err error
	if !p.leavesOut(e) && !isBinary(t.head) {
		var found []record
		found, err = t.look(p.search(ctx, e, ""))
		out.Secrets = append(out.Secrets, found...)
	}
	if p.credential(e) {
		out.Secrets = append(out.Secrets, p.credentials(e, cred.content(), out.Secrets)...)
		return err
	}
	switch {
	case err != nil:
	case isPointer(t.head, c.Size()) && e.Named:
		return errPointer
	case isPointer(t.head, c.Size()):
		out.Skipped = map[string]int{skippedLFS: 1}
	case e.Named && isMedia(t.head):
		return errBinary
	}
	return err
}

// Count implements scan.Counting.
func (p *pass) Count(data scan.Part) int {
	if !bytes.Contains(data, []byte(`"secrets"`)) {
		return 0
	}
	out, err := p.decode(data)
	if err != nil {
		return 0
	}
	return len(out.Secrets)
}

func encode(out part) (scan.Part, error) { return json.Marshal(out) }

// record is where the clear text of a secret ends.
func (p *pass) record(e *scan.Entry, inner string, h hit) record {
	severity, why := judge(h.rule.RuleID, h.rule.severity, h.secret)
	r := record{
		Rule: h.rule.RuleID, Mask: h.rule.mask(h.group, h.secret), Hash: p.opt.Hasher.Hash(h.secret),
		Region: [4]int{h.region.startLine, h.region.startColumn, h.region.endLine, h.region.endColumn},
		Inner:  inner, Severity: severity, Why: why, Allowed: h.allowed, Name: h.name,
	}
	r.Run = p.compared(h.secret)
	if p.baseline != nil {
		line := h.line
		if e.Line > 1 {
			line += e.Line - 1
		}
		r.Known = p.baseline.find(r.Rule, e.Path+inner, e.Commit, line, p.known.Hash(h.secret))
	}
	return r
}

// compared hashes a secret for the comparison; empty where Hash is good enough.
func (p *pass) compared(secret string) string {
	if !p.compares() {
		return ""
	}
	return p.opt.Compare.Hash(secret)
}

// overlaps says whether two regions share a byte.
func overlap(a, b [4]int) bool {
	before := func(line, column, otherLine, otherColumn int) bool {
		return line < otherLine || (line == otherLine && column < otherColumn)
	}
	return before(a[0], a[1], b[2], b[3]) && before(b[0], b[1], a[2], a[3])
}

// credentials finds what a file is known to hold by its name, beside what the
// engine's rules found there.
func (p *pass) credentials(e *scan.Entry, content []byte, told []record) []record {
	var out []record
	for _, h := range credentialFiles(e.Path, content) {
		at := h.region(content)
		if slices.ContainsFunc(told, func(r record) bool { return overlap(r.Region, at) }) {
			continue
		}
		out = append(out, record{
			Rule: h.rule, Mask: ellipsis, Hash: p.opt.Hasher.Hash(h.secret(content)), Run: p.compared(h.secret(content)),
			Region: at, Severity: h.severity, Why: h.note,
		})
	}
	return out
}
