package scan

import "iter"

// Every gives every entry of every unit with its place, hidden ones too, in order.
// Targets without a view give none. A unit that repeats the one before it gives none
// either: it changes nothing.
func (v *View) Every() iter.Seq2[At, *Entry] {
	return func(yield func(At, *Entry) bool) {
		for u, entries := range v.units {
			for i, e := range entries {
				if !yield(At{u, i}, e) {
					return
				}
			}
		}
	}
}
