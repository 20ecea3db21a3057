package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/forge/github"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// storedOptions are what publish takes.
type storedOptions struct {
	check, comment bool
	category       string
	// scan is what the job's variables say of a scan.
	scan scanOptions
}

func newPublish(sys System) *cobra.Command {
	var o storedOptions
	cmd := &cobra.Command{
		Use:   "publish RUN.json",
		Short: "Judge a stored run again and publish it, for pull requests from forks",
		Long: `publish shows the run file of a pull request from a fork on GitHub. The job of
such a pull request may only read; this runs in a job of its own, which workflow_run
starts and whose token may write.

What can be looked at here is, whatever the run file says: the change's last commit and
its commits are fetched into a temporary folder and scanned as git keeps them (the checkout
of this job must hold its history, fetch-depth: 0), nothing is checked out or run, and the
packages that the file lists of images are matched with today's advisories (BOLTSEAL_DB,
BOLTSEAL_DB_SOURCE; the job's variables count as for ci). Severity, what is new and what is passed over are those of the target
repository there. Of the rest only findings are believed: no exception, baseline or ignore
comment that the file names counts, every one is new and no base image's, and the words of
rules are boltseal's own. All is judged by the policy at the tip of the branch that the pull
request is for, fetched now, or the default branch's, as ci does; the checkout of this job
only says where it lies. The pull request is the open one whose head repository, branch and
commit are those of the workflow's run.

The file is the fork's own word: a check run becomes "failure" or "neutral", never
"success", under a name of its own, and the comment says so. Where the change's commit
cannot be fetched or scanned here there is no verdict, whatever the file says, and the
check run is a "failure" that says why. A pull request of this
repository itself is left alone, as its own job publishes.

It exits 3 where nothing could be published.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			return o.publish(cmd.Context(), sys, args[0])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", true, "make a check run (checks: write)")
	f.BoolVar(&o.comment, "comment", true, "keep one comment in the pull request (pull-requests: write)")
	f.StringVar(&o.category, "category", "", "name of this gate among others on the same change")
	withEnv(f)
	return cmd
}

func (o storedOptions) publish(ctx context.Context, sys System, file string) error {
	var err error
	if o.scan, err = jobOptions(sys); err != nil {
		return err
	}
	origin, err := github.ReadOrigin(sys.Getenv, readEvent(sys))
	if errors.Is(err, github.ErrNoPull) || err == nil && !origin.Fork() {
		sys.warn("nothing to publish: the run was not about a pull request from a fork")
		return nil
	}
	if err != nil {
		return usage(err)
	}
	token := gitHubToken(sys.Getenv)
	if token == "" {
		return usage(fmt.Errorf("there is no token: set %s", strings.Join(githubTokens, " or ")))
	}
	told, err := readTold(file)
	if err != nil {
		return err
	}
	options := github.Options{
		API: github.APIAddress(sys.Getenv), Token: token, Untrusted: true,
		Gate:  strings.Join([]string{"publish", origin.Workflow, o.category}, "\x00"),
		Job:   sys.Getenv("GITHUB_RUN_ID") + "." + sys.Getenv("GITHUB_RUN_ATTEMPT"),
		Label: o.category, Check: o.check, Comment: o.comment,
	}
	targets, err := github.Pulls(ctx, options, origin)
	if err != nil {
		return noVerdict(err)
	}
	if len(targets) == 0 {
		return noVerdict(errors.New("publishing: no open pull request has that commit as its last: its own run reports"))
	}
	var errs []error
	for _, t := range targets {
		options.Target = t
		run, opt, err := o.believed(ctx, sys, told, t.Base, t.Head)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		options.Report = opt
		errs = append(errs, publishTo(ctx, sys, options, run))
	}
	if err := errors.Join(errs...); err != nil {
		return noVerdict(errors.New(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	return nil
}

// publishTo shows a run in one pull request.
func publishTo(ctx context.Context, sys System, options github.Options, run *report.Run) error {
	publisher, err := github.New(options)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range publisher.Publish(ctx, run) {
		if r.Err != nil {
			errs = append(errs, fmt.Errorf("publishing the %s of pull request %d: %w", r.Part, options.Target.Number, r.Err))
			continue
		}
		sys.warn("published the %s of pull request %d: %s", r.Part, options.Target.Number, run.Verdict.Status)
	}
	return errors.Join(errs...)
}

// gitHubToken is the token to publish with; empty where there is none.
func gitHubToken(getenv func(string) string) string {
	for _, name := range githubTokens {
		if token := strings.TrimSpace(getenv(name)); token != "" {
			return token
		}
	}
	return ""
}

// readTold reads a run file that somebody else wrote.
func readTold(file string) (*report.Run, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, usage(fmt.Errorf("%w: check the path", err))
	}
	defer f.Close() //nolint:errcheck // only read from
	told, err := report.Read(f)
	if err != nil {
		return nil, noVerdict(err)
	}
	return told, nil
}

// hearsayPolicies are the policies that judge somebody else's word, and what masks it.
func (o scanOptions) hearsayPolicies(ctx context.Context, sys System) (*policySet, func(string) string, error) {
	policies, err := o.loadPolicies(ctx, []policyPlace{{dir: ".", tree: true}})
	if err != nil {
		return nil, nil, err
	}
	remote, err := o.remote(sys, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := policies.extend(o.parents(ctx, sys, policies, remote)); err != nil {
		return nil, nil, err
	}
	return policies, secrets.NewMasker(), nil
}

// trustedFor finds the commit at which the policy for changes to a branch is read: its
// tip, fetched now, or the default branch's. The files that are checked out count for
// nothing: they may be the fork's, or have come out of its artifact.
func trustedFor(ctx context.Context, sys System, branch string) (*jobAnchor, error) {
	here, err := realPath(".")
	if err != nil {
		return nil, err
	}
	repo, err := git.Find(ctx, here)
	if err != nil {
		return nil, fmt.Errorf("the policy is read from the repository's trusted branch: %w: check out the default branch", err)
	}
	j := &jobAnchor{sys: sys, job: changeOf(detect(sys), branch), anchor: &anchor{repo: repo}, tips: make(map[string]string)}
	if err = j.reopen(ctx); err == nil {
		err = j.trust(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the policy cannot be read where it is trusted: %w", err), j.close())
	}
	return j, nil
}
