package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/forge/bitbucket"
	"github.com/boltseal/boltseal/internal/report"
)

// onBitbucket makes a report of Code Insights, through the proxy that pipelines have: no
// token is needed. It never changes the verdict; its error matters under --require-publish
// only.
func (c ciOptions) onBitbucket(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options) error {
	if p.isPart(run) {
		return nil
	}
	if !c.publishing.check {
		return c.publishing.switchedOff("--check")
	}
	base := job.Target
	if base == "" {
		base = job.Branch
	}
	_, root := checkedOut(ctx, c.path)
	key, label := c.gate(root, p)
	opt.Color, opt.Width = false, 0
	publisher, err := bitbucket.New(bitbucket.Options{
		Repository: sys.Getenv("BITBUCKET_REPO_FULL_NAME"), Commit: sys.Getenv("BITBUCKET_COMMIT"), Base: base,
		Gate: strings.Join([]string{base, key}, "\x00"), Label: label,
		Report: opt, Proxy: bitbucket.Pipeline,
	})
	if err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return told(sys, p, publisher.Publish(ctx, run))
}
