package secrets

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/boltseal/boltseal/internal/finding"
)

// ruleSet is a configuration made ready: the rules by what they need of a text,
// and one detector for each way to run them. Read-only and safe for concurrent use.
type ruleSet struct {
	digest string
	rules  []*secretRule // by id
	byID   map[string]*secretRule

	// keywords finds every keyword of a content rule; its entry is the index of
	// the rules that ask for it.
	keywords *keywords
	wants    [][]*secretRule // by keyword

	paths      []*secretRule // rules on the path alone
	allowlists []*config.Allowlist

	// flat never decodes, deep does. Both report what a comment allows; honest
	// leaves it out.
	flat, deep, honest *detect.Detector
	// far runs the rules whose keyword may stand anywhere in the file, gap those
	// whose match may be of any length over any number of lines.
	far, gap *detect.Detector
}

// secretRule is one rule with what is derived from it.
type secretRule struct {
	config.Rule
	severity finding.Severity
	// prefixes are the fixed beginnings of each group's text; group 0 is the match.
	prefixes [][]prefix
	// far says that a match need not hold any of the keywords, gap that a match
	// can run over lines without an end.
	far, gap bool
}

func newRuleSet(cfg config.Config, digest string) (*ruleSet, error) {
	s := &ruleSet{digest: digest, byID: make(map[string]*secretRule), allowlists: cfg.Allowlists}
	for _, id := range slices.Sorted(maps.Keys(cfg.Rules)) {
		r, err := newSecretRule(cfg.Rules[id])
		if err != nil {
			return nil, err
		}
		s.rules = append(s.rules, r)
		s.byID[id] = r
		if r.Regex == nil {
			s.paths = append(s.paths, r)
		}
	}
	s.indexKeywords()
	content := func(r *config.Rule) bool { return r.Regex != nil }
	all := copyRules(cfg, content, nil)
	s.flat = newDetector(all, 0, false)
	s.deep = newDetector(all, decodeDepth, false)
	s.honest = newDetector(all, decodeDepth, true)
	s.far = newDetector(copyRules(cfg,
		func(r *config.Rule) bool { return s.byID[r.RuleID].far },
		func(r *config.Rule) { r.Keywords = nil }), 0, false)
	s.gap = newDetector(copyRules(cfg,
		func(r *config.Rule) bool { return s.byID[r.RuleID].gap }, nil), 0, false)
	return s, nil
}

func newSecretRule(r config.Rule) (*secretRule, error) {
	out := &secretRule{Rule: r, severity: severityOf(r.RuleID)}
	if r.Regex == nil {
		return out, nil
	}
	shape, err := parseShape(r.Regex.String())
	if err != nil {
		return nil, err
	}
	out.prefixes = shape.prefixes
	out.gap = shape.gap
	out.far = len(r.Keywords) > 0 && !shape.needsOne(r.Keywords)
	return out, nil
}

// indexKeywords turns the rules' keywords around: from a keyword to its rules.
func (s *ruleSet) indexKeywords() {
	by := make(map[string][]*secretRule)
	for _, r := range s.rules {
		for _, k := range r.Keywords {
			k = strings.ToLower(k)
			by[k] = append(by[k], r)
		}
	}
	words := slices.Sorted(maps.Keys(by))
	s.keywords = newKeywords(words)
	for _, w := range words {
		s.wants = append(s.wants, by[w])
	}
}

// pathAllowed says that the rules leave a path out altogether.
func (s *ruleSet) pathAllowed(p string) bool {
	for _, a := range s.allowlists {
		if a.MatchCondition == config.AllowlistMatchOr && a.PathAllowed(p) {
			return true
		}
	}
	return false
}

// openPath gives a path under which the engine looks at a file that the allowlist
// leaves out: as much of it as rules for some names may need.
func (s *ruleSet) openPath(p string) string {
	for _, try := range []string{p, path.Base(p), "named" + path.Ext(p)} {
		if !s.pathAllowed(try) {
			return try
		}
	}
	return ""
}

// pathRules gives the rules that a path alone satisfies.
func (s *ruleSet) pathRules(p string) []*secretRule {
	var out []*secretRule
	for _, r := range s.paths {
		allowed := slices.ContainsFunc(r.Allowlists, func(a *config.Allowlist) bool { return a.PathAllowed(p) })
		if r.Path.MatchString(p) && !allowed && !r.SkipReport {
			out = append(out, r)
		}
	}
	return out
}

// group finds the secret in a match, as the engine does: the rule's own group,
// else the first one that is not empty, else all of it. It gives the group's
// number and where it stands in the match.
func (r *secretRule) group(match string) (n, start, end int) {
	return pickGroup(r.Regex.FindStringSubmatchIndex(match), r.SecretGroup, len(match))
}

func pickGroup(at []int, wanted, whole int) (n, start, end int) {
	if wanted > 0 && 2*wanted+1 < len(at) && at[2*wanted] >= 0 {
		return wanted, at[2*wanted], at[2*wanted+1]
	}
	for g := 1; 2*g+1 < len(at); g++ {
		if at[2*g] >= 0 && at[2*g+1] > at[2*g] {
			return g, at[2*g], at[2*g+1]
		}
	}
	return 0, 0, whole
}
