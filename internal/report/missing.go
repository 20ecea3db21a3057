package report

import "fmt"

// Missing says what a run lacks that none of its scans can say: it is a part whose rest
// other jobs do, or what has failed beside the scans, as a part that was lost. What such
// a run does not find is not mended.
func Missing(run *Run) []string {
	var why []string
	if s := run.Shard; s != nil {
		why = append(why, fmt.Sprintf("this is shard %d of %d: the rest is in the others", s.Index, s.Of))
	}
	return append(why, run.Judged.Failures...)
}
