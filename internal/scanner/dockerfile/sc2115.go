package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2115", Severity: finding.Medium,
	Title:       "rm -r of a path that may come down to /",
	Remediation: "Write \"${name:?}/…\"",
}, onCall(removesRoot, "rm"))

func removesRoot(r *report, w *shellWalk, c *call) {
	if !c.flag("r", "R", "recursive") {
		return
	}
	for _, word := range c.args() {
		if _, literal := literalWord(word); literal && !globs(word) {
			continue
		}
		if path, ok := skeleton(word.Parts); ok && important(path) {
			r.node(w, word, "where what is expanded is empty this removes %s", quote(path))
		}
	}
}

// skeleton is what is left of a path when all expansions are empty; false where one
// cannot be.
func skeleton(parts []syntax.WordPart) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(p.Value)
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			inner, ok := skeleton(p.Parts)
			if !ok {
				return "", false
			}
			b.WriteString(inner)
		case *syntax.ParamExp:
			if p.Exp != nil && (p.Exp.Op == syntax.DefaultUnsetOrNull || p.Exp.Op == syntax.ErrorUnsetOrNull || p.Exp.Op == syntax.AssignUnsetOrNull) {
				return "", false
			}
		}
	}
	return b.String(), true
}

// important says whether a system is lost with a folder, or with all that is in it.
func important(path string) bool {
	path = once(once(path, '/'), '*')
	if path == "" {
		return false
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/*"), "/*")
	switch strings.TrimSuffix(path, "/") {
	case "", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/usr", "/usr/bin", "/usr/local", "/usr/share", "/var":
		return true
	}
	return false
}

// once writes a character once where it stands several times in a row.
func once(text string, c byte) string {
	var b strings.Builder
	for i := range len(text) {
		if text[i] != c || i == 0 || text[i-1] != c {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
