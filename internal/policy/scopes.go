package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Scope bounds what is done about what it matches. Of every field that has values
// one must match. It touches secrets, malware and what is known to be exploited
// only where it names them.
type Scope struct {
	Paths, Images, Rules, Packages []string
	Scanners                       []string
	// KEV and Malware say that it is about these findings alone.
	KEV, Malware bool
	// ActionMax is the strictest action.
	ActionMax Action
	// Line is where it stands in the file.
	Line int
}

// maxScopes bounds the scopes, each of which is asked of every finding.
const maxScopes = 200

func readScopes(v yamlpos.Value) []Scope {
	items := v.Items()
	if len(items) > maxScopes {
		v.Fail("let a scope match more", "%d scopes, more than the %d allowed", len(items), maxScopes)
		return nil
	}
	scopes := make([]Scope, len(items))
	for i, item := range items {
		scopes[i] = readScope(item)
	}
	return scopes
}

func readScope(v yamlpos.Value) Scope {
	s := Scope{Line: v.Line()}
	mistyped := false
	fields := []yamlpos.Field{
		yamlpos.May("paths", yamlpos.Into(&s.Paths, readPathGlobs)),
		yamlpos.May("images", yamlpos.Into(&s.Images, readImageGlobs)),
		yamlpos.May("rules", yamlpos.Into(&s.Rules, readRuleGlobs)),
		yamlpos.May("packages", yamlpos.Into(&s.Packages, readPURLGlobs)),
		yamlpos.May("scanners", yamlpos.Into(&s.Scanners, readScanners)),
		yamlpos.May("kev", yamlpos.Into(&s.KEV, readTrue)),
		yamlpos.May("malware", yamlpos.Into(&s.Malware, readTrue)),
		yamlpos.Need("action-max", yamlpos.Into(&s.ActionMax, func(v yamlpos.Value) Action { return Action(v.OneOf(string(Note), string(Warn))) })),
	}
	for _, name := range []string{"path", "image", "rule", "package", "scanner"} {
		fields = append(fields, yamlpos.Elsewhere(name, "write "+name+"s"))
		_, found := v.Peek(name)
		mistyped = mistyped || found
	}
	v.Map("scope", fields...)
	if s.ActionMax != "" && !mistyped && len(s.flow().parts) == 0 {
		v.Fail("name one of paths, images, rules, packages, scanners, kev, malware", "the scope is everywhere")
	}
	return s
}

// readTrue reads a key that can only be set.
func readTrue(v yamlpos.Value) bool {
	b := v.Bool()
	if text, ok := v.Scalar(); ok && strings.EqualFold(text, "false") {
		v.Fail("leave the key out", "it is false already")
	}
	return b
}

func (s *Scope) yaml() string {
	f := s.flow()
	f.text("action-max", string(s.ActionMax))
	return f.String()
}

func (s *Scope) flow() *flow {
	var f flow
	f.list("paths", s.Paths)
	f.list("images", s.Images)
	f.list("rules", s.Rules)
	f.list("packages", s.Packages)
	f.list("scanners", s.Scanners)
	if s.KEV {
		f.raw("kev", "true")
	}
	if s.Malware {
		f.raw("malware", "true")
	}
	return &f
}

// compiledScope is a scope ready for many findings.
type compiledScope struct {
	*Scope
	by, reason           string
	paths, images, rules globs
	packages             []purlGlob
}

func compileScopes(scopes []Scope, where string) []*compiledScope {
	out := make([]*compiledScope, len(scopes))
	for i := range scopes {
		s := &scopes[i]
		out[i] = &compiledScope{
			Scope: s, by: fmt.Sprintf("scope %d", i+1),
			reason: fmt.Sprintf("at most %s where %s%s", s.ActionMax, strings.Join(s.flow().parts, ", "), where),
			paths:  newGlobs(s.Paths), images: newGlobs(s.Images), rules: newGlobs(s.Rules), packages: newPURLGlobs(s.Packages),
		}
	}
	return out
}

func (c *compiledScope) matches(s *subject) bool {
	return c.names(s) && (len(c.Scanners) == 0 || slices.Contains(c.Scanners, s.scanner)) &&
		s.imageIs(c.images) && s.pathIs(c.paths, c.images) && s.packageIs(c.packages) && s.ruleIs(c.rules)
}

// names says whether the scope may touch a finding of this kind at all.
func (c *compiledScope) names(s *subject) bool {
	return c.KEV == s.kev && c.Malware == s.malicious &&
		(s.scanner != finding.Secrets || slices.Contains(c.Scanners, finding.Secrets))
}

// scopeOf gives the first scope that matches; nil for none.
func scopeOf(scopes []*compiledScope, s *subject) *compiledScope {
	for _, c := range scopes {
		if c.matches(s) {
			return c
		}
	}
	return nil
}

// capped is a decision as the scope leaves it; c may be nil.
func (c *compiledScope) capped(d Decision) Decision {
	if c == nil || d.Action.strictness() <= c.ActionMax.strictness() {
		return d
	}
	return Decision{Action: c.ActionMax, By: c.by, Reason: fmt.Sprintf("%s; else %s by %s", c.reason, d.Action, d.By)}
}
