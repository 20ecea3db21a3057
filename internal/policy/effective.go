package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Effective prints policies as files that Load reads, with every default written
// out, one YAML document each.
func Effective(policies []*Policy) string {
	var b strings.Builder
	for i, p := range policies {
		if i > 0 {
			b.WriteString("---\n")
		}
		p.print(&b)
	}
	return b.String()
}

func (p *Policy) print(b *strings.Builder) {
	fmt.Fprintf(b, "# %s", strings.Map(printable, p.Path))
	if p.Ref != "" {
		fmt.Fprintf(b, " at %s", p.Ref)
	}
	fmt.Fprintf(b, ", %s\nversion: %d\n", p.Digest, Version)
	if len(p.Extends) > 0 {
		b.WriteString("extends:\n")
		for _, parent := range p.Extends {
			fmt.Fprintf(b, "  - {ref: %s}\n", yamlpos.Quote(parent.Ref))
		}
	}
	if len(p.Rules) > 0 {
		b.WriteString("rules: # the first that matches decides\n")
		for i := range p.Rules {
			fmt.Fprintf(b, "  - %s\n", p.Rules[i].yaml())
		}
	}
	if !p.builtIn {
		b.WriteString("# Where none matches, the built-in default decides:\n")
		for _, r := range loadedDefault().Rules {
			fmt.Fprintf(b, "#   - %s\n", r.yaml())
		}
	}
	if len(p.Scopes) > 0 {
		b.WriteString("scopes: # the first that matches bounds the action\n")
		for i := range p.Scopes {
			fmt.Fprintf(b, "  - %s\n", p.Scopes[i].yaml())
		}
	}
	if len(p.Exceptions) > 0 {
		b.WriteString("exceptions:\n")
		for i := range p.Exceptions {
			fmt.Fprintf(b, "  - %s\n", p.Exceptions[i].yaml())
		}
	}
	if len(p.Dockerfiles) > 0 {
		var f flow
		f.list("files", p.Dockerfiles)
		fmt.Fprintf(b, "dockerfile: %s\n", f.String())
	}
	p.printTargets(b)
	fmt.Fprintf(b, "coverage: %s\nseverity: {unknown: %s}\n", p.Coverage.yaml(), p.Unknown)
	fmt.Fprintf(b, "limits: %s\ntrust: %s\nnew: %s\n", p.Limits.yaml(), p.Trust.yaml(), p.New.yaml())
	p.Dashboards.effective(b)
	if len(p.Tests) > 0 {
		b.WriteString("tests:\n")
		for i := range p.Tests {
			fmt.Fprintf(b, "  - %s\n", p.Tests[i].yaml())
		}
	}
}

// printTargets prints lists that are left out where there are none.
func (p *Policy) printTargets(b *strings.Builder) {
	var targets, vex, relaxable flow
	targets.list("exclude", p.Exclude)
	targets.list("trusted-bases", p.TrustedBases)
	if p.SignedBases {
		targets.raw("signed-bases", "true")
	}
	vex.list("files", p.VEXFiles)
	vex.list("products", p.Products)
	relaxable.list("relaxable", p.Relaxable)
	if len(targets.parts) > 0 {
		fmt.Fprintf(b, "targets: %s\n", targets.String())
	}
	if len(vex.parts) > 0 {
		fmt.Fprintf(b, "vex: %s\n", vex.String())
	}
	if len(relaxable.parts) > 0 {
		fmt.Fprintf(b, "%s\n", relaxable.parts[0])
	}
}

// printable keeps a path inside of its comment.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return '?'
	}
	return r
}

// flow builds a flow mapping: only what has a value is written.
type flow struct{ parts []string }

func (f *flow) raw(key, value string) {
	if value != "" {
		f.parts = append(f.parts, key+": "+value)
	}
}

func (f *flow) text(key, value string) {
	if value != "" {
		f.raw(key, yamlpos.Quote(value))
	}
}

// list writes one value as itself.
func (f *flow) list(key string, values []string) {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = yamlpos.Quote(v)
	}
	switch len(quoted) {
	case 0:
	case 1:
		f.raw(key, quoted[0])
	default:
		f.raw(key, "["+strings.Join(quoted, ", ")+"]")
	}
}

func (f *flow) bool(key string, b *bool) {
	if b != nil {
		f.raw(key, strconv.FormatBool(*b))
	}
}

func (f *flow) String() string { return "{" + strings.Join(f.parts, ", ") + "}" }

func (r *Rule) yaml() string {
	var f flow
	f.text("id", r.ID)
	f.list("scanner", r.Scanners)
	f.list("rule", r.Rules)
	if when := r.When.flow(); len(when.parts) > 0 {
		f.raw("when", when.String())
	}
	f.text("cel", r.CEL)
	f.text("action", string(r.Action))
	if r.Grace != nil {
		f.raw("grace", "{since: published, for: "+r.Grace.For.yaml()+"}")
	}
	if !r.Until.IsZero() {
		f.raw("until", day(r.Until))
		f.text("then", string(r.Then))
	}
	f.text("message", r.Message)
	return f.String()
}

func (w *When) flow() *flow {
	var f flow
	severities := make([]string, len(w.Severities))
	for i, m := range w.Severities {
		severities[i] = m.String()
	}
	f.list("severity", severities)
	f.list("rule", w.Rules)
	f.list("path", w.Paths)
	f.list("image", w.Images)
	f.list("package", w.Packages)
	f.text("fix", w.Fix)
	f.bool("new", w.New)
	f.bool("kev", w.KEV)
	f.bool("malware", w.Malware)
	if w.EPSS != nil {
		f.text("epss", ">="+strconv.FormatFloat(*w.EPSS, 'g', -1, 64))
	}
	f.text("origin", w.Origin)
	if w.Published != nil {
		f.text("published", w.Published.String())
	}
	f.list("event", w.Events)
	f.list("environment", w.Environments)
	return &f
}

func (e *Exception) yaml() string {
	var match, f flow
	match.list("cve", e.Match.CVEs)
	match.list("purl", e.Match.PURLs)
	match.list("rule", e.Match.Rules)
	match.list("path", e.Match.Paths)
	match.list("image", e.Match.Images)
	match.list("fingerprint", e.Match.Fingerprints)
	f.raw("match", match.String())
	f.text("reason", e.Reason)
	f.text("owner", e.Owner)
	f.text("approved-by", e.ApprovedBy)
	f.raw("created", day(e.Created))
	f.raw("expires", day(e.Expires))
	if e.VEX != nil {
		f.raw("vex", e.VEX.yaml())
	}
	return f.String()
}

func (c *Coverage) yaml() string {
	var f flow
	f.list("require", c.Require)
	f.list("platforms", c.Platforms)
	f.text("on-scanner-error", string(c.OnScannerError))
	f.text("on-partial", string(c.OnPartial))
	f.text("on-nothing-scanned", string(c.OnNothingScanned))
	f.raw("max-db-age", ageYAML(c.MaxDBAge))
	f.text("on-stale-db", string(c.OnStaleDB))
	f.list("db-digest", c.DBDigests)
	return f.String()
}

// reason is the rule's message, or its conditions in words.
func (r *Rule) reason() string {
	if r.Message != "" {
		return r.Message
	}
	if conditions := r.conditions(); conditions != "" {
		return conditions
	}
	return "matches every finding"
}
