package imageconfig_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/rule/ruletest"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scanner/imageconfig"
)

func scanOne(ctx context.Context, src scan.Source) scan.Result {
	return scan.Run(ctx, src, []scan.Scanner{imageconfig.New()}, scan.Options{})[0]
}

func TestPages(t *testing.T) {
	ruletest.Run(t, imageconfig.New(), imageconfig.Rules(), func(files []rule.File) scan.Source {
		src, err := caseImage(files)
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}

// TestIDsStay is the ledger: an id that was given once is never given to another
// rule, so nothing is taken from this list.
func TestIDsStay(t *testing.T) {
	want := []string{
		"image/empty-password",
		"image/exposed-management-port",
		"image/extra-root-account",
		"image/git-folder",
		"image/no-healthcheck",
		"image/package-cache",
		"image/root-user",
		"image/setuid-file",
		"image/ssh-server",
		"image/world-writable",
	}
	var got []string
	for _, r := range imageconfig.Rules() {
		got = append(got, r.ID)
		if len(r.Controls) == 0 {
			t.Errorf("rule %s names no control", r.ID)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
