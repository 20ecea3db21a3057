package dockerfile

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2174", Severity: finding.Medium,
	Title:       "-m of mkdir -p holds for the deepest folder only",
	Remediation: "Use umask, or chmod afterwards",
}, onCall(deepMode, "mkdir"))

func deepMode(r *report, w *shellWalk, c *call) {
	if !c.flag("p", "parents") {
		return
	}
	for n := 1; n < len(c.words); n++ {
		text := c.text(n)
		if text != "-m" && text != "--mode" && !strings.HasPrefix(text, "--mode=") && (!isFlag(text, "m") || strings.HasPrefix(text, "--")) {
			continue
		}
		if slices.ContainsFunc(c.args(), deepPath) {
			r.node(w, c.words[n], "folders above the deepest one get the usual mode")
		}
		return
	}
}

// deepPath says whether a word may be a path of more than one folder.
func deepPath(word *syntax.Word) bool {
	path, ok := literalWord(word)
	for strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") {
		path = path[strings.IndexByte(path, '/')+1:]
	}
	return !ok || strings.Contains(path, "/")
}
