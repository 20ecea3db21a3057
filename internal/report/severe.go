package report

import (
	"cmp"
	"slices"

	"github.com/boltseal/boltseal/internal/policy"
)

// actionRank orders decisions by how much they matter.
var actionRank = map[policy.Action]int{policy.Block: 3, policy.Warn: 2, policy.Note: 1}

// mostSevere gives findings in the order in which they are kept where not all can
// be: what blocks first, then the severest; otherwise as they stood.
func mostSevere(findings []*Finding) []*Finding {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(actionRank[b.Decision.Action], actionRank[a.Decision.Action]), cmp.Compare(b.Severity, a.Severity))
	})
	return sorted
}
