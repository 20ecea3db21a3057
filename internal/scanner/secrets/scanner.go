// Package secrets finds secrets with the rules and the meaning of gitleaks. What
// is its own is how bytes reach that engine, and what becomes of what it finds.
//
//	entry --chunker--> windows --filters--> library --placer--> hits --> part
//	                                                 (clear text ends here)
//	parts --view--> findings
//
// A text is cut into windows that overlap, so that a secret is found once wherever
// it stands; filters (a keyword, something to decode) keep what cannot hold a
// secret from the library; its findings become hits with true places, and a hit
// is masked and hashed before it leaves the function that found it. The masker
// uses the same rules on strings.
//
// Text in UTF-16 or UTF-32 that begins with a byte order mark is decoded; columns
// are those of the text in UTF-8. A file that the user named is looked at whatever
// its path, or refused where its content is binary.
package secrets

import (
	"context"
	"fmt"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// Options set up a scanner. The zero value is ready to use.
type Options struct {
	// Hasher makes the hashes that tell secrets apart.
	Hasher finding.Hasher
}

// Scanner finds secrets. It is safe for concurrent use.
type Scanner struct {
	opt   Options
	rules *ruleSet
	mask  func(string) string
}

var _ scan.Scanner = (*Scanner)(nil)

// New makes a scanner with the default rules.
func New(opt Options) (*Scanner, error) {
	rules, err := defaultRules()
	if err != nil {
		return nil, err
	}
	mask, err := NewMasker()
	if err != nil {
		return nil, err
	}
	return &Scanner{opt: opt, rules: rules, mask: mask}, nil
}

// Name implements scan.Scanner.
func (s *Scanner) Name() string { return finding.Secrets }

// partVersion changes with the form of a part and with what this package makes of
// the engine's answers.
const partVersion = 2

// CacheKey implements scan.Scanner. It holds a mark of the hasher's key, as parts
// hold hashes.
func (s *Scanner) CacheKey() string {
	return fmt.Sprintf("secrets/%d gitleaks/%s rules/%s key/%s",
		partVersion, Version, s.rules.digest, s.opt.Hasher.Hash("boltseal secrets cache"))
}

// Begin implements scan.Scanner.
func (s *Scanner) Begin(_ context.Context, t scan.Target) (scan.Pass, error) {
	switch t.Kind {
	case scan.KindTree, scan.KindImage, scan.KindHistory:
		return &pass{Scanner: s, target: t}, nil
	}
	return nil, nil //nolint:nilnil // no business with such targets
}
