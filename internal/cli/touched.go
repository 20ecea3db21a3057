package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/dockerfile"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// touchedOptions are what touched takes.
type touchedOptions struct {
	job     ciOptions
	context string
	also    []string
	newFrom string
	offline bool
}

func newTouched(sys System, g *global) *cobra.Command {
	var o touchedOptions
	cmd := &cobra.Command{
		Use:   "touched DOCKERFILE...",
		Short: "Say which images a change touches, by what their Dockerfiles copy",
		Long: `touched prints those of the Dockerfiles whose image the change under test touches: the
Dockerfile itself has changed, its .dockerignore, anything that it copies, adds or mounts
from its build context, or a policy file. A folder stands for the Dockerfile in it. The
context is the Dockerfile's folder, or --context; what the build reads beside that, as
another image of the repository that FROM names or a named context, is said by --also.
Why is told on standard error. On GitHub Actions the outputs "touched" (true or false) and
"dockerfiles" (a JSON list) are set.

In a CI job the change is the one that ci compares: the commits of a pull request, a queue
or a push. Elsewhere it is what --new-from names to HEAD. Both are read from git's commits,
however many; nothing has to be checked out. Where it cannot be told whether a file is read,
as behind a variable or a symbolic link, it is. Without anything to compare with, as on a
schedule, everything is touched. A comparison that fails is exit code 3.`,
		Example: `  boltseal touched services/api/Dockerfile services/worker
  boltseal touched --context . --also go.work services/api/Dockerfile
  boltseal touched --new-from origin/main images/*/Dockerfile`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := g.begin(cmd, sys); err != nil {
				return err
			}
			return o.run(cmd.Context(), sys, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.context, "context", "", "folder that the images are built in (default: that of each Dockerfile)")
	f.StringSliceVar(&o.also, "also", nil, "files of the repository that count as well, as 'libs/**'; repeatable")
	f.StringVar(&o.newFrom, "new-from", "", "outside of CI: compare with the commit at which HEAD left this revision")
	f.BoolVar(&o.offline, "offline", false, "fetch nothing: branches are taken as the checkout knows them")
	o.job.registerSaid(cmd)
	withEnv(f)
	return cmd
}

// run says which Dockerfiles are touched.
func (o touchedOptions) run(ctx context.Context, sys System, args []string) error {
	for _, glob := range o.also {
		if !doublestar.ValidatePattern(glob) {
			return usage(fmt.Errorf("--also %q is no glob", glob))
		}
	}
	job, err := o.job.job(sys)
	if err != nil {
		return err
	}
	a, err := o.anchor(ctx, sys, job)
	if err != nil {
		return err
	}
	defer a.close() //nolint:errcheck // only read from
	c, err := a.difference(ctx, o.also)
	if err != nil {
		return noVerdict(err)
	}
	mask := secrets.NewMasker()
	touched := []string{}
	for _, arg := range args {
		why, err := o.why(ctx, a, c, arg)
		switch {
		case err != nil:
			return err
		case why == "":
			sys.warn("%s is not touched", mask(report.Plain(arg)))
		default:
			sys.warn("%s is touched: %s", mask(report.Plain(arg)), mask(report.Plain(why)))
			touched = append(touched, arg)
		}
	}
	return o.tell(sys, job, touched)
}

// tell prints what is touched, and sets the outputs of a step.
func (touchedOptions) tell(sys System, job ci.Context, touched []string) error {
	if job.System.Actions() {
		list, err := json.Marshal(touched)
		if err != nil {
			return err
		}
		actions := forge.NewActions(sys.Getenv, sys.Stdout, report.Options{})
		if err := actions.Outputs(map[string]string{"touched": strconv.FormatBool(len(touched) > 0), "dockerfiles": string(list)}); err != nil {
			return noVerdict(err)
		}
	}
	for _, t := range touched {
		if err := printed(fmt.Fprintln(sys.Stdout, quietPath(t))); err != nil {
			return err
		}
	}
	return nil
}

// quietPath is a path as a line of a job's log: one that begins as the commands of
// GitHub's runner do is told as below the current folder, where it is.
func quietPath(path string) string {
	path = report.Plain(path)
	if strings.HasPrefix(strings.TrimSpace(path), "::") {
		return "./" + path
	}
	return path
}

// anchor finds the commits to compare.
func (o touchedOptions) anchor(ctx context.Context, sys System, job ci.Context) (*anchor, error) {
	switch {
	case job.System != ci.None && o.newFrom != "":
		return nil, usage(errors.New("--new-from is for outside of CI jobs: here the event says what the change is"))
	case job.System != ci.None:
		a, err := anchorJob(ctx, sys, job, ".", o.offline)
		if err != nil {
			return nil, noVerdict(err)
		}
		return a, nil
	case o.newFrom == "":
		return nil, usage(errors.New("this is no CI job that is known: say with --new-from what to compare with"))
	}
	all := &anchors{newFrom: o.newFrom}
	a, err := all.of(ctx, ".")
	if err == nil && a == nil {
		err = noVerdict(errors.New("the current folder cannot be read"))
	}
	if err != nil {
		return nil, errors.Join(err, all.close())
	}
	return a, nil
}

// difference is what a change changes.
type difference struct {
	// all says why everything counts as changed; empty where paths say what has.
	all   string
	paths []string
	// links are the symbolic links after the change.
	links []string
}

// maxDifferent is how many changed files are looked at one by one.
const maxDifferent = 20_000

// difference compares the head with where the change started.
func (a *anchor) difference(ctx context.Context, also []string) (difference, error) {
	var d difference
	switch {
	case a.allNew:
		d.all = "there is no commit to compare with"
	case a.since == "":
		d.all = "the event names nothing to compare with"
	}
	now, err := a.tree(ctx, a.head)
	if err != nil {
		return d, err
	}
	there := make(map[string]git.TreeFile, len(now))
	for _, f := range now {
		there[f.Path] = f
		if f.Mode == git.ModeSymlink {
			d.links = append(d.links, f.Path)
		}
	}
	if d.all != "" {
		return d, nil
	}
	was, err := a.tree(ctx, a.since)
	if err != nil {
		return d, err
	}
	for _, f := range was {
		if there[f.Path] != f {
			d.add(f)
		}
		delete(there, f.Path)
	}
	for _, f := range there {
		d.add(f)
	}
	slices.Sort(d.paths)
	d.common(also)
	return d, nil
}

// add adds a file that is not as it was. What has changed in a submodule nobody sees.
func (d *difference) add(f git.TreeFile) {
	d.paths = append(d.paths, f.Path)
	if f.Mode == git.ModeSubmodule {
		d.all = cmp.Or(d.all, "the submodule "+f.Path+" has changed")
	}
}

// common looks for what counts for every image.
func (d *difference) common(also []string) {
	if len(d.paths) > maxDifferent {
		d.all = cmp.Or(d.all, fmt.Sprintf("more than %d files have changed", maxDifferent))
		return
	}
	for _, p := range d.paths {
		if slices.Contains(policy.Names, path.Base(p)) || slices.ContainsFunc(also, func(glob string) bool { return doublestar.MatchUnvalidated(glob, p) }) {
			d.all = cmp.Or(d.all, p+" has changed")
		}
	}
}

// maxDockerfile is more than any Dockerfile, or .dockerignore, is long.
const maxDockerfile = 1 << 20

// why says why an image is touched; empty where it is not.
func (o touchedOptions) why(ctx context.Context, a *anchor, d difference, arg string) (string, error) {
	file, in, err := o.places(a, arg)
	if err != nil {
		return "", err
	}
	if slices.Contains(d.links, file) {
		return file + " is a link", nil
	}
	data, err := a.objects.ReadFile(ctx, a.head, file, maxDockerfile+1)
	if errors.Is(err, git.ErrNotRegular) || file == "." { // a folder
		if o.context == "" {
			in = file
		}
		file = path.Join(file, "Dockerfile")
		data, err = a.objects.ReadFile(ctx, a.head, file, maxDockerfile+1)
	}
	switch {
	case errors.Is(err, git.ErrNoFile):
		return "", usage(fmt.Errorf("%q: %w: name a Dockerfile, or the folder that it is in", arg, err))
	case errors.Is(err, git.ErrNotRegular):
		return "the Dockerfile is a link", nil
	case err != nil:
		return "", noVerdict(err)
	case len(data) > maxDockerfile:
		return fmt.Sprintf("the Dockerfile is longer than %d bytes", maxDockerfile), nil
	case d.all != "":
		return d.all, nil
	}
	return a.touches(ctx, d, file, in, data)
}

// places gives the Dockerfile and the context in the repository; "." is its root.
func (o touchedOptions) places(a *anchor, arg string) (file, in string, err error) {
	file, ok := a.place(arg)
	if !ok {
		return "", "", usage(fmt.Errorf("%q does not lie in the repository", arg))
	}
	if o.context == "" {
		return file, path.Dir(file), nil
	}
	if in, ok = a.place(filepath.Clean(o.context)); !ok {
		return "", "", usage(fmt.Errorf("--context %q does not lie in the repository", o.context))
	}
	return file, in, nil
}

// touches compares what has changed with what the build reads.
func (a *anchor) touches(ctx context.Context, d difference, file, in string, data []byte) (string, error) {
	ignoreFile := file + ".dockerignore"
	ignores, err := a.objects.ReadFile(ctx, a.head, ignoreFile, maxDockerfile+1)
	if errors.Is(err, git.ErrNoFile) {
		ignoreFile = path.Join(in, ".dockerignore")
		ignores, err = a.objects.ReadFile(ctx, a.head, ignoreFile, maxDockerfile+1)
	}
	switch {
	case errors.Is(err, git.ErrNoFile):
	case errors.Is(err, git.ErrNotRegular):
		return ignoreFile + " is no file", nil
	case err != nil:
		return "", noVerdict(err)
	case len(ignores) > maxDockerfile: // what is cut off may take back what is ignored
		return fmt.Sprintf("%s is longer than %d bytes", ignoreFile, maxDockerfile), nil
	}
	reads := dockerfile.NewReads(data, ignores)
	var links []string
	for _, l := range d.links {
		if below, ok := under(in, l); ok {
			links = append(links, below)
		}
		if _, ok := under(l, in); ok || l == in {
			return l + " is a link", nil
		}
	}
	reads.Links(links)
	own := []string{file, file + ".dockerignore", path.Join(in, ".dockerignore")}
	for _, p := range d.paths {
		below, ok := under(in, p)
		if slices.Contains(own, p) || ok && reads.Takes(below) {
			return p + " has changed", nil
		}
	}
	return "", nil
}

// under gives the path of a file below a folder; "." is the root.
func under(folder, file string) (string, bool) {
	if folder == "." {
		return file, true
	}
	return strings.CutPrefix(file, folder+"/")
}
