package policy

import (
	"fmt"
	"slices"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

// maxFileGlobs bounds the globs of files, each of which is asked of every file.
const maxFileGlobs = 200

// readDockerfile reads what is said of Dockerfiles.
func readDockerfile(v yamlpos.Value, p *Policy) {
	v.Map("dockerfile", yamlpos.Need("files", yamlpos.Into(&p.Dockerfiles, func(v yamlpos.Value) []string {
		if items := v.OneOrMore(); len(items) > maxFileGlobs {
			v.Fail("let a glob match more", "%d globs, more than the %d allowed", len(items), maxFileGlobs)
			return nil
		}
		return readPathGlobs(v)
	})))
}

// Dockerfiles says of a path whether a policy, or one of the globs beside them,
// calls it a Dockerfile; nil where nothing does. A glob only ever adds files, so
// those of all policies count for all targets. An error is a glob that is malformed.
func Dockerfiles(policies []*Policy, more []string) (func(path string) bool, error) {
	for _, pattern := range more {
		if bad := badGlob(pattern); bad != "" {
			return nil, fmt.Errorf("glob %q %s", pattern, bad)
		}
	}
	patterns := more
	for _, p := range policies {
		patterns = append(slices.Clip(patterns), p.Dockerfiles...)
	}
	if len(patterns) == 0 {
		return nil, nil //nolint:nilnil // nothing is asked
	}
	return newGlobs(patterns).match, nil
}
