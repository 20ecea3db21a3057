package image

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Names are the names of the files, sorted.
func (a *Artifact) Names() []string { return slices.Sorted(maps.Keys(a.files)) }

// WithBombFloor lowers the size below which no ratio is a bomb.
func WithBombFloor(o Options, floor int64) Options {
	o.bombFloor = floor
	return o
}

// Impatient has waits recorded instead of waited for, and gives up on a server that
// is silent for the given time.
func Impatient(r Remote, silence time.Duration, waits func(time.Duration)) Remote {
	r.stall = silence
	r.wait = func(ctx context.Context, d time.Duration) error {
		waits(d)
		return ctx.Err()
	}
	return r
}

// Reaching has others answer for names.
func Reaching(r Remote, reach func(*http.Transport)) Remote {
	r.reach = reach
	return r
}

// Transport is the connection pool.
func (r Remote) Transport() *http.Transport { return r.base() }
