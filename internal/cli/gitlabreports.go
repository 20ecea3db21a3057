package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/report"
)

// gitlabReport is a report that GitLab shows, by the name under artifacts:reports.
type gitlabReport struct{ name, format, file string }

var gitlabReports = []gitlabReport{
	{"codequality", "gitlab-codequality", "gl-code-quality-report.json"},
	{"secret_detection", "gitlab-secret-detection", "gl-secret-detection-report.json"},
	{"container_scanning", "gitlab-container-scanning", "gl-container-scanning-report.json"},
	{"dependency_scanning", "gitlab-dependency-scanning", "gl-dependency-scanning-report.json"},
	{"sast", "gitlab-sast", "gl-sast-report.json"},
	{"sarif", "sarif", "gl-sarif-report.sarif"},
}

// noReports stands for none of them.
const noReports = "none"

func (c *ciOptions) registerGitLab(cmd *cobra.Command) {
	// SARIF says all that the others say once more.
	var names, usual []string
	for _, r := range gitlabReports {
		names = append(names, r.name)
		if r.name != "sarif" {
			usual = append(usual, r.name)
		}
	}
	cmd.Flags().StringSliceVar(&c.gitlab, "gitlab-reports", usual, "on GitLab, the reports that it is to get: "+strings.Join(names, ", ")+", or "+noReports)
	complete(cmd, "gitlab-reports", append(names, noReports)...)
}

// checkGitLab refuses reports that there are not.
func (c *ciOptions) checkGitLab() error {
	names := []string{noReports}
	for _, r := range gitlabReports {
		names = append(names, r.name)
	}
	for i, name := range c.gitlab {
		c.gitlab[i] = strings.TrimSpace(name)
		if !slices.Contains(names, c.gitlab[i]) {
			hint := ""
			if near := nearest.Word(c.gitlab[i], names); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return usage(fmt.Errorf("--gitlab-reports: there is no report %q%s: use %s", name, hint, strings.Join(names[1:], ", ")))
		}
	}
	if slices.Contains(c.gitlab, noReports) && len(c.gitlab) > 1 {
		return usage(fmt.Errorf("--gitlab-reports: %s stands alone", noReports))
	}
	return nil
}

// reports are the files of a job. A security report is written of what was looked at: in
// a shard none is, as GitLab takes what a report lacks for mended.
func (c *ciOptions) reports(job ci.Context, run *report.Run) []output {
	outputs := slices.Clone(ciReports)
	for _, r := range gitlabReports {
		switch security := slices.Contains(report.GitLabReports(), r.format); {
		case job.System != ci.GitLab:
			if r.name == "codequality" { // others read it as well
				outputs = append(outputs, output{r.format, r.file})
			}
		case !slices.Contains(c.gitlab, r.name):
		case !security || run.Shard == nil && report.GitLabHas(run, r.format):
			outputs = append(outputs, output{r.format, r.file})
		}
	}
	return outputs
}
