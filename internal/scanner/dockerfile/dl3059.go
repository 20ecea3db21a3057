package dockerfile

import (
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3059", Severity: finding.Low,
	Title:       "Two short RUNs follow each other",
	Remediation: "Join them with &&, or write them as a heredoc",
}, onFile(func(r *report, f *file) {
	var last *instruction
	for _, i := range f.instructions {
		if i.keyword != "RUN" || i.broken {
			last = nil
			continue
		}
		if last != nil && short(last) && short(i) && slices.Equal(last.sortedFlags(), i.sortedFlags()) {
			r.instruction(i, "RUN of one command follows another one: they can share a layer")
		}
		last = i
	}
}))

// short says whether a RUN is known to be a single command; a test before it
// doesn't count.
func short(i *instruction) bool {
	s := i.script
	if s == nil || s.err != nil && !s.foreign || len(i.heredocs) > 0 {
		return false
	}
	commands := 0
	for _, c := range s.commands {
		if c.name() != "[" && len(c.words) > 0 {
			commands++
		}
	}
	return commands <= 1
}

// sortedFlags are the flags of an instruction in an order that makes equal ones
// look the same.
func (i *instruction) sortedFlags() []string {
	flags := make([]string, len(i.flags))
	for n, f := range i.flags {
		key, fields, _ := strings.Cut(f.text, "=")
		list := strings.Split(fields, ",")
		slices.Sort(list)
		flags[n] = key + "=" + strings.Join(list, ",")
	}
	slices.Sort(flags)
	return flags
}
