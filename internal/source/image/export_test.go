package image

// WithBombFloor lowers the size below which no ratio is a bomb.
func WithBombFloor(o Options, floor int64) Options {
	o.bombFloor = floor
	return o
}
