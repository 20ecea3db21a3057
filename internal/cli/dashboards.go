package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/forge/dashboard"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/web"
)

// sending are the results of a job on their way to the dashboards of its trusted policies.
type sending struct {
	sys  System
	job  ci.Context
	p    *prepared
	run  *report.Run
	opt  report.Options
	to   *dashboard.Sender
	made map[string][]byte // reports, by format
}

// dashboards sends the results where the trusted policies say. A message that could not be
// sent is told, and changes no verdict; those that the policy requires are the error.
func (c ciOptions) dashboards(ctx context.Context, sys System, job ci.Context, p *prepared, run *report.Run, opt report.Options) error {
	if p.policies == nil || p.isPart(run) {
		return nil
	}
	all := policy.ToSend(p.policies.loaded)
	opt.Color, opt.Width = false, 0
	s := &sending{sys: sys, job: job, p: p, run: run, opt: opt, made: make(map[string][]byte)}
	s.to = dashboard.New(web.Options{Proxy: proxies(sys.Getenv)}, Version)
	var errs []error
	for _, w := range all.Webhooks {
		if !w.Hears(p.options.event) {
			continue
		}
		errs = append(errs, s.tell("the webhook", w.Required, s.webhook(ctx, w)))
	}
	if d := all.DefectDojo; d != nil {
		errs = append(errs, s.tell("DefectDojo", d.Required, s.defectDojo(ctx, d)))
	}
	return errors.Join(errs...)
}

// errNotDue says why there is nothing to send, which is no fault.
type errNotDue string

func (e errNotDue) Error() string { return string(e) }

// tell tells what became of a message.
func (s *sending) tell(what string, required bool, err error) error {
	var notDue errNotDue
	switch {
	case err == nil:
		return nil
	case errors.As(err, &notDue):
		s.sys.warn("%s gets nothing: %v", what, err)
		return nil
	case required:
		return fmt.Errorf("%s gets nothing, and the policy requires it: %s", what, s.p.judging.Mask(err.Error()))
	}
	s.sys.warn("%s gets nothing: %s", what, s.p.judging.Mask(err.Error()))
	return nil
}

// may says why nothing may be sent. Outside of a job that is known nobody knows whether
// the policy is the author's.
func (s *sending) may() error {
	switch {
	case s.p.options.offline:
		return errors.New("--offline sends nothing")
	case s.job.System == ci.None:
		return errors.New("this is no CI job in which the trusted branch is known")
	}
	return nil
}

func (s *sending) webhook(ctx context.Context, w policy.Webhook) error {
	if err := s.may(); err != nil {
		return err
	}
	secret := ""
	if w.SecretEnv != "" {
		if secret = strings.TrimSpace(s.sys.Getenv(w.SecretEnv)); secret == "" {
			return fmt.Errorf("the job has no %s to sign with", w.SecretEnv)
		}
	}
	body, err := s.report(w.Format)
	if err != nil {
		return err
	}
	contentType := "application/json"
	if w.Format == policy.WebhookSARIF {
		contentType = "application/sarif+json"
	}
	return s.to.Webhook(ctx, w.URL, contentType, secret, body)
}

// defectDojo imports what holds of the default branch. What a run lacks would be closed
// there.
func (s *sending) defectDojo(ctx context.Context, d *policy.DefectDojo) error {
	if !s.p.options.defaultBranch {
		return errNotDue("it holds the findings of the default branch, and this run is not about that")
	}
	if err := s.may(); err != nil {
		return err
	}
	if missing := s.missing(); len(missing) > 0 {
		return errors.New("it would close what this run did not look for: " + strings.Join(missing, "; "))
	}
	token := strings.TrimSpace(s.sys.Getenv(d.TokenEnv))
	if token == "" {
		return fmt.Errorf("the job has no token in %s", d.TokenEnv)
	}
	body, err := s.report(policy.WebhookSARIF)
	if err != nil {
		return err
	}
	return s.to.DefectDojo(ctx, dashboard.Import{
		Server: d.URL, Token: token, Product: d.Product, Engagement: d.Engagement, Test: d.Test, ProductType: d.ProductType,
		Commit: s.job.Commit, Branch: s.job.Branch, SARIF: body,
	})
}

// missing says what the run did not look at.
func (s *sending) missing() []string {
	missing := report.Missing(s.run)
	for _, one := range s.run.Scans {
		if one.Status != finding.StatusOK && one.Status != finding.StatusNothing {
			missing = append(missing, report.Plain(fmt.Sprintf("%s on %s: %s", one.Scanner, one.Target, one.Status)))
		}
	}
	return missing
}

// report makes a report, once.
func (s *sending) report(format string) ([]byte, error) {
	if body, ok := s.made[format]; ok {
		return body, nil
	}
	var b bytes.Buffer
	if err := report.Write(&b, format, s.run, s.opt); err != nil {
		return nil, fmt.Errorf("writing report %s: %w", format, err)
	}
	s.made[format] = b.Bytes()
	return b.Bytes(), nil
}
