package secrets

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/regexp"
)

// readRules makes the rules of one file. Whether each makes sense is looked at
// after it is merged: a rule may only change one of an extended file.
func (l *tomlLoader) readRules(f *tomlFile) error {
	l.rules += len(f.text.Rules)
	if l.rules > maxTOMLRules {
		return f.errorf(f.at.get("rules"), "more than %d rules", maxTOMLRules)
	}
	for i := range f.text.Rules {
		at := f.at.get("rules").item(i)
		r, err := l.readRule(f, &f.text.Rules[i], at)
		if err != nil {
			return err
		}
		if first, twice := f.ruleAt[r.RuleID]; twice {
			l.notef(f, at.get("id"), "rule %q stands in line %d already: this one replaces it whole", r.RuleID, first.line)
		}
		f.ruleAt[r.RuleID] = at
		f.cfg.OrderedRules = append(f.cfg.OrderedRules, r.RuleID)
		f.cfg.Rules[r.RuleID] = r
	}
	for _, id := range slices.Sorted(maps.Keys(f.cfg.Rules)) {
		for i, r := range f.cfg.Rules[id].RequiredRules {
			if _, ok := f.cfg.Rules[r.RuleID]; !ok {
				return f.errorf(f.ruleAt[id].get("required").item(i).get("id"),
					"rule %q requires rule %q, which this file does not have: a rule of an extended file must be written here too", id, r.RuleID)
			}
		}
	}
	return nil
}

func (l *tomlLoader) readRule(f *tomlFile, text *tomlRule, at *tomlPlace) (config.Rule, error) {
	r := config.Rule{
		RuleID: text.ID, Description: text.Description, SecretGroup: text.SecretGroup, Entropy: text.Entropy,
		Tags: orEmpty(text.Tags), Keywords: orEmpty(text.Keywords), SkipReport: text.SkipReport,
	}
	var err error
	if r.Path, err = l.compileOne(f, text.Path, at.get("path")); err != nil {
		return r, err
	}
	if r.Regex, err = l.compileOne(f, text.Regex, at.get("regex")); err != nil {
		return r, err
	}
	for i, k := range r.Keywords {
		r.Keywords[i] = strings.ToLower(k)
		f.cfg.Keywords[r.Keywords[i]] = struct{}{}
	}
	if err := l.spendWords(f, r.Keywords, at.get("keywords")); err != nil {
		return r, err
	}
	lists, name := text.Allowlists, "allowlists"
	if text.AllowList != nil {
		if len(lists) > 0 {
			return r, f.errorf(at.get("allowlist"), "rule %q has both allowlist (the old form) and allowlists: use the latter alone", r.RuleID)
		}
		lists, name = []*tomlAllowlist{text.AllowList}, "allowlist"
	}
	for i, text := range lists {
		a, err := l.readAllowlist(f, text, at.get(name).item(i))
		if err != nil {
			return r, err
		}
		r.Allowlists = append(r.Allowlists, a)
	}
	for i, q := range text.Required {
		if q == nil || q.ID == "" {
			return r, f.errorf(at.get("required").item(i), "rule %q requires a rule without an id", r.RuleID)
		}
		r.RequiredRules = append(r.RequiredRules, &config.Required{RuleID: q.ID, WithinLines: q.WithinLines, WithinColumns: q.WithinColumns})
	}
	return r, nil
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func (l *tomlLoader) readAllowlists(f *tomlFile) error {
	lists, name := f.text.Allowlists, "allowlists"
	if f.text.AllowList != nil {
		if len(lists) > 0 {
			return f.errorf(f.at.get("allowlist"), "both [allowlist] (the old form) and [[allowlists]]: use the latter alone")
		}
		lists, name = []*tomlGlobalAllowlist{f.text.AllowList}, "allowlist"
	}
	for i, text := range lists {
		at := f.at.get(name).item(i)
		if text == nil {
			return f.errorf(at, "empty allowlist")
		}
		a, err := l.readAllowlist(f, &text.tomlAllowlist, at)
		if err != nil {
			return err
		}
		if len(text.TargetRules) == 0 {
			f.cfg.Allowlists = append(f.cfg.Allowlists, a)
		}
		for n, id := range text.TargetRules {
			f.targets = append(f.targets, tomlTarget{rule: id, at: at.get("targetrules").item(n), list: a})
		}
	}
	return nil
}

func (l *tomlLoader) readAllowlist(f *tomlFile, text *tomlAllowlist, at *tomlPlace) (*config.Allowlist, error) {
	if text == nil {
		return nil, f.errorf(at, "empty allowlist")
	}
	if l.lists++; l.lists > maxTOMLRules {
		return nil, f.errorf(at, "more than %d allowlists", maxTOMLRules)
	}
	a := &config.Allowlist{Description: text.Description, Commits: text.Commits, RegexTarget: text.RegexTarget, StopWords: text.StopWords}
	switch strings.ToUpper(text.Condition) {
	case "AND", "&&":
		a.MatchCondition = config.AllowlistMatchAnd
	case "", "OR", "||":
	default:
		return nil, f.errorf(at.get("condition"), `unknown condition %q: "AND" or "OR"`, shorten(text.Condition))
	}
	switch text.RegexTarget {
	case "", "match", "line":
	case "secret":
		a.RegexTarget = ""
	default:
		return nil, f.errorf(at.get("regextarget"), `unknown regexTarget %q: "secret", "match" or "line"`, shorten(text.RegexTarget))
	}
	var err error
	if a.Regexes, err = l.compileAll(f, text.Regexes, at.get("regexes")); err != nil {
		return nil, err
	}
	if a.Paths, err = l.compileAll(f, text.Paths, at.get("paths")); err != nil {
		return nil, err
	}
	if err := l.spendWords(f, a.StopWords, at.get("stopwords")); err != nil {
		return nil, err
	}
	if err := a.Validate(); err != nil {
		return nil, f.errorf(at, "empty allowlist: give it commits, paths, regexes or stopwords")
	}
	// The engine leaves these in the order of a map.
	slices.Sort(a.Commits)
	slices.Sort(a.StopWords)
	return a, nil
}

// spendWords bounds the words of all rules and allowlists together.
func (l *tomlLoader) spendWords(f *tomlFile, words []string, at *tomlPlace) error {
	const table = 2 // what each list takes beside its words
	if len(words) > 0 {
		l.words -= table
	}
	for i, w := range words {
		if len(w) > maxTOMLWord {
			return f.errorf(at.item(i), "word of more than %d bytes: use regexes", maxTOMLWord)
		}
		l.words -= len(w)
	}
	if l.words < 0 {
		return f.errorf(at, "keywords and stopwords are longer than %d bytes together: use regexes", maxTOMLWords)
	}
	return nil
}

// checkRule checks a rule as it came out of merging.
func (f *tomlFile) checkRule(r *config.Rule) error {
	at := f.ruleAt[r.RuleID]
	switch {
	case strings.TrimSpace(r.RuleID) == "":
		return f.errorf(at, "rule without an id")
	case r.Regex == nil && r.Path == nil:
		return f.errorf(at, "rule %q has neither a regex nor a path, and no extended file has a rule of this id", r.RuleID)
	case r.Regex != nil && r.SecretGroup > r.Regex.NumSubexp():
		return f.errorf(at.get("secretgroup"), "rule %q: secretGroup is %d, but its regex has %d groups", r.RuleID, r.SecretGroup, r.Regex.NumSubexp())
	}
	if err := r.Validate(); err != nil {
		return f.errorf(at, "rule %q: %w", r.RuleID, err)
	}
	return nil
}

// noteRequired tells of rules that can find nothing, as what they require is
// disabled.
func (l *tomlLoader) noteRequired(f *tomlFile, ids []string) {
	for _, id := range ids {
		for _, r := range f.cfg.Rules[id].RequiredRules {
			if _, ok := f.cfg.Rules[r.RuleID]; !ok {
				l.notef(f, f.ruleAt[id], "rule %q requires rule %q, which is disabled: it finds nothing", id, r.RuleID)
			}
		}
	}
}

// noteVersion tells of a configuration made for a newer engine, which only tells
// of it as well.
func (l *tomlLoader) noteVersion(f *tomlFile) {
	want := f.text.MinVersion
	if want == "" {
		return
	}
	at := f.at.get("minversion")
	got, ok := versionNumbers(want)
	own, _ := versionNumbers(Version)
	switch {
	case !ok:
		l.notef(f, at, "minVersion %q is no version such as %q", shorten(want), Version)
	case slices.Compare(got[:], own[:]) > 0:
		l.notef(f, at, "the configuration asks for gitleaks %s, this is %s: what is new there has no effect", shorten(want), Version)
	}
}

func versionNumbers(v string) (out [3]int, ok bool) {
	v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "+")
	v, _, _ = strings.Cut(v, "-")
	parts := strings.Split(v, ".")
	if len(parts) > len(out) {
		return out, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return out, false
		}
		out[i] = int(n)
	}
	return out, true
}

// knownExprs are the expressions of the default rules: none is compiled twice.
func knownExprs(c config.Config) map[string]*regexp.Regexp {
	out := make(map[string]*regexp.Regexp)
	add := func(all ...*regexp.Regexp) {
		for _, re := range all {
			if re != nil {
				out[re.String()] = re
			}
		}
	}
	for _, a := range c.Allowlists {
		add(a.Paths...)
		add(a.Regexes...)
	}
	for _, r := range c.Rules {
		add(r.Regex, r.Path)
		for _, a := range r.Allowlists {
			add(a.Paths...)
			add(a.Regexes...)
		}
	}
	return out
}
