package gate_test

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/report"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// TestDriftOfRights wants what lets others do more than in the older image to be a new
// finding with its line, and listed.
func TestDriftOfRights(t *testing.T) {
	layer := func(mode fs.FileMode, uid int) scantest.Layer {
		l := ownLayer("curl 7.88")
		l.Digest = fmt.Sprint("sha256:own", mode, uid)
		l.Files = append(l.Files,
			scantest.File{Entry: scan.Entry{Path: "usr/bin/su", Mode: mode}, Data: []byte("x")},
			scantest.File{Entry: scan.Entry{Path: "opt/tool", Mode: fs.ModeSetuid | 0o755, UID: uid}, Data: []byte("x")},
			scantest.File{Entry: scan.Entry{Path: "usr/bin/arping", Mode: 0o755, Capabilities: &filecap.Set{
				Permitted: filecap.NetRaw, Effective: mode&fs.ModeSetuid != 0,
			}}, Data: []byte("x")},
			scantest.File{Entry: scan.Entry{Path: "opt/gone", Mode: fs.ModeSetuid | mode}, Data: []byte("x")},
		)
		if mode&fs.ModeSetuid != 0 {
			l.Files = l.Files[:len(l.Files)-1]
		}
		return l
	}
	run := gateOf(t, gate.Request{
		Sources: []scan.Source{
			builtImage("acme/app", "app", baseLayer("libc6 2.36"), layer(fs.ModeSetuid|0o755, 0)),
			scantest.Tree(scantest.Text("docker/Dockerfile", recipeOfImage)),
		},
		Older: []scan.Source{builtImage("acme/old", "other", baseLayer("libc6 2.36"), layer(0o755, 1000))},
	}, finding.ImageConfig)
	var got []string
	for _, f := range run.Findings {
		if f.New != nil && *f.New {
			got = append(got, fmt.Sprintf("%s %s %s:%d", f.Rule, f.Location.Path, f.Location.Built.Path, f.Location.Built.StartLine))
		}
	}
	want := []string{
		"image/changed-user  docker/Dockerfile:3",
		"image/added-rights opt/tool docker/Dockerfile:2",
		"image/added-rights usr/bin/arping docker/Dockerfile:2",
		"image/added-rights usr/bin/su docker/Dockerfile:2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("new findings (-want +got):\n%s", diff)
	}
	rights := []report.RightsChange{
		{Path: "opt/gone", Old: "runs as user 0 (setuid)"},
		{Path: "opt/tool", Old: "runs as user 1000 (setuid)", New: "runs as user 0 (setuid)"},
		{Path: "usr/bin/arping", Old: "gets cap_net_raw=p (file capabilities)", New: "gets cap_net_raw=ep (file capabilities)"},
		{Path: "usr/bin/su", New: "runs as user 0 (setuid)"},
	}
	if diff := cmp.Diff(rights, run.Drifts[0].Rights); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}
