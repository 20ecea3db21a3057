package imageconfig_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
)

// rootFS offers an image's only layer as an unpacked root file system.
type rootFS struct{ scan.Source }

func (rootFS) Target() scan.Target { return scan.Target{Kind: scan.KindRootFS, Name: "rootfs:."} }

func TestOfARootFileSystemTheFilesAreLookedAt(t *testing.T) {
	res := scanOne(t.Context(), rootFS{scantest.Image("", nil, scantest.Layer{Files: []scantest.File{
		scantest.Text("etc/passwd", "root::0:0:::\n"),
		{Entry: scan.Entry{Path: "etc/os-release", Kind: scan.Symlink, Link: "../usr/lib/os-release"}},
		scantest.Text("usr/lib/os-release", "ID=debian\nVERSION_ID=9\n"),
		mode("opt/tool", 0o755|1<<23),
		{Entry: scan.Entry{Path: "opt/helper", Mode: 0o755, Size: 1, Capabilities: &filecap.Set{Permitted: filecap.SysAdmin, RootID: 1000}}},
	}})})
	want := []string{
		"image/empty-password etc/passwd:1 high account \"root\" has no password: whoever reaches a login is in",
		"image/end-of-life-distribution usr/lib/os-release:0 medium Debian 9 has had no security updates since 2022-07-01",
		"image/file-capability opt/helper:0 medium /opt/helper gets cap_sys_admin=p [rootid=1000], whoever starts it (file capabilities)",
		"image/setuid-file opt/tool:0 medium /opt/tool runs as root, whoever starts it (setuid)",
	}
	if diff := cmp.Diff(want, lines(res)); diff != "" || res.Status != finding.StatusOK {
		t.Errorf("status %s: %s (-want +got)\n%s", res.Status, res.Reason, diff)
	}
	if res.RulesAssessed == 0 || res.RulesAssessed >= len(imageconfig.Rules()) {
		t.Errorf("%d rules assessed", res.RulesAssessed)
	}
}

func TestWithoutADayAndAListTheRulesAreSilent(t *testing.T) {
	config := quiet()
	config.Config.Labels["org.opencontainers.image.base.name"] = "other.example.net/x@sha256:0"
	src := scantest.Image("app", config, scantest.Layer{Files: []scantest.File{scantest.Text("etc/os-release", "ID=debian\nVERSION_ID=9\n")}})
	res := scan.Run(t.Context(), src, []scan.Scanner{imageconfig.New(imageconfig.Options{})}, scan.Options{})[0]
	if len(res.Findings) > 0 {
		t.Errorf("findings %q", lines(res))
	}
}

func TestOfProgramsTheFirstBytesAreRead(t *testing.T) {
	config := quiet()
	config.Architecture = "amd64"
	head, err := program("arm64")
	if err != nil {
		t.Fatal(err)
	}
	tool := scantest.File{Entry: scan.Entry{Path: "usr/bin/tool", Mode: 0o755}, Data: append(head, make([]byte, 1<<20)...)}
	res := scanOne(t.Context(), scantest.Image("app", config, scantest.Layer{Files: []scantest.File{tool}}))
	if res.Files != 0 || res.Bytes != 0 || len(res.Findings) != 1 {
		t.Errorf("%d files, %d bytes read: %q", res.Files, res.Bytes, lines(res))
	}
}

func TestAnInstructionShowsNoCredentials(t *testing.T) {
	config := quiet()
	config.History = append(config.History, historyOf("ADD https://user:hunter2@example.com/x?token=hunter2 /x # buildkit"))
	res := scanOne(t.Context(), scantest.Image("app", config))
	if len(res.Findings) != 1 {
		t.Fatalf("findings %q", lines(res))
	}
	f := res.Findings[0]
	if text := f.Message + f.Location.Instruction + strings.Join(f.Identity, ""); strings.Contains(text, "hunter2") {
		t.Errorf("told: %s", text)
	}
}
