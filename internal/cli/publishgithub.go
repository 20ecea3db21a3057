package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge"
	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/github"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/report"
)

// The variables that may hold a token of GitHub, in this order. A token is no flag:
// everybody on a machine reads the command lines of all.
var githubTokens = []string{envGitHubToken, "GITHUB_TOKEN"}

// publishOptions say what is shown on the forge beside the job.
type publishOptions struct {
	comment, review, check, upload bool
	category                       string
	require                        bool
}

func (o *publishOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.check, "check", true, "make a check run whose name carries the target branch (checks: write)")
	f.BoolVar(&o.comment, "comment", true, "keep one comment in the pull request (pull-requests: write)")
	f.BoolVar(&o.review, "review", true, "comment on the lines of the pull request (pull-requests: write)")
	f.BoolVar(&o.upload, "upload-sarif", true, "upload SARIF to code scanning (security-events: write)")
	f.StringVar(&o.category, "category", "", "name of this gate among others on the same change, as the jobs of a matrix")
	f.BoolVar(&o.require, "require-publish", false, "exit 3 where the verdict could not be published")
}

// onGitHub shows a run on GitHub, as far as the job's token may. It never changes
// the verdict; its error matters under --require-publish only.
func (c ciOptions) onGitHub(ctx context.Context, sys System, actions *forge.Actions, p *prepared, run *report.Run, opt report.Options) error {
	var results []change.Result
	publisher, err := c.publisher(ctx, sys, p, run, opt)
	if err == nil && publisher != nil {
		results = publisher.Publish(ctx, run)
	}
	errs := []error{err}
	annotated := false
	for _, r := range results {
		for _, n := range r.Notes {
			sys.warn("%s: %s", r.Part, p.judging.Mask(report.Plain(n)))
		}
		if r.Err != nil {
			errs = append(errs, fmt.Errorf("publishing the %s: %w", r.Part, r.Err))
		}
		annotated = annotated || r.Part == "check" && r.Err == nil
	}
	if !annotated {
		errs = append(errs, actions.Annotations(run))
	}
	err = errors.Join(errs...)
	if slices.ContainsFunc(results, func(r change.Result) bool { return wire.Degraded(r.Err) }) {
		sys.warn("the token may not publish all of this, as that of a pull request from a fork: the verdict is the same, and the job summary has the whole of it")
	}
	if err == nil && publisher == nil && c.publishing.require {
		err = fmt.Errorf("there is no token: give %s to the job", strings.Join(githubTokens, " or "))
	}
	return err
}

// publisher makes the publisher of a job; nil where there is no token, and in a shard:
// what it finds is no verdict, which merge publishes.
func (c ciOptions) publisher(ctx context.Context, sys System, p *prepared, run *report.Run, opt report.Options) (*github.Publisher, error) {
	token := gitHubToken(sys.Getenv)
	o := c.publishing
	if run.Shard != nil || p.options.shard != "" || token == "" || !o.comment && !o.review && !o.check && !o.upload {
		return nil, nil //nolint:nilnil // there is nothing to publish with, or nothing to publish
	}
	scanned, root := checkedOut(ctx, c.path)
	fetched := p.options.anchors.fetched()
	if fetched != nil {
		scanned = fetched.head
	}
	target, err := github.ReadTarget(sys.Getenv, readEvent(sys), scanned)
	if err != nil {
		return nil, fmt.Errorf("publishing: %w", err)
	}
	opt.Color, opt.Width = false, 0
	scope := c.scope(root, p.options)
	label := p.judging.Mask(scope.label())
	options := github.Options{
		API: github.APIAddress(sys.Getenv), Token: token, Target: target,
		Gate:  strings.Join([]string{sys.Getenv("GITHUB_WORKFLOW"), sys.Getenv("GITHUB_JOB"), p.judging.Mask(scope.key())}, "\x00"),
		Job:   sys.Getenv("GITHUB_RUN_ID") + "." + sys.Getenv("GITHUB_RUN_ATTEMPT"),
		Label: label, Category: o.category,
		Check: o.check, Upload: o.upload, Comment: o.comment, Review: o.review,
		Require: o.require, Report: opt, Mask: p.judging.Mask,
	}
	switch {
	case fetched != nil:
		options.Read = fetched.reader(ctx)
	case root != "":
		options.Read = func(path string, most int64) ([]byte, error) { return readSource(root, path, most) }
	}
	publisher, err := github.New(options)
	if err != nil {
		return nil, fmt.Errorf("publishing: %w", err)
	}
	return publisher, nil
}

// checkedOut is the commit that is checked out, and the root of its work tree; both
// empty where there is none.
func checkedOut(ctx context.Context, path string) (commit, root string) {
	full, err := realPath(path)
	if err != nil {
		return "", ""
	}
	repo, err := git.Find(ctx, full)
	if err != nil {
		return "", full
	}
	commit, err = repo.Resolve(ctx, "HEAD")
	if err != nil {
		return "", repo.Root
	}
	return commit, repo.Root
}

// readSource reads a file of a tree, of at most so many bytes. A link may not lead
// out of it, and a pipe is not waited for.
func readSource(root, name string, most int64) ([]byte, error) {
	tree, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer tree.Close() //nolint:errcheck // only read from
	name = filepath.FromSlash(name)
	info, err := tree.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("reading %q: no file of at most %d bytes", name, most)
	}
	f, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	return io.ReadAll(io.LimitReader(f, most))
}

// show prints the table in the job and publishes. Where the table did not reach
// standard output there is no pass to publish.
func (c ciOptions) show(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options, files map[string]string, table func() error) error {
	if !job.System.Actions() {
		shown := table()
		if job.System == ci.Azure { // no text in the table reads as a command
			azure := forge.NewAzure(sys.Stdout)
			azure.Summary = c.summary
			if err := azure.Publish(ctx, run, files); err != nil {
				sys.warn("publishing: %v", err)
			}
		}
		if c.publishing.require {
			shown = errors.Join(shown, errors.New("publishing: this is no job of GitHub Actions"))
		}
		return finish(sys, run, shown)
	}
	actions := forge.NewActions(sys.Getenv, sys.Stdout, opt)
	actions.Summary = c.summary
	shown := actions.Quoted(table)
	if shown != nil {
		p.judging.Failures = append(p.judging.Failures, "writing report: "+shown.Error())
		gate.Judge(run, p.judging)
	}
	var publisher forge.Publisher = actions
	published := publisher.Publish(ctx, run, files)
	if job.System == ci.GitHub {
		published = errors.Join(published, c.onGitHub(ctx, sys, actions, p, run, opt))
	} else if c.publishing.require {
		published = errors.Join(published, errors.New("publishing: this is no job of GitHub"))
	}
	if published != nil && !c.publishing.require {
		sys.warn("publishing: %s", p.judging.Mask(strings.ReplaceAll(published.Error(), "\n", "; ")))
		published = nil
	}
	return finish(sys, run, errors.Join(shown, published))
}
