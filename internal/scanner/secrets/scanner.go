// Package secrets finds secrets with the rules and the meaning of gitleaks. What
// is its own is how bytes reach that engine, and what becomes of what it finds.
//
//	entry --chunker--> windows of fragments --filter--> matches --library--> hits --> part
//	                   (cut where the engine cuts)     (rule by rule)   (clear text ends here)
//	parts --view--> findings
//
// The filter (anchor.go, automaton.go, filter.go, decode.go) finds where which rule
// can match at all: the texts that each expression cannot match without are derived
// from it and looked for in one pass; around them its expression is run, and only
// real matches, with the text around them, go to the library, which judges them as
// it would in the whole. A hit is masked and hashed before it leaves the function
// that found it. The masker uses the same rules on strings.
//
// Text in UTF-16 or UTF-32 that begins with a byte order mark is decoded; columns
// are those of the text in UTF-8. A file that the user named is looked at whatever
// its path, or refused where its content is binary. In images files that are known
// to hold credentials are looked at by rules of our own as well (credfile.go).
package secrets

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// Options set up a scanner. The zero value is ready to use.
type Options struct {
	// Hasher makes the hashes that tell secrets apart.
	Hasher finding.Hasher
	// Compare makes the hashes by which two scans of one run are compared, under a
	// key of that run. Without a key those of Hasher have to do.
	Compare finding.Hasher
	// Native are the engine's own files by the name of the target that brings them.
	Native map[string]Native
	// ArchiveDepth is how many levels of archives are opened; 0 leaves them out, as
	// the engine does unless told otherwise.
	ArchiveDepth int
}

// Scanner finds secrets. It is safe for concurrent use.
type Scanner struct {
	opt     Options
	plain   *native // of targets that bring nothing
	natives map[string]*native
	mask    func(string) string
}

var _ scan.Scanner = (*Scanner)(nil)

// New makes a scanner. An error is one of the files in Options.
func New(opt Options) (*Scanner, error) {
	s := &Scanner{opt: opt, natives: make(map[string]*native)}
	var err error
	if s.plain, err = (Native{}).prepare(); err != nil {
		return nil, err
	}
	masker := &masker{rules: []activeRules{s.plain.rules}}
	for _, target := range slices.Sorted(maps.Keys(opt.Native)) {
		n, err := opt.Native[target].prepare()
		if err != nil {
			return nil, err
		}
		s.natives[target] = n
		if n.rules != s.plain.rules {
			masker.rules = append(masker.rules, n.rules)
		}
	}
	s.mask = masker.mask
	return s, nil
}

// Masker gives the function that NewMasker gives, which knows the targets' own
// rules as well.
func (s *Scanner) Masker() func(string) string { return s.mask }

// Name implements scan.Scanner.
func (s *Scanner) Name() string { return finding.Secrets }

// partVersion changes with the form of a part and with what this package makes of
// the engine's answers.
const partVersion = 5

// CacheKey implements scan.Scanner; the pass's own key holds what a target brings.
func (s *Scanner) CacheKey() string { return s.cacheKey(s.plain) }

// cacheKey holds a mark of the hasher's key, as parts hold hashes. Those of a run that
// compares are under a key of that run alone: no other one could take them.
func (s *Scanner) cacheKey(n *native) string {
	if s.compares() {
		return ""
	}
	const mark = "boltseal secrets cache"
	return fmt.Sprintf("secrets/%d gitleaks/%s rules/%s archives/%d key/%s",
		partVersion, Version, n.digest, s.opt.ArchiveDepth, s.opt.Hasher.Hash(mark))
}

// compares says that secrets are hashed for a comparison as well. A user's own key
// makes hashes that are good enough for that, and parts that a cache can give again.
func (s *Scanner) compares() bool {
	return len(s.opt.Compare.Key) > 0 && len(s.opt.Hasher.Key) == 0
}

// Begin implements scan.Scanner.
func (s *Scanner) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	switch t.Kind {
	case scan.KindTree, scan.KindImage, scan.KindHistory, scan.KindRootFS:
	default:
		return nil, nil //nolint:nilnil // no business with such targets
	}
	n := s.natives[t.Name]
	if n == nil {
		n = s.plain
	}
	return &pass{Scanner: s, native: n, target: t}, nil
}
