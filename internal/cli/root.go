// Package cli is the command line: one file a subcommand. It is the only package
// that reads the environment, and it wires everything below it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/cloud"
	"github.com/boltseal/boltseal/internal/forge"
	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scanner/secrets"
)

// System is the outside world as a command sees it.
type System struct {
	Stdin  io.Reader
	Stdout io.Writer // the report
	Stderr io.Writer // everything else
	Getenv func(string) string
	// Width gives the terminal's width, 0 when standard output is no terminal;
	// nil is the same as 0.
	Width func() int
	// Terminal says whether standard error is a terminal; nil is the same as no.
	Terminal func() bool
	// Columns gives the width of the terminal that standard error is; nil and 0 stand
	// for the usual one.
	Columns func() int
	// Now is the clock; nil is the real one.
	Now func() time.Time
	// Firmware is the folder of what the firmware says of this machine; empty is the usual one.
	Firmware string

	line       *progressLine   // nil where nobody sees it
	identities *cloud.Keychain // of the run; nil where nothing runs yet
}

func (s System) width() int {
	if s.Width == nil {
		return 0
	}
	return s.Width()
}

// warn tells something on standard error, where a failed write has nobody to tell.
func (s System) warn(format string, args ...any) {
	_, _ = fmt.Fprintf(s.Stderr, "boltseal: "+format+"\n", args...)
}

func (s System) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// ownIdentities are this machine's in the clouds. A run has them once, so that what it
// was given for the policy's registry is not asked for again for the image's.
func (s System) ownIdentities() *cloud.Keychain {
	if s.identities != nil {
		return s.identities
	}
	return cloud.New(cloud.Options{Getenv: s.Getenv, Proxy: proxies(s.Getenv), Firmware: s.Firmware})
}

// color says whether the report may have colour.
func (s System) color() bool {
	return s.width() > 0 && s.Getenv(envNoColor) == ""
}

// Main runs one command line and gives its exit code.
func Main(ctx context.Context, args []string, sys System) int {
	sys = quiet(sys).withProgress()
	sys.identities = sys.ownIdentities()
	if sys.line != nil {
		defer sys.line.clear()
	}
	root := newRoot(sys)
	root.SetArgs(args)
	root.SetIn(sys.Stdin)
	root.SetOut(sys.Stdout)
	root.SetErr(sys.Stderr)
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitPass
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		// Everything that cobra itself refuses is a wrong command line.
		exit = usage(err)
	}
	if exit.err != nil {
		sys.warn("%s", masked(exit.err))
		if ran.CommandPath() == root.Name()+" ci" || ran.CommandPath() == root.Name()+" merge" {
			outcome(sys, policy.None, exit.code)
		}
	}
	return exit.code
}

// outcome tells the later steps of a job how this one ended: an output that is not set
// reads as empty, which nobody compares with.
func outcome(sys System, verdict policy.VerdictStatus, code int) {
	if sys.Getenv("GITHUB_OUTPUT") == "" || !detect(sys).System.Actions() {
		return
	}
	if err := forge.NewActions(sys.Getenv, sys.Stdout, report.Options{}).Outcome(verdict, code); err != nil {
		sys.warn("%v", err)
	}
}

// masked gives an error's text without the secrets in it: an excerpt of a policy
// file can hold one.
func masked(err error) string { return secrets.NewMasker()(err.Error()) }

// flags that every command has.
type global struct {
	verbose   bool
	logFormat string
}

func newRoot(sys System) *cobra.Command {
	var g global
	cmd := &cobra.Command{
		Use:   "boltseal",
		Short: "One gate between a pull request and production",
		Long: `boltseal scans source trees and container images for secrets, Dockerfile
faults, known vulnerabilities and bad image configuration, and gives one verdict
from one policy file, .boltseal.yaml.

Exit codes: 0 pass, 1 the policy blocks, 2 bad arguments or policy file,
3 no verdict (something could not be scanned).`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.PersistentFlags().BoolVarP(&g.verbose, "verbose", "v", false, "log what is done to standard error")
	cmd.PersistentFlags().StringVar(&g.logFormat, "log-format", "text", "form of the log: text or json")
	complete(cmd, "log-format", "text", "json")
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(
		newScan(sys, &g),
		newCI(sys, &g),
		newMerge(sys, &g),
		newTouched(sys, &g),
		newFix(sys, &g),
		newPublish(sys),
		newBaseline(sys, &g),
		newReport(sys),
		newVerify(sys),
		newSBOM(sys, &g),
		newDB(sys),
		newPolicy(sys, &g),
		newRules(sys),
		newExplain(sys),
		newSchema(sys),
		newVersion(sys),
	)
	return cmd
}

// begin is what commands that scan or judge begin with: flags that were not given are
// set from their variables. It gives the log.
func (g *global) begin(cmd *cobra.Command, sys System) (*slog.Logger, error) {
	if err := fromEnv(cmd, sys.Getenv); err != nil {
		return nil, err
	}
	return g.logger(sys)
}

// logger gives the log: silent unless -v was given. Whatever it tells is masked.
func (g *global) logger(sys System) (*slog.Logger, error) {
	if !g.verbose {
		return slog.New(slog.DiscardHandler), nil
	}
	mask := secrets.NewMasker()
	opt := &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if kind := a.Value.Kind(); kind == slog.KindString || kind == slog.KindAny {
			a.Value = slog.StringValue(mask(a.Value.String()))
		}
		return a
	}}
	switch g.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(sys.Stderr, opt)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(sys.Stderr, opt)), nil
	}
	return nil, usage(fmt.Errorf("unknown log format %q: use text or json", g.logFormat))
}

// group is a command that only holds others: alone it shows its help, and a
// mistyped one below it is an error.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// complete offers the values of a closed set to the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	// The only error is a flag that does not exist, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}
