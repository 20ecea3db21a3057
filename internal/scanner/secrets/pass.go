package secrets

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"

	"github.com/boltseal/boltseal/internal/scan"
)

// maxFile is the largest file that is looked through.
const maxFile = 1 << 30

// pass is one scan of a target.
type pass struct {
	*Scanner
	target scan.Target
	// ignored is how many secrets `gitleaks:allow` comments hide; Finish counts.
	ignored int
	// looked counts the contents that were looked at; it stays 0 where a cache
	// answers, so it is asked of targets only that have no digest.
	looked atomic.Int64
}

// part is what is kept of an entry: places, hashes and masks, no clear text.
type part struct {
	// Skipped says why the content was not looked at.
	Skipped string   `json:"skipped,omitempty"`
	Secrets []record `json:"secrets,omitempty"`
}

// record is a secret in a part.
type record struct {
	Rule   string `json:"r"`
	Mask   string `json:"m,omitempty"`
	Hash   string `json:"h,omitempty"`
	Region [4]int `json:"p"`
	// Allowed says that a `gitleaks:allow` comment stands beside it.
	Allowed bool `json:"a,omitempty"`
}

// Why content is not looked at.
const (
	skippedPath   = "path"
	skippedBinary = "binary"
	skippedLFS    = "lfs"
)

// Why a file that the user named is not passed over but at fault.
var (
	errBinary  = errors.New("binary content is not looked through")
	errPointer = errors.New("content is not here but in Git LFS; fetch it with git lfs pull")
)

// Wants implements scan.Pass. What the engine leaves out is wanted unread, so that
// it is counted, and found by rules that look at the name alone.
func (p *pass) Wants(e *scan.Entry, head func(int) []byte) scan.Want {
	switch {
	case e.Kind != scan.File || e.Size == 0:
		return scan.Want{}
	case p.leavesOut(e) || isBinary(head(scan.HeadSize)):
		return scan.Want{Mode: scan.NoRead}
	}
	return scan.Want{Mode: scan.Stream, Max: maxFile}
}

// leavesOut says that the path allowlist leaves a file out. It is for what nobody
// asked for: a file that the user named is looked at.
func (p *pass) leavesOut(e *scan.Entry) bool { return !e.Named && p.rules.pathAllowed(e.Path) }

// File implements scan.Pass.
func (p *pass) File(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	if c.Size() == 0 && p.leavesOut(e) { // else Wants has asked
		return encode(part{Skipped: skippedPath})
	}
	var out part
	for _, r := range p.rules.pathRules(e.Path) {
		out.Secrets = append(out.Secrets, record{Rule: r.RuleID})
	}
	if c.Size() == 0 && e.Size > 0 {
		return out.skip(e, skippedBinary, errBinary)
	}
	t := textOf(c)
	found, err := t.look(p.search(ctx, e.Path))
	out.Secrets = append(out.Secrets, found...)
	switch {
	case err != nil:
	case isPointer(t.head, c.Size()):
		return out.skip(e, skippedLFS, errPointer)
	case e.Named && isMedia(t.head):
		err = errBinary
	default:
		p.looked.Add(1)
	}
	if len(out.Secrets) == 0 {
		return nil, err
	}
	encoded, encodeErr := encode(out)
	if encodeErr != nil {
		return nil, encodeErr
	}
	return encoded, err
}

// skip ends a part whose content was left out: that is counted, and an error where
// the user named the file.
func (out part) skip(e *scan.Entry, why string, named error) (scan.Part, error) {
	if !e.Named {
		out.Skipped, named = why, nil
	}
	encoded, err := encode(out)
	return encoded, errors.Join(err, named)
}

func encode(out part) (scan.Part, error) { return json.Marshal(out) }

// record is where the clear text of a secret ends.
func (p *pass) record(h hit) record {
	return record{
		Rule: h.rule.RuleID, Mask: h.rule.mask(h.group, h.secret), Hash: p.opt.Hasher.Hash(h.secret),
		Region:  [4]int{h.region.startLine, h.region.startColumn, h.region.endLine, h.region.endColumn},
		Allowed: h.allowed,
	}
}
