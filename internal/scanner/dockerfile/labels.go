package dockerfile

import (
	"maps"
	"slices"
)

// labels gives the names and values that a LABEL sets.
func (i *instruction) labels() []pair {
	pairs := i.pairs()
	for n := range pairs {
		pairs[n].key = unquote(pairs[n].key)
	}
	return pairs
}

// labelsOf is a check of the labels that the schema gives a type. It takes their
// values as they are built; where a value holds what only the build knows, there
// is nothing to check.
func labelsOf(kind LabelType, valid func(string) bool, want string) check {
	return onInstruction(func(r *report, i *instruction) {
		for _, p := range i.labels() {
			if r.lint.native.Labels[p.key] != kind {
				continue
			}
			if value, known := i.expand(p.value); known && !valid(value) {
				r.label(i, p, "label %s is not %s", quote(p.key), want)
			}
		}
	}, "LABEL")
}

// label reports one label of a LABEL, without its value.
func (r *report) label(i *instruction, p pair, format string, args ...any) {
	r.at(i, span{p.keySpan.start, max(p.keySpan.end, p.valueSpan.end)}, "LABEL "+p.key, format, args...)
}

// required are the names of the schema's labels, in order.
func (n *Native) required() []string { return slices.Sorted(maps.Keys(n.Labels)) }
