package secrets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/regexp"
)

// digestOf gives a text that two configurations share only if they find the same:
// all of the rules and allowlists, the words of the engine's filter and the path
// that it passes over. What comes from maps is sorted; the order of rules does not
// count, the order of an allowlist's expressions does, as they are joined.
func digestOf(c config.Config) string {
	d := digester{sha256.New()}
	d.add("path", c.Path)
	d.set("filter", slices.Collect(maps.Keys(c.Keywords)))
	d.allowlists(c.Allowlists)
	for _, id := range slices.Sorted(maps.Keys(c.Rules)) {
		r := c.Rules[id]
		d.add("rule", id, r.RuleID, r.Description, r.Entropy, r.SecretGroup, r.SkipReport)
		d.expr(r.Regex)
		d.expr(r.Path)
		d.add("tags", len(r.Tags))
		for _, t := range r.Tags {
			d.add("tag", t)
		}
		d.set("keywords", r.Keywords)
		d.add("required", len(r.RequiredRules))
		for _, q := range r.RequiredRules {
			if q == nil {
				d.add("nil")
				continue
			}
			d.add("rule", q.RuleID, within(q.WithinLines), within(q.WithinColumns))
		}
		d.allowlists(r.Allowlists)
	}
	return "sha256:" + hex.EncodeToString(d.Sum(nil))
}

// digester writes values so that no two lists of them read alike.
type digester struct{ hash.Hash }

func (d digester) add(values ...any) {
	for _, v := range values {
		text := fmt.Sprint(v)
		d.Write(fmt.Appendf(nil, "%d:%s\n", len(text), text))
	}
}

// set adds words whose order and number don't count.
func (d digester) set(name string, words []string) {
	sorted := slices.Clone(words)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	d.add(name, len(sorted))
	for _, w := range sorted {
		d.add(w)
	}
}

func (d digester) expr(re *regexp.Regexp) {
	if re == nil {
		d.add("none")
		return
	}
	d.add("expr", re.String())
}

func (d digester) allowlists(all []*config.Allowlist) {
	d.add("allowlists", len(all))
	for _, a := range all {
		if a == nil {
			d.add("nil")
			continue
		}
		d.add("allowlist", a.Description, int(a.MatchCondition), a.RegexTarget, len(a.Paths), len(a.Regexes))
		for _, re := range slices.Concat(a.Paths, a.Regexes) {
			d.expr(re)
		}
		d.set("commits", a.Commits)
		d.set("stopwords", a.StopWords)
	}
}

func within(n *int) string {
	if n == nil {
		return "any"
	}
	return fmt.Sprint(*n)
}
