package vulndb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// BuildOptions say what a database is made of.
type BuildOptions struct {
	// From are folders and zip files as OpenFolder takes them. Of records with one
	// id the one modified last counts, of KEV and EPSS the newest.
	From []string
	// Date is the date of the database; the zero value takes that of the newest
	// record, so that the same input gives the same bytes.
	Date time.Time
}

// Image is a database in memory.
type Image struct {
	Manifest *Manifest
	// files are those that are not on disk yet.
	files map[string][]byte
	// raw are the bytes of a manifest that came from elsewhere.
	raw []byte
}

// Build makes a database. Records that cannot be read are counted in the manifest;
// a source that cannot be read is an error.
func Build(ctx context.Context, opt BuildOptions) (*Image, error) {
	return build(ctx, opt, defaultLimits)
}

func build(ctx context.Context, opt BuildOptions, l limits) (*Image, error) {
	sources, err := openSources(opt.From, l)
	if err != nil {
		return nil, err
	}
	extra, err := newestEnrichment(sources)
	if err != nil {
		return nil, err
	}
	texts := newTextCollector()
	var families []*familyRecords
	var infos []SourceInfo
	for _, name := range sources.families() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		records, info, err := sources.records(name)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
		for _, r := range records {
			if r.withdrawn {
				r.details, r.references = "", ""
				continue
			}
			texts.take(r)
		}
		if info.Records > 0 {
			families = append(families, newFamilyRecords(name, records))
		}
	}
	if len(families) == 0 {
		return nil, errors.New("building the database: the sources hold no record")
	}
	return pack(infos, families, texts, extra, opt.Date)
}

// pack makes the files.
func pack(infos []SourceInfo, families []*familyRecords, texts *textCollector, extra *enrichment, date time.Time) (*Image, error) {
	dated := !date.IsZero()
	if !dated {
		date = newestRecord(infos)
	}
	date = date.UTC().Truncate(time.Second)
	image := &Image{files: make(map[string][]byte)}
	part, err := image.part(infos, families, texts, date)
	if err != nil {
		return nil, err
	}
	extrasData, err := writeExtras(extra, date.Unix())
	if err != nil {
		return nil, err
	}
	image.Manifest = &Manifest{
		Format: format, Schema: Schema, Built: date.Format(time.RFC3339), KEV: extra.kevDate, EPSS: extra.epssDate,
		Parts:  []Part{part},
		Extras: image.add("extras", extrasData),
	}
	if dated { // the word of whoever builds it
		image.Manifest.listsAsOf(date, extra.kevDate != "", extra.epssDate != "")
	}
	return image, nil
}

// part makes the files of a part.
func (i *Image) part(infos []SourceInfo, families []*familyRecords, texts *textCollector, date time.Time) (Part, error) {
	textsData, err := texts.bytes(date.Unix())
	if err != nil {
		return Part{}, err
	}
	matchesData, err := writeMatches(families, date.Unix())
	if err != nil {
		return Part{}, err
	}
	return Part{Matches: i.add("matches", matchesData), Texts: i.add("texts", textsData), Sources: manifestSources(infos)}, nil
}

func (i *Image) add(kind string, data []byte) File {
	sum := checksum(data)
	f := File{Name: kind + "-" + sum[:16] + ".db", Size: int64(len(data)), SHA256: sum}
	i.files[f.Name] = data
	return f
}

// newestRecord is the date of the newest record, 1970 where none says.
func newestRecord(infos []SourceInfo) time.Time {
	newest := time.Unix(0, 0)
	for _, s := range infos {
		if t, err := time.Parse(time.RFC3339, s.Date); err == nil && t.After(newest) {
			newest = t
		}
	}
	return newest
}

// sourceList are the sources that a database is built from.
type sourceList []*folder

func openSources(from []string, l limits) (sourceList, error) {
	var list sourceList
	for _, path := range from {
		if _, err := ReadManifest(path); !errors.Is(err, ErrNotDatabase) && dirFiles(path).holdsAny() {
			return nil, fmt.Errorf("building the database: %q is a built database: name the advisories that it was built from", path)
		}
		f, err := openFolder(path, l)
		if err != nil {
			return nil, fmt.Errorf("building the database: %w", err)
		}
		f.whole = true
		list = append(list, f)
	}
	return list, nil
}

// families are all families, sorted.
func (s sourceList) families() []string {
	names := make(map[string]bool)
	for _, f := range s {
		for name := range f.families {
			names[name] = true
		}
		if mixed, err := f.mixed(); err == nil { // an error comes again with the records
			for name := range mixed.records {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// records reads a family from all sources.
func (s sourceList) records(name string) ([]*record, SourceInfo, error) {
	total := newIndex(name)
	var all []*record
	for _, f := range s {
		records, info, err := f.records(name)
		if err != nil {
			return nil, info, fmt.Errorf("building the database: %w", err)
		}
		all = append(all, records...)
		total.info.Bad += info.Bad
		total.info.BadNames = append(total.info.BadNames, info.BadNames...)
	}
	total.info.BadNames = total.info.BadNames[:min(len(total.info.BadNames), maxBadNames)]
	all = latest(all)
	for _, r := range all {
		total.count(r)
	}
	return all, total.info, nil
}

// newestEnrichment takes KEV and EPSS from where they are newest.
func newestEnrichment(s sourceList) (*enrichment, error) {
	newest := &enrichment{}
	for _, f := range s {
		e, err := f.extras()
		if err != nil {
			return nil, fmt.Errorf("building the database: %w", err)
		}
		if e.kev != nil && e.kevDate >= newest.kevDate {
			newest.kev, newest.kevDate = e.kev, e.kevDate
		}
		if e.epss != nil && e.epssDate >= newest.epssDate {
			newest.epss, newest.epssDate = e.epss, e.epssDate
		}
	}
	return newest, nil
}
