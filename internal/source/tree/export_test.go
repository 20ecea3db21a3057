package tree

import (
	"os"

	"github.com/boltseal/boltseal/internal/scan"
)

// WithAttribute makes a root file system's file capabilities be read by another function.
func WithAttribute(src scan.Source, attribute func(*os.File) ([]byte, error)) {
	src.(*Source).attribute = attribute
}
