package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Version is the version of the policy file that this program reads.
const Version = 1

// Limits of a policy file, beyond which a person could not review it.
const (
	maxBytes      = MaxBytes
	maxDepth      = 20
	maxRules      = 1_000
	maxExceptions = 10_000
	maxText       = 1_000 // characters of a reason, a message, a name
)

// scanners can be named in a policy; laterScanners come with a later version.
var (
	scanners      = []string{finding.Secrets, finding.Dockerfile, finding.Packages, finding.ImageConfig}
	laterScanners = []string{"pipeline", "manifests", "imports"}
)

// Load reads a policy file. path is what messages and reports call it. A fault of
// the file is a yamlpos.Errors that names all of them.
func Load(path string, data []byte) (*Policy, error) {
	return load(path, data, loadedDefault().Rules)
}

// load reads a file behind whose rules there are others.
func load(path string, data []byte, behind []Rule) (*Policy, error) {
	doc, err := yamlpos.Parse(path, data, yamlpos.Limits{Bytes: maxBytes, Depth: maxDepth})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	p := &Policy{
		Path: path, Digest: "sha256:" + hex.EncodeToString(sum[:]),
		Coverage: Coverage{OnScannerError: Fail, OnPartial: Fail, OnNothingScanned: Fail, MaxDBAge: defaultDBAge, OnStaleDB: WarnOfIt},
		Limits:   Limits{OnExpired: Fail, OnUnmatched: WarnOfIt},
		Trust:    Trust{HeadMay: HeadTightens, NativeIgnores: Honour},
		New:      Comparison{To: ToMergeBase},
		Unknown:  finding.Medium,
	}
	if root := doc.Root(); ours(root) {
		readPolicy(root, p)
		if v, ok := root.Peek("relaxable"); ok {
			checkRelaxable(v, p, behind)
		}
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// ours says whether a file is of the version that is read here. Of another one
// nothing else is worth saying.
func ours(root yamlpos.Value) bool {
	v, ok := root.Peek("version")
	if !ok {
		return true // readPolicy says so
	}
	n := v.Int()
	if n == Version {
		return true
	}
	if text, _ := v.Scalar(); text == strconv.Itoa(n) {
		v.Fail("this boltseal reads version 1: write \"version: 1\" or take a newer one", "version %d is not known", n)
	}
	return false
}

func readPolicy(root yamlpos.Value, p *Policy) {
	root.Map(
		"policy",
		yamlpos.Need("version", func(yamlpos.Value) {}), // see ours
		yamlpos.May("rules", yamlpos.Into(&p.Rules, readRules)),
		yamlpos.May("exceptions", yamlpos.Into(&p.Exceptions, readExceptions)),
		yamlpos.May("coverage", func(v yamlpos.Value) { readCoverage(v, &p.Coverage) }),
		yamlpos.May("severity", func(v yamlpos.Value) {
			v.Map("severity", yamlpos.May("unknown", yamlpos.Into(&p.Unknown, readUnknown)))
		}),
		yamlpos.May("dockerfile", func(v yamlpos.Value) { readDockerfile(v, p) }),
		yamlpos.May("scopes", yamlpos.Into(&p.Scopes, readScopes)),
		yamlpos.May("limits", func(v yamlpos.Value) { readLimits(v, &p.Limits) }),
		yamlpos.May("trust", func(v yamlpos.Value) { readTrust(v, &p.Trust) }),
		yamlpos.May("new", func(v yamlpos.Value) { readComparison(v, &p.New) }),
		yamlpos.May("targets", func(v yamlpos.Value) { readTargets(v, p) }),
		yamlpos.May("vex", func(v yamlpos.Value) { readVEX(v, p) }),
		yamlpos.May("tests", yamlpos.Into(&p.Tests, readTests)),
		yamlpos.May("relaxable", yamlpos.Into(&p.Relaxable, func(v yamlpos.Value) []string { return list(v, yamlpos.Value.Text) })),
		yamlpos.May("extends", yamlpos.Into(&p.Extends, readExtends)),
		yamlpos.May("compliance", readCompliance),
		yamlpos.May("report", func(v yamlpos.Value) { readReport(v, &p.Dashboards) }),
	)
}

// readTargets reads what is scanned, and what of it is left out.
func readTargets(v yamlpos.Value, p *Policy) {
	v.Map(
		"targets",
		yamlpos.Later("images"),
		yamlpos.May("exclude", yamlpos.Into(&p.Exclude, func(v yamlpos.Value) []string {
			if items := v.OneOrMore(); len(items) > maxFileGlobs {
				v.Fail("let a glob match more", "%d globs, more than the %d allowed", len(items), maxFileGlobs)
				return nil
			}
			return readPathGlobs(v)
		})),
		yamlpos.May("trusted-bases", yamlpos.Into(&p.TrustedBases, readBases)),
		yamlpos.May("signed-bases", yamlpos.Into(&p.SignedBases, yamlpos.Value.Bool)),
	)
}

// readCompliance knows what there will be to say.
func readCompliance(v yamlpos.Value) { v.Map("compliance", yamlpos.Later("map")) }

// checkRelaxable refuses ids of no rule, which nothing would ever relax.
func checkRelaxable(v yamlpos.Value, p *Policy, behind []Rule) {
	var ids []string
	for _, rules := range [][]Rule{p.Rules, behind} {
		for i := range rules {
			ids = append(ids, rules[i].ID)
		}
	}
	if !v.IsList() || v.EmptyList() {
		if len(p.Relaxable) == 1 && !slices.Contains(ids, p.Relaxable[0]) {
			unknownRule(v, p.Relaxable[0], ids)
		}
		return
	}
	for i, item := range v.Items() {
		if id := p.Relaxable[i]; id != "" && !slices.Contains(ids, id) {
			unknownRule(item, id, ids)
		}
	}
}

func unknownRule(v yamlpos.Value, id string, ids []string) {
	hint := "it names rules of this file, or of the built-in default"
	if near := nearest.Word(id, ids); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	v.Fail(hint, "there is no rule %q", id)
}

// readCoverage changes what is written and leaves the rest.
func readCoverage(v yamlpos.Value, c *Coverage) {
	v.Map(
		"coverage",
		yamlpos.May("require", yamlpos.Into(&c.Require, readScanners)),
		yamlpos.May("platforms", yamlpos.Into(&c.Platforms, readPlatforms)),
		yamlpos.May("on-scanner-error", yamlpos.Into(&c.OnScannerError, readReaction)),
		yamlpos.May("on-partial", yamlpos.Into(&c.OnPartial, readReaction)),
		yamlpos.May("on-nothing-scanned", yamlpos.Into(&c.OnNothingScanned, readReaction)),
		yamlpos.May("max-db-age", yamlpos.Into(&c.MaxDBAge, readDBAge)),
		yamlpos.May("on-stale-db", yamlpos.Into(&c.OnStaleDB, readReaction)),
		yamlpos.May("db-digest", yamlpos.Into(&c.DBDigests, readDigests)),
	)
}

func readReaction(v yamlpos.Value) Reaction {
	return Reaction(v.OneOf(string(Fail), string(WarnOfIt)))
}

// readUnknown reads the severity as which unknown ones compare.
func readUnknown(v yamlpos.Value) finding.Severity {
	s, _ := finding.ParseSeverity(v.OneOf("critical", "high", "medium", "low", "info"))
	return s
}

var ruleID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })

func readRules(v yamlpos.Value) []Rule {
	items := v.Items()
	if len(items) > maxRules {
		v.Fail("let a rule match more", "%d rules, more than the %d allowed", len(items), maxRules)
		return nil
	}
	rules := make([]Rule, 0, len(items))
	lines := make(map[string]int, len(items))
	expressions := 0
	for _, item := range items {
		r := readRule(item)
		if line, twice := lines[r.ID]; twice && r.ID != "" {
			item.Fail("give each rule an id of its own", "rule id %q comes twice, first on line %d", r.ID, line)
		} else {
			lines[r.ID] = r.Line
		}
		if r.CEL != "" {
			expressions++
		}
		rules = append(rules, r)
	}
	if expressions > maxCELRules {
		v.Fail(`use "when" where it can say the same`, "%d rules with cel, more than the %d allowed", expressions, maxCELRules)
	}
	return rules
}

func readRule(v yamlpos.Value) Rule {
	r := Rule{Line: v.Line()}
	fields := []yamlpos.Field{
		yamlpos.Need("id", yamlpos.Into(&r.ID, readRuleID)),
		yamlpos.May("scanner", yamlpos.Into(&r.Scanners, readScanners)),
		yamlpos.May("rule", yamlpos.Into(&r.Rules, readRuleGlobs)),
		yamlpos.May("when", yamlpos.Into(&r.When, readWhen)),
		yamlpos.Need("action", yamlpos.Into(&r.Action, readAction)),
		yamlpos.May("message", yamlpos.Into(&r.Message, readMessage)),
		yamlpos.May("grace", yamlpos.Into(&r.Grace, readGrace)),
		yamlpos.May("until", yamlpos.Into(&r.Until, yamlpos.Value.Date)),
		yamlpos.May("then", yamlpos.Into(&r.Then, readAction)),
		yamlpos.May("cel", yamlpos.Into(&r.CEL, readCEL)),
	}
	for _, name := range []string{"severity", "path", "image", "package", "fix", "new", "kev", "malware", "epss", "origin", "published", "event", "environment"} {
		fields = append(fields, yamlpos.Elsewhere(name, `it goes under "when"`))
	}
	v.Map("rule", fields...)
	checkRule(v, &r)
	return r
}

// checkRule looks at what keys say of each other.
func checkRule(v yamlpos.Value, r *Rule) {
	if grace, ok := v.Peek("grace"); ok {
		switch {
		case r.When.New != nil && *r.When.New:
			grace.Fail(`take "new: true" or the grace out`, "grace holds back what was published about a package that was there before: what is new has none")
		case r.Action != Block && r.Then != Block && r.Action != "":
			grace.Fail("", "grace holds back a block, and the action is %s", r.Action)
		}
	}
	until, ends := v.Peek("until")
	then, goesOn := v.Peek("then")
	switch {
	case ends && !goesOn:
		until.Fail(`add "then: block"`, "the rule does not say what is done after %s", day(r.Until))
	case goesOn && !ends:
		then.Fail(`add "until: YYYY-MM-DD"`, "the rule does not say from when on")
	case goesOn && r.Then == r.Action && r.Then != "":
		then.Fail("", "then is what the action is already")
	}
}

func readRuleID(v yamlpos.Value) string {
	id := v.Text()
	if id != "" && !ruleID().MatchString(id) {
		v.Fail("use letters, digits, '-', '_' and '.', 64 at most", "rule id %q cannot be used", id)
		return ""
	}
	return id
}

func readAction(v yamlpos.Value) Action {
	v.Suggest(string(Block), string(Warn), string(Note))
	switch word := v.Text(); Action(word) {
	case Block, Warn, Note, "":
		return Action(word)
	case Suppress, "ignore", "allow", "skip", "accept", "pass", "none", "off":
		v.Fail(`use note; what is accepted goes under "exceptions"`, "a rule cannot %s", word)
		return ""
	}
	return Action(v.OneOf(string(Block), string(Warn), string(Note)))
}

func readWhen(v yamlpos.Value) When {
	var w When
	if v.Empty() {
		v.Fail("leave the key out for a rule that always matches", "when is empty")
	}
	v.Map(
		"when",
		yamlpos.May("severity", yamlpos.Into(&w.Severities, readSeverities)),
		yamlpos.May("rule", yamlpos.Into(&w.Rules, readRuleGlobs)),
		yamlpos.May("path", yamlpos.Into(&w.Paths, readPathGlobs)),
		yamlpos.May("image", yamlpos.Into(&w.Images, readImageGlobs)),
		yamlpos.May("package", yamlpos.Into(&w.Packages, readPURLGlobs)),
		yamlpos.May("fix", yamlpos.Into(&w.Fix, func(v yamlpos.Value) string { return v.OneOf(FixAvailable, FixNone) })),
		yamlpos.May("new", yamlpos.Into(&w.New, readBool)),
		yamlpos.May("kev", yamlpos.Into(&w.KEV, readBool)),
		yamlpos.May("malware", yamlpos.Into(&w.Malware, readBool)),
		yamlpos.May("epss", yamlpos.Into(&w.EPSS, readEPSS)),
		yamlpos.May("origin", yamlpos.Into(&w.Origin, func(v yamlpos.Value) string { return v.OneOf(OriginBase, OriginOurs) })),
		yamlpos.May("published", yamlpos.Into(&w.Published, readAge)),
		yamlpos.May("event", yamlpos.Into(&w.Events, readEvents)),
		yamlpos.May("environment", yamlpos.Into(&w.Environments, func(v yamlpos.Value) []string { return list(v, readLine) })),
		yamlpos.Elsewhere("scanner", `it goes beside "when"`),
	)
	return w
}

func readExceptions(v yamlpos.Value) []Exception {
	items := v.Items()
	if len(items) > maxExceptions {
		v.Fail("let an exception match more", "%d exceptions, more than the %d allowed", len(items), maxExceptions)
		return nil
	}
	exceptions := make([]Exception, len(items))
	for i, item := range items {
		exceptions[i] = readException(item)
	}
	return exceptions
}

func readException(v yamlpos.Value) Exception {
	e := Exception{Line: v.Line()}
	fields := []yamlpos.Field{
		yamlpos.Need("match", yamlpos.Into(&e.Match, readMatch)),
		yamlpos.Need("reason", yamlpos.Into(&e.Reason, readLine)),
		yamlpos.Need("owner", yamlpos.Into(&e.Owner, readLine)),
		yamlpos.Need("approved-by", yamlpos.Into(&e.ApprovedBy, readLine)),
		yamlpos.Need("created", yamlpos.Into(&e.Created, yamlpos.Value.Date)),
		yamlpos.Need("expires", yamlpos.Into(&e.Expires, yamlpos.Value.Date)),
		yamlpos.May("vex", yamlpos.Into(&e.VEX, readClaim)),
	}
	for _, name := range []string{"cve", "purl", "rule", "path", "image", "fingerprint"} {
		fields = append(fields, yamlpos.Elsewhere(name, `it goes under "match"`))
	}
	v.Map("exception", fields...)
	if claim, ok := v.Peek("vex"); ok && len(e.Match.CVEs) == 0 {
		claim.Fail("name the vulnerability under match: {cve: …}", "vex is a statement about a vulnerability, and the exception names none")
	}
	if expires, ok := v.Peek("expires"); ok && !e.Created.IsZero() && !e.Expires.IsZero() && !e.Expires.After(e.Created) {
		expires.Fail("", "the exception expires before it holds: created is %s", day(e.Created))
	}
	return e
}

func readMatch(v yamlpos.Value) Match {
	var m Match
	if v.Empty() {
		v.Fail("name one of cve, purl, rule, path, image, fingerprint", "match is empty: it would match everything")
	}
	v.Map(
		"match",
		yamlpos.May("cve", yamlpos.Into(&m.CVEs, readAdvisories)),
		yamlpos.May("purl", yamlpos.Into(&m.PURLs, readPURLGlobs)),
		yamlpos.May("rule", yamlpos.Into(&m.Rules, readRuleGlobs)),
		yamlpos.May("path", yamlpos.Into(&m.Paths, readPathGlobs)),
		yamlpos.May("image", yamlpos.Into(&m.Images, readImageGlobs)),
		yamlpos.May("fingerprint", yamlpos.Into(&m.Fingerprints, readFingerprints)),
	)
	return m
}
