package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/docker-socket", Severity: finding.High,
	Title:       "Socket of a container engine is brought in",
	Remediation: "Build images with a tool that needs no daemon; give a container an interface that can do no more than it must",
	Controls:    []string{"cis-docker-1.6:5.32", "nist-800-190:4.4.3"},
}, onBuilding(func(r *report, i *instruction) {
	switch i.keyword {
	case "VOLUME", "COPY", "ADD":
		for n, w := range i.words {
			if text := unquote(w.text); engineSocket(text) {
				r.part(i, i.wordSpan(n), "%s gives who holds it the whole host", quote(text))
				return
			}
		}
	case "RUN":
		for _, m := range i.mounts() {
			for _, at := range []string{m["source"], m["target"]} {
				if engineSocket(at) {
					r.instruction(i, "%s gives who holds it the whole host", quote(at))
					return
				}
			}
		}
	}
}, "VOLUME", "COPY", "ADD", "RUN"), onProgram(func(r *report, c *command) {
	for _, a := range c.args() {
		if engineSocket(a.text) {
			r.command(c, "%s gives who holds it the whole host", quote(a.text))
			return
		}
	}
}, "chmod", "chown", "chgrp", "ln", "curl", "socat"))

// engineSocket says whether a path is the socket of a container engine.
func engineSocket(path string) bool {
	for _, name := range []string{"docker.sock", "containerd.sock", "crio.sock", "podman.sock", "buildkitd.sock"} {
		if strings.HasSuffix(path, "/"+name) || path == name {
			return true
		}
	}
	return false
}
