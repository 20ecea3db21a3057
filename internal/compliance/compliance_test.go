package compliance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
)

func always(string, string) bool { return true }

// statuses gives what is not the same as with nothing at all.
func statuses(findings []*finding.Finding, scans []Scan, assesses func(string, string) bool) map[string]Status {
	got := make(map[string]Status)
	for _, c := range Catalogues() {
		for _, r := range c.Assess(findings, scans, assesses) {
			if r.Status != NotAssessed {
				got[c.ID+":"+r.Control.ID] = r.Status
			}
		}
	}
	return got
}

func TestAssess(t *testing.T) {
	image := finding.Location{Image: "app"}
	good := Scan{finding.ImageConfig, finding.StatusOK, true}
	for name, test := range map[string]struct {
		findings []*finding.Finding
		scans    []Scan
		want     map[string]Status
	}{
		"nothing was scanned": {nil, nil, map[string]Status{}},
		"a clean image":       {nil, []Scan{good}, map[string]Status{"cis-docker-1.6:4.1": Passed, "cis-docker-1.6:4.6": Passed}},
		"a clean root file system, which has no configuration": {nil, []Scan{{finding.ImageConfig, finding.StatusOK, false}}, map[string]Status{}},
		"an image that was read in part":                       {nil, []Scan{{finding.ImageConfig, finding.StatusPartial, true}}, map[string]Status{}},
		"one of two images failed":                             {nil, []Scan{good, {finding.ImageConfig, finding.StatusFailed, true}}, map[string]Status{}},
		"a folder beside an image":                             {nil, []Scan{good, {finding.ImageConfig, finding.StatusNothing, false}}, map[string]Status{"cis-docker-1.6:4.1": Passed, "cis-docker-1.6:4.6": Passed}},
		"other scanners were clean":                            {nil, []Scan{{finding.Secrets, finding.StatusOK, true}, {finding.Dockerfile, finding.StatusOK, false}}, map[string]Status{}},
		"a rule that names its controls": {
			[]*finding.Finding{{Scanner: finding.ImageConfig, Location: image, Controls: []string{"cis-docker-1.6:4.1", "nist-800-190:4.1.2", "made-up:1", ""}}},
			[]Scan{good},
			map[string]Status{"cis-docker-1.6:4.1": Failed, "nist-800-190:4.1.2": Failed, "cis-docker-1.6:4.6": Passed},
		},
		"a vulnerability of a lockfile": {
			[]*finding.Finding{{Scanner: finding.Packages, Advisory: &finding.Advisory{ID: "x"}}}, nil, map[string]Status{"pci-dss-4:6.3.3": Failed},
		},
		"malware in an image": {
			[]*finding.Finding{{Scanner: finding.Packages, Location: image, Advisory: &finding.Advisory{ID: "MAL-1", Malware: true}}}, nil, map[string]Status{"nist-800-190:4.1.3": Failed},
		},
		"a secret in an image": {
			[]*finding.Finding{{Scanner: finding.Secrets, Location: image, Controls: []string{"nist-800-190:4.1.4", "nist-800-190:4.1.4"}}},
			nil,
			map[string]Status{"cis-docker-1.6:4.10": Failed, "nist-800-190:4.1.4": Failed, "pci-dss-4:8.3.2": Failed, "pci-dss-4:8.6.2": Failed, "hipaa:164.312(d)": Failed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, statuses(test.findings, test.scans, always)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAControlWhoseRuleIsOffIsNotPassed(t *testing.T) {
	got := statuses(nil, []Scan{{finding.ImageConfig, finding.StatusOK, true}}, func(_, control string) bool { return control == "cis-docker-1.6:4.1" })
	if diff := cmp.Diff(map[string]Status{"cis-docker-1.6:4.1": Passed}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryControlSaysWhatAScanCannotKnow(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range Catalogues() {
		for _, control := range c.Controls {
			name := c.ID + ":" + control.ID
			if control.Title == "" || control.Unseen == "" || strings.HasSuffix(control.Unseen, ".") || seen[name] {
				t.Errorf("%s: %+v", name, control)
			}
			seen[name] = true
		}
	}
}

func TestAFindingCountsOnceForAControl(t *testing.T) {
	f := &finding.Finding{Scanner: finding.Secrets, Location: finding.Location{Image: "app"}, Controls: []string{"nist-800-190:4.1.4", "x:1", "nist-800-190:4.1.4"}}
	failed := 0
	for _, c := range Catalogues() {
		for _, r := range c.Assess([]*finding.Finding{f}, nil, always) {
			if r.Status != Failed {
				continue
			}
			if failed++; len(r.Findings) != 1 {
				t.Errorf("%s: %v", r.Control.ID, r.Findings)
			}
		}
	}
	if failed == 0 {
		t.Error("no control failed")
	}
}
