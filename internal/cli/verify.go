package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
)

func newVerify(sys System) *cobra.Command {
	var named string
	var subjects []string
	cmd := &cobra.Command{
		Use:   "verify EVIDENCE",
		Short: "Say whether a piece of evidence still holds",
		Long: `verify reads evidence, as scan -f evidence=FILE writes it, alone or in the signed
envelope (DSSE), and says whether it still holds: that it states a pass, that the policy
given judged it and is the same to the byte, that what this policy requires was scanned
in full, that the advisories are not older by now than it lets pass, and that no exception or grace that
it rests on has ended.

Evidence about a commit is about the checkout that was scanned: make it in a clean one.
No signature is checked: do that first (cosign verify-attestation, gh attestation verify),
as whoever can write the file can write its verdict. "-" is standard input.

Exit codes: 0 it holds, 1 it does not, 2 it is no evidence or the policy is wrong.`,
		Example: `  boltseal verify evidence.json --policy .boltseal.yaml
  boltseal verify evidence.json --policy .boltseal.yaml --subject sha256:…`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			if named == "" {
				return usage(errors.New("verify wants the policy that counts: --policy FILE"))
			}
			policies, err := policiesFor(cmd, sys, nil)
			if err != nil {
				return err
			}
			e, err := readEvidence(sys, args[0])
			if err != nil {
				return err
			}
			reasons := doubts(e, policies, subjects, sys.now())
			if len(reasons) == 0 {
				return printed(fmt.Fprintf(sys.Stdout, "holds: %s\n", report.Plain(about(e))))
			}
			var text strings.Builder
			fmt.Fprintf(&text, "does not hold: %s\n", report.Plain(about(e)))
			for _, r := range reasons {
				fmt.Fprintf(&text, "  %s\n", report.Plain(r))
			}
			if err := printed(io.WriteString(sys.Stdout, text.String())); err != nil {
				return err
			}
			return &exitError{code: ExitBlocked}
		},
	}
	cmd.Flags().StringVarP(&named, "policy", "c", "", "policy file that must have judged what the evidence is about")
	cmd.Flags().StringSliceVar(&subjects, "subject", nil, "what it must be about: an image's digest, as sha256:…, or a commit; repeatable")
	withEnv(cmd.Flags())
	return cmd
}

func readEvidence(sys System, name string) (*report.Evidence, error) {
	if name == "-" {
		e, err := report.ReadEvidence(sys.Stdin)
		if err != nil {
			return nil, usage(err)
		}
		return e, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, usage(fmt.Errorf("reading evidence: %w", err))
	}
	defer f.Close() //nolint:errcheck // only read from
	e, err := report.ReadEvidence(f)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", name, err))
	}
	return e, nil
}

func about(e *report.Evidence) string {
	var names []string
	for _, s := range e.Subject {
		names = append(names, s.Name)
	}
	return fmt.Sprintf("%s, judged on %s", strings.Join(names, ", "), e.Predicate.Judged.On)
}

// doubts are the reasons for which evidence does not hold; none where it does.
func doubts(e *report.Evidence, policies []*policy.Policy, subjects []string, now time.Time) []string {
	var reasons []string
	for _, want := range subjects {
		if !slices.ContainsFunc(e.Subject, func(s report.EvidenceSubject) bool { return s.Is(want) }) {
			reasons = append(reasons, fmt.Sprintf("it is not about %s", want))
		}
	}
	p := &e.Predicate
	if p.Verdict.Status != policy.Pass || p.Verdict.ExitCode != ExitPass || p.Verdict.Blocked != 0 {
		reasons = append(reasons, fmt.Sprintf("its verdict is no pass: %s", p.Verdict.Status))
	}
	today := now.UTC().Format(time.DateOnly)
	on, err := time.Parse(time.DateOnly, p.Judged.On)
	switch {
	case err != nil:
		reasons = append(reasons, "it does not say on which day it was judged")
	case on.Format(time.DateOnly) > today:
		reasons = append(reasons, fmt.Sprintf("it was judged on %s, which is to come", p.Judged.On))
	}
	if p.HoldsUntil != "" {
		if until, err := time.Parse(time.DateOnly, p.HoldsUntil); err != nil || until.Format(time.DateOnly) < today {
			reasons = append(reasons, fmt.Sprintf("an exception or a grace that it rests on ended on %s", p.HoldsUntil))
		}
	}
	for _, pol := range policies {
		if why := unjudged(p, pol); why != "" {
			reasons = append(reasons, why)
		}
	}
	return append(reasons, judgedAgain(p, policies, now)...)
}

// unjudged says how a policy did not judge all of it.
func unjudged(p *report.EvidencePredicate, pol *policy.Policy) string {
	same := false
	judged := make(map[string]bool)
	for _, stated := range p.Policies {
		if stated.Digest != pol.Digest {
			continue
		}
		same = true
		if len(stated.Targets) == 0 {
			return ""
		}
		for _, t := range stated.Targets {
			judged[t] = true
		}
	}
	if !same {
		return fmt.Sprintf("the policy %s (%s) did not judge it", pol.Path, pol.Digest)
	}
	for _, s := range p.Scans {
		if !judged[s.Target] {
			return fmt.Sprintf("the policy %s did not judge %s", pol.Path, s.Target)
		}
	}
	return ""
}

// judgedAgain judges what was scanned, and what it was compared with, by the policies on
// the day; findings are not in evidence, and their decisions stand as they were made.
func judgedAgain(p *report.EvidencePredicate, policies []*policy.Policy, now time.Time) []string {
	in := policy.Input{Event: p.Judged.Event, Environment: p.Judged.Environment, DefaultBranch: p.Judged.DefaultBranch, Failures: p.Judged.Failures}
	for _, s := range p.Scans {
		in.Scans = append(in.Scans, policy.Scan{Scanner: s.Scanner, Target: s.Target, Status: s.Status, Reason: s.Reason})
	}
	digest := ""
	if p.Database != nil {
		digest = p.Database.Digest
		in.Advisories, in.Lists = p.Database.Judged()
	}
	var reasons []string
	if p.Judged.Only != (policy.Only{}) {
		reasons = append(reasons, "--only-new or --only-fixed let pass what the policy may block")
	}
	if pins, pinned := policy.DBDigests(policies); pinned && !slices.Contains(pins, digest) {
		reasons = append(reasons, "the policy names the databases that count, and what it was compared with is none of them")
	}
	var whole []*policy.Policy
	for _, pol := range policies {
		again := *pol
		again.Targets = nil    // it counts for all that was scanned
		again.Exceptions = nil // there are no findings to match
		whole = append(whole, &again)
	}
	if v, _ := policy.Judge(whole, in, now); v.Status != policy.Pass {
		reasons = append(reasons, v.Reasons...)
	}
	return reasons
}
