// Package baseline holds the findings that are known: a file with one line each, made
// to be reviewed in a diff.
package baseline

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/boltseal/boltseal/internal/finding"
)

// Limits of a baseline file.
const (
	MaxBytes   = 64 << 20
	maxEntries = 500_000
	maxLine    = 8 << 10
	maxField   = 2 << 10
)

// head begins every file. What follows it on the line is for people.
const head = "# boltseal baseline v1"

// Entry is one known finding. All but the fingerprint is for people, and says whether
// a run has looked for it.
type Entry struct {
	Fingerprint string
	// Since is the day on which it came into the baseline.
	Since string
	// Scanner, Target, Rule and Place say what it is and where.
	Scanner, Target, Rule, Place string
}

// Baseline are known findings. The zero value knows none.
type Baseline struct {
	// Entries are sorted by scanner, target, rule, place and fingerprint; each
	// fingerprint comes once for a target.
	Entries []Entry
	known   map[string]bool
}

func compare(a, b Entry) int {
	return cmp.Or(
		strings.Compare(a.Scanner, b.Scanner), strings.Compare(a.Target, b.Target), strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Place, b.Place), strings.Compare(a.Fingerprint, b.Fingerprint),
	)
}

func made(entries []Entry) *Baseline {
	slices.SortFunc(entries, compare)
	b := &Baseline{Entries: entries, known: make(map[string]bool, len(entries))}
	for _, e := range entries {
		b.known[e.Fingerprint] = true
	}
	return b
}

// Has says whether a finding is known, by any of its keys.
func (b *Baseline) Has(f *finding.Finding) bool {
	if len(b.known) == 0 {
		return false
	}
	return slices.ContainsFunc(f.Keys(), func(key string) bool { return b.known[key] })
}

var form = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^v1:[0-9a-f]{32}(#[1-9][0-9]{0,8})?$`) })

// Parse reads a file. name is what messages call it; they name the line.
func Parse(name string, data []byte) (*Baseline, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s: the baseline has %d bytes, more than the %d allowed", name, len(data), MaxBytes)
	}
	if !bytes.HasPrefix(data, []byte(head)) {
		return nil, fmt.Errorf("%s:1: no baseline: it does not begin with %q; boltseal baseline writes one", name, head)
	}
	var entries []Entry
	seen := make(map[string]int)
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		key := e.Target + "\x00" + e.Fingerprint
		if first, twice := seen[key]; twice {
			return nil, fmt.Errorf("%s:%d: the finding of line %d again: take one of them out", name, number, first)
		}
		seen[key] = number
		if entries = append(entries, e); len(entries) > maxEntries {
			return nil, fmt.Errorf("%s:%d: more than %d findings", name, number, maxEntries)
		}
	}
	return made(entries), nil
}

func parseLine(line string) (Entry, error) {
	if len(line) > maxLine {
		return Entry{}, fmt.Errorf("the line has more than %d bytes", maxLine)
	}
	fields, err := split(line)
	if err != nil {
		return Entry{}, err
	}
	if len(fields) != 6 {
		return Entry{}, fmt.Errorf("want six fields (fingerprint, date, scanner, target, rule, place), got %d", len(fields))
	}
	e := Entry{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]}
	if !form().MatchString(e.Fingerprint) {
		return Entry{}, errors.New("the line does not begin with a fingerprint: v1: and 32 hexadecimal digits")
	}
	if _, err := time.Parse(time.DateOnly, e.Since); err != nil {
		return Entry{}, errors.New("the second field is no date")
	}
	return e, nil
}

// split cuts a line at its blanks; a field with blanks is quoted as Go quotes.
func split(line string) ([]string, error) {
	var fields []string
	for rest := strings.TrimLeft(line, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		if rest[0] != '"' {
			field, after, _ := strings.Cut(rest, " ")
			fields, rest = append(fields, field), after
			continue
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil, errors.New("a quotation mark is not closed")
		}
		field, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, errors.New("a quoted field cannot be read")
		}
		fields, rest = append(fields, field), rest[len(quoted):]
		if rest != "" && rest[0] != ' ' {
			return nil, errors.New("a blank is missing behind a quoted field")
		}
	}
	return fields, nil
}

// Format writes the file as of a day.
func (b *Baseline) Format(day string) []byte {
	var out bytes.Buffer
	noun := "findings"
	if len(b.Entries) == 1 {
		noun = "finding"
	}
	fmt.Fprintf(&out, "%s: %d %s, %s\n", head, len(b.Entries), noun, day)
	out.WriteString("# What is listed here was known and is not new. `boltseal baseline` writes this file.\n")
	out.WriteString("# fingerprint, known since, scanner, target, rule, place\n")
	for _, e := range b.Entries {
		out.WriteString(e.Fingerprint)
		for _, field := range []string{e.Since, e.Scanner, e.Target, e.Rule, e.Place} {
			out.WriteByte(' ')
			out.WriteString(quote(field))
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// quote writes a field so that split gives it back and no terminal is disturbed.
func quote(s string) string {
	if s != "" && s[0] != '"' && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || !unicode.IsGraphic(r) }) {
		return s
	}
	return strconv.QuoteToGraphic(s)
}

// Changes are what an update did.
type Changes struct{ Added, Pruned, Kept int }

// Update gives the baseline of what was found. Entries that match nothing any more are
// pruned where looked says that their scanner has looked at all of their target, and
// kept elsewhere. Entries that stay keep their day.
func (b *Baseline) Update(found []finding.Finding, looked func(scanner, target string) bool, day string) (*Baseline, Changes) {
	var c Changes
	var entries []Entry
	matched := b.matched(found)
	since := make(map[string]string)
	for i, e := range b.Entries {
		switch {
		case matched[i]:
			since[e.Target+"\x00"+e.Fingerprint] = e.Since
		case looked(e.Scanner, e.Target):
			c.Pruned++
		default:
			c.Kept++
			entries = append(entries, e)
		}
	}
	seen := make(map[string]bool)
	for i := range found {
		f := &found[i]
		e := Entry{f.Fingerprint, "", f.Scanner, f.Target, f.Rule, place(f)}
		if seen[e.Target+"\x00"+e.Fingerprint] {
			continue
		}
		seen[e.Target+"\x00"+e.Fingerprint] = true
		for _, key := range f.Keys() {
			if e.Since == "" {
				e.Since = since[e.Target+"\x00"+key]
			}
		}
		if e.Since == "" {
			e.Since = day
			c.Added++
		}
		entries = append(entries, e)
	}
	return made(entries), c
}

// Stale are the entries that match nothing though their scanner has looked.
func (b *Baseline) Stale(found []finding.Finding, looked func(scanner, target string) bool) []Entry {
	var stale []Entry
	matched := b.matched(found)
	for i, e := range b.Entries {
		if !matched[i] && looked(e.Scanner, e.Target) {
			stale = append(stale, e)
		}
	}
	return stale
}

// matched says which entries one of the findings matches.
func (b *Baseline) matched(found []finding.Finding) []bool {
	keys := make(map[string]bool, len(found))
	for i := range found {
		for _, key := range found[i].Keys() {
			keys[found[i].Target+"\x00"+key] = true
		}
	}
	matched := make([]bool, len(b.Entries))
	for i, e := range b.Entries {
		matched[i] = keys[e.Target+"\x00"+e.Fingerprint]
	}
	return matched
}

// place is where a finding is, for people.
func place(f *finding.Finding) string {
	var parts []string
	for _, part := range []string{f.Location.Image, f.Location.Path} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if f.Package != nil {
		parts = append(parts, f.Package.Name)
	}
	if len(parts) == 0 {
		return "-"
	}
	text := strings.Join(parts, " ")
	if len(text) > maxField {
		text = strings.ToValidUTF8(text[:maxField], "") + "…"
	}
	return text
}
