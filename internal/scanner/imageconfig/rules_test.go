package imageconfig_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/policy"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/rule/ruletest"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
)

// options are those of the pages' cases.
func options() imageconfig.Options {
	return imageconfig.Options{
		Now:               time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC),
		TrustedRegistries: []string{"registry.example.com*", "*mirror.example.com"},
		TrustsBase: func(ref string) bool {
			return policy.TrustedBases([]*policy.Policy{{TrustedBases: []string{"debian", "registry.example.com/**@sha256:*"}}}).Trust("", ref)
		},
	}
}

func scanOne(ctx context.Context, src scan.Source) scan.Result {
	return scan.Run(ctx, src, []scan.Scanner{imageconfig.New(options())}, scan.Options{})[0]
}

func TestPages(t *testing.T) {
	ruletest.Run(t, imageconfig.New(options()), imageconfig.Rules(), func(files []rule.File) scan.Source {
		src, err := caseImage(files)
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}

// withoutControl are rules about which no benchmark says anything.
var withoutControl = []string{"image/file-newer-than-image", "image/large-layer", "image/no-source-labels", "image/wasted-space"}

// TestIDsStay is the ledger: an id that was given once is never given to another
// rule, so nothing is taken from this list.
func TestIDsStay(t *testing.T) {
	want := []string{
		"image/container-client",
		"image/empty-password",
		"image/end-of-life-distribution",
		"image/exposed-management-port",
		"image/extra-root-account",
		"image/file-newer-than-image",
		"image/git-folder",
		"image/large-layer",
		"image/latest-tag",
		"image/no-healthcheck",
		"image/no-source-labels",
		"image/package-cache",
		"image/package-manager",
		"image/passwordless-sudo",
		"image/remote-add",
		"image/root-user",
		"image/setuid-file",
		"image/ssh-server",
		"image/sudo",
		"image/unpinned-base",
		"image/untrusted-base",
		"image/untrusted-registry",
		"image/wasted-space",
		"image/world-writable",
		"image/wrong-architecture",
	}
	var got []string
	for _, r := range imageconfig.Rules() {
		got = append(got, r.ID)
		if len(r.Controls) == 0 && !slices.Contains(withoutControl, r.ID) {
			t.Errorf("rule %s names no control", r.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
