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
	"time"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/baseline"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

func newPolicyInit(sys System, g *global) *cobra.Command {
	o := scanOptions{shellcheck: shellOwn}
	var toStdout bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a first policy that passes today and blocks what comes in",
		Long: `init scans the repository of a folder and writes ` + policy.Names[0] + ` at its root: a policy with
comments that lets pass what is there, and blocks what a change brings in. What is
there is listed in ` + defaultBaseline + `. It asks nothing and overwrites nothing.`,
		Example: `  boltseal policy init
  boltseal policy init --db db --print`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			root, err := initRoot(cmd.Context(), append(args, ".")[0])
			if err != nil {
				return err
			}
			return initPolicy(cmd.Context(), sys, log, o, root, toStdout)
		},
	}
	o.registerDatabase(cmd)
	cmd.Flags().BoolVar(&o.offline, "offline", false, "use no network")
	cmd.Flags().BoolVar(&toStdout, "print", false, "print the policy and write nothing")
	withEnv(cmd.Flags())
	return cmd
}

// initRoot is where the policy belongs: the root of the repository. There must be none.
func initRoot(ctx context.Context, dir string) (string, error) {
	if err := isFolder(dir); err != nil {
		return "", err
	}
	full, err := realPath(dir)
	if err != nil {
		return "", noVerdict(err)
	}
	repo, err := git.Find(ctx, full)
	switch {
	case err == nil:
		full = repo.Root
	case !errors.Is(err, git.ErrNoRepository):
		return "", noVerdict(err)
	}
	for _, name := range append(slices.Clone(policy.Names), defaultBaseline) {
		file := filepath.Join(full, name)
		if _, err := os.Lstat(file); err == nil {
			return "", usage(fmt.Errorf("%s is there already: init overwrites nothing", shown(file)))
		}
	}
	return full, nil
}

func initPolicy(ctx context.Context, sys System, log *slog.Logger, o scanOptions, root string, toStdout bool) error {
	p, err := o.prepare(ctx, sys, log, []string{"dir:" + root})
	if err != nil {
		return err
	}
	run := p.run(ctx, sys, log)
	known := knownNow(run, sys)
	facts := factsOf(run, known, sys)
	text := p.judging.Mask(policy.Draft(facts))
	written, err := policy.Load(policy.Names[0], []byte(text))
	if err != nil {
		return noVerdict(fmt.Errorf("the policy that was made cannot be read: %w", err))
	}
	if toStdout {
		return printed(fmt.Fprint(sys.Stdout, text))
	}
	files := map[string][]byte{policy.Names[0]: []byte(text)}
	names := []string{policy.Names[0]}
	if facts.Baseline != "" {
		files[facts.Baseline] = known.Format(sys.now().UTC().Format(time.DateOnly))
		names = []string{facts.Baseline, policy.Names[0]} // the policy last: it names the other one
	}
	for _, name := range names {
		file := filepath.Join(root, name)
		err := writeFile(file, func(f *os.File) error {
			_, err := f.Write(files[name])
			return err
		})
		if err != nil {
			return noVerdict(fmt.Errorf("writing %s: %w", shown(file), err))
		}
	}
	return initReport(sys, run, written, facts, root)
}

// knownNow is the baseline of everything that was found, under the name that the root
// has for who stands there.
func knownNow(run *report.Run, sys System) *baseline.Baseline {
	var found []finding.Finding
	for i := range run.Findings {
		if f := run.Findings[i].Finding; run.Findings[i].Decision.Action != policy.Suppress {
			f.Target = "dir:."
			found = append(found, f)
		}
	}
	known, _ := (&baseline.Baseline{}).Update(found, gate.Looked(run), sys.now().UTC().Format(time.DateOnly))
	return known
}

func factsOf(run *report.Run, known *baseline.Baseline, sys System) *policy.Facts {
	f := &policy.Facts{On: sys.now().UTC(), Known: len(known.Entries)}
	if f.Known > 0 {
		f.Baseline = defaultBaseline
	}
	var found []finding.Finding
	for i := range run.Findings {
		found = append(found, run.Findings[i].Finding)
	}
	f.Samples = policy.Samples(found)
	for _, s := range run.Scans {
		switch s.Status {
		case finding.StatusOK, finding.StatusFailed: // what failed had something to look at
			f.Scanners = append(f.Scanners, s.Scanner)
		case finding.StatusPartial:
			f.Scanners = append(f.Scanners, s.Scanner)
			f.Partial = s.Scanner + ": " + s.Reason
		}
	}
	return f
}

// initReport judges the run by the policy that was written, and says what is still in
// the way of a pass.
func initReport(sys System, run *report.Run, written *policy.Policy, facts *policy.Facts, root string) error {
	for i := range run.Findings {
		run.Findings[i].New = new(false)
	}
	gate.Judge(run, gate.Judging{Policies: []*policy.Policy{written}, Now: sys.now()})
	text := fmt.Sprintf("%s: written", shown(filepath.Join(root, policy.Names[0])))
	if facts.Baseline != "" {
		text += fmt.Sprintf("; %s lists what is known today: %d", shown(filepath.Join(root, facts.Baseline)), facts.Known)
	}
	text += "\nadd both to the repository, and see: boltseal scan\n"
	if facts.Baseline == "" {
		text = strings.Replace(text, "add both", "add it", 1)
	}
	if err := printed(fmt.Fprint(sys.Stdout, secrets.NewMasker()(text))); err != nil {
		return err
	}
	if run.Verdict.Status == policy.Pass {
		return nil
	}
	for _, reason := range run.Verdict.Reasons {
		sys.warn("%s", masked(errors.New(reason)))
	}
	return noVerdict(errors.New("the policy is written, and a scan gives no verdict before this is mended"))
}
