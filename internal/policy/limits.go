package policy

import (
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// Limits bound exceptions.
type Limits struct {
	// ExceptionMaxAge are the days for which an exception holds at most from the
	// day on which it was created, by the severity of what it accepts; nil for no
	// bound but its own.
	ExceptionMaxAge Days
	// OnExpired says what becomes of what an exception that has expired matches:
	// Fail blocks what is new, and everything on the default branch, and warns of
	// the rest; WarnOfIt only ever warns.
	OnExpired Reaction
	// OnUnmatched is for exceptions that match nothing.
	OnUnmatched Reaction
}

// expiredBlocks is how the file writes Fail for what has expired.
const expiredBlocks = "block"

func readLimits(v yamlpos.Value, l *Limits) {
	v.Map(
		"limits",
		yamlpos.May("exception-max-age", yamlpos.Into(&l.ExceptionMaxAge, readDays)),
		yamlpos.May("on-expired", yamlpos.Into(&l.OnExpired, func(v yamlpos.Value) Reaction {
			if v.OneOf(expiredBlocks, string(WarnOfIt)) == string(WarnOfIt) {
				return WarnOfIt
			}
			return Fail
		})),
		yamlpos.May("on-unmatched", yamlpos.Into(&l.OnUnmatched, func(v yamlpos.Value) Reaction {
			return Reaction(v.OneOf(string(WarnOfIt), string(Fail)))
		})),
	)
}

func (l *Limits) yaml() string {
	var f flow
	if l.ExceptionMaxAge != nil {
		f.raw("exception-max-age", l.ExceptionMaxAge.yaml())
	}
	expired := expiredBlocks
	if l.OnExpired == WarnOfIt {
		expired = string(WarnOfIt)
	}
	f.text("on-expired", expired)
	f.text("on-unmatched", string(l.OnUnmatched))
	return f.String()
}
