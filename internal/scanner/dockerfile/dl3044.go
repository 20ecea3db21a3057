package dockerfile

import (
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "DL3044", Severity: finding.High,
	Title:       "ENV uses a variable that it sets itself",
	Remediation: "Set the variable in an ENV of its own, before",
}, onInstruction(func(r *report, i *instruction) {
	pairs := i.pairs()
	sets := make(map[string]bool, len(pairs))
	for _, p := range pairs {
		sets[p.key] = true
	}
	for _, p := range pairs {
		for _, name := range i.references(p.value) {
			if name != p.key && sets[name] && !i.inherits(name) {
				r.at(i, p.keySpan, "ENV "+p.key, "value of %s uses %s, which isn't set before the whole ENV is done", quote(p.key), quote(name))
				break
			}
		}
	}
}, "ENV"))

// references are the variables that a value of ENV names where BuildKit expands
// them: not in single quotes and not behind an escape.
func (i *instruction) references(value string) []string {
	if !strings.Contains(value, "$") {
		return nil
	}
	var names []string
	seen := make(map[string]bool)
	quote := byte(0)
	for n := 0; n < len(value); n++ {
		switch c := value[n]; {
		case c == i.file.escape && quote != '\'':
			n++
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		case c == '$' && quote != '\'':
			if name := nameAt(strings.TrimPrefix(value[n+1:], "{")); name != "" && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// inherits says whether a variable is set above an instruction.
func (i *instruction) inherits(name string) bool {
	for _, s := range i.before(name) {
		if i.stage.sees(s.at.stage) && s.at.stage != nil {
			return true
		}
	}
	return false
}
