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

	"github.com/boltseal/boltseal/internal/forge"
	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/github"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/report"
)

// The variables that may hold a token of GitHub, in this order. A token is no flag:
// everybody on a machine reads the command lines of all.
var githubTokens = []string{envGitHubToken, "GITHUB_TOKEN"}

// onGitHub shows a run on GitHub, as far as the job's token may. It never changes
// the verdict; its error matters under --require-publish only.
func (c ciOptions) onGitHub(ctx context.Context, sys System, actions *forge.Actions, p *prepared, run *report.Run, opt report.Options) error {
	var results []change.Result
	publisher, err := c.publisher(ctx, sys, p, run, opt)
	if err == nil && publisher != nil {
		results = publisher.Publish(ctx, run)
	}
	err = errors.Join(err, told(sys, p, results))
	if !slices.ContainsFunc(results, func(r change.Result) bool { return r.Part == "check" && r.Err == nil }) {
		err = errors.Join(err, actions.Annotations(run))
	}
	if slices.ContainsFunc(results, degraded) {
		sys.warn("the token may not publish all of this, as that of a pull request from a fork: the verdict is the same, and the job summary has the whole of it")
	}
	switch o := c.publishing; {
	case err != nil || publisher != nil || p.isPart(run):
		return err
	case !o.onForge():
		return o.switchedOff("--check, --comment, --review and --upload-sarif")
	case o.require:
		return fmt.Errorf("there is no token: give %s to the job", strings.Join(githubTokens, " or "))
	}
	return nil
}

// onForge says whether anything is to be shown beside the job.
func (o publishOptions) onForge() bool { return o.comment || o.review || o.check || o.upload }

// publisher makes the publisher of a job; nil where there is no token, and in a shard:
// what it finds is no verdict, which merge publishes.
func (c ciOptions) publisher(ctx context.Context, sys System, p *prepared, run *report.Run, opt report.Options) (*github.Publisher, error) {
	token := gitHubToken(sys.Getenv)
	o := c.publishing
	if p.isPart(run) || token == "" || !o.onForge() {
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
	key, label := c.gate(root, p)
	options := github.Options{
		API: github.APIAddress(sys.Getenv), Token: token, Target: target,
		Gate:  strings.Join([]string{sys.Getenv("GITHUB_WORKFLOW"), sys.Getenv("GITHUB_JOB"), key}, "\x00"),
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
