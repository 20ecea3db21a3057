package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/source/image"
)

// ciOptions are what ci takes beside the options of a scan.
type ciOptions struct {
	path       string
	images     []string
	outputDir  string
	summary    bool
	publishing publishOptions
}

func newCI(sys System, g *global) *cobra.Command {
	var o scanOptions
	var c ciOptions
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Scan inside a CI job and show the verdict there",
		Long: `ci scans a folder and images as scan does, prints the table, writes the run
file, SARIF, markdown and the code quality report into a folder, and shows the
verdict where the CI system shows such things: on GitHub Actions as outputs and
job summary, and, where GITHUB_TOKEN is given and may, as a check run, in code
scanning, and in the pull request as one comment and a review of its lines. What
the token may not do is shown as annotations of the job; it changes no exit code
without --require-publish.

In a pull or merge request secrets are looked for in the commits of the change,
and in the files that it touches: the checkout must hold its history
(fetch-depth: 0, GIT_DEPTH: 0).

gitleaks' and hadolint's own files are then those of the commit that the change
starts from, and hadolint's variables count for nothing. The policy is read from
the checkout, which is the author's own: it says so.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			log, err := g.logger(sys)
			if err != nil {
				return err
			}
			for _, i := range c.images {
				if err := isImage(i); err != nil {
					return err
				}
			}
			o.inJob = true
			job := ci.Detect(sys.Getenv)
			var missing error
			if job.Change {
				o.inChange = true
				o.newFrom, missing = c.base(cmd.Context(), sys)
			}
			// The path is a folder, whatever it holds.
			p, err := o.prepare(cmd.Context(), sys, log, append([]string{"dir:" + c.path}, c.images...))
			if err != nil {
				return err
			}
			opt, err := p.reportOptions(sys, false)
			if err != nil {
				return err
			}
			if job.Change {
				sys.warn("the policy was read from the checkout, which in a pull or merge request is its author's")
			}
			if missing != nil && p.runs(finding.Secrets) {
				failure := "the commits of the change were not scanned for secrets: " + missing.Error()
				sys.warn("%s", p.judging.Mask(failure))
				p.judging.Failures = append(p.judging.Failures, failure)
			}
			return c.publish(cmd.Context(), sys, job, p, p.run(cmd.Context(), sys, log), opt)
		},
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&c.path, "path", ".", "folder to scan")
	f.StringSliceVar(&c.images, "image", nil, "image to scan as well, as HOST/NAME:TAG, docker:NAME, docker-archive:FILE or another target of scan; repeatable")
	f.StringVar(&c.outputDir, "output-dir", "boltseal-report", "folder for the reports")
	f.BoolVar(&c.summary, "summary", true, "write the job summary where the CI system has one")
	c.publishing.register(f)
	withEnv(f)
	return cmd
}

// maxEvent is more than any event is long.
const maxEvent = 16 << 20

// readEvent reads the event of the job; nil where there is none.
func readEvent(sys System) []byte {
	f, err := os.Open(sys.Getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return nil
	}
	defer f.Close()                                     //nolint:errcheck // only read from
	event, _ := io.ReadAll(io.LimitReader(f, maxEvent)) // half of it is no JSON
	return event
}

// base finds the revision from which the change under test starts.
func (c ciOptions) base(ctx context.Context, sys System) (string, error) {
	event := readEvent(sys)
	path, err := realPath(c.path)
	if err != nil {
		return "", err
	}
	repo, err := git.Find(ctx, path)
	if err != nil {
		return "", fmt.Errorf("%w: check out the repository with git", err)
	}
	bases := ci.Bases(sys.Getenv, event)
	for _, base := range bases {
		if id, err := repo.Resolve(ctx, base); err == nil {
			return id, nil
		}
	}
	return "", fmt.Errorf("the checkout holds none of %q: check out all of the history (fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 of GitLab)", bases)
}

// runs says whether a scanner is among those that were asked for.
func (p *prepared) runs(scanner string) bool {
	return len(p.options.scanners) == 0 || slices.Contains(p.options.scanners, scanner)
}

// isImage refuses what would be scanned as a folder or a plain file: the image that
// was meant would pass without having been looked at.
func isImage(arg string) error {
	t, err := parseTarget(arg)
	if err != nil {
		return err
	}
	if !image.IsReference(t.scheme) && !slices.Contains(image.Schemes(), t.scheme) {
		return usage(fmt.Errorf("--image %q is no image: write HOST/NAME:TAG, registry:NAME, docker:NAME, docker-archive:FILE, oci-archive:FILE or oci-dir:PATH", arg))
	}
	return nil
}

// ciReports are the files that ci writes.
var ciReports = []output{
	{"json", "boltseal.json"},
	{"sarif", "boltseal.sarif"},
	{"markdown", "boltseal.md"},
	{"gitlab-codequality", "gl-code-quality-report.json"},
}

// publish writes the reports and shows the verdict in the job. A publishing error
// is told and changes no exit code; a report that could not be written does.
func (c ciOptions) publish(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options) error {
	outputs := []output{{format: "table"}}
	for _, o := range ciReports {
		outputs = append(outputs, output{o.format, filepath.Join(c.outputDir, o.file)})
	}
	opt.Brought = c.brought(ctx)
	// What cannot be made is told by the reports that do not fit into it.
	_ = os.MkdirAll(c.outputDir, 0o755) //nolint:gosec // reports are for everybody
	files := p.writeFiles(sys, run, outputs, opt)
	table := func() error { return writeStdout(sys, run, outputs, opt) }
	return c.show(ctx, sys, job, p, run, opt, files, table)
}
