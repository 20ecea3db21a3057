package secrets

import (
	"fmt"
	"hash/maphash"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/boltseal/boltseal/internal/finding"
)

// ruleSet is a configuration made ready: what each rule needs of a text, and the
// detectors that run them. Read-only and safe for concurrent use.
type ruleSet struct {
	digest string
	rules  []*secretRule // by id
	byID   map[string]*secretRule

	// words finds the anchors and keywords of the content rules; its entry lists
	// what each is good for.
	words *automaton
	uses  [][]use // by word
	texts []string

	content   []*secretRule // rules on content, numbered
	whole     []*secretRule // those of them without an anchor
	paths     []*secretRule // rules on the path alone
	pathLists []pathList
	legs      int // endless legs of all reaches
	// margin is how far around an encoded text the match of a rule can reach.
	margin int

	// recent are verdicts on paths that were asked for, by hash.
	recent [recentPaths]atomic.Pointer[pathVerdict]
	seed   maphash.Seed

	// oddWords says that a rule has a keyword that is not all ASCII.
	oddWords bool
	// all runs every rule, as the engine's command does, comments aside.
	all func() *detect.Detector
	// keywords find every rule's keywords.
	keywords func() *keywords
	// scratch holds the state of one window between windows.
	scratch sync.Pool
}

// use is what a word is good for.
type use struct {
	rule   *secretRule
	anchor *anchor // nil for a keyword
}

// secretRule is one rule with what is derived from it.
type secretRule struct {
	config.Rule
	number   int // in content
	severity finding.Severity
	// prefixes are the fixed beginnings of each group's text; group 0 is the match.
	prefixes [][]prefix
	anchors  []anchor
	finder   func() *finder
	// far says that a match need not hold any of the keywords, so that one must be
	// looked for in the fragment; odd are keywords that only the engine's own way
	// of comparing finds.
	far bool
	odd []string
	// gap says that a match can run over lines without an end.
	gap bool
	// unfolds says that a match of a text with a long s or the sign for Kelvin is one
	// of the text with an s or a k in its place, as far as classes of characters go.
	unfolds bool
	// lines says that an allowlist looks at the line around a match.
	lines bool
	// one runs this rule alone whatever its keywords, and never decodes; deep
	// decodes.
	one, deep func() *detect.Detector
	// global are the allowlists of all rules.
	global []*config.Allowlist
	// loose is the expression of the masker.
	loose func() *regexp.Regexp
}

// composite says that a rule needs what other rules find in the same fragment.
func (r *secretRule) composite() bool { return len(r.RequiredRules) > 0 }

func newRuleSet(cfg config.Config, digest string) (*ruleSet, error) {
	s := &ruleSet{digest: digest, seed: maphash.MakeSeed(), byID: make(map[string]*secretRule), pathLists: newPathLists(cfg.Allowlists)}
	var err error
	if cfg.Allowlists, err = withoutPaths(cfg.Allowlists); err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(cfg.Rules)) {
		r, err := newSecretRule(cfg.Rules[id])
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", id, err)
		}
		s.rules = append(s.rules, r)
		s.byID[id] = r
		if r.Regex == nil {
			s.paths = append(s.paths, r)
			continue
		}
		r.number = len(s.content)
		s.content = append(s.content, r)
		if r.anchors == nil {
			s.whole = append(s.whole, r)
		}
		r.global = cfg.Allowlists
		r.lines = hasLines(r.Allowlists) || hasLines(cfg.Allowlists)
		r.one = sync.OnceValue(func() *detect.Detector { return newDetector(onlyRule(cfg, r), 0, false) })
		r.deep = sync.OnceValue(func() *detect.Detector { return newDetector(onlyRule(cfg, r), decodeDepth, false) })
	}
	s.index()
	s.all = sync.OnceValue(func() *detect.Detector {
		return newDetector(copyRules(cfg, func(r *config.Rule) bool { return r.Regex != nil }, nil), decodeDepth, false)
	})
	s.keywords = sync.OnceValue(func() *keywords { return newKeywords(s.content) })
	s.scratch.New = func() any { return newScratch(s) }
	return s, nil
}

// onlyRule is a configuration of one rule, and of those that it needs, without
// keywords: who runs it has looked for them.
func onlyRule(cfg config.Config, r *secretRule) config.Config {
	return copyRules(cfg, func(other *config.Rule) bool {
		return other.RuleID == r.RuleID || slices.ContainsFunc(r.RequiredRules, func(q *config.Required) bool { return q.RuleID == other.RuleID })
	}, func(r *config.Rule) { r.Keywords = nil })
}

// withoutPaths gives the global allowlists as they are for a file that is looked
// at: whether its path is allowed was asked before. Expressions on paths are dear.
func withoutPaths(lists []*config.Allowlist) ([]*config.Allowlist, error) {
	var out []*config.Allowlist
	for _, a := range lists {
		if len(a.Paths) == 0 || a.MatchCondition == config.AllowlistMatchAnd {
			out = append(out, a)
			continue
		}
		if len(a.Commits)+len(a.Regexes)+len(a.StopWords) == 0 {
			continue
		}
		rest := &config.Allowlist{
			Description: a.Description, MatchCondition: a.MatchCondition, Commits: a.Commits,
			RegexTarget: a.RegexTarget, Regexes: a.Regexes, StopWords: a.StopWords,
		}
		if err := rest.Validate(); err != nil {
			return nil, fmt.Errorf("allowlist %q: %w", a.Description, err)
		}
		out = append(out, rest)
	}
	return out, nil
}

func hasLines(lists []*config.Allowlist) bool {
	return slices.ContainsFunc(lists, func(a *config.Allowlist) bool { return a.RegexTarget == "line" })
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
	out.prefixes, out.gap = shape.prefixes, shape.gap
	out.loose = sync.OnceValue(func() *regexp.Regexp { return loosened(&out.Rule) })
	out.anchors, out.unfolds = anchorsOf(shape.re), unfolds(shape.re)
	out.finder = sync.OnceValue(func() *finder { return newFinder(out.Regex, shape.re) })
	out.far = len(r.Keywords) > 0 && !shape.needsOne(r.Keywords) && !anchorsHold(out.anchors, r.Keywords)
	for _, k := range r.Keywords {
		if !isASCII(k) {
			out.odd = append(out.odd, strings.ToLower(k))
		}
	}
	return out, nil
}

// anchorsHold says that whatever anchor a match holds, it holds a keyword.
func anchorsHold(anchors []anchor, keywords []string) bool {
	for _, a := range anchors {
		if !slices.ContainsFunc(keywords, func(k string) bool { return strings.Contains(a.text, strings.ToLower(k)) }) {
			return false
		}
	}
	return len(anchors) > 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// margin bounds: how much text around an encoded one is looked at.
const (
	leastMargin = 512
	mostMargin  = 16 << 10
)

// index turns the rules' words around: from a word to its rules.
func (s *ruleSet) index() {
	by := make(map[string][]use)
	s.margin = leastMargin
	for _, r := range s.content {
		s.oddWords = s.oddWords || len(r.odd) > 0
		for i := range r.anchors {
			a := &r.anchors[i]
			by[a.text] = append(by[a.text], use{r, a})
			length := len(a.text)
			for _, side := range []reach{a.before, a.after} {
				for n := range side {
					if side[n].class != nil {
						side[n].id = s.legs
						s.legs++
					}
					length += side[n].n
				}
			}
			s.margin = max(s.margin, min(length, mostMargin))
		}
		if r.far || r.anchors == nil {
			for _, k := range r.Keywords {
				if k = strings.ToLower(k); k != "" && isASCII(k) {
					by[k] = append(by[k], use{rule: r})
				}
			}
		}
	}
	s.texts = slices.Sorted(maps.Keys(by))
	s.words = newAutomaton(s.texts)
	for _, w := range s.texts {
		s.uses = append(s.uses, by[w])
	}
}

// pathList is an allowlist of paths. Its expressions are asked only where a path
// holds one of the texts that they cannot do without.
type pathList struct {
	*config.Allowlist
	texts []string // in lower case; nil where every path is to be asked about
}

func newPathLists(lists []*config.Allowlist) []pathList {
	var out []pathList
	for _, a := range lists {
		if a.MatchCondition != config.AllowlistMatchOr || len(a.Paths) == 0 {
			continue
		}
		l := pathList{Allowlist: a, texts: []string{}}
		for _, expr := range a.Paths {
			re, err := syntax.Parse(expr.String(), syntax.Perl)
			if err != nil {
				l.texts = nil
				break
			}
			found := anchorsOf(re)
			if found == nil {
				l.texts = nil
				break
			}
			for _, f := range found {
				l.texts = append(l.texts, f.text)
			}
		}
		out = append(out, l)
	}
	return out
}

// pathAllowed says that the rules leave a path out altogether.
func (s *ruleSet) pathAllowed(p string) bool { return s.ofPath(p).allowed }

// pathRules gives the rules that a path alone satisfies, in a commit or none.
func (s *ruleSet) pathRules(p, commit string) []*secretRule {
	var out []*secretRule
	for _, r := range s.ofPath(p).rules {
		if !slices.ContainsFunc(r.Allowlists, func(a *config.Allowlist) bool {
			inCommit, _ := a.CommitAllowed(commit)
			return a.PathAllowed(p) || inCommit
		}) {
			out = append(out, r)
		}
	}
	return out
}

// pathVerdict is what the rules say of a path.
type pathVerdict struct {
	path    string
	allowed bool
	// rules are those that the path satisfies, allowlists aside.
	rules []*secretRule
}

// recentPaths is how many verdicts are kept: a history has many hunks of one file
// in a row.
const recentPaths = 1024

// ofPath judges a path, or knows it from a moment ago.
func (s *ruleSet) ofPath(p string) *pathVerdict {
	slot := &s.recent[maphash.String(s.seed, p)%recentPaths]
	if v := slot.Load(); v != nil && v.path == p {
		return v
	}
	v := &pathVerdict{path: strings.Clone(p), allowed: s.allowsPath(p)}
	for _, r := range s.paths {
		if !r.SkipReport && r.Path.MatchString(p) {
			v.rules = append(v.rules, r)
		}
	}
	slot.Store(v)
	return v
}

func (s *ruleSet) allowsPath(p string) bool {
	lower, isOdd := strings.ToLower(p), odd(p)
	for _, l := range s.pathLists {
		holds := func(text string) bool { return strings.Contains(lower, text) }
		if (l.texts == nil || isOdd || slices.ContainsFunc(l.texts, holds)) && l.PathAllowed(p) {
			return true
		}
	}
	return false
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
