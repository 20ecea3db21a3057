package imageconfig

import (
	"fmt"
	"io/fs"
	"path"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/added-rights",
	Title:       "A file lets others do more than in the older image",
	Severity:    finding.Medium,
	Remediation: "Find out which step brought the bits, and take them away there (chmod), or approve the image anew",
	Controls:    []string{"cis-docker-1.6:4.8", "nist-800-190:4.1.2"},
}, look{file: isSpecial, find: addedRights, config: true, older: true})

func isSpecial(e *scan.Entry) bool {
	return (e.Mode&special != 0 || e.Capabilities != nil) && rightsOf(e) != (rights{})
}

// addedRights leaves out what other rules find in this image and did not in the older
// one: that is new already.
func addedRights(img *image) []issue {
	told := make(map[string]bool)
	for _, i := range worldWritable(img.writable()) {
		told[i.path] = true
	}
	var issues []issue
	var writable []file
	for _, f := range img.files {
		now, was := rightsOf(f.entry), img.older.rights[f.path]
		if !now.adds(was) {
			continue
		}
		if runsWithMore(f.entry, now, was) {
			issues = append(issues, issue{message: fmt.Sprintf("%s %s%s", shown(f.path), now, beforeThat(was)), path: f.path, at: &f})
			continue
		}
		if now.mode&^was.mode&0o002 != 0 && !told[f.path] {
			writable = append(writable, f)
		}
	}
	for _, group := range byFolder(writable) {
		message := shown(group[0].path) + " can be written by every account, which it could not in the older image"
		subject := group[0].path
		if len(group) > 1 {
			subject = path.Dir(group[0].path) + "/"
			message = fmt.Sprintf("%s in %s can be written by every account, which they could not in the older image: %s", plural(len(group), "path"), shown(path.Dir(group[0].path)), some(group))
		}
		issues = append(issues, issue{message: message, subject: subject, path: group[0].path, at: &group[0]})
	}
	return issues
}

// runsWithMore says whether a program runs with more rights than it did, of which no other
// rule tells for the first time.
func runsWithMore(e *scan.Entry, now, was rights) bool {
	const runs = fs.ModeSetuid | fs.ModeSetgid
	owners := rights{mode: now.mode & runs, uid: now.uid, gid: now.gid}
	if owners.adds(was) && (was.mode&runs != 0 || !isSetuid(e) && !isSudo(e)) {
		return true
	}
	return now.capabilities.Adds(was.capabilities) &&
		(beyondDistribution(e.Path, was.capabilities) || !isFileCapability(e))
}

func beforeThat(was rights) string {
	if text := was.String(); text != "" {
		return ", and in the older image " + text
	}
	return ", and did not in the older image"
}

// writable is the image as the rule about files that all can write to sees it.
func (img *image) writable() *image {
	seen := *img
	seen.files = nil
	for _, f := range img.files {
		if isWorldWritable(f.entry) {
			seen.files = append(seen.files, f)
		}
	}
	return &seen
}
