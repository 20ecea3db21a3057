package dockerfile

import (
	"errors"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/shell-syntax", Severity: finding.Medium,
	Title:       "Shell code of a RUN cannot be parsed",
	Remediation: "Correct the syntax; what follows it in the same RUN is not checked",
}, onInstruction(func(r *report, i *instruction) {
	if t := i.trigger; t != nil {
		i = t
	}
	s := i.script
	if s == nil || s.err == nil || s.foreign || errors.Is(s.err, errTooDeep) {
		return
	}
	at, text := shellError(s.err)
	r.at(i, s.span(at, at), i.identity(), "shell code cannot be parsed from here on: %s", reason(errors.New(text)))
}, "RUN", "ONBUILD"))

// shellError gives an error's place in the script and its text without the place.
func shellError(err error) (int, string) {
	if wrong, ok := errors.AsType[syntax.ParseError](err); ok {
		return int(wrong.Pos.Offset()), wrong.Text
	}
	if other, ok := errors.AsType[syntax.LangError](err); ok {
		return int(other.Pos.Offset()), other.Feature + " is not known to this shell"
	}
	return 0, err.Error()
}
