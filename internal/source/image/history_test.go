package image

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestInstruction(t *testing.T) {
	tests := map[string]struct{ createdBy, want string }{
		"classic COPY":           {"/bin/sh -c #(nop) COPY file:1 in /app ", "COPY file:1 in /app"},
		"classic ADD":            {"/bin/sh -c #(nop)  ADD file:1 in / ", "ADD file:1 in /"},
		"classic RUN":            {"/bin/sh -c apt-get update", "RUN apt-get update"},
		"classic RUN with ARG":   {"|2 A=b c TOKEN=x /bin/sh -c make all", "RUN make all"},
		"BuildKit COPY":          {"COPY --chown=1 a /b # buildkit", "COPY --chown=1 a /b"},
		"BuildKit RUN":           {"RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"},
		"BuildKit RUN with ARG":  {"RUN |1 TOKEN=x /bin/sh -c make # buildkit", "RUN make"},
		"another shell":          {"RUN /bin/bash -o pipefail -c make # buildkit", "RUN /bin/bash -o pipefail -c make"},
		"another builder":        {"bazel build ...", "bazel build ..."},
		"nothing":                {"", ""},
		"a pipe without a count": {"| /bin/sh -c make", "| /bin/sh -c make"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, instruction(tt.createdBy)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLayerHistory(t *testing.T) {
	history := []v1.History{{}, {EmptyLayer: true}, {}, {EmptyLayer: true}}
	tests := map[string]struct {
		layers int
		want   []int
	}{
		"as many":  {2, []int{0, 2}},
		"too few":  {3, nil},
		"too many": {1, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, layerHistory(history, tt.layers)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
