package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge"
	"github.com/boltseal/boltseal/internal/report"
)

// ciOptions are what ci takes beside the options of a scan.
type ciOptions struct {
	path      string
	images    []string
	outputDir string
	summary   bool
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
job summary.

It reads the policy from the checkout. In a pull or merge request that is the
author's own: it says so.`,
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
			// The path is a folder, whatever it holds.
			p, err := o.prepare(cmd.Context(), sys, log, append([]string{"dir:" + c.path}, c.images...))
			if err != nil {
				return err
			}
			opt, err := reportOptions(sys, false)
			if err != nil {
				return err
			}
			job := ci.Detect(sys.Getenv)
			if job.Change {
				sys.warn("the policy was read from the checkout, which in a pull or merge request is its author's")
			}
			return c.publish(cmd.Context(), sys, job, p, p.run(cmd.Context(), sys, log), opt)
		},
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&c.path, "path", ".", "folder to scan")
	f.StringSliceVar(&c.images, "image", nil, "image to scan as well, as docker-archive:FILE, oci-archive:FILE or oci-dir:PATH; repeatable")
	f.StringVar(&c.outputDir, "output-dir", "boltseal-report", "folder for the reports")
	f.BoolVar(&c.summary, "summary", true, "write the job summary where the CI system has one")
	withEnv(f)
	return cmd
}

// isImage refuses what would be scanned as a folder or a plain file: the image that
// was meant would pass without having been looked at.
func isImage(arg string) error {
	t, err := parseTarget(arg)
	if err != nil {
		return err
	}
	if t.scheme == "dir" || t.scheme == "stdin" {
		return usage(fmt.Errorf("--image %q is no image: write docker-archive:FILE, oci-archive:FILE or oci-dir:PATH", arg))
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
	// What cannot be made is told by the reports that do not fit into it.
	_ = os.MkdirAll(c.outputDir, 0o755) //nolint:gosec // reports are for everybody
	files := p.writeFiles(sys, run, outputs, opt)
	table := func() error { return writeStdout(sys, run, outputs, opt) }
	if job.System != ci.GitHub {
		return finish(sys, run, table())
	}
	actions := forge.NewActions(sys.Getenv, sys.Stdout, opt)
	actions.Summary = c.summary
	shown := actions.Quoted(table)
	var publisher forge.Publisher = actions
	if err := publisher.Publish(ctx, run, files); err != nil {
		sys.warn("publishing: %v", err)
	}
	return finish(sys, run, shown)
}
