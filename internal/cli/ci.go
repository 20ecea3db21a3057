package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
	"github.com/boltseal/boltseal/internal/source/image"
)

// ciOptions are what ci takes beside the options of a scan.
type ciOptions struct {
	path       string
	images     []string
	outputDir  string
	summary    bool
	publishing publishOptions
	// gitlab names the reports that GitLab is to get.
	gitlab []string
	// said is what the user says of the job.
	said ci.Said
	// stdout is the format of what is printed; empty for the table.
	stdout string
}

func newCI(sys System, g *global) *cobra.Command {
	var o scanOptions
	var c ciOptions
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Scan inside a CI job and show the verdict there",
		Long: `ci scans a folder and images as scan does, prints the table, writes the run
file, SARIF, markdown, a page of HTML, JUnit and the code quality report into a
folder, and shows the verdict where the CI system shows such things: on GitHub Actions as outputs and
job summary, and, where GITHUB_TOKEN is given and may, as a check run, in code
scanning, and in the pull request as one comment and a review of its lines. What
the token may not do is shown as annotations of the job; it changes no exit code
without --require-publish. On GitLab it is GitLab's own security reports, and, where
--token-variable names an access token, a note and discussions in the merge request and a
status of the commit; with the job's own token nothing of that is possible. On Bitbucket
it is a report of Code Insights with annotations, through the proxy of the pipeline; on
Azure Pipelines and TeamCity it is said in their logs.

Where the trusted policy names dashboards (report.webhooks, report.defectdojo) it sends
them the results.

The policy, and gitleaks' and hadolint's own files, are read where nobody who
proposes a change can write: at the tip of the branch that it is for, fetched now,
as long as that is the default branch or the default branch's policy lists it in
trust.branches. Of the author's own policy only what it tightens counts. Where the
trusted branch cannot be read there is no verdict (3).

In a pull or merge request findings are new or old: the checkout is compared with
where the change started. Its commits are looked through for secrets, too: the
checkout must hold its history (fetch-depth: 0, GIT_DEPTH: 0). Flags and variables
may only tighten there, unless the trusted policy lists them in trust.may-set.

Azure Pipelines, Bitbucket, Buildkite, CircleCI, CodeBuild, Drone, Gitea and Forgejo,
Jenkins, TeamCity, Travis and Woodpecker are known as well. What they do not say is
said by --default-branch, by --base-ref for a change and by --repository-url; with
these flags ci runs on any other system too, and without any it reads the policy of
the checkout there, as scan does.

The branch is fetched with the credentials of the checkout, else with GITHUB_TOKEN or
CI_JOB_TOKEN; --offline takes it as the checkout knows it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			if err := errors.Join(c.checkGitLab(), c.publishing.checkToken()); err != nil {
				return err
			}
			if o.shard != "" && c.publishing.require {
				return usage(errors.New("--require-publish and --shard do not go together: boltseal merge publishes the verdict of all shards, give it the flag"))
			}
			for _, i := range c.images {
				if err := isImage(i); err != nil {
					return err
				}
			}
			return o.ci(cmd, sys, log, c)
		},
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&c.path, "path", ".", "folder to scan")
	f.StringSliceVar(&c.images, "image", nil, "image to scan as well, as HOST/NAME:TAG, docker:NAME, docker-archive:FILE or another target of scan; repeatable")
	f.StringVar(&c.outputDir, "output-dir", "boltseal-report", "folder for the reports")
	f.BoolVar(&c.summary, "summary", true, "write the job summary where the CI system has one")
	c.publishing.register(f)
	c.registerGitLab(cmd)
	c.registerSaid(cmd)
	withEnv(f)
	return cmd
}

// ci runs the gate in a job. What is known of the event decides where the policy is
// read, and what findings are compared with.
func (o scanOptions) ci(cmd *cobra.Command, sys System, log *slog.Logger, c ciOptions) error {
	ctx := cmd.Context()
	job, err := c.job(sys)
	if err != nil {
		return err
	}
	o.anchors = &anchors{}
	if err := c.enter(cmd, sys, log, job, &o); err != nil {
		return err
	}
	o.inJob = true
	// The path is a folder, whatever it holds.
	p, err := o.prepare(ctx, sys, log, append([]string{"dir:" + c.path}, c.images...))
	if err != nil {
		return err
	}
	defer p.close(sys)
	opt, err := p.reportOptions(sys, false)
	if err != nil {
		return err
	}
	if a := o.anchors.job; a != nil {
		if p.notices, err = a.changedFiles(ctx, p.targets[0].name(), p.policies); err != nil {
			return noVerdict(err)
		}
	}
	return c.publish(ctx, sys, job, p, p.run(ctx, sys, log), opt)
}

// events are what policies call the events of a job.
var events = map[ci.Event]policy.Event{
	ci.Pull: policy.Change, ci.Queue: policy.Change, ci.Push: policy.Push, ci.Tag: policy.Push, ci.Dispatch: policy.Push, ci.Schedule: policy.Schedule,
}

// enter prepares a scan for the job that it runs in: what it holds on to, and what flags
// may say there. Where nothing is known of the job it is as outside of one.
func (c ciOptions) enter(cmd *cobra.Command, sys System, log *slog.Logger, job ci.Context, o *scanOptions) error {
	ctx := cmd.Context()
	if job.System == ci.None {
		if sys.Getenv("CI") != "" {
			sys.warn("CI is set, and the CI system is none that boltseal knows: the policy of the checkout counts, which the author of a change can edit; say --default-branch BRANCH (BOLTSEAL_DEFAULT_BRANCH), and for a change --base-ref BRANCH (BOLTSEAL_BASE_REF)")
		}
		return nil
	}
	o.inJob, o.inChange = true, job.Change
	a, err := anchorJob(ctx, sys, job, c.path, o.offline)
	if err != nil {
		return cmp.Or(c.refuse(ctx, sys, job, *o, err), error(noVerdict(err)))
	}
	o.anchors = &anchors{job: a}
	o.event, o.defaultBranch = events[job.Event], !job.Change && job.Branch == job.Default && job.Branch != ""
	log.Debug("trusted", "branch", a.branch, "commit", a.trusted, "head", a.head, "since", a.since)
	if job.Change {
		if err := o.checkFlags(ctx, cmd, a, c.path); err != nil {
			return errors.Join(err, o.anchors.close())
		}
	}
	return nil
}

// checkFlags asks the trusted policy of a folder what flags may loosen in a change: of
// several above one another the topmost, whose children may only tighten.
func (o scanOptions) checkFlags(ctx context.Context, cmd *cobra.Command, a *anchor, path string) error {
	files := a.files(ctx)
	found, err := findIn(files, a.folder(path), files.paths)
	if err != nil {
		return badPolicy(err)
	}
	if len(found.policies) == 0 {
		return checkFlags(cmd, nil)
	}
	may := func(string) bool { return false } // where only folders below have one
	for _, p := range found.policies {
		if p.Under == "" {
			may = p.Trust.MayLoosen
		}
	}
	return checkFlags(cmd, may)
}

// refuse says that there is no verdict, and why, where the job shows verdicts. A wrong
// policy is its own error.
func (c ciOptions) refuse(ctx context.Context, sys System, job ci.Context, o scanOptions, err error) error {
	if exit, ok := errors.AsType[*exitError](err); ok && exit.code == ExitUsage {
		return usage(err)
	}
	p := &prepared{options: o, judging: gate.Judging{Now: sys.now(), Mask: secrets.NewMasker(), Failures: []string{err.Error()}}}
	run := gate.Run(ctx, gate.Request{Version: Version, Judging: p.judging})
	opt, badCatalogue := p.reportOptions(sys, false)
	if badCatalogue != nil {
		return badCatalogue
	}
	sys.warn("%s", p.judging.Mask(err.Error()))
	return c.publish(ctx, sys, job, p, run, opt)
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
	{"html", "boltseal.html"},
	{"junit", "boltseal.xml"},
}

// publish writes the reports and shows the verdict in the job. A publishing error
// is told and changes no exit code; a report that could not be written does.
func (c ciOptions) publish(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options) error {
	outputs := []output{{format: cmp.Or(c.stdout, "table")}}
	for _, o := range c.reports(job, run) {
		outputs = append(outputs, output{o.format, filepath.Join(c.outputDir, o.file)})
	}
	// What cannot be made is told by the reports that do not fit into it.
	_ = os.MkdirAll(c.outputDir, 0o755) //nolint:gosec // reports are for everybody
	files := p.writeFiles(sys, run, outputs, opt)
	table := func() error { return writeStdout(printing(sys, job), run, outputs, opt) }
	return c.show(ctx, sys, job, p, run, opt, files, table)
}
