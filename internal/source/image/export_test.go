package image

import (
	"context"
	"maps"
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
