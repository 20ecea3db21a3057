package imageconfig_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	scanner := asked{imageconfig.New(options()), make(map[string]string)}
	cases := 0
	ruletest.Run(t, scanner, imageconfig.Rules(), func(files []rule.File) scan.Source {
		var own, older []rule.File
		cases++
		name := fmt.Sprintf("image %d", cases)
		for _, f := range files {
			if path, isOlder := strings.CutPrefix(f.Path, "older/"); isOlder {
				older = append(older, rule.File{Path: path, Data: f.Data})
			} else if f.Path == "unsigned" {
				scanner.unsigned[name] = strings.TrimSpace(string(f.Data))
			} else {
				own = append(own, f)
			}
		}
		src := renamed{mustImage(t, own), name}
		if older != nil {
			old := renamed{mustImage(t, older), src.name + " before"}
			scanner.Compare(src.name, old.name)
			scan.Run(t.Context(), old, []scan.Scanner{scanner}, scan.Options{})
		}
		return src
	})
}

// asked adds what registries said of the bases of targets.
type asked struct {
	*imageconfig.Scanner
	unsigned map[string]string
}

func (a asked) Begin(ctx context.Context, t scan.Target) (scan.Pass, error) {
	pass, err := a.Scanner.Begin(ctx, t)
	return answered{pass, a.unsigned[t.Name]}, err
}

type answered struct {
	scan.Pass
	unsigned string
}

func (a answered) Finish(ctx context.Context, v *scan.View, parts []scan.Ref) scan.Result {
	res := a.Pass.Finish(ctx, v, parts)
	if a.unsigned != "" {
		res.Findings = append(res.Findings, imageconfig.UnsignedBase(v.Target().Image, a.unsigned))
	}
	return res
}

func mustImage(t *testing.T, files []rule.File) scan.Source {
	t.Helper()
	src, err := caseImage(files)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// renamed is a source under another name.
type renamed struct {
	scan.Source
	name string
}

func (r renamed) Target() scan.Target {
	t := r.Source.Target()
	t.Name = r.name
	return t
}

// withoutControl are rules about which no benchmark says anything.
var withoutControl = []string{"image/file-newer-than-image", "image/grown-image", "image/large-layer", "image/no-source-labels", "image/wasted-space"}

// TestIDsStay is the ledger: an id that was given once is never given to another
// rule, so nothing is taken from this list.
func TestIDsStay(t *testing.T) {
	want := []string{
		"image/added-port",
		"image/added-rights",
		"image/changed-user",
		"image/container-client",
		"image/empty-password",
		"image/end-of-life-distribution",
		"image/exposed-management-port",
		"image/extra-root-account",
		"image/file-capability",
		"image/file-newer-than-image",
		"image/git-folder",
		"image/grown-image",
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
		"image/unsigned-base",
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
