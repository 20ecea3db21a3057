package history

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// format is the version of what a walk makes of commits; it is part of the digests.
const format = "2"

// A block ends after a commit whose id says so, about every meanBlock commits, or
// after maxBlock. So a commit that comes late between old ones, as from a branch
// that is merged, changes one block and leaves the others to the cache.
const (
	meanBlock = 128 // a power of two, at most 256
	maxBlock  = 256
)

// split makes units of the commits.
func (s *Source) split() {
	for rest := s.commits; len(rest) > 0; {
		n := blockEnd(rest)
		s.units = append(s.units, s.unit(rest[:n]))
		rest = rest[n:]
	}
	if len(s.problems) > 0 {
		s.units = append(s.units, scan.Unit{Name: "history", Sequential: true, Walk: s.tell})
	}
}

// blockEnd says how many commits the first block takes.
func blockEnd(commits []git.Commit) int {
	for i, c := range commits[:min(len(commits), maxBlock)] {
		last, err := hex.DecodeString(c.ID[len(c.ID)-2:])
		if err == nil && last[0]%meanBlock == 0 {
			return i + 1
		}
	}
	return min(len(commits), maxBlock)
}

// unit makes a unit of a block.
func (s *Source) unit(block []git.Commit) scan.Unit {
	text := fmt.Appendf(nil, "history %s %s %q\n", format, s.objects.Format, s.sub)
	for _, c := range block {
		// At the boundary of a shallow clone a commit adds all that there is.
		text = fmt.Appendf(text, "%s %t\n", c.ID, s.objects.Shallow[c.ID])
	}
	sum := sha256.Sum256(text)
	name := fmt.Sprintf("commits %.12s to %.12s", block[0].ID, block[len(block)-1].ID)
	if len(block) == 1 {
		name = fmt.Sprintf("commit %.12s", block[0].ID)
	}
	return scan.Unit{
		Name: name, Digest: "history:" + hex.EncodeToString(sum[:]), Sequential: true,
		Walk: func(ctx context.Context, v scan.Visitor) error { return s.walk(ctx, block, v) },
	}
}

// tell tells the problems of the whole.
func (s *Source) tell(_ context.Context, v scan.Visitor) error {
	for _, p := range s.problems {
		v.Failed(p.where, p.err)
	}
	return nil
}
