package imageconfig

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
	"github.com/boltseal/boltseal/internal/scan"
)

var _ = declare(rule.Meta{
	ID:          "image/setuid-file",
	Title:       "A program runs with its owner's rights, whoever starts it",
	Severity:    finding.Medium,
	Remediation: "Remove the bits in the layer that brings the file (chmod a-s), or the program itself",
	Controls:    []string{"cis-docker-1.6:4.8", "nist-800-190:4.1.2"},
}, look{file: isSetuid, find: setuidFiles})

// distributionSetuid are the programs of util-linux, shadow, PAM, cron, openssh and
// busybox that distributions install with these bits, in every base image. Below
// /usr or not, in bin or sbin.
var distributionSetuid = map[string]bool{
	"bin/bbsuid": true, "bin/bsd-write": true, "bin/chage": true, "bin/chfn": true, "bin/chsh": true, "bin/crontab": true,
	"bin/expiry": true, "bin/gpasswd": true, "bin/mount": true, "bin/newgidmap": true, "bin/newgrp": true, "bin/newuidmap": true,
	"bin/passwd": true, "bin/ping": true, "bin/ping6": true, "bin/ssh-agent": true, "bin/su": true, "bin/umount": true,
	"bin/wall": true, "bin/write": true, "bin/pam_timestamp_check": true, "bin/unix_chkpwd": true, "bin/pam_extrausers_chkpwd": true,
	"bin/unix_update": true, "bin/utempter": true, "bin/sg": true,
	"lib/dbus-1.0/dbus-daemon-launch-helper": true, "libexec/dbus-1/dbus-daemon-launch-helper": true,
	"lib/openssh/ssh-keysign": true, "libexec/openssh/ssh-keysign": true, "lib/ssh/ssh-keysign": true,
	"lib/x86_64-linux-gnu/utempter/utempter": true, "lib/aarch64-linux-gnu/utempter/utempter": true, "libexec/utempter/utempter": true,
}

func isSetuid(e *scan.Entry) bool {
	if e.Mode&(fs.ModeSetuid|fs.ModeSetgid) == 0 || e.Mode&0o111 == 0 || (e.Kind != scan.File && e.Kind != scan.Hardlink) {
		return false
	}
	return !distributionSetuid[installed(e.Path)] && !sudoPaths[e.Path] // sudo has a rule of its own
}

// installed gives the path by which lists know a program: of /usr/sbin, /usr/bin, /sbin and
// /bin distributions make the last.
func installed(path string) string {
	path = strings.TrimPrefix(path, "usr/")
	if rest, ok := strings.CutPrefix(path, "sbin/"); ok {
		return "bin/" + rest
	}
	return path
}

func setuidFiles(img *image) []issue {
	var issues []issue
	for _, f := range img.files {
		what := fmt.Sprintf("runs with the rights of user %d (setuid)", f.entry.UID)
		switch {
		case f.entry.Mode&fs.ModeSetuid == 0:
			what = fmt.Sprintf("runs with the rights of group %d (setgid)", f.entry.GID)
		case f.entry.UID == 0:
			what = "runs as root, whoever starts it (setuid)"
		}
		issues = append(issues, issue{message: shown(f.path) + " " + what, path: f.path, at: &f})
	}
	return issues
}
