package finding

// Status is how a scanner ended on one target. "Could not scan" is never
// "passed": policy turns Partial and Failed into no verdict unless told otherwise.
type Status string

// The statuses, from good to bad.
const (
	StatusOK      Status = "ok"      // everything wanted was read
	StatusNothing Status = "nothing" // the target holds nothing for this scanner
	StatusPartial Status = "partial" // gave up on something: error, time, memory or size limit
	StatusFailed  Status = "failed"  // did not run, or its answer is worthless
)

var statusRank = map[Status]int{StatusOK: 1, StatusNothing: 0, StatusPartial: 2, StatusFailed: 3}

// Worse gives the worse of two statuses. OK is worse than Nothing, as having
// looked is the stronger statement; the empty status loses to any.
func (s Status) Worse(other Status) Status {
	if s == "" {
		return other
	}
	if other != "" && statusRank[other] > statusRank[s] {
		return other
	}
	return s
}
