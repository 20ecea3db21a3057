package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge/gitlab"
	"github.com/boltseal/boltseal/internal/report"
)

// gitLabToken is the variable that is read where the one of --token-variable is the usual
// one, and empty.
const gitLabToken = "GITLAB_TOKEN"

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkToken refuses what names no variable. It is not repeated: it can be a token.
func (o *publishOptions) checkToken() error {
	if o.tokenVariable != "" && !variableName.MatchString(o.tokenVariable) {
		return usage(errors.New("--token-variable is no name of a variable: it names the one that holds the token"))
	}
	return nil
}

// token is the access token to publish with on GitLab; empty where there is none. What
// begins with a dollar is the name of a variable that the job does not have.
func (o *publishOptions) token(getenv func(string) string) string {
	names := []string{o.tokenVariable}
	if o.tokenVariable == "" || o.tokenVariable == envGitLabToken {
		names = []string{envGitLabToken, gitLabToken}
	}
	for _, name := range names {
		if token := strings.TrimSpace(getenv(name)); token != "" && !strings.HasPrefix(token, "$") {
			return token
		}
	}
	return ""
}

// onGitLab shows a run on GitLab, as far as the token may. It never changes the verdict;
// its error matters under --require-publish only.
func (c ciOptions) onGitLab(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options) error {
	o := c.publishing
	token := o.token(sys.Getenv)
	if p.isPart(run) {
		return nil
	}
	if !o.comment && !o.review && !o.check {
		return o.switchedOff("--check, --comment and --review")
	}
	if token == "" {
		missing := fmt.Sprintf("the job's own token can read the repository and publish nothing: for a note, discussions and a commit status give the job an access token (scope api, role Developer) in %s", o.tokenVariable)
		if o.require {
			return errors.New("publishing: " + missing)
		}
		if job.Change {
			sys.warn("in the merge request there are the job's reports only: %s", missing)
		}
		return nil
	}
	scanned, root := checkedOut(ctx, c.path)
	target, err := gitlab.ReadTarget(sys.Getenv, scanned)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	opt.Color, opt.Width = false, 0
	key, label := c.gate(root, p)
	options := gitlab.Options{
		API: gitlab.APIAddress(sys.Getenv), Token: token, Target: target,
		Gate:  strings.Join([]string{sys.Getenv("CI_JOB_NAME"), key}, "\x00"),
		Label: label, Status: o.check, Note: o.comment, Discussions: o.review,
		Require: o.require, Report: opt, Mask: p.judging.Mask,
	}
	if root != "" {
		options.Read = func(path string, most int64) ([]byte, error) { return readSource(root, path, most) }
	}
	publisher, err := gitlab.New(options)
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	results := publisher.Publish(ctx, run)
	if slices.ContainsFunc(results, degraded) {
		sys.warn("the token may not publish all of this: it has to be an access token with scope api and role Developer; the verdict is the same, and the job's reports have the whole of it")
	}
	return told(sys, p, results)
}
