package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/report"
)

// listFormats are those of lists of software.
var listFormats = []string{"cyclonedx", "spdx"}

func newSBOM(sys System, g *global) *cobra.Command {
	o := scanOptions{listOnly: true, scanners: []string{finding.Packages}, shellcheck: shellOwn, dbMode: modeLocal}
	var formats []string
	cmd := &cobra.Command{
		Use:   "sbom [TARGET...]",
		Short: "List the software in targets, as CycloneDX or SPDX",
		Long: `sbom lists what is installed in images and locked in source trees, in a standard
form: CycloneDX 1.6 or SPDX 2.3, in JSON. It asks no vulnerability database and judges
nothing. Targets are those of scan; boltseal scan sbom:FILE matches a list again.

What could not be read is told on standard error and in the list, and is exit code 3;
what was read is written all the same.`,
		Example: `  boltseal sbom > bom.json
  boltseal sbom -f spdx=app.spdx.json registry:ghcr.io/acme/app:1.0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := g.begin(cmd, sys)
			if err != nil {
				return err
			}
			if len(formats) == 0 {
				formats = []string{listFormats[0]}
			}
			outputs, err := parseFormats(formats)
			if err != nil {
				return err
			}
			for _, out := range outputs {
				if !slices.Contains(listFormats, out.format) {
					return usage(fmt.Errorf("%q lists no software: use cyclonedx or spdx", out.format))
				}
			}
			p, err := o.prepare(cmd.Context(), sys, log, args)
			if err != nil {
				return err
			}
			defer p.close(sys)
			run := p.run(cmd.Context(), sys, log)
			return errors.Join(writeStored(sys, run, outputs, report.Options{}), unlisted(sys, run))
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.policy, "policy", "c", "", "policy file, whose excludes count, instead of looking for .boltseal.yaml from the target upwards")
	f.BoolVar(&o.noGitignore, "no-gitignore", false, "look into untracked files that git ignores as well")
	f.StringVar(&o.platform, "platform", "", "of a multi-platform image only this one, as linux/arm64 (default: all)")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this time; the list is incomplete then (default: none)")
	f.BoolVar(&o.rootFS, "rootfs", false, "take folders for unpacked root file systems, and look at them as at an image")
	f.StringSliceVar(&o.baseImages, "base-image", nil, "image that images are built upon: packages of layers that equal its own are the base's; repeatable")
	o.remoteOptions.register(cmd)
	f.StringArrayVarP(&formats, "format", "f", nil, "FORMAT or FORMAT=FILE, repeatable: cyclonedx, spdx (default cyclonedx)")
	complete(cmd, "format", listFormats...)
	withEnv(f)
	return cmd
}

// unlisted tells of what could not be read. The verdict does not count: nothing was
// judged.
func unlisted(sys System, run *report.Run) error {
	reasons := run.Judged.Failures
	for _, s := range run.Scans {
		if s.Status == finding.StatusPartial || s.Status == finding.StatusFailed {
			reasons = append(reasons, fmt.Sprintf("%s: %s: %s", s.Target, s.Status, s.Reason))
		}
	}
	for _, r := range reasons {
		sys.warn("not everything is listed: %s", report.Plain(r))
	}
	if len(reasons) > 0 {
		return &exitError{code: ExitNone}
	}
	return nil
}
