package inventory

import (
	"cmp"
	"slices"
	"strings"
)

// CompareRequirements is a full order over what packages ask for.
func CompareRequirements(a, b Requirement) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
}

// SortedRequirements puts a list in order, in place, and gives it with each but once.
func SortedRequirements(list []Requirement) []Requirement {
	slices.SortFunc(list, CompareRequirements)
	return slices.Compact(list)
}
