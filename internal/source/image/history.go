package image

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// layerHistory gives for each layer the index of its history entry; nil where the
// history does not speak of as many layers as there are, for then nothing says
// which is which.
func layerHistory(history []v1.History, layers int) []int {
	var indices []int
	for i, h := range history {
		if !h.EmptyLayer {
			indices = append(indices, i)
		}
	}
	if len(indices) != layers {
		return nil
	}
	return indices
}

// instruction gives a history entry as it stood in the Dockerfile, as far as it
// can be told. The classic builder writes "/bin/sh -c #(nop) COPY …" and
// "|1 ARG=x /bin/sh -c make", BuildKit "COPY … # buildkit" and
// "RUN |1 ARG=x /bin/sh -c make # buildkit".
func instruction(createdBy string) string {
	const shell = "/bin/sh -c "
	s := strings.TrimSpace(createdBy)
	s = strings.TrimSpace(strings.TrimSuffix(s, "# buildkit"))
	run := strings.TrimSpace(strings.TrimPrefix(s, "RUN "))
	if isArguments(run) {
		// Values of build arguments are left out; a command is known by its shell.
		if i := strings.Index(run, " "+shell); i >= 0 {
			run = run[i+1:]
		}
	}
	command, ok := strings.CutPrefix(run, shell)
	if !ok {
		return s
	}
	if rest, ok := strings.CutPrefix(command, "#(nop)"); ok {
		return strings.TrimSpace(rest)
	}
	return "RUN " + strings.TrimSpace(command)
}

// isArguments says whether a command begins with a count of build arguments, "|2 ".
func isArguments(s string) bool {
	digits, ok := strings.CutPrefix(s, "|")
	if !ok {
		return false
	}
	rest := strings.TrimLeft(digits, "0123456789")
	return len(rest) < len(digits) && strings.HasPrefix(rest, " ")
}
