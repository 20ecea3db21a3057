package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge"
	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

// publishOptions say what is shown on the forge beside the job.
type publishOptions struct {
	comment, review, check, upload bool
	category                       string
	require                        bool
	// tokenVariable names the variable of the token on GitLab.
	tokenVariable string
}

func (o *publishOptions) register(f *pflag.FlagSet) {
	f.BoolVar(&o.check, "check", true, "make a check run whose name carries the target branch (GitHub: checks: write; GitLab: a commit status; Bitbucket: a report of Code Insights)")
	f.BoolVar(&o.comment, "comment", true, "keep one comment in the pull or merge request (GitHub: pull-requests: write)")
	f.BoolVar(&o.review, "review", true, "comment on the lines of the pull or merge request (GitHub: pull-requests: write)")
	f.BoolVar(&o.upload, "upload-sarif", true, "on GitHub, upload SARIF to code scanning (security-events: write)")
	f.StringVar(&o.category, "category", "", "name of this gate among others on the same change, as the jobs of a matrix")
	f.BoolVar(&o.require, "require-publish", false, "exit 3 where the verdict could not be published")
	f.StringVar(&o.tokenVariable, "token-variable", envGitLabToken, "on GitLab, name of the variable that holds the access token to publish with (scope api)")
}

// switchedOff is the error of a job that has to publish and was told to publish nothing.
// It names the flags that would be something here.
func (o publishOptions) switchedOff(flags string) error {
	if !o.require {
		return nil
	}
	return fmt.Errorf("publishing: nothing was to be published, and --require-publish asks for it: switch on one of %s", flags)
}

// isPart says whether a run is no whole one, also where it was refused.
func (p *prepared) isPart(run *report.Run) bool { return run.Shard != nil || p.options.shard != "" }

// told tells what is worth knowing of what was published, and gives what was not.
func told(sys System, p *prepared, results []change.Result) error {
	var errs []error
	for _, r := range results {
		for _, n := range r.Notes {
			sys.warn("%s: %s", r.Part, p.judging.Mask(report.Plain(n)))
		}
		if r.Err != nil {
			errs = append(errs, fmt.Errorf("publishing the %s: %w", r.Part, r.Err))
		}
	}
	return errors.Join(errs...)
}

func degraded(r change.Result) bool { return wire.Degraded(r.Err) }

// show prints the table in the job and publishes. Where the table did not reach
// standard output there is no pass to publish.
func (c ciOptions) show(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options, files map[string]string, table func() error) error {
	var actions *forge.Actions
	inJob := table
	if job.System.Actions() {
		actions = forge.NewActions(sys.Getenv, sys.Stdout, opt)
		actions.Summary = c.summary
		inJob = func() error { return actions.Quoted(table) }
	}
	shown := inJob()
	if shown != nil {
		p.judging.Failures = append(p.judging.Failures, "writing report: "+shown.Error())
		gate.Judge(run, p.judging)
	}
	var published error
	switch job.System {
	case ci.GitHub:
		published = errors.Join(actions.Publish(ctx, run, files), c.onGitHub(ctx, sys, actions, p, run, opt))
	case ci.Gitea:
		published = errors.Join(actions.Publish(ctx, run, files), c.nowhere())
	case ci.GitLab:
		published = c.onGitLab(ctx, sys, job, p, run, opt)
	case ci.Azure: // no text in the table reads as a command
		azure := forge.NewAzure(sys.Stdout)
		azure.Summary = c.summary
		published = errors.Join(azure.Publish(ctx, run, files), c.nowhere())
	case ci.Bitbucket:
		published = c.onBitbucket(ctx, sys, job, p, run, opt)
	case ci.TeamCity:
		published = errors.Join(forge.NewTeamCity(sys.Stdout).Publish(ctx, run, files), c.nowhere())
	default:
		published = c.nowhere()
	}
	if published != nil { // whose words can hold text of what was scanned
		published = errors.New(p.judging.Mask(strings.ReplaceAll(published.Error(), "\n", "; ")))
	}
	if published != nil && !c.publishing.require {
		sys.warn("publishing: %v", published)
		published = nil
	}
	err := finish(sys, run, errors.Join(shown, published, c.dashboards(ctx, sys, job, p, run, opt)))
	if exit, ok := errors.AsType[*exitError](err); ok && exit.code != run.Verdict.ExitCode {
		verdict := run.Verdict.Status
		if verdict == policy.Pass {
			verdict = policy.None
		}
		outcome(sys, verdict, exit.code)
	}
	return err
}

// nowhere is the error of a job that has nowhere to publish, where it has to.
func (c ciOptions) nowhere() error {
	if !c.publishing.require {
		return nil
	}
	return errors.New("publishing: this is no job of GitHub Actions, GitLab or Bitbucket")
}
