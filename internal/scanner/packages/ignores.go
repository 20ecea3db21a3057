package packages

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pelletier/go-toml/v2"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// The names of other scanners' files that say which vulnerabilities are passed over.
const (
	TrivyIgnore     = ".trivyignore"
	TrivyIgnoreYAML = ".trivyignore.yaml"
	OSVScanner      = "osv-scanner.toml"
)

// IgnoreFiles are all of them.
func IgnoreFiles() []string { return []string{TrivyIgnore, TrivyIgnoreYAML, OSVScanner} }

// Bounds of an ignore file. What is beyond them is an error.
const (
	maxIgnoreFile    = 1 << 20
	maxIgnoreEntries = 10_000
	maxIgnoreNotes   = 20
)

// Ignores are what other scanners' files ask to pass over.
type Ignores struct {
	entries []ignore
	// Notes tell what in the files is not heeded.
	Notes []string
}

// ignore is one entry. Of every field that is set all must match.
type ignore struct {
	file string
	// id is an advisory's, in capitals; an empty one is for every advisory about the
	// package.
	id                       string
	name, version, ecosystem string
	purls, paths             []string
	// until is the day on which it no longer holds; zero for never.
	until time.Time
}

// AddIgnores reads another file. Its name says what it is.
func (g *Ignores) AddIgnores(name string, text []byte) error {
	if len(text) > maxIgnoreFile {
		return fmt.Errorf("%s: larger than %d bytes", name, maxIgnoreFile)
	}
	var err error
	switch path.Base(name) {
	case TrivyIgnore:
		err = g.trivy(name, text)
	case TrivyIgnoreYAML:
		err = g.trivyYAML(name, text)
	case OSVScanner:
		err = g.osvScanner(name, text)
	default:
		return fmt.Errorf("%s: not an ignore file", name)
	}
	if err == nil && len(g.entries) > maxIgnoreEntries {
		err = fmt.Errorf("%s: more than %d entries", name, maxIgnoreEntries)
	}
	return err
}

func (g *Ignores) note(format string, args ...any) {
	if len(g.Notes) < maxIgnoreNotes {
		g.Notes = append(g.Notes, fmt.Sprintf(format, args...))
	}
}

// trivy reads a line an id, maybe with "exp:2026-12-01" behind it
// (https://trivy.dev/docs/latest/configuration/filtering/#trivyignore).
func (g *Ignores) trivy(name string, text []byte) error {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		words := strings.Fields(string(line))
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		e := ignore{file: name, id: strings.ToUpper(words[0])}
		if !isAdvisory(e.id) {
			continue // a misconfiguration, a secret: none of ours
		}
		for _, word := range words[1:] {
			if strings.HasPrefix(word, "#") {
				break
			}
			date, ok := strings.CutPrefix(word, "exp:")
			when, err := time.Parse(time.DateOnly, date)
			if !ok || err != nil {
				return fmt.Errorf("%s:%d: want exp:YYYY-MM-DD behind the id", name, number)
			}
			e.until = when
		}
		g.entries = append(g.entries, e)
	}
	return nil
}

// isAdvisory says whether an id looks like an advisory's: words and digits with dashes
// between. Ids of checks are no such.
func isAdvisory(id string) bool {
	prefix, rest, ok := strings.Cut(id, "-")
	return ok && rest != "" && prefix != "AVD" && strings.Trim(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// trivyYAML reads the vulnerabilities of the newer form.
func (g *Ignores) trivyYAML(name string, text []byte) error {
	if isBlank(text) {
		return nil
	}
	doc, err := yamlpos.Parse(name, text, yamlpos.Limits{Bytes: maxIgnoreFile, Depth: 20})
	if err != nil {
		return err
	}
	doc.Root().Each("file", func(key string, v yamlpos.Value) {
		if key == "vulnerabilities" && !v.Null() {
			for _, item := range v.Items() {
				g.trivyEntry(name, item)
			}
		}
	})
	return doc.Err()
}

// isBlank says that a file holds nothing but comments.
func isBlank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

func (g *Ignores) trivyEntry(name string, item yamlpos.Value) {
	e := ignore{file: name}
	item.Each("vulnerability", func(key string, v yamlpos.Value) {
		switch key {
		case "id":
			e.id = strings.ToUpper(v.Text())
		case "paths":
			e.paths = globsOf(v)
		case "purls":
			e.purls = globsOf(v)
		case "expired_at":
			e.until = v.Date()
		case "statement":
		default: // what it says could bound the entry
			v.Fail("", "%q is not known here", key)
		}
	})
	if e.id == "" {
		item.Fail("", "a vulnerability needs an id")
		return
	}
	g.entries = append(g.entries, e)
}

func globsOf(v yamlpos.Value) []string {
	var globs []string
	for _, item := range v.Items() {
		g := item.Text()
		if g != "" && !doublestar.ValidatePattern(g) {
			item.Fail("", "%q is no pattern", g)
		}
		globs = append(globs, g)
	}
	return globs
}

// osvFile is what is read of an osv-scanner.toml
// (https://google.github.io/osv-scanner/configuration/).
type osvFile struct {
	IgnoredVulns []struct {
		ID          string `toml:"id"`
		IgnoreUntil any    `toml:"ignoreUntil"`
	}
	PackageOverrides []struct {
		Name           string `toml:"name"`
		Version        string `toml:"version"`
		Ecosystem      string `toml:"ecosystem"`
		Group          string `toml:"group"`
		Ignore         bool   `toml:"ignore"`
		EffectiveUntil any    `toml:"effectiveUntil"`
		Vulnerability  struct {
			Ignore bool `toml:"ignore"`
		} `toml:"vulnerability"`
	}
}

func (g *Ignores) osvScanner(name string, text []byte) error {
	var f osvFile
	if err := toml.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i, v := range f.IgnoredVulns {
		until, err := untilOf(v.IgnoreUntil)
		if err != nil || v.ID == "" {
			return fmt.Errorf("%s: ignored vulnerability %d: want an id, and a date as ignoreUntil", name, i+1)
		}
		g.entries = append(g.entries, ignore{file: name, id: strings.ToUpper(v.ID), until: until})
	}
	for i, o := range f.PackageOverrides {
		if !o.Ignore && !o.Vulnerability.Ignore {
			continue
		}
		until, err := untilOf(o.EffectiveUntil)
		switch {
		case err != nil:
			return fmt.Errorf("%s: package override %d: effectiveUntil is no date", name, i+1)
		case o.Group != "" || o.Name == "":
			g.note("%s: package override %d is not heeded: it names no package, or a group", name, i+1)
			continue
		}
		g.entries = append(g.entries, ignore{file: name, name: o.Name, version: o.Version, ecosystem: o.Ecosystem, until: until})
	}
	return nil
}

// untilOf takes a date, or a date with a time, of TOML; nil is never.
func untilOf(v any) (time.Time, error) {
	switch t := v.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return t, nil
	case toml.LocalDate:
		return t.AsTime(time.UTC), nil
	case toml.LocalDateTime:
		return t.AsTime(time.UTC), nil
	}
	return time.Time{}, fmt.Errorf("no date: %v", v)
}

// by names the file that asks to pass a finding over on a day; empty where none does.
func (g *Ignores) by(f *finding.Finding, now time.Time) string {
	if g == nil || f.Advisory == nil || f.Package == nil {
		return ""
	}
	ids := f.IDs()
	for i, id := range ids {
		ids[i] = strings.ToUpper(id)
	}
	for i := range g.entries {
		if g.entries[i].matches(f, ids, now) {
			return g.entries[i].file
		}
	}
	return ""
}

func (e *ignore) matches(f *finding.Finding, ids []string, now time.Time) bool {
	p := f.Package
	return (e.id == "" || slices.Contains(ids, e.id)) &&
		(e.until.IsZero() || now.Before(e.until)) &&
		(e.name == "" || e.name == p.Name) && (e.version == "" || e.version == p.Version) &&
		(e.ecosystem == "" || e.ecosystem == p.Ecosystem || strings.HasPrefix(p.Ecosystem, e.ecosystem+":")) &&
		(len(e.paths) == 0 || slices.ContainsFunc(p.Paths, func(at string) bool { return anyGlob(e.paths, at) })) &&
		(len(e.purls) == 0 || slices.ContainsFunc(e.purls, func(purl string) bool { return samePURL(purl, p.PURL) }))
}

func anyGlob(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return g == text || doublestar.MatchUnvalidated(g, text) })
}

// samePURL compares a package URL with one that may lack its version, and its
// qualifiers.
func samePURL(want, got string) bool {
	got, _, _ = strings.Cut(got, "#")
	if want == got {
		return true
	}
	got, _, _ = strings.Cut(got, "?")
	if want == got {
		return true
	}
	if i := strings.LastIndexByte(got, '@'); i > strings.LastIndexByte(got, '/') {
		return want == got[:i]
	}
	return false
}
