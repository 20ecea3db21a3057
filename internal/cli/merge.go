package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
	"github.com/boltseal/boltseal/internal/source/image"
)

func newMerge(sys System, g *global) *cobra.Command {
	var o scanOptions
	var c ciOptions
	var formats []string
	var expect int
	cmd := &cobra.Command{
		Use:   "merge RUN.json...",
		Short: "Join the run files of parallel jobs into one verdict",
		Long: `merge joins run files, as ci and -f json write them, into one run: each finding
counts once, and all of them are judged again. What the files say was decided is not
believed; the policies are read as scan and ci read them, from the checkout or, in a
CI job, from the trusted branch, and have to be those that the runs were judged by.

Run files are those of --shard I/N, each of which is due once, or of jobs that scan
targets of their own (images, platforms), whose number --expect tells; an image of several
platforms is one target for each of them. A part that is
missing is no verdict (3); of a part that is there twice all counts that either says,
and the worse of what became of it. Runs of different commits, policies or versions of
boltseal are refused.

Flags that say how scan judges (--policy, --policy-from, --vex, --baseline,
--environment, --fail-on, --only-fixed, --only-new, --warn-only) are given to merge as they were to scan. In a CI
job merge writes the reports of ci into --output-dir, shows the verdict and publishes it
as ci does, which shards do not; give it if: always() on GitHub and when: always on
GitLab, or a job that failed keeps it from saying so.`,
		Example: `  boltseal scan --shard 1/3 -f json=run-1.json
  boltseal merge run-1.json run-2.json run-3.json
  boltseal merge --expect 2 amd64.json arm64.json -f sarif=boltseal.sarif`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			if expect < 0 {
				return usage(fmt.Errorf("--expect: %d runs are fewer than none", expect))
			}
			if err := errors.Join(c.checkGitLab(), c.publishing.checkToken()); err != nil {
				return err
			}
			outputs, err := parseFormats(formats)
			if err != nil {
				return err
			}
			return merging{o, c, expect, outputs}.merge(cmd, sys, log, args)
		},
	}
	o.registerMerge(cmd)
	f := cmd.Flags()
	f.StringVar(&c.path, "path", ".", "folder that was scanned: in a CI job it says which repository's trusted branch counts")
	f.StringVar(&c.outputDir, "output-dir", "boltseal-report", "in a CI job, folder for the reports")
	f.BoolVar(&c.summary, "summary", true, "write the job summary where the CI system has one")
	c.publishing.register(f)
	c.registerGitLab(cmd)
	c.registerSaid(cmd)
	f.IntVar(&expect, "expect", 0, "how many run files there have to be that are no shards (default: any number)")
	f.StringArrayVarP(&formats, "format", "f", nil, "FORMAT or FORMAT=FILE, repeatable: "+strings.Join(report.Formats(), ", ")+" (default table)")
	complete(cmd, "format", report.Formats()...)
	withEnv(f)
	return cmd
}

// registerMerge registers what a merge needs to judge as a scan does.
func (o *scanOptions) registerMerge(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.policy, "policy", "c", "", "policy file, instead of looking for .boltseal.yaml from the targets upwards")
	f.StringVar(&o.policyFrom, "policy-from", "", "read the policy of this revision, not that of the checkout")
	f.StringVar(&o.failOn, "fail-on", "", "block what is at least this severe: critical, high, medium, low or info")
	f.BoolVar(&o.warnOnly, "warn-only", false, "exit 0 instead of 1; what is missing is still 3")
	o.registerOnly(f)
	f.StringSliceVar(&o.vex, "vex", nil, "VEX document (OpenVEX, CSAF, CycloneDX) whose word counts; repeatable")
	f.StringVar(&o.environment, "environment", "", "where what was scanned is to run, for rules that ask")
	f.StringVar(&o.baseline, "baseline", "", "file of known findings, to tell which of them match nothing any more")
	o.remoteOptions.register(cmd)
	complete(cmd, "fail-on", "critical", "high", "medium", "low", "info")
}

// merging is one call of merge.
type merging struct {
	o       scanOptions
	c       ciOptions
	expect  int
	outputs []output
}

func (m merging) merge(cmd *cobra.Command, sys System, log *slog.Logger, files []string) error {
	ctx := cmd.Context()
	job, err := m.c.job(sys)
	if err != nil {
		return err
	}
	o := &m.o
	o.anchors = &anchors{policyFrom: o.policyFrom}
	for _, asked := range m.outputs {
		if asked.file == "" {
			m.c.stdout = asked.format
		}
	}
	if err := m.c.enter(cmd, sys, log, job, o); err != nil {
		return err
	}
	p := &prepared{options: *o}
	defer p.close(sys)
	run, err := m.run(ctx, sys, log, p, files)
	exit, known := errors.AsType[*exitError](err)
	switch {
	case known && exit.code == ExitUsage:
		return err
	case err != nil && o.inJob:
		return m.c.refuse(ctx, sys, job, m.o, err)
	case err != nil:
		return noVerdict(err)
	}
	opt, err := p.reportOptions(sys, false)
	if err != nil {
		return err
	}
	p.writeFiles(sys, run, m.outputs, opt)
	if o.inJob { // whose own reports are written beside those that were asked for
		return m.c.publish(ctx, sys, job, p, run, opt)
	}
	shown := writeStdout(sys, run, m.outputs, opt)
	if m.c.publishing.require {
		shown = errors.Join(shown, errors.New("publishing: this is no CI job"))
	}
	return finish(sys, run, shown)
}

// run reads the runs and the policies that judge them.
func (m merging) run(ctx context.Context, sys System, log *slog.Logger, p *prepared, files []string) (*report.Run, error) {
	var parts []gate.Part
	for i, file := range files {
		if slices.ContainsFunc(files[:i], func(f string) bool { return filepath.Clean(f) == filepath.Clean(file) }) {
			return nil, usage(fmt.Errorf("the run file %q is named twice", file))
		}
		run, err := openRun(file)
		if err != nil {
			return nil, err
		}
		parts = append(parts, gate.Part{Name: file, Run: run})
	}
	parts = gate.PlatformsApart(parts)
	names := targetNames(parts)
	if len(names) > maxTargets {
		return nil, fmt.Errorf("%w: they name %d targets, more than %d", gate.ErrMismatch, len(names), maxTargets)
	}
	for _, n := range names {
		p.targets = append(p.targets, targetOf(n))
	}
	if len(p.targets) == 0 { // nothing was scanned: the policy of the folder says so
		p.targets, names = []target{{typed: m.c.path, scheme: "dir", path: m.c.path}}, []string{"dir:" + filepath.ToSlash(filepath.Clean(m.c.path))}
	}
	if err := p.judge(ctx, sys, log, parts); err != nil {
		return nil, err
	}
	bound := make([][]string, len(names))
	baselines := make(map[string]*gate.Baseline)
	for i, n := range names {
		bound[i] = []string{n}
		if b := p.baselines[i]; b != nil {
			baselines[n] = b
		}
	}
	p.judging.Policies = p.policies.bind(bound)
	if err := samePolicies(parts, p.judging.Policies); err != nil {
		return nil, err
	}
	commit, err := p.head(ctx)
	if err != nil {
		return nil, err
	}
	run, err := gate.Merge(parts, gate.Merging{
		Expect: m.expect, Version: Version, Commit: commit,
		Heads: p.policies.heads, Baselines: baselines, Judging: p.judging,
	})
	if err != nil {
		return nil, err
	}
	p.judging.Failures = run.Judged.Failures // for when a report cannot be written
	return run, nil
}

// judge prepares what runs are judged by, as prepare does for a scan.
func (p *prepared) judge(ctx context.Context, sys System, log *slog.Logger, parts []gate.Part) error {
	o := &p.options
	var err error
	if p.judging, err = o.judging(sys); err != nil {
		return err
	}
	if err := p.judgedAs(parts); err != nil {
		return err
	}
	if p.remote, err = o.remote(sys, p.targets); err != nil {
		return err
	}
	if err := p.readPolicies(ctx, sys, log); err != nil {
		return err
	}
	if err := p.known(ctx, sys); err != nil {
		return err
	}
	native, err := o.natives(ctx, p.targets)
	if err != nil {
		return err
	}
	p.judging.Mask = secrets.NewMasker()
	if hasRules(native) { // rules of the targets' own are for what is masked, too
		engine, err := secrets.New(secrets.Options{Native: native})
		if err != nil {
			return usage(err)
		}
		p.judging.Mask = engine.Masker()
	}
	return nil
}

// judgedAs takes what the runs were judged by that is nobody's to choose here: --fail-on
// adds up, and the event has to be this job's.
func (p *prepared) judgedAs(parts []gate.Part) error {
	for _, part := range parts {
		j := part.Run.Judged
		if j.FailOn != nil && (p.judging.FailOn == nil || *j.FailOn < *p.judging.FailOn) {
			p.judging.FailOn = new(*j.FailOn)
		}
		if j.Event != p.judging.Event || j.DefaultBranch != p.judging.DefaultBranch {
			return fmt.Errorf("%w: %s is the run of another event (%s) than this one (%s)", gate.ErrMismatch, part.Name, described(j.Event), described(p.judging.Event))
		}
		if j.Environment != p.judging.Environment {
			return fmt.Errorf("%w: %s is the run for the environment %q, and --environment says %q", gate.ErrMismatch, part.Name, j.Environment, p.judging.Environment)
		}
	}
	return nil
}

func described(e policy.Event) string {
	if e == "" {
		return "outside of CI"
	}
	return string(e)
}

// maxTargets is how many targets a merge looks up the policies of.
const maxTargets = 2000

// targetNames are the targets of all runs, sorted.
func targetNames(parts []gate.Part) []string {
	var names []string
	for _, part := range parts {
		for _, s := range part.Run.Scans {
			names = append(names, s.Target)
		}
		for _, f := range part.Run.Findings {
			names = append(names, f.Target)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// targetOf is a target as far as policies are concerned: of a tree its folder. Its name
// comes from a run file, and nothing is opened by it but policies.
func targetOf(name string) target {
	scheme, path, _ := strings.Cut(name, ":")
	t := target{typed: name, scheme: scheme, path: path}
	switch {
	case !t.isTree() || path == "":
		return target{typed: name, scheme: image.SchemeAnywhere, path: name}
	case scheme == "git":
		if _, err := os.Lstat(path); err != nil {
			if at := strings.LastIndexByte(path, '@'); at > 0 { // the commits
				t.path = path[:at]
			}
		}
	}
	return t
}

// samePolicies refuses runs that were judged by other policies than those that judge
// now: what they left out would not come back.
func samePolicies(parts []gate.Part, policies []*policy.Policy) error {
	for _, part := range parts {
		targets := make(map[string]bool)
		for _, s := range part.Run.Scans {
			targets[s.Target] = true
		}
		for _, told := range part.Run.Policies {
			if !slices.ContainsFunc(policies, func(p *policy.Policy) bool { return p.Path == told.Path && p.Digest == told.Digest }) {
				return fmt.Errorf("%w: %s was judged by the policy %s (%s), which is not the one that judges here", gate.ErrMismatch, part.Name, told.Path, told.Digest)
			}
		}
		for _, p := range policies {
			if len(p.Targets) > 0 && !slices.ContainsFunc(p.Targets, func(t string) bool { return targets[t] }) {
				continue
			}
			if !slices.ContainsFunc(part.Run.Policies, func(told report.Policy) bool { return p.Path == told.Path && p.Digest == told.Digest }) {
				return fmt.Errorf("%w: %s was not judged by the policy %s (%s), which judges here", gate.ErrMismatch, part.Name, p.Path, p.Digest)
			}
		}
	}
	return nil
}
