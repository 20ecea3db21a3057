package vulndb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/boltseal/boltseal/internal/inventory"
)

// Keeping says how a database is kept: in a folder, fetched when it is asked for
// what it does not have, or for what is too old.
type Keeping struct {
	// Updater says where the database is and comes from. Its Families are of no
	// meaning: those of the packages are wanted.
	Updater
	// Offline fetches nothing.
	Offline bool
	// MaxAge is how old advisories may be before they are fetched again; 0 for any
	// age.
	MaxAge time.Duration
	// Confirm believes what is in the folder only where its digest is pinned, or
	// where its origin says by a small request that it is what is there now: in
	// a change an earlier commit of its author may have written it.
	Confirm bool
	// Vouched are digests of databases that somebody who is trusted has named: one of
	// them needs no word of its origin. Pins only say what may be used: in a change
	// its author's policy adds to them.
	Vouched []string
	// Fetching is told what is going to be fetched, and gives what to call then; nil
	// for nobody.
	Fetching func(families []string) (done func())
	// Advice is what to do by hand for the named ecosystems.
	Advice func(families []string) string
}

// Keep gives the DB that is kept so. Nothing is opened or fetched before it is asked
// about packages.
func Keep(k Keeping) DB { return &keeper{Keeping: k, failed: make(map[string]error)} }

// keeper is a DB that is kept.
type keeper struct {
	Keeping

	mu    sync.Mutex
	begun bool
	db    *Database
	temp  string // a folder for this run alone
	// distrusts says that what is in the folder does not count until it was fetched.
	distrusts bool
	failed    map[string]error // families that could not be fetched; nil for those that were
	lists     bool             // KEV and EPSS were fetched, or could not be
	asked     []string         // families
	notes     []string
}

// Query implements DB.
func (k *keeper) Query(ctx context.Context, packages []inventory.Package) ([]Match, error) {
	if len(packages) == 0 {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.begin(ctx); err != nil {
		return nil, err
	}
	wanted := slices.DeleteFunc(familiesOf(packages), func(f string) bool { return !IsEcosystem(f) })
	k.bring(ctx, wanted)
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if k.db == nil {
		return k.without(wanted, packages)
	}
	matches, err := k.db.Query(ctx, packages)
	k.asked = append(k.asked, wanted...)
	for i := range matches {
		family := inventory.Family(packages[i].Ecosystem)
		if problem := k.failed[family]; problem != nil && k.db.manifest.of(family) == nil {
			matches[i].Err = fmt.Errorf("no advisories for %s: %w", family, problem)
		}
	}
	return matches, err
}

// without answers where there is no database at all.
func (k *keeper) without(wanted []string, packages []inventory.Package) ([]Match, error) {
	if len(wanted) == 0 { // nothing that could be fetched
		matches := make([]Match, len(packages))
		for i := range packages {
			matches[i].Err = fmt.Errorf("%w for %s", ErrNoData, packages[i].Ecosystem)
		}
		return matches, nil
	}
	var problems []error
	for _, f := range wanted {
		err := k.failed[f]
		if err != nil && !slices.ContainsFunc(problems, func(p error) bool { return p.Error() == err.Error() }) {
			problems = append(problems, err)
		}
	}
	return nil, joined(problems)
}

// begin looks at what is in the folder, once.
func (k *keeper) begin(ctx context.Context) error {
	if k.begun {
		return nil
	}
	k.begun = true
	db, err := OpenDatabase(k.Dir)
	var schema *SchemaError
	switch {
	case err == nil:
	case errors.Is(err, ErrNotDatabase), errors.Is(err, os.ErrNotExist):
	case errors.Is(err, errDamaged), errors.As(err, &schema) && schema.Schema < Schema: // it will be replaced
		k.notes = append(k.notes, err.Error())
	default:
		return err
	}
	believed, err := k.believed(ctx, db)
	switch {
	case err != nil:
		k.notes = append(k.notes, err.Error())
	case believed:
		k.db = db
		if k.Confirm || len(k.Pins) > 0 {
			db.state = nil // whoever wrote it could say that the advisories are fresh
		}
		return nil
	}
	if db != nil {
		_ = db.Close()
		k.AllowOlder = true // than what does not count
	}
	k.distrusts = k.Confirm || len(k.Pins) > 0
	if k.distrusts && !k.whole() { // its word would be believed that nothing is new
		if k.temp, err = os.MkdirTemp("", "boltseal-db-"); err != nil {
			return fmt.Errorf("making a folder for the database: %w", err)
		}
		k.Dir = k.temp
	}
	return nil
}

// believed says whether the database in the folder counts.
func (k *keeper) believed(ctx context.Context, db *Database) (bool, error) {
	switch {
	case db == nil:
		return false, nil
	case len(k.Pins) > 0 && !slices.Contains(k.Pins, db.Digest()):
		return false, nil
	case slices.Contains(k.Vouched, db.Digest()), len(k.Pins) > 0 && !k.Confirm:
		return true, db.Verify() // what is pinned is the manifest
	case !k.Confirm:
		return true, nil
	case k.Offline:
		return false, errors.New("the database in the cache does not count in a change, as its source cannot be asked under --offline and the policy does not name its digest (coverage.db-digest)")
	}
	f := newFetcher(k.Dir, k.Web, nil)
	defer f.close()
	for _, o := range k.Origins {
		ok, err := o.confirm(ctx, f, db.Digest())
		switch {
		case err != nil:
			continue
		case !ok:
			return false, nil
		}
		return true, db.Verify() // the manifest is what it should be; are the files?
	}
	return false, nil
}

// whole says whether all origins have whole databases.
func (k *keeper) whole() bool {
	return !slices.ContainsFunc(k.Origins, func(o Origin) bool {
		_, single := o.(exports)
		return single
	})
}

// bring fetches the families that are missing or too old, each once in a run.
func (k *keeper) bring(ctx context.Context, wanted []string) {
	var missing []string
	for _, f := range wanted {
		if _, tried := k.failed[f]; !tried && k.lacks(f) {
			missing = append(missing, f)
		}
	}
	if len(missing) == 0 {
		k.bringLists(ctx)
		return
	}
	k.lists = true // they come with whatever is fetched
	err := k.fetch(ctx, missing)
	for _, f := range missing {
		k.failed[f] = nil
		switch {
		case err == nil || k.db != nil && !k.lacks(f):
		case k.db != nil && k.db.manifest.of(f) != nil:
			k.failed[f] = err
		default:
			k.failed[f] = fmt.Errorf("%w: %s", err, k.advice([]string{f}))
		}
	}
	if err == nil {
		return
	}
	if k.db == nil {
		for _, f := range missing { // one reason for all of them
			k.failed[f] = fmt.Errorf("%w: %s", err, k.advice(missing))
		}
		return
	}
	k.notes = append(k.notes, fmt.Sprintf("advisories could not be brought up to date (%s): %v", strings.Join(missing, ", "), err))
}

// bringLists fetches KEV and EPSS where what is there is too old, once in a run.
func (k *keeper) bringLists(ctx context.Context) {
	if k.lists || k.db == nil || k.MaxAge <= 0 {
		return
	}
	k.lists = true
	var old []string
	for _, list := range []struct{ name, asOf string }{{sourceKEV, k.db.KEVAsOf()}, {sourceEPSS, k.db.EPSSAsOf()}} {
		if at, err := time.Parse(time.RFC3339, list.asOf); err == nil && k.now().Sub(at) > k.MaxAge {
			old = append(old, list.name)
		}
	}
	if len(old) == 0 {
		return
	}
	if err := k.fetchTold(ctx, nil, old); err != nil {
		k.notes = append(k.notes, fmt.Sprintf("%s could not be brought up to date: %v", strings.Join(old, " and "), err))
	}
}

func (k *keeper) advice(families []string) string {
	if k.Advice == nil {
		return "fetch it first"
	}
	return k.Advice(families)
}

// lacks says whether there are no advisories of a family, or too old ones.
func (k *keeper) lacks(family string) bool {
	if k.db == nil {
		return true
	}
	asOf := k.db.AsOf(family)
	if asOf == "" { // a whole database has what its source has
		whole := k.db.state != nil && k.db.state.Sources[""].Checked != ""
		if !whole {
			return true
		}
		asOf = k.db.manifest.Built
	}
	at, err := time.Parse(time.RFC3339, asOf)
	return err != nil || k.MaxAge > 0 && k.now().Sub(at) > k.MaxAge
}

// errOffline says that nothing is fetched.
var errOffline = errors.New("--offline fetches nothing")

// fetch updates, and opens what is there then.
func (k *keeper) fetch(ctx context.Context, families []string) error {
	return k.fetchTold(ctx, families, families)
}

// fetchTold is fetch that calls what it fetches by other names.
func (k *keeper) fetchTold(ctx context.Context, families, told []string) error {
	if k.Offline {
		return errOffline
	}
	if len(k.Origins) == 0 {
		return errors.New("no source of advisories is named")
	}
	if k.Fetching != nil {
		defer k.Fetching(told)()
	}
	u := k.Updater
	u.Families, u.Only = families, true
	_, err := u.Run(ctx)
	db, openErr := OpenDatabase(k.Dir)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	if err != nil && k.db == nil && k.distrusts && k.temp == "" { // it is what does not count
		_ = db.Close()
		return err
	}
	if k.db != nil {
		if err != nil && k.db.state == nil && k.db.Digest() == db.Digest() {
			db.state = nil // it is what was there before, and still nobody's word for being fresh
		}
		_ = k.db.Close()
	}
	k.db = db
	for _, f := range k.asked { // so that Info tells of them
		if _, err := db.family(f); err != nil {
			return err
		}
	}
	return err
}

// Info implements DB.
func (k *keeper) Info() Info {
	k.mu.Lock()
	defer k.mu.Unlock()
	info := Info{Kind: "database"}
	if k.db != nil {
		info = k.db.Info()
	}
	info.Notes = slices.Clone(k.notes)
	return info
}

// Describe gives what the record with an id says at length.
func (k *keeper) Describe(id string) (Description, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.db == nil {
		return Description{}, nil
	}
	return k.db.Describe(id)
}

// Close implements DB.
func (k *keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if k.db != nil {
		err = k.db.Close()
		k.db = nil
	}
	if k.temp != "" {
		err = errors.Join(err, os.RemoveAll(k.temp))
	}
	return err
}
