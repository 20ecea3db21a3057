package yamlpos

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// grown is how large a value is when its aliases are replaced.
type grown struct {
	values, depth int
	done          bool
}

// expansion checks, in one walk over what is written, how much the document is
// when every alias is replaced by what it stands for, so that whoever follows
// aliases afterwards needs no guard. An alias stands behind its anchor, and so
// the size of what it names is known, unless the alias stands inside of it.
func (d *Document) expansion(limits Limits) (Error, bool) {
	anchors := make(map[*yaml.Node]*grown)
	_, fault := d.grow(d.root, limits, anchors)
	if fault != nil {
		return *fault, false
	}
	return Error{}, true
}

// grow recurses as deep as the text nests, which the parser has bounded.
func (d *Document) grow(n *yaml.Node, limits Limits, anchors map[*yaml.Node]*grown) (grown, *Error) {
	if n.Kind == yaml.AliasNode {
		target := anchors[n.Alias]
		if target == nil || !target.done {
			return grown{}, d.fault(n, "an alias inside of what it stands for has no end", "write the value out")
		}
		return *target, nil
	}
	size := grown{values: 1, depth: 1}
	if n.Anchor != "" {
		anchors[n] = &grown{}
	}
	for _, child := range n.Content {
		g, fault := d.grow(child, limits, anchors)
		if fault != nil {
			return grown{}, fault
		}
		size.values += g.values
		size.depth = max(size.depth, g.depth+1)
		if size.values > limits.Expanded {
			return grown{}, d.fault(child, fmt.Sprintf("aliases make the document larger than %d values", limits.Expanded), "write the values out")
		}
		if size.depth > limits.Depth+1 {
			return grown{}, d.fault(child, fmt.Sprintf("aliases make the document deeper than %d", limits.Depth), "write the values out")
		}
	}
	size.done = true
	if n.Anchor != "" {
		anchors[n] = &size
	}
	return size, nil
}

func (d *Document) fault(n *yaml.Node, msg, hint string) *Error {
	e := d.text.at(n.Line, n.Column, msg, hint)
	return &e
}
