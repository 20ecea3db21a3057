package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/vulndb"
)

// envSourceDate is the date that reproducible builds agree on, in seconds since
// 1970; see https://reproducible-builds.org/docs/source-date-epoch/.
const envSourceDate = "SOURCE_DATE_EPOCH"

func newDB(sys System) *cobra.Command {
	return group("db", "Work with the vulnerability database", newDBBuild(sys), newDBUpdate(sys), newDBExport(sys), newDBStatus(sys))
}

func newDBBuild(sys System) *cobra.Command {
	var from []string
	var to, date string
	cmd := &cobra.Command{
		Use:   "build --from DIR|ZIP... -o DIR",
		Short: "Make a database of OSV advisories",
		Long: `build reads advisories in OSV form and writes the database that --db takes: a
folder of a few small files, looked up in place. Sources are folders with
ECOSYSTEM/all.zip or ECOSYSTEM/*.json, folders with *.json of any ecosystem, and
zip files of such records; kev.json and epss.csv beside them are taken in. Of
records with one id the one modified last counts.

Records that cannot be read are counted and named, and the rest is taken. A source
that cannot be read is exit code 3, and what was in the output folder stays. A
database that is there is replaced in one step.

The same sources give the same bytes. The database's date is --date, else
$` + envSourceDate + `, else that of the newest record.`,
		Example: `  boltseal db build --from osv -o db
  boltseal db build --from osv --from ours.zip -o db --date 2026-11-25`,
		RunE: func(cmd *cobra.Command, args []string) error {
			from = append(from, args...)
			switch {
			case len(from) == 0:
				return usage(errors.New("--from names no source: name a folder or zip of OSV advisories"))
			case to == "":
				return usage(errors.New("-o names no folder for the database"))
			}
			when, err := buildDate(date, sys.Getenv)
			if err != nil {
				return err
			}
			defer frugal(sys.Getenv)()
			image, err := vulndb.Build(cmd.Context(), vulndb.BuildOptions{From: from, Date: when})
			if err != nil {
				return noVerdict(plainer(err))
			}
			if err := image.Install(to); err != nil {
				return noVerdict(err)
			}
			warnBad(sys, image.Manifest)
			return printed(fmt.Fprintln(sys.Stdout, built(to, image.Manifest)))
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&from, "from", nil, "folder or zip of OSV advisories; repeatable, and every argument is one more")
	f.StringVarP(&to, "output", "o", "", "folder for the database: a new one, an empty one or one with a database")
	f.StringVar(&date, "date", "", "date of the database, as 2026-11-25 or 2026-11-25T12:00:00Z")
	return cmd
}

// frugal bounds the memory of a build until the function that it gives is called,
// and lets garbage lie until it comes near that: a build makes a lot of it.
func frugal(getenv func(string) string) func() {
	return collecting(getenv, 860<<20, 300)
}

// collecting has garbage collected when the heap has grown by so many percent, or the
// process has most bytes, until the function that it gives is called. What GOMEMLIMIT
// and GOGC say stands.
func collecting(getenv func(string) string, most int64, percent int) func() {
	if getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	limit := debug.SetMemoryLimit(most)
	if getenv("GOGC") != "" {
		return func() { debug.SetMemoryLimit(limit) }
	}
	before := debug.SetGCPercent(percent)
	return func() {
		debug.SetGCPercent(before)
		debug.SetMemoryLimit(limit)
	}
}

// buildDate is the zero value where nobody says one.
func buildDate(flag string, getenv func(string) string) (time.Time, error) {
	if flag != "" {
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, flag); err == nil && t.Year() >= 1970 {
				return t, nil
			}
		}
		return time.Time{}, usage(fmt.Errorf("--date: %q is none: write 2026-11-25 or 2026-11-25T12:00:00Z", flag))
	}
	epoch := strings.TrimSpace(getenv(envSourceDate))
	if epoch == "" {
		return time.Time{}, nil
	}
	const year9999 = 253402300799
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 || seconds > year9999 {
		return time.Time{}, usage(fmt.Errorf("$%s: %q is no number of seconds since 1970", envSourceDate, epoch))
	}
	return time.Unix(seconds, 0), nil
}

// built says what was made.
func built(dir string, m *vulndb.Manifest) string {
	records := 0
	for _, s := range m.Sources() {
		records += s.Records
	}
	matching, details := m.Size()
	return fmt.Sprintf("%s: %d records of %d ecosystems, dated %s, %s to match with, %s of details",
		dir, records, len(m.Sources()), m.Built, megabytes(matching), megabytes(details))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// warnBad names the first records that could not be read.
func warnBad(sys System, m *vulndb.Manifest) {
	for _, s := range m.Sources() {
		if s.Bad == 0 {
			continue
		}
		sys.warn("%s: %d records could not be read in whole, among them:", s.Ecosystem, s.Bad)
		for _, name := range s.BadNames {
			sys.warn("  %s", masked(errors.New(name)))
		}
	}
}

func newDBStatus(sys System) *cobra.Command {
	var dir string
	var verify bool
	cmd := &cobra.Command{
		Use:   "status [--db DIR]",
		Short: "Show what a database holds, and how old it is",
		Long: `status prints the digest and the date of a built database, and of each of its
sources when it was last known to be up to date. Exit code 3 says that there is no
database or that it is damaged; --verify reads all of it to find out.`,
		Example: `  boltseal db status --db db`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			dir, err := namedDatabase(sys, dir)
			if err != nil {
				return err
			}
			db, err := vulndb.OpenDatabase(dir)
			if err != nil {
				return noVerdict(noDatabaseYet(dir, err))
			}
			defer db.Close() //nolint:errcheck // only read from
			if verify {
				if err := db.Verify(); err != nil {
					return noVerdict(err)
				}
			}
			return writeStatus(sys, dir, db)
		},
	}
	cmd.Flags().StringVar(&dir, "db", "", "folder or .tar file with a built database (default: the one that scan keeps)")
	cmd.Flags().BoolVar(&verify, "verify", false, "read all of it and compare the checksums")
	withEnv(cmd.Flags())
	return cmd
}

// noDatabaseYet says what to do where there is no database.
func noDatabaseYet(dir string, err error) error {
	if !errors.Is(err, vulndb.ErrNotDatabase) {
		return plainer(err)
	}
	if _, missing := os.Stat(dir); missing != nil {
		return fmt.Errorf("%w; fetch one: boltseal db update", plainer(missing))
	}
	return fmt.Errorf("%w; fetch or make one: boltseal db update, boltseal db build --from DIR -o DIR", err)
}

func writeStatus(sys System, dir string, db *vulndb.Database) error {
	m := db.Manifest()
	if _, err := fmt.Fprintf(sys.Stdout, "%s, digest %s\n", dir, db.Digest()); err != nil {
		return printed(0, err)
	}
	w := tabwriter.NewWriter(sys.Stdout, 0, 0, 2, ' ', 0)
	now := sys.now()
	line := func(name, date string, rest string) {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, cmp.Or(date, "no date"), age(date, now), rest)
	}
	matching, details := m.Size()
	line("database", m.Built, fmt.Sprintf("schema %d, %s to match with, %s of details", m.Schema, megabytes(matching), megabytes(details)))
	for _, s := range m.Sources() {
		text := fmt.Sprintf("%d records", s.Records)
		if s.Withdrawn > 0 {
			text += fmt.Sprintf(", %d withdrawn", s.Withdrawn)
		}
		if s.Bad > 0 {
			text += fmt.Sprintf(", %d could not be read in whole", s.Bad)
		}
		if s.Date != "" {
			text += ", the newest of " + s.Date[:min(len(s.Date), len(time.DateOnly))]
		}
		line(s.Ecosystem, db.AsOf(s.Ecosystem), text)
	}
	line("KEV", m.KEV, lastHad(m.KEV, db.KEVAsOf()))
	line("EPSS", m.EPSS, lastHad(m.EPSS, db.EPSSAsOf()))
	return printed(0, w.Flush())
}

// lastHad says until when a list was what its source had, where that is after its date:
// max-db-age looks at that.
func lastHad(date, asOf string) string {
	if day, _, timed := strings.Cut(asOf, "T"); timed && day != date {
		return "the newest there was on " + day
	}
	return ""
}

// age is how long ago a date was, "" where there is none.
func age(date string, now time.Time) string {
	const day = 24 * time.Hour
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, date); err == nil {
			days := int(now.Sub(t) / day)
			switch {
			case t.After(now):
				return "in the future"
			case days == 1:
				return "1 day old"
			}
			return fmt.Sprintf("%d days old", days)
		}
	}
	return ""
}
