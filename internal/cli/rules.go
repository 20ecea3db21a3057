package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/rule"
)

func newRules(sys System) *cobra.Command {
	var scanner, format string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List every rule",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			catalogue, err := gate.Catalogue()
			if err != nil {
				return noVerdict(err)
			}
			if scanner != "" {
				if err := knownScanner(scanner); err != nil {
					return err
				}
			}
			var chosen []rule.Rule
			for _, r := range catalogue {
				if scanner == "" || r.Scanner == scanner {
					chosen = append(chosen, r)
				}
			}
			switch format {
			case "table":
				return writeRules(sys, chosen)
			case "markdown":
				return printed(fmt.Fprint(sys.Stdout, rulesMarkdown(chosen)))
			}
			return usage(fmt.Errorf("unknown format %q: use table or markdown", format))
		},
	}
	cmd.Flags().StringVar(&scanner, "scanner", "", "only the rules of this scanner")
	cmd.Flags().StringVarP(&format, "format", "f", "table", "table or markdown")
	complete(cmd, "scanner", gate.ScannerNames()...)
	complete(cmd, "format", "table", "markdown")
	return cmd
}

func writeRules(sys System, rules []rule.Rule) error {
	// A tabwriter keeps its first error for Flush.
	w := tabwriter.NewWriter(sys.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range rules {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Scanner, severityOf(r), r.Title)
	}
	return printed(0, w.Flush())
}

func severityOf(r rule.Rule) string {
	if r.Off {
		return "off"
	}
	return r.Severity.String()
}

// rulesMarkdown is the rule table of the README.
func rulesMarkdown(rules []rule.Rule) string {
	var b strings.Builder
	b.WriteString("| rule | severity | finds |\n|---|---|---|\n")
	escape := strings.NewReplacer("|", "\\|", "<", "&lt;")
	for _, r := range rules {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.ID, severityOf(r), escape.Replace(r.Title))
	}
	return b.String()
}
