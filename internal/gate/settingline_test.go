package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/gate"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

// TestLineOfASecretInSettings wants a secret that stands in no file to point to the line
// that set it.
func TestLineOfASecretInSettings(t *testing.T) {
	token := func(c string) string { return "gh" + "p_" + strings.Repeat(c, 3) + "Wd8sYv" } // made up
	env, label, arg := token("x7Kq9ZtR4m"), token("h3Vn8Wc5Lp"), token("Qw2eRt5yUi")
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{
		Env: []string{"PATH=/bin", "TOKEN=" + env}, Labels: map[string]string{"key": label},
	}, History: []v1.History{
		{CreatedBy: "ENV PATH=/bin", EmptyLayer: true},
		{CreatedBy: "ENV TOKEN=" + env, EmptyLayer: true},
		{CreatedBy: "ARG T=" + arg, EmptyLayer: true},
		{CreatedBy: "RUN /bin/sh -c make install-everything # buildkit"},
		{CreatedBy: "LABEL key=" + label, EmptyLayer: true},
	}}
	dockerfile := "FROM acme/base:1\nENV TOKEN=$SECRET\nARG T\nRUN make install-everything\n\nLABEL key=x\n"
	run := gateOf(t, gate.Request{Sources: []scan.Source{
		scantest.Image("acme/app", config, ownLayer("curl 7.88")), scantest.Tree(scantest.Text("Dockerfile", dockerfile)),
	}}, finding.Secrets)
	var got []string
	for _, f := range run.Findings {
		_, where, _ := strings.Cut(f.Message, "it stands in ")
		got = append(got, fmt.Sprintf("%s %s:%d", where, f.Location.Built.Path, f.Location.Built.StartLine))
	}
	slices.Sort(got)
	want := []string{
		`step 3 of the build history of the image Dockerfile:3`, `the environment variable "TOKEN" of the image Dockerfile:2`, `the label "key" of the image Dockerfile:6`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
