package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/forge/github"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// storedOptions are what publish takes.
type storedOptions struct {
	policy         string
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
the commit of this job, which is one of the default branch and must have been
checked out: no exception, baseline or ignore comment that the file names counts, every
finding is new, and the words of rules are boltseal's own. The pull request is the
open one whose head repository, branch and commit are those of the workflow's run.

The file is the fork's own word: a check run becomes "failure" or "neutral", never
"success", and the comment says so. A pull request of this repository itself is left
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
	f.StringVarP(&o.policy, "policy", "c", "", "policy file, instead of looking for .boltseal.yaml in the working directory and above")
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
	token := gitHubToken(sys)
	if token == "" {
		return usage(fmt.Errorf("there is no token: set %s", strings.Join(githubTokens, " or ")))
	}
	run, opt, err := o.judged(ctx, sys, file)
	if err != nil {
		return err
	}
	options := github.Options{
		API: github.APIAddress(sys.Getenv), Token: token, Untrusted: true, Report: opt,
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
func gitHubToken(sys System) string {
	for _, name := range githubTokens {
		if token := strings.TrimSpace(sys.Getenv(name)); token != "" {
			return token
		}
	}
	return ""
}

// judged reads a run file and judges what may be believed of it by the policy that
// is checked out.
func (o storedOptions) judged(ctx context.Context, sys System, file string) (*report.Run, report.Options, error) {
	policies, err := o.trusted(ctx, sys)
	if err != nil {
		return nil, report.Options{}, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, report.Options{}, usage(fmt.Errorf("%w: check the path", err))
	}
	defer f.Close() //nolint:errcheck // only read from
	told, err := report.Read(f)
	if err != nil {
		return nil, report.Options{}, noVerdict(err)
	}
	catalogue, err := gate.Catalogue()
	if err != nil {
		return nil, report.Options{}, noVerdict(err)
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
	judging := gate.Judging{Policies: policies.bind([][]string{slices.Compact(names)}), Now: sys.now(), Mask: mask}
	return gate.Hearsay(told, Version, catalogue, judging), report.Options{Catalogue: catalogue}, nil
}

// trusted loads the policies at the job's own commit, which under workflow_run is one
// of the default branch. The files that are checked out count for nothing: they may
// be the fork's, or have come out of its artifact.
func (o storedOptions) trusted(ctx context.Context, sys System) (*policySet, error) {
	here, err := realPath(".")
	if err != nil {
		return nil, noVerdict(err)
	}
	repo, err := git.Find(ctx, here)
	if err != nil {
		return nil, noVerdict(fmt.Errorf("reading the policy: %w: check out the default branch", err))
	}
	commit, err := repo.Resolve(ctx, sys.Getenv("GITHUB_SHA"))
	if err != nil {
		return nil, noVerdict(fmt.Errorf("reading the policy at the job's own commit: %w: check out the default branch", err))
	}
	objects, err := repo.Objects(ctx)
	if err != nil {
		return nil, noVerdict(err)
	}
	defer objects.Close() //nolint:errcheck // a temporary folder
	files := committed{ctx, objects, commit}
	dir, err := filepath.Rel(repo.Root, here)
	if err != nil {
		return nil, noVerdict(err)
	}
	var found []*policy.Policy
	if o.policy != "" {
		found, err = files.named(filepath.ToSlash(filepath.Join(dir, o.policy)))
	} else {
		found, err = policy.Find(files, filepath.ToSlash(dir))
	}
	if err != nil {
		return nil, badPolicy(err)
	}
	set := &policySet{loaded: found, byTarget: [][]int{nil}}
	for i := range found {
		set.byTarget[0] = append(set.byTarget[0], i)
	}
	return set, nil
}

// committed reads policies of a commit; it implements policy.Files.
type committed struct {
	ctx     context.Context //nolint:containedctx // lives no longer than the call that made it
	objects *git.Objects
	commit  string
}

func (c committed) Name(path string) string { return path }

func (c committed) Ref() string { return c.commit }

func (c committed) Read(path string) ([]byte, error) {
	data, err := c.objects.ReadFile(c.ctx, c.commit, path, policy.MaxBytes+1)
	if errors.Is(err, git.ErrNoFile) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return data, err
}

// named loads the policy at a path.
func (c committed) named(path string) ([]*policy.Policy, error) {
	data, err := c.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", shown(path), err)
	}
	p, err := policy.Load(path, data)
	if err != nil {
		return nil, err
	}
	p.Ref = c.commit
	return []*policy.Policy{p}, nil
}
