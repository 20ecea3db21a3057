package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/rule"
)

func newExplain(sys System) *cobra.Command {
	var db string
	cmd := &cobra.Command{
		Use:   "explain RULE|ADVISORY",
		Short: "Explain a rule: why it matters, what to do, examples; or an advisory",
		Long: `explain tells of a rule why it matters and what to do, with examples. Of an
advisory, named by the id of its record (CVE, GHSA, DSA, ...), it shows the details
and references that the database has, and what KEV and EPSS say.`,
		Example: `  boltseal explain DL3007
  boltseal explain GHSA-jfh8-c2jp-5v3q`,
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			catalogue, err := gate.Catalogue()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			ids := make([]string, len(catalogue))
			for i, r := range catalogue {
				ids[i] = r.ID + "\t" + r.Title
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnv(cmd, sys.Getenv); err != nil {
				return err
			}
			catalogue, err := gate.Catalogue()
			if err != nil {
				return noVerdict(err)
			}
			r, ok := catalogue.Find(args[0])
			if !ok && isAdvisory(args[0]) {
				text, err := explainAdvisory(sys, db, args[0])
				if err != nil {
					return err
				}
				return printed(fmt.Fprint(sys.Stdout, text))
			}
			if !ok {
				return usage(unknownRule(catalogue, args[0]))
			}
			return printed(fmt.Fprint(sys.Stdout, page(r)))
		},
	}
	cmd.Flags().StringVar(&db, "db", "", "folder or .tar file with a built database (default: the one that scan keeps)")
	withEnv(cmd.Flags())
	return cmd
}

func unknownRule(c rule.Catalogue, id string) error {
	if near := c.Nearest(id); near != "" {
		return fmt.Errorf("unknown rule %q; did you mean %q?", id, near)
	}
	return fmt.Errorf("unknown rule %q: `boltseal rules` lists them all", id)
}

// page is the text of one rule.
func page(r rule.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", r.ID, r.Title)
	fmt.Fprintf(&b, "scanner   %s\nseverity  %s\n", r.Scanner, severityOf(r))
	if len(r.Controls) > 0 {
		fmt.Fprintf(&b, "controls  %s\n", strings.Join(r.Controls, ", "))
	}
	if r.Fixable {
		fmt.Fprint(&b, "fix       offered with the finding\n")
	}
	fmt.Fprintf(&b, "\n%s\n", r.Page.Text)
	for _, c := range r.Page.Cases {
		kind := "Good"
		if c.Bad {
			kind = "Bad"
		}
		for _, f := range c.Files {
			fmt.Fprintf(&b, "\n%s (%s):\n\n", kind, f.Path)
			for line := range strings.Lines(strings.TrimRight(string(f.Data), "\n")) {
				b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
			}
		}
	}
	return b.String()
}
