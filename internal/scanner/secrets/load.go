package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"
)

// Version is the version of the engine; it decides with the rules what is found.
const Version = "v8.30.1"

// decodeDepth is how often encoded text is decoded again, as the engine's own
// command does.
const decodeDepth = 5

// silenced keeps the library's logger quiet: it writes secrets to stderr.
var silenced = sync.OnceFunc(func() { logging.Logger = logging.Logger.Output(io.Discard) })

// loadDefault reads the default rules. The library does that through one global
// viper, and what is read a second time in a process comes out wrong: so once,
// and everything else is made from copies.
var loadDefault = sync.OnceValues(func() (config.Config, error) {
	silenced()
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return config.Config{}, fmt.Errorf("loading the default rules of gitleaks %s: %w", Version, err)
	}
	return d.Config, nil
})

// defaultRules is what every scanner and masker shares: read-only once made.
var defaultRules = sync.OnceValues(func() (*ruleSet, error) {
	cfg, err := loadDefault()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(config.DefaultConfig))
	return newRuleSet(cfg, "sha256:"+hex.EncodeToString(sum[:]))
})

// copyRules gives a configuration that holds those rules of cfg that keep wants,
// as change leaves them. Nothing that can be written to is shared: the library
// appends to a rule's tags while it scans, so they have no room to grow.
func copyRules(cfg config.Config, keep func(*config.Rule) bool, change func(*config.Rule)) config.Config {
	out := cfg
	out.Rules = make(map[string]config.Rule, len(cfg.Rules))
	out.Keywords = make(map[string]struct{})
	out.OrderedRules = nil
	out.Allowlists = slices.Clone(cfg.Allowlists)
	for _, id := range slices.Sorted(maps.Keys(cfg.Rules)) {
		r := cfg.Rules[id]
		if !keep(&r) {
			continue
		}
		r.Tags = slices.Clip(slices.Clone(r.Tags))
		r.Keywords = slices.Clone(r.Keywords)
		r.Allowlists = slices.Clone(r.Allowlists)
		if change != nil {
			change(&r)
		}
		for _, k := range r.Keywords {
			out.Keywords[k] = struct{}{}
		}
		out.Rules[id] = r
		out.OrderedRules = append(out.OrderedRules, id)
	}
	return out
}

// newDetector makes a detector of its own for a configuration. allow says that
// `gitleaks:allow` comments hide findings.
func newDetector(cfg config.Config, depth int, allow bool) *detect.Detector {
	d := detect.NewDetector(cfg)
	d.MaxDecodeDepth = depth
	d.IgnoreGitleaksAllow = !allow
	return d
}
