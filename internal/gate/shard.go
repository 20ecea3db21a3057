package gate

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
)

// Share is what one of several jobs does of a run. What is due where depends on the
// plan alone, never on what the targets hold, so that a job that is run again does
// the same:
//
//   - histories are due in the first shard, and nothing else is where there are more;
//   - of a tree every file is looked through for secrets in the shard that the hash of
//     its path says. The other scanners of a tree know files by each other (a lockfile
//     and its manifest, a module and its parent): each is due whole in one shard;
//   - every other target is due whole in one shard, dealt out in turn.
type Share struct {
	report.Shard
	// Histories says that there are some in the plan.
	Histories bool
	// Places are those of the plan's targets, histories left out, by the names of what
	// was opened for them.
	Places map[string]int
}

// shard is what the run file says of it.
func (s *Share) shard() *report.Shard {
	if s == nil {
		return nil
	}
	return new(s.Shard)
}

// slot gives the shard, counted from 1, of the n-th thing to do beside histories.
func (s *Share) slot(n uint64) int {
	first, of := 0, s.Of
	if s.Histories && of > 1 {
		first, of = 1, of-1
	}
	return 1 + first + int(n%uint64(of))
}

// Due says whether anything of a target that is no tree and no history is due, by its
// place in the plan.
func (s *Share) Due(place int) bool {
	return s == nil || s.slot(uint64(place)) == s.Index
}

// splits says whether a scanner's work on a target is spread over the shards.
func (s *Share) splits(t scan.Target, scanner string) bool {
	return s != nil && t.Kind == scan.KindTree && scanner == finding.Secrets
}

// scanners are those that are due on a target.
func (s *Share) scanners(t scan.Target, all []scan.Scanner) []scan.Scanner {
	if s == nil {
		return all
	}
	var due []scan.Scanner
	for i, sc := range all {
		place := s.Places[t.Name]
		switch {
		case t.Kind == scan.KindHistory:
			if s.Index == 1 {
				due = append(due, sc)
			}
		case s.splits(t, sc.Name()):
			if !s.Histories || s.Of == 1 || s.Index > 1 {
				due = append(due, partly{sc, s})
			}
		case t.Kind == scan.KindTree:
			if s.Due(place + i) {
				due = append(due, sc)
			}
		case s.Due(place):
			due = append(due, sc)
		}
	}
	return due
}

// has says whether a file is due.
func (s *Share) has(path string) bool {
	h := fnv.New64a()
	h.Write([]byte(path))
	return s.slot(h.Sum64()) == s.Index
}

// partly is a scanner that looks at the files that are due.
type partly struct {
	scan.Scanner
	share *Share
}

// CacheKey implements scan.Scanner: a unit's parts are those of the files that are due.
func (p partly) CacheKey() string { return p.share.key(p.Scanner.CacheKey()) }

// key is the key of a cache for what is due; empty stays empty.
func (s *Share) key(key string) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf("%s shard %d/%d %t", key, s.Index, s.Of, s.Histories)
}

// Begin implements scan.Scanner.
func (p partly) Begin(ctx context.Context, t scan.Target) (scan.Pass, error) {
	inner, err := p.Scanner.Begin(ctx, t)
	if err != nil || inner == nil {
		return inner, err
	}
	return partlyPass{inner, p}, nil
}

// partlyPass wants only what is due. Of what it wants it is told as the pass within is.
type partlyPass struct {
	scan.Pass
	scanner partly
}

// CacheKey implements scan.Keyed.
func (p partlyPass) CacheKey() string {
	if keyed, ok := p.Pass.(scan.Keyed); ok {
		return p.scanner.share.key(keyed.CacheKey())
	}
	return p.scanner.CacheKey()
}

// Wants implements scan.Pass.
func (p partlyPass) Wants(e *scan.Entry, head func(n int) []byte) scan.Want {
	if !p.scanner.share.has(e.Path) {
		return scan.Want{}
	}
	return p.Pass.Wants(e, head)
}
