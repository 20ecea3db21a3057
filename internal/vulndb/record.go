package vulndb

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/inventory"
)

// record is what is kept of an OSV record.
type record struct {
	id        string
	aliases   []string // the same issue
	upstream  []string // issues that it covers
	summary   string
	published string
	modified  string
	withdrawn bool
	rating    string
	vectors   []string // CVSS
	affected  []affected
	cwes      []string
	dropped   bool // an errata that is no security matter
	// In a built database: the number of the summary and when it was published, in
	// seconds since 1970; -1 for none.
	text  int
	since int64

	// Only where they were asked for:
	details    string
	references string // each kind, kindEnd, URL, urlEnd
}

// affected is one package of a record.
type affected struct {
	ecosystem string
	name      string
	rating    string
	statement string // what the distribution or the maintainers say of a fix
	vectors   []string
	ranges    []versionRange // GIT ranges left out
	versions  []string
	gitOnly   bool // it had ranges, but all of them by commit
}

type versionRange struct {
	events []event
}

type eventKind uint8

const (
	introduced eventKind = iota
	fixed
	lastAffected
	limit
)

type event struct {
	kind    eventKind
	version string
}

// The shapes of the schema, as far as they are read. Fields that sources fill in
// their own ways stay raw and are read leniently.
type osvRecord struct {
	ID        string          `json:"id"`
	Modified  string          `json:"modified"`
	Published string          `json:"published"`
	Withdrawn json.RawMessage `json:"withdrawn"`
	Aliases   []string        `json:"aliases"`
	Upstream  []string        `json:"upstream"`
	Related   json.RawMessage `json:"related"`
	Summary   string          `json:"summary"`
	Details   string          `json:"details"`
	Severity  json.RawMessage `json:"severity"`
	Affected  []osvAffected   `json:"affected"`
	Database  json.RawMessage `json:"database_specific"`
	// References stay raw: they are read only where they are wanted, and leniently.
	References json.RawMessage `json:"references"`
}

type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity  json.RawMessage `json:"severity"`
	Ranges    []osvRange      `json:"ranges"`
	Versions  []string        `json:"versions"`
	Ecosystem json.RawMessage `json:"ecosystem_specific"`
	Database  json.RawMessage `json:"database_specific"`
}

type osvRange struct {
	Type   string     `json:"type"`
	Events []osvEvent `json:"events"`
}

type osvEvent struct {
	Introduced   *string `json:"introduced"`
	Fixed        *string `json:"fixed"`
	LastAffected *string `json:"last_affected"`
	Limit        *string `json:"limit"`
}

var errNoID = errors.New("no id: not an OSV record")

// decode reads a record. Unknown fields are ignored. A field of a wrong type is
// an error together with the record: the rest of it is good. Without a record
// nothing could be read.
func (d *decoder) decode(data []byte) (*record, error) {
	raw, ok := d.quick(data)
	if ok && raw.ID != "" {
		r := d.record(&raw)
		return r, r.faults(raw.Withdrawn)
	}
	raw = osvRecord{}
	err := json.Unmarshal(data, &raw)
	var wrong *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &wrong) {
		return nil, fmt.Errorf("decoding JSON: %w", err)
	}
	if wrong != nil {
		err = fmt.Errorf("field %s is of type %s", wrong.Field, wrong.Value)
	}
	if raw.ID == "" {
		return nil, errors.Join(errNoID, err)
	}
	r := d.record(&raw)
	return r, errors.Join(err, r.faults(raw.Withdrawn))
}

// faults says what in a record says nothing, though it is of the right type: such a
// record matches too much or too little. One fault of a kind is enough.
func (r *record) faults(withdrawn json.RawMessage) error {
	var err error
	if !isNothing(withdrawn) && !r.withdrawn {
		err = fmt.Errorf("withdrawn: %s is no date: taken for not withdrawn", clip(string(withdrawn), 40))
	}
	for i := range r.affected {
		if fault := r.affected[i].fault(); fault != nil {
			return errors.Join(err, fault)
		}
	}
	return err
}

func (a *affected) fault() error {
	family := inventory.Family(a.ecosystem)
	for _, rng := range a.ranges {
		if len(rng.events) == 0 && len(a.versions) == 0 {
			return fmt.Errorf("%s: a range without events", clip(a.name, 80))
		}
		for _, e := range rng.events {
			if err := e.plausible(family); err != nil {
				return fmt.Errorf("%s: event version %q: %w", clip(a.name, 80), clip(e.version, 40), err)
			}
		}
	}
	return nil
}

// plausible refuses versions that stand for nothing in an event.
func (e event) plausible(family string) error {
	if e.kind == introduced && e.version == "0" || e.kind == limit && e.version == "*" {
		return nil
	}
	return plausible(family, e.version)
}

func isNothing(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null" || string(raw) == `""`
}

// isDate says whether a field holds a date, with or without a time.
func isDate(raw json.RawMessage) bool {
	var text string
	if json.Unmarshal(raw, &text) != nil || len(text) < len(time.DateOnly) {
		return false
	}
	_, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	return err == nil
}

func (d *decoder) record(raw *osvRecord) *record {
	r := &record{
		id:        raw.ID,
		aliases:   raw.Aliases,
		upstream:  raw.Upstream,
		summary:   oneLine(raw.Summary, raw.Details),
		published: date(raw.Published),
		modified:  date(raw.Modified),
		withdrawn: isDate(raw.Withdrawn),
	}
	word, own := d.severity(raw.Severity), d.own(raw.Database)
	r.vectors, r.cwes = word.vectors, own.cwes
	r.rating = cmp.Or(own.rating, word.rating)
	if d.whole {
		r.details, r.references = raw.Details, d.references(raw.References)
	}
	if kind := errataKind(r.id); kind != 0 {
		r.errata(kind, raw)
	}
	r.affected = make([]affected, 0, len(raw.Affected))
	for i := range raw.Affected {
		r.affected = append(r.affected, d.affected(&raw.Affected[i]))
	}
	return r
}

// errata reads what the rebuilds of Red Hat Enterprise Linux put elsewhere: the
// issues into "related", the rating before the summary's colon. Bug fixes and
// enhancements that name no CVE are no advisories.
func (r *record) errata(kind byte, raw *osvRecord) {
	var related []string
	if json.Unmarshal(raw.Related, &related) == nil {
		r.upstream = append(r.upstream, related...)
	}
	r.dropped = kind != 'S' && len(cves(r.upstream)) == 0 && len(cves(r.aliases)) == 0
	if word, _, ok := strings.Cut(r.summary, ":"); ok && r.rating == "" {
		r.rating = rating(word)
	}
}

// errataKind is 'S', 'B' or 'E' (security, bug fix, enhancement) for ids like
// ALSA-2024:0012, RHBA-… and RLEA-…, else 0.
func errataKind(id string) byte {
	if len(id) < 5 || id[3] != 'A' || id[4] != '-' {
		return 0
	}
	if vendor := id[:2]; vendor != "AL" && vendor != "RH" && vendor != "RL" && vendor != "RX" {
		return 0
	}
	if kind := id[2]; kind == 'S' || kind == 'B' || kind == 'E' {
		return kind
	}
	return 0
}

func (d *decoder) affected(raw *osvAffected) affected {
	a := affected{
		ecosystem: raw.Package.Ecosystem,
		versions:  raw.Versions,
	}
	a.name = inventory.NormalName(inventory.Family(a.ecosystem), raw.Package.Name)
	word, database := d.severity(raw.Severity), d.own(raw.Database)
	a.rating = cmp.Or(d.own(raw.Ecosystem).rating, database.rating, word.rating)
	a.statement = cmp.Or(d.own(raw.Ecosystem).statement, database.statement)
	a.vectors = word.vectors
	if len(database.vectors) > 0 {
		a.vectors = slices.Concat(word.vectors, database.vectors)
	}
	for i := range raw.Ranges {
		if raw.Ranges[i].Type != "GIT" {
			a.ranges = append(a.ranges, raw.Ranges[i].versionRange())
		}
	}
	a.gitOnly = len(raw.Ranges) > 0 && len(a.ranges) == 0 && len(a.versions) == 0
	return a
}

func (raw *osvRange) versionRange() versionRange {
	r := versionRange{events: make([]event, 0, len(raw.Events))}
	for _, e := range raw.Events {
		add := func(kind eventKind, version *string) {
			if version != nil {
				r.events = append(r.events, event{kind, *version})
			}
		}
		add(introduced, e.Introduced)
		add(fixed, e.Fixed)
		add(lastAffected, e.LastAffected)
		add(limit, e.Limit)
	}
	return r
}

// oneLine is the first line of the first text that has one, at most 240 bytes.
func oneLine(texts ...string) string {
	for _, text := range texts {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(strings.TrimLeft(line, "# ")); line != "" {
				return strings.Clone(clip(line, 240))
			}
		}
	}
	return ""
}

// date gives a date that says something: sources write the year 1 for "unknown".
func date(s string) string {
	if len(s) < len("2006-01-02") || strings.HasPrefix(s, "0001-") {
		return ""
	}
	return s
}

// cves are the CVE ids among ids.
func cves(ids []string) []string {
	var out []string
	for _, id := range ids {
		if strings.HasPrefix(id, "CVE-") {
			out = append(out, id)
		}
	}
	return out
}
