//go:build race

package scan

// poisons says that what is given back is overwritten: whoever still reads it is found by
// the tests, and by the race detector.
const poisons = true
