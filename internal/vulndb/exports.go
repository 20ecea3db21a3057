package vulndb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/boltseal/boltseal/internal/inventory"
)

// The public sources.
const (
	// DefaultExports is where OSV publishes its exports, as ECOSYSTEM/all.zip.
	// https://google.github.io/osv.dev/data/#data-dumps
	DefaultExports = "https://osv-vulnerabilities.storage.googleapis.com"
	// DefaultKEV is CISA's catalogue of exploited vulnerabilities.
	DefaultKEV = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
	// DefaultEPSS is FIRST's table of today.
	DefaultEPSS = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
)

// maxExport bounds what is fetched of one ecosystem: npm's, the largest, has 250 MB.
const maxExport = 2 << 30

// exports gives the advisories of each ecosystem as OSV publishes them, and KEV and
// EPSS from where they are published.
type exports struct{ base, kev, epss string }

// Exports is the origin of single ecosystems: a base address that has
// ECOSYSTEM/all.zip, and the addresses of KEV and EPSS. What is empty is the public
// one.
func Exports(base, kev, epss string) (Origin, error) {
	e := exports{base: DefaultExports, kev: DefaultKEV, epss: DefaultEPSS}
	for _, a := range []struct {
		to   *string
		from string
	}{{&e.base, base}, {&e.kev, kev}, {&e.epss, epss}} {
		if a.from == "" {
			continue
		}
		if err := checkAddress(a.from); err != nil {
			return nil, err
		}
		*a.to = strings.TrimSuffix(a.from, "/")
	}
	return e, nil
}

// Name implements Origin.
func (e exports) Name() string { return shownAddress(e.base) }

// confirm implements Origin.
func (e exports) confirm(context.Context, *fetcher, string) (bool, error) {
	return false, errUnconfirmed
}

// update implements Origin: each source by itself.
func (e exports) update(ctx context.Context, j *job) error {
	if len(j.Pins) > 0 {
		return errors.New("the policy names the digest of the database, and one that is made here of single advisories has another one: fetch a built one (--from)")
	}
	var problems []error
	for _, source := range slices.Clone(j.left) {
		var err error
		switch source {
		case sourceKEV, sourceEPSS: // when there is something to put them beside
			continue
		default:
			err = e.family(ctx, j, source)
		}
		if err != nil {
			problems = append(problems, err)
		} else {
			j.done(source)
		}
		if ctx.Err() != nil {
			return joined(problems)
		}
	}
	problems = append(problems, e.enrichment(ctx, j)...)
	if len(problems) > 0 {
		return joined(problems)
	}
	return nil
}

func (e exports) family(ctx context.Context, j *job, family string) error {
	if !IsEcosystem(family) {
		return fmt.Errorf("%q is no ecosystem of OSV's", clip(family, 60))
	}
	address := e.base + "/" + url.PathEscape(family) + "/all.zip"
	w := wish{name: family, url: address, part: partName(address, ".zip"), most: maxExport}
	if s, ok := j.state.Sources[family]; ok && s.URL == shownAddress(address) && j.old != nil && j.old.of(family) != nil {
		w.seen = s.validator
	}
	for {
		g, err := j.fetch(ctx, w)
		if err != nil {
			return err
		}
		if g.unchanged {
			return j.note(family, address, w.seen)
		}
		err = j.take(ctx, family, g.path)
		_ = os.Remove(g.path)
		switch {
		case err == nil:
			return j.note(family, address, g.validator)
		case !g.resumed || !errors.Is(err, errExport):
			return fmt.Errorf("%s: %w", family, err)
		}
		// What an earlier process left did not fit: the second time it is not there.
	}
}

// errExport says that what was fetched holds no advisories that can be used.
var errExport = errors.New("what was fetched is no export of advisories")

// take puts what was fetched into the place of what is there of a family.
func (j *job) take(ctx context.Context, family, path string) error {
	f := &folder{path: path, families: map[string][]string{family: {path}}, limits: defaultLimits, whole: true}
	f.mixed = sync.OnceValues(f.loadMixed)
	records, info, err := sourceList{f}.records(family)
	if err != nil {
		return fmt.Errorf("%w: %w", errExport, err)
	}
	usable := newFamilyRecords(family, records)
	if info.Records == 0 {
		return fmt.Errorf("%w: no record in it can be read", errExport)
	}
	if info.Bad > info.Records {
		return fmt.Errorf("%w: %d of its records cannot be read, more than can: %s", errExport, info.Bad, strings.Join(info.BadNames, "; "))
	}
	if err := j.notOlder(family, &info); err != nil {
		return err
	}
	texts := newTextCollector()
	for _, r := range records {
		if r.withdrawn {
			r.details, r.references = "", ""
			continue
		}
		texts.take(r)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	image := &Image{Manifest: j.next(), files: make(map[string][]byte)}
	part, err := image.part([]SourceInfo{info}, []*familyRecords{usable}, texts, j.now)
	if err != nil {
		return err
	}
	part.Built = j.now.Format(time.RFC3339)
	image.Manifest.without(family)
	image.Manifest.Parts = append(image.Manifest.Parts, part)
	slices.SortFunc(image.Manifest.Parts, func(a, b Part) int { return strings.Compare(a.first(), b.first()) })
	if image.Manifest.Extras.Name == "" {
		empty, err := writeExtras(&enrichment{}, j.now.Unix())
		if err != nil {
			return err
		}
		image.Manifest.Extras = image.add("extras", empty)
	}
	return j.swap(image)
}

// notOlder refuses what can be no newer state of what is at hand.
func (j *job) notOlder(family string, info *SourceInfo) error {
	if j.old == nil || j.AllowOlder {
		return nil
	}
	part := j.old.of(family)
	if part == nil {
		return nil
	}
	i := slices.IndexFunc(part.Sources, func(s ManifestSource) bool { return s.Ecosystem == family })
	before := part.Sources[i]
	if day(info.Date) < day(before.Date) {
		return &OlderError{"its newest record", day(info.Date), day(before.Date)}
	}
	if info.Records < before.Records/2 {
		return fmt.Errorf("it has %d records, less than half of the %d at hand: refused; --allow-older takes it", info.Records, before.Records)
	}
	return nil
}

// next is a copy of the manifest that is at hand, dated now.
func (j *job) next() *Manifest {
	m := &Manifest{Format: format, Schema: Schema}
	if j.old != nil {
		copied := *j.old
		copied.Parts = slices.Clone(j.old.Parts)
		for i := range copied.Parts { // what is as old as the old database stays so
			copied.Parts[i].Built = j.old.builtAt(&copied.Parts[i])
		}
		m = &copied
		m.Schema = Schema
	}
	m.Built = j.now.Format(time.RFC3339)
	return m
}

// without takes a family out of all parts.
func (m *Manifest) without(family string) {
	for i := range m.Parts {
		m.Parts[i].Sources = slices.DeleteFunc(slices.Clone(m.Parts[i].Sources), func(s ManifestSource) bool { return s.Ecosystem == family })
	}
	m.Parts = slices.DeleteFunc(m.Parts, func(p Part) bool { return len(p.Sources) == 0 })
}

// first is the first ecosystem of a part.
func (p *Part) first() string {
	if len(p.Sources) == 0 {
		return ""
	}
	return p.Sources[0].Ecosystem
}

// enrichment brings KEV and EPSS up to date, if there is a database.
func (e exports) enrichment(ctx context.Context, j *job) []error {
	if j.old == nil {
		return nil
	}
	var problems []error
	for _, s := range []struct {
		source, address string
		read            func(*enrichment, io.Reader) error
	}{
		{sourceKEV, e.kev, (*enrichment).readKEV},
		{sourceEPSS, e.epss, (*enrichment).readEPSS},
	} {
		if !slices.Contains(j.left, s.source) {
			continue
		}
		if err := j.enrich(ctx, s.source, s.address, s.read); err != nil {
			problems = append(problems, err)
			continue
		}
		j.done(s.source)
	}
	return problems
}

// enrich brings one of both up to date.
func (j *job) enrich(ctx context.Context, source, address string, read func(*enrichment, io.Reader) error) error {
	w := wish{name: source, url: address, part: partName(address, ".data"), most: maxEnrichment}
	if s, ok := j.state.Sources[source]; ok && s.URL == shownAddress(address) {
		w.seen = s.validator
	}
	g, err := j.fetch(ctx, w)
	if err != nil {
		return err
	}
	if g.unchanged {
		return j.note(source, address, w.seen)
	}
	defer os.Remove(g.path) //nolint:errcheck // gone or not
	fresh := &enrichment{}
	if err := readPacked(g.path, func(r io.Reader) error { return read(fresh, r) }); err != nil {
		return fmt.Errorf("%s: what was fetched cannot be read: %w", source, err)
	}
	if err := j.putExtras(source, fresh); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return j.note(source, address, g.validator)
}

// readPacked reads a file that may be compressed.
func readPacked(path string, read func(io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read from
	return unpacked(file, read)
}

// unpacked reads what may be compressed.
func unpacked(from io.Reader, read func(io.Reader) error) error {
	buffered := bufio.NewReader(from)
	var r io.Reader = buffered
	if head, _ := buffered.Peek(2); string(head) == "\x1f\x8b" {
		inflated, err := gzip.NewReader(buffered)
		if err != nil {
			return err
		}
		r = inflated
	}
	limited := &io.LimitedReader{R: r, N: maxEnrichment}
	if err := read(limited); err != nil {
		return err
	}
	if limited.N == 0 {
		return fmt.Errorf("%w: more than %d bytes", errLimit, maxEnrichment)
	}
	return nil
}

// putExtras replaces KEV or EPSS and leaves the other one.
func (j *job) putExtras(source string, fresh *enrichment) error {
	both, err := j.oldExtras()
	if err != nil {
		return err
	}
	var has, here string
	switch source {
	case sourceKEV:
		has, here = fresh.kevDate, both.kevDate
		both.kev, both.kevDate = fresh.kev, fresh.kevDate
	case sourceEPSS:
		if len(fresh.epss) == 0 {
			return errors.New("no scores in it: not FIRST's table")
		}
		has, here = fresh.epssDate, both.epssDate
		both.epss, both.epssDate = fresh.epss, fresh.epssDate
	}
	if has < here && !j.AllowOlder {
		return &OlderError{"it", has, here}
	}
	data, err := writeExtras(both, j.now.Unix())
	if err != nil {
		return err
	}
	image := &Image{Manifest: j.next(), files: make(map[string][]byte)}
	image.Manifest.Built = j.old.Built // the advisories are as old as before
	image.Manifest.KEV, image.Manifest.EPSS = both.kevDate, both.epssDate
	image.Manifest.listsAsOf(j.now, source == sourceKEV, source == sourceEPSS)
	image.Manifest.Extras = image.add("extras", data)
	return j.swap(image)
}

// oldExtras are KEV and EPSS as they are at hand.
func (j *job) oldExtras() (*enrichment, error) {
	data, h, err := dirFiles(j.Dir).mapped(j.old.Extras)
	if errors.Is(err, fs.ErrNotExist) {
		return &enrichment{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer h.release() //nolint:errcheck // only read from
	x, err := openExtras(data)
	if err != nil {
		return nil, err
	}
	defer x.close()
	e, err := x.whole()
	if err != nil {
		return nil, err
	}
	return &enrichment{kev: maps.Clone(e.kev), epss: maps.Clone(e.epss), kevDate: e.kevDate, epssDate: e.epssDate}, nil
}

// families of packages, sorted, each once.
func familiesOf(packages []inventory.Package) []string {
	set := make(map[string]bool)
	for i := range packages {
		if f := inventory.Family(packages[i].Ecosystem); f != "" {
			set[f] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}
