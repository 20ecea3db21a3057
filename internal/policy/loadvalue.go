package policy

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// list reads one value or a list of them.
func list[T any](v yamlpos.Value, read func(yamlpos.Value) T) []T {
	var out []T
	for _, item := range v.OneOrMore() {
		out = append(out, read(item))
	}
	return out
}

// readLine reads text for people as one line.
func readLine(v yamlpos.Value) string {
	line := strings.Join(strings.Fields(v.Text()), " ")
	if n := utf8.RuneCountInString(line); n > maxText {
		v.Fail("", "the text has %d characters, more than the %d allowed", n, maxText)
		return ""
	}
	return line
}

func readScanners(v yamlpos.Value) []string {
	return list(v, func(v yamlpos.Value) string {
		v.Suggest(scanners...)
		name := v.Text()
		if slices.Contains(laterScanners, name) {
			v.Fail("take it out: it would not be obeyed", "scanner %s is not supported yet", name)
			return ""
		}
		if name == "" || slices.Contains(scanners, name) {
			return name
		}
		return v.OneOf(scanners...)
	})
}

// readBool gives a pointer, as a key that is left out asks nothing.
func readBool(v yamlpos.Value) *bool {
	b := v.Bool()
	return &b
}

func readSeverities(v yamlpos.Value) []SeverityMatch {
	return list(v, func(v yamlpos.Value) SeverityMatch {
		v.Suggest(severityWords()...)
		word := v.Text()
		name, orWorse := strings.CutPrefix(word, ">=")
		severity, err := finding.ParseSeverity(strings.TrimSpace(name))
		switch {
		case word == "":
			return SeverityMatch{}
		case err != nil && strings.ContainsAny(word, "<>=!"):
			v.Fail(`write high for exactly high, ">=high" for that and above, or a list`, "severity %q cannot be read", word)
			return SeverityMatch{}
		case err != nil:
			v.OneOf("critical", "high", "medium", "low", "info", "unknown")
			return SeverityMatch{}
		case orWorse && severity == finding.Unknown:
			v.Fail("leave the key out for every severity", "severity %q has no order: unknown compares as severity.unknown says", word)
			return SeverityMatch{}
		}
		return SeverityMatch{severity, orWorse}
	})
}

func readEPSS(v yamlpos.Value) *float64 {
	text, _ := v.Scalar()
	bound, ok := strings.CutPrefix(text, ">=")
	p, err := strconv.ParseFloat(strings.TrimSpace(bound), 64)
	if !ok || err != nil || math.IsNaN(p) || p < 0 || p > 1 {
		v.Fail(`write the least probability, as ">=0.1"`, "epss wants a bound between 0 and 1")
		return nil
	}
	return &p
}

// advisoryID is the form of CVE, GHSA and every other OSV id
// (https://ossf.github.io/osv-schema/#id-modified-fields).
var advisoryID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
})

func readAdvisories(v yamlpos.Value) []string {
	return list(v, func(v yamlpos.Value) string {
		id := v.Text()
		switch {
		case id == "" || advisoryID().MatchString(id):
			return id
		case strings.ContainsAny(id, "*?[{"):
			v.Fail(`name each advisory, or use "rule" with a glob`, "%q is no advisory: globs are not taken here", id)
		default:
			v.Fail("write a CVE, GHSA or OSV id, as CVE-2026-12345", "%q is no advisory", id)
		}
		return ""
	})
}

var fingerprintForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^v1:[0-9a-f]{32}(#[1-9][0-9]{0,8})?$`) })

func readFingerprints(v yamlpos.Value) []string {
	return formed(v, fingerprintForm(), "fingerprint", "copy it from a report: v1: and 32 hexadecimal digits")
}

// formed reads texts of one form; kind is what a text of another form is not.
func formed(v yamlpos.Value, form *regexp.Regexp, kind, hint string) []string {
	return list(v, func(v yamlpos.Value) string {
		text := v.Text()
		if text != "" && !form.MatchString(text) {
			v.Fail(hint, "%q is no %s", text, kind)
			return ""
		}
		return text
	})
}

func readRuleGlobs(v yamlpos.Value) []string { return list(v, readGlob) }

func readPathGlobs(v yamlpos.Value) []string {
	return list(v, func(v yamlpos.Value) string {
		g := readGlob(v)
		switch {
		case strings.HasPrefix(g, "/") || strings.HasPrefix(g, "./"):
			v.Fail("paths start at the repository's root, without a slash: "+yamlpos.Quote(strings.TrimLeft(g, "./")), "path %q matches nothing", g)
		case slices.Contains(strings.Split(g, "/"), ".."):
			v.Fail("paths start at the repository's root", "path %q matches nothing", g)
		case strings.HasSuffix(g, "/"):
			v.Fail("for everything below it write "+yamlpos.Quote(g+"**"), "path %q matches nothing: it ends in a slash", g)
		default:
			return g
		}
		return ""
	})
}

func readImageGlobs(v yamlpos.Value) []string {
	return list(v, func(v yamlpos.Value) string {
		g := readGlob(v)
		last := g[strings.LastIndexByte(g, '/')+1:]
		if strings.ContainsAny(last, ":@") {
			v.Fail("write the name alone", "image %q has a tag or digest: images are known by their names", g)
			return ""
		}
		return g
	})
}

func readPURLGlobs(v yamlpos.Value) []string {
	return list(v, func(v yamlpos.Value) string {
		g := v.Text()
		if g != "" && !strings.HasPrefix(g, "pkg:") {
			v.Fail(`write a package URL, as "pkg:npm/lodash" or "pkg:deb/debian/*"`, "%q is no package URL", g)
			return ""
		}
		if why := badGlob(purlPattern(g)); why != "" {
			v.Fail("", "pattern %q %s", g, why)
			return ""
		}
		return g
	})
}

func readGlob(v yamlpos.Value) string {
	g := v.Text()
	if why := badGlob(g); g != "" && why != "" {
		v.Fail("", "pattern %q %s", g, why)
		return ""
	}
	return g
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

// severityWords are all that a rule can ask of a severity.
func severityWords() []string {
	words := []string{finding.Unknown.String()}
	for _, s := range knownSeverities() {
		words = append(words, s.String(), ">="+s.String())
	}
	return words
}
