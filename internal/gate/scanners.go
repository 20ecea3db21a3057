package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
	"github.com/boltseal/boltseal/internal/scanner/packages"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// Config is what the scanners need to know.
type Config struct {
	// Secrets is the scanner of secrets, which knows what the targets bring; nil
	// makes one that knows of none.
	Secrets scan.Scanner
	// Dockerfile is what the linter knows of the targets.
	Dockerfile dockerfile.Options
	// Database is asked for advisories; where it is nil, NoDatabase tells the user
	// what to do about it.
	Database   vulndb.DB
	NoDatabase string
	// BadDatabase says why a database that was asked for cannot be used: the
	// packages scanner has failed then, whatever there is to scan.
	BadDatabase error
	// ListPackages says that packages are only listed; no database is asked.
	ListPackages bool
	// Ignores are what other scanners' files ask to pass over; nil for none.
	Ignores func(t scan.Target) *packages.Ignores
	// TrustedRegistries are those that images and their bases may come from; none for
	// all.
	TrustedRegistries []string
	// TrustsBase says whether images may be built upon another one; nil for whatever it
	// is. That of Dockerfiles is in their options.
	TrustsBase func(reference string) bool
	// Now is the day that ends of life are compared with; the zero time compares
	// none.
	Now time.Time
}

// failing is a scanner that cannot begin.
type failing struct {
	scan.Scanner
	err error
}

func (f failing) Begin(context.Context, scan.Target) (scan.Pass, error) { return nil, f.err }

// scanners is the table of contents of the program: every scanner, in the order in
// which reports list them. A scanner is built only when it runs.
var scanners = []struct {
	name  string
	build func(Config) (scan.Scanner, error)
	rules func() []rule.Rule
}{
	{
		finding.Secrets, // gitleaks' rules over trees and image layers
		func(c Config) (scan.Scanner, error) {
			if c.Secrets != nil {
				return c.Secrets, nil
			}
			return secrets.New(secrets.Options{})
		},
		secrets.Rules,
	},
	{
		finding.Dockerfile, // hadolint's rules and ours over every Dockerfile of a tree
		func(c Config) (scan.Scanner, error) { return dockerfile.New(c.Dockerfile), nil },
		dockerfile.Rules,
	},
	{
		finding.Packages, // what is installed and locked, and the advisories about it
		func(c Config) (scan.Scanner, error) {
			s := packages.New(packages.Options{DB: c.Database, NoDB: c.NoDatabase, Ignores: c.Ignores, Now: c.Now, ListOnly: c.ListPackages})
			if c.BadDatabase != nil {
				return failing{s, c.BadDatabase}, nil
			}
			return s, nil
		},
		func() []rule.Rule { return nil }, // advisories are data
	},
	{
		finding.ImageConfig, // what an image does wrong by itself
		func(c Config) (scan.Scanner, error) {
			return imageconfig.New(imageconfig.Options{Now: c.Now, TrustedRegistries: c.TrustedRegistries, TrustsBase: c.TrustsBase}), nil
		},
		imageconfig.Rules,
	},
}

// ScannerNames lists every scanner in order.
func ScannerNames() []string {
	names := make([]string, len(scanners))
	for i, s := range scanners {
		names[i] = s.name
	}
	return names
}

// Scanners builds the named scanners, all of them when there is no name.
func Scanners(names []string, c Config) ([]scan.Scanner, error) {
	for _, n := range names {
		if !slices.Contains(ScannerNames(), n) {
			return nil, unknownScanner(n)
		}
	}
	var built []scan.Scanner
	for _, s := range scanners {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		b, err := s.build(c)
		if err != nil {
			return nil, fmt.Errorf("building scanner %s: %w", s.name, err)
		}
		built = append(built, b)
	}
	return built, nil
}

func unknownScanner(name string) error {
	hint := ""
	if near := nearest.Word(name, ScannerNames()); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("unknown scanner %q: there are %s%s", name, strings.Join(ScannerNames(), ", "), hint)
}

// Catalogue lists the rules of the named scanners, of all of them when there is no
// name, and those of the gate itself.
func Catalogue(names ...string) (rule.Catalogue, error) {
	all := ownRules()
	for _, s := range scanners {
		if len(names) == 0 || slices.Contains(names, s.name) {
			all = append(all, s.rules()...)
		}
	}
	return rule.NewCatalogue(all...)
}
