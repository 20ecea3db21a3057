package vulndb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/web"
)

// Updater brings the database in a folder up to date.
type Updater struct {
	// Dir holds the database, or will.
	Dir string
	// Origins are asked in their order, until one has what is wanted.
	Origins []Origin
	// Families are wanted of an origin that gives them one by one, beside those that
	// are there already.
	Families []string
	// Only leaves alone what is there already and not wanted.
	Only bool
	// AllowOlder takes a database that is older than the one at hand.
	AllowOlder bool
	// Pins are digests of which a database must have one; none for any.
	Pins []string
	Web  web.Options
	Now  func() time.Time
	// Progress is told how far the fetching is; nil for nobody.
	Progress func(Progress)
	// Waiting is called once where another process has the folder; nil for nobody.
	Waiting func()
}

// Origin is where a database or advisories come from.
type Origin interface {
	// Name is for messages: it holds no secret.
	Name() string
	// update brings what the job wants up to date. What is done is done, whatever
	// the error says of the rest.
	update(ctx context.Context, j *job) error
	// confirm says whether a database is what the origin has now, by a small request.
	// An origin that cannot say so gives errUnconfirmed.
	confirm(ctx context.Context, f *fetcher, digest string) (bool, error)
}

// errUnconfirmed says that an origin cannot say which database it has: it has
// advisories.
var errUnconfirmed = errors.New("it has single advisories and cannot confirm a database")

// job is one update while the folder is locked.
type job struct {
	*Updater
	*fetcher
	now time.Time
	// old is what is at hand, nil for nothing that can be used.
	old   *Manifest
	raw   []byte
	state *fetchState
	// left are the sources that are still wanted.
	left []string
}

// Run updates. The error of one source does not keep the others from being brought
// up to date; the old data stay where there is one. The manifest is the one that is
// there afterwards, nil for none.
func (u *Updater) Run(ctx context.Context) (m *Manifest, err error) {
	unlock, err := prepareDir(u.Dir, func(dir string) (func(), error) { return u.lock(ctx, dir) })
	if err != nil {
		return nil, fmt.Errorf("writing database %q: %w", u.Dir, err)
	}
	j := &job{Updater: u, fetcher: newFetcher(u.Dir, u.Web, u.Progress), now: u.now()}
	defer j.fetcher.close()
	defer func() { unlock(j.old != nil) }()
	dropStale(u.Dir, j.now)
	if err := j.load(); err != nil {
		return nil, err
	}
	j.left = j.wanted()
	var problems []error
	for _, o := range u.Origins {
		err := o.update(ctx, j)
		if err == nil && len(j.left) == 0 {
			return j.old, nil
		}
		if err != nil {
			problems = append(problems, from(o, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return j.old, joined(problems)
}

func (u *Updater) now() time.Time {
	if u.Now == nil {
		return time.Now().UTC()
	}
	return u.Now().UTC()
}

// from says whose an error is, unless it says so itself.
func from(o Origin, err error) error {
	host := o.Name()
	if u, parseErr := url.Parse(host); parseErr == nil && u.Host != "" {
		host = u.Host
	}
	if strings.Contains(err.Error(), host) {
		return err
	}
	return fmt.Errorf("%s: %w", o.Name(), err)
}

// joined is one line of several errors.
func joined(problems []error) error {
	switch len(problems) {
	case 0:
		return errors.New("no source has what is wanted")
	case 1:
		return problems[0]
	}
	err := problems[0]
	for _, p := range problems[1:] {
		err = fmt.Errorf("%w; %w", err, p)
	}
	return err
}

// The lock of another process is asked for twice a second, for ten minutes.
const (
	lockPause = 500 * time.Millisecond
	lockTries = 1200
)

// lock waits for another process that updates the same folder.
func (u *Updater) lock(ctx context.Context, dir string) (func(), error) {
	wait := u.Web.Wait
	if wait == nil {
		wait = web.Pause
	}
	for try := 1; ; try++ {
		unlock, err := lockDir(dir)
		if !errors.Is(err, errLocked) || try == lockTries {
			return unlock, err
		}
		if try == 1 && u.Waiting != nil {
			u.Waiting()
		}
		if err := wait(ctx, lockPause); err != nil {
			return nil, err
		}
	}
}

// load reads what is at hand. What is damaged, or of an older schema, is replaced.
func (j *job) load() error {
	m, raw, err := readManifest(dirFiles(j.Dir))
	var schema *SchemaError
	switch {
	case err == nil:
	case errors.As(err, &schema) && schema.Schema > Schema: // of a newer boltseal, which uses it
		return err
	case errors.Is(err, ErrNotDatabase), errors.Is(err, errDamaged), errors.As(err, &schema):
		j.state = readState(j.Dir, "")
		return nil
	default:
		return err
	}
	db, err := openFiles(dirFiles(j.Dir))
	if err != nil {
		j.state = readState(j.Dir, "")
		return nil // what does not open is fetched anew
	}
	defer db.Close() //nolint:errcheck // only read from
	j.old, j.raw = m, raw
	j.state = readState(j.Dir, "sha256:"+checksum(raw))
	return nil
}

// wanted are the sources to bring up to date, sorted.
func (j *job) wanted() []string {
	all := append([]string{sourceKEV, sourceEPSS}, j.Families...)
	if j.old != nil && !j.Only {
		for _, s := range j.old.Sources() {
			all = append(all, s.Ecosystem)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// done takes a source off the list.
func (j *job) done(source string) {
	j.left = slices.DeleteFunc(slices.Clone(j.left), func(s string) bool { return s == source })
}

// swap replaces the database by another one, of which the files that are not in the
// image are in the folder.
func (j *job) swap(image *Image) error {
	if err := j.verify(image); err != nil {
		return err
	}
	if err := image.replace(j.Dir); err != nil {
		return err
	}
	raw := image.raw
	if raw == nil {
		var err error
		if raw, err = image.Manifest.bytes(); err != nil {
			return err
		}
	}
	j.old, j.raw = image.Manifest, raw
	j.state.Manifest = "sha256:" + checksum(raw)
	return nil
}

// verify reads the database as it will be, before anything is replaced.
func (j *job) verify(image *Image) error {
	raw := image.raw
	if raw == nil {
		var err error
		if raw, err = image.Manifest.bytes(); err != nil {
			return err
		}
	}
	db, err := openFiles(&candidate{dirFiles(j.Dir), raw, image.files})
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read from
	return db.Verify()
}

// candidate are the files of a database that is not in its place yet.
type candidate struct {
	dirFiles
	raw   []byte
	fresh map[string][]byte
}

func (c *candidate) manifest() ([]byte, error) { return c.raw, nil }

func (c *candidate) mapped(f File) ([]byte, held, error) {
	if data, ok := c.fresh[f.Name]; ok {
		return data, held{}, nil
	}
	return c.dirFiles.mapped(f)
}

// note remembers what was heard of a source, now.
func (j *job) note(source, address string, v validator) error {
	j.state.Sources[source] = sourceState{validator: v, URL: shownAddress(address), Checked: j.now.Format(time.RFC3339)}
	if err := j.state.write(j.Dir); err != nil {
		return fmt.Errorf("writing database %q: %w", j.Dir, err)
	}
	return nil
}

// OlderError says that an origin has something older than what is at hand.
type OlderError struct{ What, Has, Here string }

func (e *OlderError) Error() string {
	return fmt.Sprintf("%s is of %s there, and the one at hand of %s: refused, as that can be an attack; --allow-older takes it", e.What, e.Has, e.Here)
}

// pinned says whether a manifest has a digest that is asked for.
func pinned(pins []string, digest string) error {
	if len(pins) == 0 || slices.Contains(pins, digest) {
		return nil
	}
	return fmt.Errorf("the database there has digest %s, which the policy does not name", digest)
}
