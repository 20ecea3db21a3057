package dockerfile

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "SC2016", Severity: finding.Low,
	Title:       "Expression in single quotes is not expanded",
	Remediation: "Use double quotes where the value is wanted",
}, onNode(singleQuoted))

func singleQuoted(r *report, w *shellWalk, q *syntax.SglQuoted) {
	if q.Dollar || strings.IndexByte(q.Value, '$') < 0 && strings.IndexByte(q.Value, '`') < 0 || w.quoted || !looksExpanded(q.Value) {
		return
	}
	if !w.takesExpressions(q.Value) {
		r.node(w, q, "nothing is expanded in the single quotes of %s", quote(w.raw(q)))
	}
}

// looksExpanded says whether a shell would expand something in a text, were it not
// for the quotes.
func looksExpanded(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		switch next := text[i+1]; {
		case text[i] == '$' && (next == '{' || next == '(' || isName(string(next)) || next >= '0' && next <= '9'):
			return true
		case text[i] == '`':
			if end := strings.IndexByte(text[i+1:], '`'); end > 0 {
				return true
			}
		}
	}
	return false
}

// takesExpressions says whether the text is for a program that expands it itself, or
// for a prompt.
func (w *shellWalk) takesExpressions(text string) bool {
	for n := range 3 {
		if a, ok := w.parent(n).(*syntax.Assign); ok && a.Name != nil && prompts(a.Name.Value) {
			return true
		}
	}
	name := ""
	if d, ok := w.parent(2).(*syntax.DeclClause); ok {
		name = d.Variant.Value
	} else if w.call != nil && w.place != inAssign {
		name = w.call.runs()
	} else if w.call != nil {
		name = w.call.name
	}
	switch name {
	case "trap", "sh", "bash", "ksh", "zsh", "ssh", "eval", "xprop", "alias", "sudo", "doas", "docker", "podman",
		"dpkg-query", "jq", "rename", "rg", "unset", "git filter-branch":
		return true
	case "sed":
		return sedAddress(text)
	}
	return strings.HasSuffix(name, "awk") || strings.HasPrefix(name, "perl")
}

// runs is the program that a command's arguments are for.
func (c *call) runs() string {
	switch c.name {
	case "find":
		for n := 1; n+1 < len(c.words); n++ {
			switch c.text(n) {
			case "-exec", "-execdir", "-ok", "-okdir":
				next := c.text(n + 1)
				return next[strings.LastIndexByte(next, '/')+1:]
			}
		}
	case "git":
		if c.text(1) == "filter-branch" {
			return "git filter-branch"
		}
	}
	return c.name
}

// sedAddress says whether a "$" in a text is sed's last line, followed by a command.
func sedAddress(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '$' || strings.IndexByte("{dpsaic", text[i+1]) < 0 {
			continue
		}
		if i+2 == len(text) || !letter(text[i+2]) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
