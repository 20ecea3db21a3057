package eol

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
)

func TestDistribution(t *testing.T) {
	tests := map[string]struct {
		in   inventory.Distro
		want Ending
	}{
		"Debian":                       {inventory.Distro{ID: "debian", VersionID: "10"}, Ending{"Debian", "10", "2024-06-30"}},
		"Alpine with a patch number":   {inventory.Distro{ID: "alpine", VersionID: "3.18.4"}, Ending{"Alpine", "3.18", "2025-05-09"}},
		"Alpine's edge":                {inventory.Distro{ID: "alpine", VersionID: "3.18_alpha20230208"}, Ending{}},
		"Ubuntu":                       {inventory.Distro{ID: "ubuntu", VersionID: "18.04"}, Ending{"Ubuntu", "18.04", "2023-05-31"}},
		"CentOS":                       {inventory.Distro{ID: "centos", VersionID: "8", Pretty: "CentOS Linux 8"}, Ending{"CentOS", "8", "2021-12-31"}},
		"CentOS Stream":                {inventory.Distro{ID: "centos", VersionID: "9", Pretty: "CentOS Stream 9"}, Ending{"CentOS", "stream9", "2027-05-31"}},
		"Red Hat's universal base":     {inventory.Distro{ID: "rhel", VersionID: "8.10"}, Ending{"Red Hat Enterprise Linux", "8", "2029-05-31"}},
		"Amazon's first":               {inventory.Distro{ID: "amzn", VersionID: "2018.03"}, Ending{"Amazon Linux", "2018", "2023-12-31"}},
		"a release that is not listed": {inventory.Distro{ID: "debian", VersionID: "99"}, Ending{Product: "Debian", Version: "99"}},
		"half a number":                {inventory.Distro{ID: "ubuntu", VersionID: "18"}, Ending{}},
		"no number":                    {inventory.Distro{ID: "debian"}, Ending{}},
		"an image's name is no id":     {inventory.Distro{ID: "node", VersionID: "10"}, Ending{}},
		"nothing":                      {inventory.Distro{}, Ending{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Distribution(tt.in)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTheTable(t *testing.T) {
	for name, p := range maintained {
		if p.name == "" || p.parts < 1 || len(p.ends) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
		for version, date := range p.ends {
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				t.Errorf("%s %s: %v", name, version, err)
			}
		}
	}
	for id, name := range distributions {
		if _, ok := Image(name); !ok {
			t.Errorf("%s has no table %q", id, name)
		}
	}
}
