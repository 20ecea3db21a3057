package secrets

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

// extend merges what a file extends into it.
func (l *tomlLoader) extend(f *tomlFile, depth int) error {
	e, at := f.text.Extend, f.at.get("extend")
	if e.URL != "" {
		l.notef(f, at.get("url"), "extend.url has no effect: gitleaks %s does not read it either", Version)
	}
	switch {
	case e.Path == "" && !e.UseDefault:
		if len(e.DisabledRules) > 0 {
			l.notef(f, at.get("disabledrules"), "disabledRules has no effect without useDefault or path")
		}
		return nil
	case depth == extendDepth:
		l.notef(f, at, "[extend] has no effect here: gitleaks follows it %d files deep", extendDepth)
		return nil
	case e.Path != "" && e.UseDefault:
		return f.errorf(at, "extend has both path and useDefault: use one here and the other in that file")
	case e.UseDefault:
		all := func(*config.Rule) bool { return true }
		l.merge(f, copyRules(l.base, all, nil))
		return nil
	}
	base, err := l.readExtended(f, depth)
	if err != nil {
		return err
	}
	for _, t := range base.targets {
		l.notef(base, t.at, "targetRules has no effect in an extended file: the allowlist is not used")
	}
	l.merge(f, base.cfg)
	return nil
}

func (l *tomlLoader) readExtended(f *tomlFile, depth int) (*tomlFile, error) {
	at := f.at.get("extend").get("path")
	name := path.Clean(strings.ReplaceAll(f.text.Extend.Path, `\`, "/"))
	if l.files == nil {
		return nil, f.errorf(at, "extend.path is %q, but no other file can be read here", shorten(name))
	}
	text, err := l.files(name)
	if err != nil {
		return nil, f.errorf(at, "reading the extended configuration %q: %w", shorten(name), err)
	}
	base, err := l.read(name, text, depth+1)
	if err != nil {
		return nil, fmt.Errorf("%s: extended by %w", f.spot(at), err)
	}
	return base, nil
}

// merge puts the rules and allowlists of an extended configuration under those of
// f. What the engine keeps of a rule that both have: f's description, entropy,
// secretGroup, regex and path where they are not zero; tags, keywords and
// allowlists of both, the extended ones first; the required rules and skipReport
// of the extended rule alone.
func (l *tomlLoader) merge(f *tomlFile, base config.Config) {
	c := &f.cfg
	at := f.at.get("extend").get("disabledrules")
	disabled := make(map[string]bool)
	for i, id := range f.text.Extend.DisabledRules {
		disabled[id] = true
		if _, ok := base.Rules[id]; !ok {
			l.notef(f, at.item(i), "disabledRules has %q, which is no rule of the extended configuration", shorten(id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(base.Rules)) {
		if disabled[id] {
			continue
		}
		rule, own := base.Rules[id], c.Rules[id]
		if at, ok := f.ruleAt[id]; ok {
			if len(own.RequiredRules) > 0 {
				l.notef(f, at.get("required"), "required has no effect where rule %q changes one of the extended configuration", id)
			}
			if own.SkipReport {
				l.notef(f, at.get("skipreport"), "skipReport has no effect where rule %q changes one of the extended configuration", id)
			}
			override(&rule, &own)
		} else {
			c.OrderedRules = append(c.OrderedRules, id)
		}
		for _, k := range rule.Keywords {
			c.Keywords[k] = struct{}{}
		}
		c.Rules[id] = rule
	}
	c.Allowlists = append(c.Allowlists, base.Allowlists...)
	slices.Sort(c.OrderedRules)
}

func override(rule, own *config.Rule) {
	if own.Description != "" {
		rule.Description = own.Description
	}
	if own.Entropy != 0 {
		rule.Entropy = own.Entropy
	}
	if own.SecretGroup != 0 {
		rule.SecretGroup = own.SecretGroup
	}
	if own.Regex != nil {
		rule.Regex = own.Regex
	}
	if own.Path != nil {
		rule.Path = own.Path
	}
	rule.Tags = append(slices.Clip(rule.Tags), own.Tags...)
	rule.Keywords = append(slices.Clip(rule.Keywords), own.Keywords...)
	rule.Allowlists = append(slices.Clip(rule.Allowlists), own.Allowlists...)
}
