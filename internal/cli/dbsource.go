package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/source/image"
	"github.com/boltseal/boltseal/internal/vulndb"
	"github.com/boltseal/boltseal/internal/web"
)

// Where a database comes from, beside the addresses and paths of one.
const (
	sourceOSV  = "osv"  // OSV's exports, or with an address behind it a mirror of them
	sourceOCI  = "oci"  // an artifact in a registry
	sourceFile = "file" // a folder or a .tar file
	sourceNone = "none" // nothing is fetched
)

const envDBSource = "BOLTSEAL_DB_SOURCE"

// How advisories are asked for.
const (
	modeLocal = "local"
	modeAPI   = "api"
)

// sourceHelp says what a source can be.
const sourceHelp = "osv for OSV's own exports, osv:https://HOST/PATH for a mirror of them, https://HOST/PATH, oci:HOST/NAME:TAG or a path for a built database"

// errNoSource says that nothing is to be fetched.
var errNoSource = errors.New("nothing is fetched: the source is none")

// origins are the places that the sources name. Values that are refused are not
// repeated: an address can hold a password.
func origins(flag string, sources []string, remote image.Remote) ([]vulndb.Origin, error) {
	var all []vulndb.Origin
	for _, s := range sources {
		if s == sourceNone {
			if len(sources) > 1 {
				return nil, usage(fmt.Errorf("%s: none goes with no other source", flag))
			}
			return nil, errNoSource
		}
		o, err := origin(s, remote)
		if err != nil {
			return nil, usage(fmt.Errorf("%s: %w", flag, err))
		}
		all = append(all, o)
	}
	return all, nil
}

func origin(source string, remote image.Remote) (vulndb.Origin, error) {
	scheme, rest, _ := strings.Cut(source, ":")
	switch {
	case source == "":
		return nil, errors.New("it is empty: write " + sourceHelp)
	case source == sourceOSV:
		return vulndb.Exports("", "", "")
	case scheme == sourceOSV:
		rest = strings.TrimSuffix(rest, "/")
		return vulndb.Exports(rest, rest+"/kev.json", rest+"/epss.csv")
	case scheme == sourceOCI:
		ref := strings.TrimPrefix(rest, "//")
		if err := image.CheckReference(ref); err != nil {
			return nil, err
		}
		return vulndb.Ready(sourceOCI+":"+ref, func(ctx context.Context) (vulndb.Shelf, error) {
			a, err := image.OpenArtifact(ctx, ref, remote)
			if err != nil {
				return nil, err
			}
			return artifact{a, sourceOCI + ":" + ref}, nil
		}), nil
	case scheme == "https" || scheme == "http":
		return vulndb.Mirror(source)
	case scheme == sourceFile:
		return vulndb.Copy(rest), nil
	}
	return vulndb.Copy(source), nil
}

// chosen are the sources that were named, OSV where none is. Where there is no network it
// is those that need none; within says that there are some.
func chosen(named []string, offline bool) (sources []string, within bool) {
	if len(named) == 0 {
		named = []string{sourceOSV}
	}
	var local []string
	for _, s := range named {
		s = strings.TrimSpace(s)
		sources = append(sources, s)
		if isLocal(s) {
			local = append(local, s)
		}
	}
	switch {
	case !offline:
		return sources, true
	case len(local) > 0:
		return local, true
	}
	return sources, false
}

// isLocal says whether a source needs no network.
func isLocal(source string) bool {
	scheme, _, _ := strings.Cut(source, ":")
	return !slices.Contains([]string{sourceOSV, sourceOCI, "http", "https"}, scheme)
}

// artifact is a database in a registry.
type artifact struct {
	*image.Artifact
	name string
}

// maxDatabaseManifest is far above what a manifest has.
const maxDatabaseManifest = 8 << 20

// Name implements vulndb.Shelf.
func (a artifact) Name() string { return a.name }

// Manifest implements vulndb.Shelf.
func (a artifact) Manifest(ctx context.Context) ([]byte, error) {
	return a.Read(ctx, vulndb.ManifestFile, maxDatabaseManifest)
}

// Open implements vulndb.Shelf.
func (a artifact) Open(ctx context.Context, f vulndb.File, offset int64) (io.ReadCloser, int64, error) {
	return a.Artifact.Open(ctx, f.Name, offset)
}

// databaseDir is where a database is kept when no folder is named: below the cache
// directory where there is one, else where the system has caches of the user; empty
// where that is not known.
func databaseDir(getenv func(string) string, cacheDir string) string {
	if cacheDir != "" {
		return filepath.Join(cacheDir, "db")
	}
	base := getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(base) {
		base = ""
	}
	home := getenv("HOME")
	switch {
	case base != "":
	case runtime.GOOS == "windows":
		base = getenv("LocalAppData")
	case home != "" && runtime.GOOS == "darwin":
		base = filepath.Join(home, "Library", "Caches")
	case home != "":
		base = filepath.Join(home, ".cache")
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "boltseal", "db")
}

// database is what the packages scanner asks: the one that is named, or one that is
// kept and fetched. noDB says what to do where there is none.
func (p *prepared) openDatabase(sys System, args []string) (db vulndb.DB, noDB string, err error) {
	o := p.options
	pins, pinned := policy.DBDigests(p.policies.loaded)
	if pinned && len(pins) == 0 {
		return nil, "", errors.New("the policies allow no database: none that one of them names in coverage.db-digest is named by all")
	}
	if o.dbMode != "" && o.dbMode != modeLocal {
		db, err := o.openAPI(sys)
		if err == nil && pinned {
			return nil, "", errors.New("the policy names the databases that count (coverage.db-digest), and --db-mode api asks none")
		}
		return db, "", err
	}
	if o.db != "" {
		open := vulndb.Open
		if pinned {
			open = func(path string) (vulndb.DB, error) { return vulndb.OpenPinned(path, pins) }
		}
		db, err := open(o.db)
		if errors.Is(err, vulndb.ErrNotPinned) {
			return nil, "", fmt.Errorf("the policy names the databases that count (coverage.db-digest): %w", err)
		}
		if err != nil {
			return nil, "", plainer(err)
		}
		return db, "", nil
	}
	noDB = "no vulnerability database: run `boltseal scan --db PATH " + strings.Join(args, " ") + "` with a built database (boltseal db update, boltseal db build) or a folder or zip of OSV advisories"
	sources, within := chosen(o.dbSources, o.offline)
	from, err := origins("--db-source", sources, p.remote)
	if errors.Is(err, errNoSource) {
		return nil, noDB, nil
	}
	if err != nil {
		return nil, "", err
	}
	dir := databaseDir(sys.Getenv, o.cacheDir)
	if dir == "" {
		return nil, noDB + "; none is kept, as neither --cache-dir nor $HOME says where", nil
	}
	if o.cacheDir != "" {
		hide(dir)
	}
	k := vulndb.Keeping{
		Updater: sys.updater(dir, from), Offline: !within,
		MaxAge: policy.MaxDBAge(p.policies.loaded), Confirm: o.inChange,
		Advice: func(families []string) string { return o.advice(families, dir) },
	}
	k.Pins = pins
	k.Vouched, _ = policy.DBDigests(slices.DeleteFunc(slices.Clone(p.policies.loaded), func(p *policy.Policy) bool { return p.Head }))
	k.Fetching = func(families []string) func() {
		sys.warn("fetching advisories for %s from %s", strings.Join(families, ", "), originNames(from))
		return frugal(sys.Getenv)
	}
	return vulndb.Keep(k), "", nil
}

// hide keeps a folder of ours in a work tree from being committed, and from being scanned
// by the next run. It may fail: then it is scanned.
func hide(dir string) {
	if os.MkdirAll(dir, 0o755) != nil { //nolint:gosec // advisories are for everybody
		return
	}
	file, err := os.OpenFile(filepath.Join(dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // as above
	if err != nil {
		return
	}
	_, _ = file.WriteString("*\n")
	_ = file.Close()
}

// openAPI is OSV's API, or another one like it. KEV and EPSS are those of a mirror of
// OSV's exports where one is named.
func (o scanOptions) openAPI(sys System) (vulndb.DB, error) {
	mode, base, _ := strings.Cut(o.dbMode, ":")
	switch {
	case mode != modeAPI:
		return nil, usage(errors.New("--db-mode: write local, api or api:https://HOST/PATH"))
	case o.db != "":
		return nil, usage(errors.New("--db-mode api asks no database, and --db names one"))
	case o.offline:
		return nil, usage(errors.New("--db-mode api asks over a network, and --offline forbids that"))
	}
	options := vulndb.APIOptions{Base: base, Web: web.Options{Proxy: proxies(sys.Getenv)}, Now: sys.now}
	sources, _ := chosen(o.dbSources, o.offline)
	for _, s := range sources {
		if mirror, ok := strings.CutPrefix(s, sourceOSV+":"); ok {
			mirror = strings.TrimSuffix(mirror, "/")
			options.KEV, options.EPSS = mirror+"/kev.json", mirror+"/epss.csv"
			break
		}
	}
	db, err := vulndb.OpenAPI(options)
	if err != nil {
		return nil, usage(fmt.Errorf("--db-mode: %w", err))
	}
	return db, nil
}

func originNames(from []vulndb.Origin) string {
	names := make([]string, len(from))
	for i, o := range from {
		names[i] = o.Name()
	}
	return strings.Join(names, ", ")
}

// advice is the command that fetches what could not be fetched.
func (o scanOptions) advice(families []string, dir string) string {
	var command strings.Builder
	command.WriteString("boltseal db update")
	for _, f := range families {
		command.WriteString(" --ecosystem " + quoted(f))
	}
	if o.offline {
		return fmt.Sprintf("run `%s --db boltseal-db` where there is a network, and scan with --db boltseal-db", &command)
	}
	if o.cacheDir != "" {
		command.WriteString(" --db " + quoted(dir))
	}
	return fmt.Sprintf("run `%s`, or scan with --db PATH", &command)
}

// quoted is a word for a shell.
func quoted(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@+", r)
	}) && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// updater is one for a folder, with the proxies and the clock of the system.
func (s System) updater(dir string, from []vulndb.Origin) vulndb.Updater {
	return vulndb.Updater{
		Dir: dir, Origins: from, Web: web.Options{Proxy: proxies(s.Getenv)}, Now: s.now, Progress: s.progress(),
		Waiting: func() { s.warn("another boltseal updates %s: waiting for it", dir) },
	}
}
