package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
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
	doc, err := yamlpos.Parse(path, data, yamlpos.Limits{Bytes: maxBytes, Depth: maxDepth})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	p := &Policy{
		Path: path, Digest: "sha256:" + hex.EncodeToString(sum[:]),
		Coverage: Coverage{OnScannerError: Fail, OnPartial: Fail, OnNothingScanned: Fail, MaxDBAge: defaultDBAge, OnStaleDB: WarnOfIt},
		Unknown:  finding.Medium,
	}
	if root := doc.Root(); ours(root) {
		readPolicy(root, p)
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
		yamlpos.Later("extends"),
		yamlpos.Later("relaxable"),
		yamlpos.Later("trust"),
		yamlpos.Later("targets"),
		yamlpos.Later("new"),
		yamlpos.Later("scopes"),
		yamlpos.Later("limits"),
		yamlpos.Later("compliance"),
		yamlpos.Later("report"),
		yamlpos.Later("tests"),
	)
}

// readCoverage changes what is written and leaves the rest.
func readCoverage(v yamlpos.Value, c *Coverage) {
	v.Map(
		"coverage",
		yamlpos.May("require", yamlpos.Into(&c.Require, readScanners)),
		yamlpos.May("on-scanner-error", yamlpos.Into(&c.OnScannerError, readReaction)),
		yamlpos.May("on-partial", yamlpos.Into(&c.OnPartial, readReaction)),
		yamlpos.May("on-nothing-scanned", yamlpos.Into(&c.OnNothingScanned, readReaction)),
		yamlpos.May("max-db-age", yamlpos.Into(&c.MaxDBAge, readAge)),
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
	for _, item := range items {
		r := readRule(item)
		if line, twice := lines[r.ID]; twice && r.ID != "" {
			item.Fail("give each rule an id of its own", "rule id %q comes twice, first on line %d", r.ID, line)
		} else {
			lines[r.ID] = r.Line
		}
		rules = append(rules, r)
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
		yamlpos.May("message", yamlpos.Into(&r.Message, readLine)),
		yamlpos.Later("grace"),
		yamlpos.Later("until"),
		yamlpos.Later("then"),
		yamlpos.Later("cel"),
	}
	for _, name := range []string{"severity", "path", "image", "package", "fix", "new", "kev", "malware", "epss"} {
		fields = append(fields, yamlpos.Elsewhere(name, `it goes under "when"`))
	}
	v.Map("rule", fields...)
	return r
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
		yamlpos.Later("origin"),
		yamlpos.Later("published"),
		yamlpos.Later("event"),
		yamlpos.Later("environment"),
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
		yamlpos.Later("vex"),
	}
	for _, name := range []string{"cve", "purl", "rule", "path", "image", "fingerprint"} {
		fields = append(fields, yamlpos.Elsewhere(name, `it goes under "match"`))
	}
	v.Map("exception", fields...)
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
