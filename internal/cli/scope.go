package cli

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// scope tells the gates of a change apart: the jobs of a matrix have the same name in
// every variable, and what they look at is what differs.
type scope struct {
	category, path, platform string
	images, scanners         []string
}

// gate names the gate of a job: by a key for forges, by a label for people.
func (c ciOptions) gate(root string, p *prepared) (key, label string) {
	s := c.scope(root, p.options)
	return p.judging.Mask(s.key()), p.judging.Mask(s.label())
}

// scope is that of a job whose work tree has this root; empty for none.
func (c ciOptions) scope(root string, o scanOptions) scope {
	s := scope{category: c.publishing.category, path: c.path, platform: o.platform, images: c.images}
	if full, err := realPath(c.path); err == nil && root != "" {
		if rel, err := filepath.Rel(root, full); err == nil {
			s.path = filepath.ToSlash(rel)
		}
	}
	for _, name := range o.scanners {
		s.scanners = append(s.scanners, strings.TrimSpace(name))
	}
	slices.Sort(s.scanners)
	s.scanners = slices.Compact(s.scanners)
	return s
}

// key is different for every two gates.
func (s scope) key() string {
	return strings.Join([]string{s.category, s.path, strings.Join(s.images, "\n"), s.platform, strings.Join(s.scanners, ",")}, "\x00")
}

// label is how people tell them apart: what the user calls the gate, or what differs
// from a plain one.
func (s scope) label() string {
	var parts []string
	if s.path != "." {
		parts = append(parts, s.path)
	}
	parts = append(parts, s.images...)
	for _, p := range []string{s.platform, strings.Join(s.scanners, ",")} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return cmp.Or(s.category, strings.Join(parts, " "))
}
