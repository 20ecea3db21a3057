package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// updateOptions are the flags of db update.
type updateOptions struct {
	db         string
	from       []string
	ecosystems []string
	onlyExtras bool
	allowOlder bool
	remoteOptions
}

func newDBUpdate(sys System) *cobra.Command {
	var o updateOptions
	cmd := &cobra.Command{
		Use:   "update [--db DIR] [--from SOURCE]... [--ecosystem NAME]...",
		Short: "Fetch the database, or what is new",
		Long: `update fetches advisories into a database, which is made where there is none. The
folder is --db, else the one that scan keeps.

Sources are tried in their order until one has what is wanted:

  osv                    OSV's own exports, one for each ecosystem, and with them
                         CISA's KEV and FIRST's EPSS (the default)
  osv:https://HOST/PATH  a mirror: PATH/ECOSYSTEM/all.zip, PATH/kev.json and
                         PATH/epss.csv, which may be compressed by gzip
  https://HOST/PATH      a built database: what db build or db export has written
  oci:HOST/NAME:TAG      the same as an artifact of a registry, or @sha256:DIGEST
  PATH                   the same as a folder or a .tar file

Of the exports those are fetched that are in the database already or are named by
--ecosystem; what has not changed is only asked for. A built database takes the
place of the one at hand as a whole.

What breaks off goes on where it was the next time. The database at hand stays
until the new one is verified, and whatever goes wrong (exit code 3); one that is
older than it is refused unless --allow-older. Two updates of one folder wait for
each other.`,
		Example: `  boltseal db update --ecosystem npm --ecosystem Debian
  boltseal db update
  boltseal db update --from oci:ghcr.io/acme/advisories:latest --from https://mirror.example/advisories
  boltseal db update --db db --from database.tar`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			u, err := o.updater(sys)
			if err != nil {
				return err
			}
			defer frugal(sys.Getenv)()
			m, err := u.Run(cmd.Context())
			if err != nil {
				return noVerdict(plainer(err))
			}
			warnBad(sys, m)
			return printed(fmt.Fprintln(sys.Stdout, built(u.Dir, m)))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.db, "db", "", "folder of the database (default: the one that scan keeps)")
	f.StringSliceVar(&o.from, "from", nil, "where to fetch from: "+sourceHelp+"; repeatable, the next one is for when one fails (default osv) [$"+envDBSource+"]")
	f.StringSliceVar(&o.ecosystems, "ecosystem", nil, "fetch this one too, as npm, PyPI, Go, Debian or Alpine; all for all of them; repeatable")
	f.BoolVar(&o.onlyExtras, "only-kev-epss", false, "leave the advisories as they are and bring KEV and EPSS up to date")
	f.BoolVar(&o.allowOlder, "allow-older", false, "take a database that is older than the one at hand")
	complete(cmd, "ecosystem", vulndb.Ecosystems()...)
	o.remoteOptions.register(cmd)
	withEnv(f)
	return cmd
}

// updater is what the flags ask for.
func (o updateOptions) updater(sys System) (*vulndb.Updater, error) {
	if len(o.from) == 0 {
		for s := range strings.SplitSeq(sys.Getenv(envDBSource), ",") {
			if s = strings.TrimSpace(s); s != "" && s != sourceNone {
				o.from = append(o.from, s)
			}
		}
	}
	var within bool
	if o.from, within = chosen(o.from, o.offline); !within {
		return nil, usage(errors.New("--offline fetches nothing over a network: name a folder or a .tar file by --from"))
	}
	remote, err := o.remote(sys, nil)
	if err != nil {
		return nil, err
	}
	from, err := origins("--from", o.from, remote)
	if err != nil {
		return nil, usage(err)
	}
	dir := o.db
	if dir == "" {
		dir = databaseDir(sys.Getenv, sys.Getenv("BOLTSEAL_CACHE_DIR"))
	}
	if dir == "" {
		return nil, usage(errors.New("--db names no folder, and $HOME is not set"))
	}
	u := sys.updater(dir, from)
	u.AllowOlder, u.Only = o.allowOlder, o.onlyExtras
	if u.Families, err = o.families(dir); err != nil {
		return nil, err
	}
	return &u, nil
}

// families are the ecosystems that were named.
func (o updateOptions) families(dir string) ([]string, error) {
	var families []string
	for _, e := range o.ecosystems {
		e = strings.TrimSpace(e)
		switch {
		case e == "all":
			families = append(families, vulndb.Ecosystems()...)
		case vulndb.IsEcosystem(e):
			families = append(families, e)
		default:
			hint := ""
			if near := nearest.Word(e, vulndb.Ecosystems()); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return nil, usage(fmt.Errorf("--ecosystem: %q is none of OSV's%s", e, hint))
		}
	}
	single := slices.ContainsFunc(o.from, func(s string) bool { return s == sourceOSV || strings.HasPrefix(s, sourceOSV+":") })
	switch {
	case o.onlyExtras && len(families) > 0:
		return nil, usage(errors.New("--only-kev-epss goes with no --ecosystem"))
	case o.onlyExtras && !single:
		return nil, usage(errors.New("--only-kev-epss is for the source osv: a built database comes as a whole"))
	case len(families) > 0 || !single || len(o.from) > 1:
		return families, nil
	}
	if m, err := vulndb.ReadManifest(dir); err != nil || len(m.Sources()) == 0 {
		return nil, usage(errors.New("which ecosystems? There is no database yet: name them, as --ecosystem npm --ecosystem Debian; scan fetches those that it needs by itself"))
	}
	return nil, nil
}

func newDBExport(sys System) *cobra.Command {
	var db, to string
	cmd := &cobra.Command{
		Use:   "export [--db DIR] -o FILE.tar|DIR",
		Short: "Copy the database to take it elsewhere",
		Long: `export verifies a database and copies it into a .tar file or a folder, for where
there is no network: scan --db takes either, and so does db update --from. As a
folder it is also what a web server or a registry needs to serve.`,
		Example: `  boltseal db export -o database.tar
  boltseal scan --offline --db database.tar`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			if to == "" {
				return usage(errors.New("-o names no file or folder"))
			}
			dir, err := namedDatabase(sys, db)
			if err != nil {
				return err
			}
			m, err := vulndb.Export(cmd.Context(), dir, to)
			if err != nil {
				return noVerdict(noDatabaseYet(dir, err))
			}
			return printed(fmt.Fprintln(sys.Stdout, built(to, m)))
		},
	}
	cmd.Flags().StringVar(&db, "db", "", "folder or .tar file with a built database (default: the one that scan keeps)")
	cmd.Flags().StringVarP(&to, "output", "o", "", "file that ends in .tar, or folder: a new one, an empty one or one with a database")
	withEnv(cmd.Flags())
	return cmd
}

// namedDatabase is the folder that was named, or the one that scan keeps.
func namedDatabase(sys System, dir string) (string, error) {
	if dir == "" {
		dir = databaseDir(sys.Getenv, sys.Getenv("BOLTSEAL_CACHE_DIR"))
	}
	if dir == "" {
		return "", usage(errors.New("--db names no database"))
	}
	return dir, nil
}
