package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// Compare is a full order over packages: by target, ecosystem, name, version and
// where they are.
func Compare(a, b Package) int {
	return cmp.Or(
		strings.Compare(a.Target, b.Target),
		strings.Compare(a.Ecosystem, b.Ecosystem),
		strings.Compare(a.Name, b.Name),
		strings.Compare(a.Version, b.Version),
		slices.Compare(a.Paths, b.Paths),
		strings.Compare(a.Layer, b.Layer),
		strings.Compare(a.PURL, b.PURL),
	)
}
