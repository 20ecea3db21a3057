package policy

import (
	"slices"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

func TestEveryImageIsScannedForThePlatformsThatThePolicyNames(t *testing.T) {
	p := mustLoad(t, "coverage: {platforms: [linux/amd64, linux/arm64], on-scanner-error: warn}\n")
	row := func(target, platform string, status finding.Status) Scan {
		return Scan{Scanner: finding.Packages, Target: target, Platform: platform, Status: status}
	}
	tree := Scan{Scanner: finding.Secrets, Target: "dir:.", Status: finding.StatusOK}
	const lacks = "registry:app was not scanned for linux/arm64, which coverage.platforms asks for"
	for name, test := range map[string]struct {
		scans []Scan
		want  string
	}{
		"both":               {[]Scan{tree, row("registry:app linux/amd64", "linux/amd64", finding.StatusOK), row("registry:app linux/arm64", "linux/arm64", finding.StatusNothing)}, ""},
		"no image at all":    {[]Scan{tree}, ""},
		"one only":           {[]Scan{tree, row("registry:app", "linux/amd64", finding.StatusOK)}, lacks},
		"one of two failed":  {[]Scan{row("registry:app linux/amd64", "linux/amd64", finding.StatusOK), row("registry:app linux/arm64", "linux/arm64", finding.StatusFailed)}, lacks},
		"another image's is": {[]Scan{row("registry:app", "linux/amd64", finding.StatusOK), row("registry:b linux/amd64", "linux/amd64", finding.StatusOK), row("registry:b linux/arm64", "linux/arm64", finding.StatusOK)}, lacks},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := Judge([]*Policy{p}, Input{Scans: test.scans}, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
			if test.want == "" && v.Status != Pass || test.want != "" && (v.Status != None || !slices.Contains(v.Reasons, test.want)) {
				t.Errorf("%s: %q, want %q", v.Status, v.Reasons, test.want)
			}
		})
	}
}
