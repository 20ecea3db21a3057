package scan

// Reversed walks the units last first.
func Reversed(o Options) Options {
	o.reverse = true
	return o
}
