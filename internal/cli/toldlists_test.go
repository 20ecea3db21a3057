package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/report"
)

// TestAListIsOfOnePlatform: what a run tells of several platforms under one name is of no
// one of them.
func TestAListIsOfOnePlatform(t *testing.T) {
	row := func(target, platform string) report.Scan { return report.Scan{Target: target, Platform: platform} }
	told := &report.Run{Scans: []report.Scan{
		row("registry:one", "linux/amd64"), row("registry:one", "linux/amd64"),
		row("registry:two", "linux/amd64"), row("registry:two", "linux/arm64"), row("registry:two", "linux/amd64"),
		row("registry:two linux/s390x", "linux/s390x"), row("registry:none", "linux/amd64"), row("dir:.", ""),
	}}
	for _, target := range []string{"registry:one", "registry:two", "registry:two linux/s390x", "dir:."} {
		told.Packages = append(told.Packages, inventory.Package{Target: target, Name: "a"})
	}
	var got []string
	for _, l := range toldLists(told) {
		got = append(got, l.Target().Name+" is "+l.Target().Image.Platform)
	}
	want := []string{"registry:one is linux/amd64", "registry:two is ", "registry:two linux/s390x is linux/s390x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
