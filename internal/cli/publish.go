package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge/github"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// storedOptions are what publish takes.
type storedOptions struct {
	check, comment bool
	category       string
}

func newPublish(sys System) *cobra.Command {
	var o storedOptions
	cmd := &cobra.Command{
		Use:   "publish RUN.json",
		Short: "Judge a stored run again and publish it, for pull requests from forks",
		Long: `publish shows the run file of a pull request from a fork on GitHub. The job of
such a pull request may only read; this runs in a job of its own, which workflow_run
starts and whose token may write.

Of the run file only findings are believed. They are judged again by the policy at
the tip of the branch that the pull request is for, fetched now, or the default
branch's, as ci does; the checkout of this job only says where it lies: no exception, baseline or ignore comment that the file names counts, every
finding is new, and the words of rules are boltseal's own. The pull request is the
open one whose head repository, branch and commit are those of the workflow's run.

The file is the fork's own word: a check run becomes "failure" or "neutral", never
"success", under a name of its own, and the comment says so. A pull request of this repository itself is left
alone, as its own job publishes.

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
		run, opt, err := o.judged(ctx, sys, told, t.Base)
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

// judged judges what may be believed of a run by the policy that is trusted for
// changes to a branch.
func (o storedOptions) judged(ctx context.Context, sys System, told *report.Run, branch string) (*report.Run, report.Options, error) {
	var none report.Options
	catalogue, err := gate.Catalogue()
	if err != nil {
		return nil, none, err
	}
	trusted, err := trustedFor(ctx, sys, branch)
	if err != nil {
		return nil, none, err
	}
	defer trusted.close() //nolint:errcheck // a temporary folder
	scan := scanOptions{anchors: &anchors{job: trusted}}
	policies, err := scan.loadPolicies(ctx, []policyPlace{{dir: ".", tree: true}})
	if err != nil {
		return nil, none, err
	}
	remote, err := scan.remote(sys, nil)
	if err != nil {
		return nil, none, err
	}
	if err := policies.extend(scan.parents(ctx, sys, policies, remote)); err != nil {
		return nil, none, err
	}
	mask := secrets.NewMasker()
	var names []string
	for _, s := range told.Scans {
		names = append(names, mask(s.Target))
	}
	for _, f := range told.Findings {
		names = append(names, mask(f.Target))
	}
	slices.Sort(names)
	judging := gate.Judging{Policies: policies.bind([][]string{slices.Compact(names)}), Now: sys.now(), Event: policy.Change, Mask: mask}
	return gate.Hearsay(told, Version, catalogue, judging), report.Options{Catalogue: catalogue}, nil
}

// trustedFor finds the commit at which the policy for changes to a branch is read: its
// tip, fetched now, or the default branch's. The files that are checked out count for
// nothing: they may be the fork's, or have come out of its artifact.
func trustedFor(ctx context.Context, sys System, branch string) (*anchor, error) {
	here, err := realPath(".")
	if err != nil {
		return nil, err
	}
	repo, err := git.Find(ctx, here)
	if err != nil {
		return nil, fmt.Errorf("the policy is read from the repository's trusted branch: %w: check out the default branch", err)
	}
	job := detect(sys)
	job.Event, job.Target, job.Branch = ci.Pull, branch, ""
	j := &jobAnchor{sys: sys, job: job, anchor: &anchor{repo: repo}, tips: make(map[string]string)}
	if err = j.reopen(ctx); err == nil {
		err = j.trust(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the policy cannot be read where it is trusted: %w", err), j.close())
	}
	return j.anchor, nil
}
