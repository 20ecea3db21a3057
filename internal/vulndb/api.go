package vulndb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/web"
)

// DefaultAPI is OSV's API (https://google.github.io/osv.dev/api/).
const DefaultAPI = "https://api.osv.dev"

// The bounds of asking the API.
const (
	maxQueries  = 1000     // in a request, which is the API's own limit
	maxPages    = 100      // of one query
	maxAnswer   = 64 << 20 // bytes of an answer to queries
	maxRecords  = 200_000  // that one run fetches
	apiParallel = 8        // records on their way at the same time
)

// APIOptions say how OSV's API is asked.
type APIOptions struct {
	// Base is the API's address; empty for OSV's own.
	Base string
	// KEV and EPSS are the addresses of both lists, which the API does not have;
	// empty for the public ones.
	KEV, EPSS string
	// NoExtras leaves both out.
	NoExtras bool
	Web      web.Options
	Now      func() time.Time
}

// OpenAPI gives a DB that asks OSV's API which records concern a package, fetches
// those, and judges by them as a database does: which records there are to look at
// is the API's word, what they say is not.
func OpenAPI(o APIOptions) (DB, error) {
	for _, a := range []struct {
		to       *string
		standard string
	}{{&o.Base, DefaultAPI}, {&o.KEV, DefaultKEV}, {&o.EPSS, DefaultEPSS}} {
		if *a.to == "" {
			*a.to = a.standard
		}
		if err := checkAddress(*a.to); err != nil {
			return nil, err
		}
	}
	o.Base = strings.TrimSuffix(o.Base, "/")
	if o.Now == nil {
		o.Now = time.Now
	}
	return &api{
		APIOptions: o, fetcher: newFetcher("", o.Web, nil), limits: defaultLimits,
		records: make(map[string]*record), families: make(map[string]*index), covered: make(map[string]bool),
		unread: make(map[string]error),
	}, nil
}

// api is a DB that asks.
type api struct {
	APIOptions
	*fetcher
	limits limits

	mu       sync.Mutex
	records  map[string]*record // by id
	families map[string]*index
	covered  map[string]bool  // releases of which the API has something, or not
	unread   map[string]error // records that cannot be read at all, by id
	extra    *enrichment
	notes    []string
	bad      int // records
	badNames []string
}

// apiQuery is what the API is asked.
type apiQuery struct {
	Package apiPackage `json:"package"`
	Version string     `json:"version,omitempty"`
	Page    string     `json:"page_token,omitempty"`
}

type apiPackage struct {
	Name      string `json:"name"`
	Ecosystem string `json:"ecosystem"`
}

// apiAnswer is what it answers to one query.
type apiAnswer struct {
	Vulns []struct {
		ID string `json:"id"`
	} `json:"vulns"`
	Next string `json:"next_page_token"`
}

// Query implements DB.
func (a *api) Query(ctx context.Context, packages []inventory.Package) ([]Match, error) {
	if len(packages) == 0 {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.enrichOnce(ctx)
	faults, err := a.gather(ctx, packages)
	if err != nil {
		return nil, err
	}
	matches := make([]Match, len(packages))
	for i := range packages {
		p := &packages[i]
		family := inventory.Family(p.Ecosystem)
		if !IsEcosystem(family) {
			matches[i].Err = fmt.Errorf("%w for %s", ErrNoData, p.Ecosystem)
			continue
		}
		matches[i] = match(family, &apiFamily{a.index(family), a}, p)
		matches[i].Err = errors.Join(matches[i].Err, enrich(a.extra, matches[i].Advisories))
		for _, q := range queriesOf(p) {
			if fault := faults[q]; fault != nil {
				matches[i].Err = errors.Join(matches[i].Err, fault)
			}
		}
	}
	return matches, nil
}

// apiFamily is what was fetched of a family; it implements store.
type apiFamily struct {
	*index
	api *api
}

// covers implements store.
func (f *apiFamily) covers(release string) bool {
	return f.index.covers(release) || f.api.covered[f.family+":"+release]
}

func (a *api) index(family string) *index {
	x := a.families[family]
	if x == nil {
		x = newIndex(family)
		a.families[family] = x
	}
	return x
}

// queriesOf are the questions that a package raises. A version that cannot be
// compared is left out: whether that matters is seen by the records.
func queriesOf(p *inventory.Package) []apiQuery {
	family := inventory.Family(p.Ecosystem)
	if inventory.HasReleases(family) && inventory.Release(p.Ecosystem) == "" {
		return nil
	}
	var all []apiQuery
	for _, l := range p.Lookups() {
		q := apiQuery{Package: apiPackage{inventory.NormalName(family, l.Name), family}, Version: l.Version}
		if q.Version != "" {
			if _, err := newComparator(family, q.Version); err != nil {
				q.Version = ""
			}
		}
		all = append(all, q)
	}
	return all
}

// gather fetches every record that the packages need. faults are queries that the
// API would not answer.
func (a *api) gather(ctx context.Context, packages []inventory.Package) (faults map[apiQuery]error, err error) {
	set := make(map[apiQuery]bool)
	for i := range packages {
		if IsEcosystem(inventory.Family(packages[i].Ecosystem)) {
			for _, q := range queriesOf(&packages[i]) {
				set[q] = true
			}
		}
	}
	queries := slices.SortedFunc(maps.Keys(set), compareQueries)
	faults = make(map[apiQuery]error)
	ids, err := a.ask(ctx, queries, faults)
	if err != nil {
		return nil, err
	}
	if err := a.fetchRecords(ctx, allIDs(ids)); err != nil {
		return nil, err
	}
	for q, list := range ids { // that these concern the package is known, and no more
		for _, id := range list {
			if problem := a.unread[id]; problem != nil {
				faults[q] = errors.Join(faults[q], fmt.Errorf("record %s cannot be read: %w", id, problem))
			}
		}
	}
	if err := a.clearing(ctx, queries, ids, faults); err != nil {
		return nil, err
	}
	return faults, a.probe(ctx, packages, faults)
}

func compareQueries(a, b apiQuery) int {
	return strings.Compare(a.Package.Ecosystem+"\x00"+a.Package.Name+"\x00"+a.Version, b.Package.Ecosystem+"\x00"+b.Package.Name+"\x00"+b.Version)
}

// allIDs are all ids of all queries, sorted, each once.
func allIDs(ids map[apiQuery][]string) []string {
	set := make(map[string]bool)
	for _, list := range ids {
		for _, id := range list {
			set[id] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// clearing fetches the records that clear a package of a part of what another record
// covers: the API does not name them for the version, as they do not affect it.
func (a *api) clearing(ctx context.Context, queries []apiQuery, ids map[apiQuery][]string, faults map[apiQuery]error) error {
	needed := make(map[apiQuery]map[string]bool) // without version, to the CVEs of bundles
	for _, q := range queries {
		for _, id := range ids[q] {
			if r := a.records[id]; r != nil && r.bundle() && q.Version != "" {
				all := apiQuery{Package: q.Package}
				if needed[all] == nil {
					needed[all] = make(map[string]bool)
				}
				for _, cve := range cves(r.upstream) {
					needed[all][cve] = true
				}
			}
		}
	}
	more, err := a.ask(ctx, slices.SortedFunc(maps.Keys(needed), compareQueries), faults)
	if err != nil {
		return err
	}
	for q, list := range more {
		more[q] = slices.DeleteFunc(list, func(id string) bool {
			for cve := range needed[q] {
				if strings.HasSuffix(id, cve) {
					return false
				}
			}
			return true
		})
	}
	return a.fetchRecords(ctx, allIDs(more))
}

// probes are packages that some record of every distribution's release is about.
func probes() []string { return []string{"openssl", "curl", "glibc", "linux", "kernel", "busybox"} }

// probe finds out whether the API has anything on the releases of which no record
// was seen: silence about one that it does not know is no good news.
func (a *api) probe(ctx context.Context, packages []inventory.Package, faults map[apiQuery]error) error {
	asked := make(map[string][]apiQuery)
	var all []apiQuery
	for i := range packages {
		family, release := inventory.Family(packages[i].Ecosystem), inventory.Release(packages[i].Ecosystem)
		key := family + ":" + release
		_, known := a.covered[key]
		if !IsEcosystem(family) || !inventory.HasReleases(family) || release == "" || known || asked[key] != nil || a.index(family).covers(release) {
			continue
		}
		for _, ecosystem := range spellings(family, release) {
			for _, name := range probes() {
				q := apiQuery{Package: apiPackage{name, ecosystem}}
				asked[key] = append(asked[key], q)
				all = append(all, q)
			}
		}
	}
	ids, err := a.ask(ctx, all, faults)
	if err != nil {
		return err
	}
	for key, queries := range asked {
		a.covered[key] = slices.ContainsFunc(queries, func(q apiQuery) bool { return len(ids[q]) > 0 })
		for _, q := range queries {
			delete(faults, q) // a release that the API refuses is one that it does not know
		}
	}
	return nil
}

// spellings are the ways in which records name a release.
func spellings(family, release string) []string {
	e := family + ":" + release
	switch family {
	case "Ubuntu":
		return []string{e, e + ":LTS"}
	case "Red Hat":
		return []string{e, e + "::baseos", e + "::appstream"}
	}
	return []string{e}
}

// ask sends queries, as many in a request as the API takes, until every page of each
// is there.
func (a *api) ask(ctx context.Context, queries []apiQuery, faults map[apiQuery]error) (map[apiQuery][]string, error) {
	ids := make(map[apiQuery][]string)
	for page := 0; len(queries) > 0; page++ {
		if page == maxPages {
			return nil, fmt.Errorf("%s: %w: more than %d pages", a.host(), errLimit, maxPages)
		}
		var more []apiQuery
		for chunk := range slices.Chunk(queries, maxQueries) {
			next, err := a.batch(ctx, chunk, ids, faults)
			if err != nil {
				return nil, err
			}
			more = append(more, next...)
		}
		queries = more
	}
	return ids, nil
}

// batch sends one request. A request that the API refuses is taken apart until the
// query is found that it refuses. more are the queries for which there is another
// page.
func (a *api) batch(ctx context.Context, queries []apiQuery, ids map[apiQuery][]string, faults map[apiQuery]error) (more []apiQuery, err error) {
	answers, err := a.post(ctx, queries)
	refused := (*refusedError)(nil)
	switch {
	case errors.As(err, &refused) && len(queries) > 1:
		half := len(queries) / 2
		first, err := a.batch(ctx, queries[:half], ids, faults)
		if err != nil {
			return nil, err
		}
		second, err := a.batch(ctx, queries[half:], ids, faults)
		return append(first, second...), err
	case refused != nil:
		faults[queries[0].first()] = err
		return nil, nil //nolint:nilerr // it is told with the packages that it concerns
	case err != nil:
		return nil, err
	}
	for i, answer := range answers {
		q := queries[i]
		for _, v := range answer.Vulns {
			if !recordID().MatchString(v.ID) {
				return nil, fmt.Errorf("%s: %q is no id of a record", a.host(), clip(v.ID, 60))
			}
			ids[q.first()] = append(ids[q.first()], v.ID)
		}
		if answer.Next == "" {
			continue
		}
		if answer.Next == q.Page {
			return nil, fmt.Errorf("%s gives the same page again and again", a.host())
		}
		q.Page = answer.Next
		more = append(more, q)
	}
	return more, nil
}

// first is the query for the first page.
func (q apiQuery) first() apiQuery {
	q.Page = ""
	return q
}

// recordID is what goes into an address as one part of its path.
var recordID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][^\x00-\x1f\x7f/\\]{0,199}$`) })

// refusedError says that the API does not take a request as it is.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }

func (e *refusedError) Unwrap() error { return e.err }

func (a *api) post(ctx context.Context, queries []apiQuery) ([]apiAnswer, error) {
	body, err := json.Marshal(map[string]any{"queries": queries})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Base+"/v1/querybatch", bytes.NewReader(body))
	if err != nil {
		return nil, web.Faultf("no address")
	}
	req.Header.Set("Content-Type", "application/json")
	data, err := a.do(req, maxAnswer)
	if err != nil {
		return nil, err
	}
	var reply struct {
		Results []apiAnswer `json:"results"`
	}
	if err := json.Unmarshal(data, &reply); err != nil || len(reply.Results) != len(queries) {
		return nil, fmt.Errorf("%s gives no answer that OSV's API gives", a.host())
	}
	return reply.Results, nil
}

// do sends a request and gives the answer's body.
func (a *api) do(req *http.Request, most int64) ([]byte, error) {
	resp, err := a.strict.Do(req)
	if err != nil {
		return nil, web.Told(req.URL.Host, err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusBadRequest:
		return nil, &refusedError{refusal(resp)}
	default:
		return nil, refusal(resp)
	}
	return wholeBody(resp, req.URL.Host, most)
}

func (a *api) host() string {
	u, err := url.Parse(a.Base)
	if err != nil {
		return "?"
	}
	return u.Host
}

// fetchRecords fetches the records that are not there yet, several at a time.
func (a *api) fetchRecords(ctx context.Context, ids []string) error {
	ids = slices.DeleteFunc(ids, func(id string) bool { return a.records[id] != nil })
	if len(a.records)+len(ids) > maxRecords {
		return fmt.Errorf("%s: %w: more than %d records; use a database (--db-mode local)", a.host(), errLimit, maxRecords)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	got := make([]*record, len(ids))
	problems := make([]error, len(ids))
	work := make(chan int)
	var all sync.WaitGroup
	for range min(apiParallel, len(ids)) {
		all.Go(func() {
			d := newDecoder(true)
			for i := range work {
				var err error
				if got[i], problems[i], err = a.record(ctx, ids[i], d); err != nil {
					cancel(err) // the first one stands
				}
			}
		})
	}
	for i := range ids {
		work <- i
	}
	close(work)
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for i, r := range got {
		a.records[ids[i]] = r
		for _, family := range r.families() {
			a.index(family).add(r)
		}
		if problems[i] != nil && len(r.affected) == 0 {
			a.unread[ids[i]] = problems[i]
		}
		if problems[i] != nil {
			a.bad++
			if len(a.badNames) < maxBadNames {
				a.badNames = append(a.badNames, fmt.Sprintf("%s: %v", ids[i], problems[i]))
			}
		}
	}
	return nil
}

// record fetches one. problem is what is wrong with it; one that cannot be read at
// all says nothing.
func (a *api) record(ctx context.Context, id string, d *decoder) (r *record, problem, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Base+"/v1/vulns/"+url.PathEscape(id), nil)
	if err != nil {
		return nil, nil, web.Faultf("no address")
	}
	data, err := a.do(req, a.limits.record)
	if err != nil {
		return nil, nil, fmt.Errorf("record %s: %w", id, err)
	}
	r, problem = d.decode(data)
	if r == nil {
		return &record{id: id}, problem, nil
	}
	if r.id != id {
		return nil, nil, fmt.Errorf("record %s: %s gives another one", id, a.host())
	}
	return r, problem, nil
}

// enrichOnce fetches KEV and EPSS. Without them there is a note.
func (a *api) enrichOnce(ctx context.Context) {
	if a.extra != nil {
		return
	}
	a.extra = &enrichment{}
	if a.NoExtras {
		return
	}
	for _, s := range []struct {
		name, address string
		read          func(*enrichment, io.Reader) error
	}{
		{sourceKEV, a.KEV, (*enrichment).readKEV},
		{sourceEPSS, a.EPSS, (*enrichment).readEPSS},
	} {
		data, err := a.document(ctx, s.address, maxEnrichment)
		if err == nil {
			err = unpacked(bytes.NewReader(data), func(r io.Reader) error { return s.read(a.extra, r) })
		}
		if err != nil {
			a.notes = append(a.notes, fmt.Sprintf("%s could not be fetched: %v", s.name, err))
		}
	}
}

// Info implements DB.
func (a *api) Info() Info {
	a.mu.Lock()
	defer a.mu.Unlock()
	info := Info{Kind: "api", Notes: slices.Clone(a.notes)}
	if a.extra != nil {
		now := a.Now()
		info.KEVDate, info.EPSSDate = a.extra.kevDate, a.extra.epssDate
		info.KEVAsOf, info.EPSSAsOf = listAsOf(a.extra.kevDate, "", now), listAsOf(a.extra.epssDate, "", now)
	}
	if a.bad > 0 {
		info.Notes = append(info.Notes, fmt.Sprintf("%d records could not be read in whole: %s", a.bad, strings.Join(a.badNames, "; ")))
	}
	for _, name := range slices.Sorted(maps.Keys(a.families)) {
		s := a.families[name].info
		s.AsOf = a.Now().UTC().Format(time.RFC3339)
		info.Sources = append(info.Sources, s)
	}
	return info
}

// Describe gives what a record that was fetched says at length.
func (a *api) Describe(id string) (Description, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.records[id]
	if r == nil {
		return Description{}, nil
	}
	return r.description(), nil
}

// Close implements DB.
func (a *api) Close() error {
	a.fetcher.close()
	return nil
}
