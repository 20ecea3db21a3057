package adminport_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/adminport"
)

func TestIn(t *testing.T) {
	ssh := adminport.Port{Number: 22, Name: "SSH"}
	for exposed, want := range map[string][]adminport.Port{
		"22": {ssh}, "22/tcp": {ssh}, "22/TCP": {ssh}, "20-22/tcp": {ssh}, "22-23": {ssh, {Number: 23, Name: "Telnet"}},
		"22/udp": nil, "80": nil, "24-25": nil, "": nil, "-": nil, "22-": nil, "ssh": nil, "8022:22": nil, "23-22": nil,
	} {
		if diff := cmp.Diff(want, adminport.In(exposed)); diff != "" {
			t.Errorf("%q: -want +got\n%s", exposed, diff)
		}
	}
}
