package secrets

import (
	"context"
	"encoding/json"

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
)

// Wants implements scan.Pass. What the engine leaves out is wanted unread, so that
// it is counted, and found by rules that look at the name alone.
func (p *pass) Wants(e *scan.Entry, head func(int) []byte) scan.Want {
	switch {
	case e.Kind != scan.File || e.Size == 0:
		return scan.Want{}
	case p.rules.pathAllowed(e.Path) || isBinary(head(scan.HeadSize)):
		return scan.Want{Mode: scan.NoRead}
	}
	return scan.Want{Mode: scan.Stream, Max: maxFile}
}

// File implements scan.Pass.
func (p *pass) File(ctx context.Context, e *scan.Entry, c *scan.Content) (scan.Part, error) {
	if p.rules.pathAllowed(e.Path) {
		return encode(part{Skipped: skippedPath})
	}
	var out part
	for _, r := range p.rules.pathRules(e.Path) {
		out.Secrets = append(out.Secrets, record{Rule: r.RuleID})
	}
	if c.Size() == 0 && e.Size > 0 {
		out.Skipped = skippedBinary
		return encode(out)
	}
	d := detection{rules: p.rules, path: e.Path, report: func(h hit) {
		out.Secrets = append(out.Secrets, p.record(h))
	}}
	err := d.run(ctx, chunksOf(c))
	if len(out.Secrets) == 0 {
		return nil, err
	}
	encoded, encodeErr := encode(out)
	if encodeErr != nil {
		return nil, encodeErr
	}
	return encoded, err
}

func chunksOf(c *scan.Content) *chunker {
	if data := c.Bytes(); data != nil {
		return newChunker(data, chunkSizes)
	}
	return newStreamChunker(c.Reader(), chunkSizes)
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
