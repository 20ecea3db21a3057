package cli

import (
	"fmt"
	"time"

	"github.com/boltseal/boltseal/internal/vulndb"
)

// progress shows on a terminal how far the fetching is, and nothing elsewhere.
func (s System) progress() func(vulndb.Progress) {
	if s.Terminal == nil || !s.Terminal() {
		return nil
	}
	const often = 100 * time.Millisecond
	var last time.Time
	return func(p vulndb.Progress) {
		whole := p.Total > 0 && p.Done >= p.Total
		now := time.Now()
		if !whole && now.Sub(last) < often {
			return
		}
		last = now
		of := ""
		if p.Total > 0 {
			of = " of " + megabytes(p.Total)
		}
		// Back to the first column and clear the line: ECMA-48, CR and EL.
		_, _ = fmt.Fprintf(s.Stderr, "\r\x1b[K%s: %s%s", p.Name, megabytes(p.Done), of)
		if whole {
			_, _ = fmt.Fprint(s.Stderr, "\r\x1b[K")
		}
	}
}
