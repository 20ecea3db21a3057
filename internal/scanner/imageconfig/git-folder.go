package imageconfig

import (
	"path"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/git-folder",
	Title:       "A git repository is left in the image",
	Severity:    finding.Medium,
	Remediation: "Add .git to .dockerignore; where a build clones, do it in an earlier stage and copy the result",
	Controls:    []string{"nist-800-190:4.1.4"},
}, look{file: isGitHead, find: gitFolders})

// isGitHead picks the one file that every repository has.
func isGitHead(e *scan.Entry) bool {
	return e.Kind == scan.File && (e.Path == ".git/HEAD" || strings.HasSuffix(e.Path, "/.git/HEAD"))
}

func gitFolders(img *image) []issue {
	var issues []issue
	for _, f := range img.files {
		dir := path.Dir(f.path)
		issues = append(issues, issue{
			message: "image holds a git repository with its whole history in " + shown(dir),
			path:    dir, at: &f,
		})
	}
	return issues
}
