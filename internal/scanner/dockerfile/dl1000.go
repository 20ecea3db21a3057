package dockerfile

import (
	"errors"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var brokenFile = declare(rule.Meta{
	ID: "DL1000", Severity: finding.High,
	Title:       "Instruction does not build",
	Remediation: "Correct the instruction; the rest of the file is checked all the same",
}, onFile(func(r *report, f *file) {
	for _, fault := range f.faults {
		i := fault.instruction
		if i == nil {
			r.at(nil, fault.span, "", "cannot be parsed: %s", reason(fault.err))
			continue
		}
		switch i.keyword {
		case "ENV", "ARG", "LABEL": // what BuildKit says may quote a value
			r.at(i, fault.span, i.identity(), "%s cannot be parsed: it needs NAME=VALUE", i.keyword)
		default:
			r.at(i, fault.span, i.identity(), "%s cannot be parsed: %s", name(i), reason(fault.err))
		}
	}
}))

// name is an instruction's keyword as messages quote it.
func name(i *instruction) string {
	if i.keyword == "" {
		return "Line"
	}
	if strings.Trim(i.keyword, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && len(i.keyword) < 20 {
		return i.keyword
	}
	return quote(i.keyword)
}

// reason is why BuildKit refuses, without the place, which it repeats, and short.
func reason(err error) string {
	var located *parser.LocationError
	for errors.As(err, &located) {
		err = located.Unwrap()
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
