//go:build !race

package scan

// poisons says that what is given back is overwritten.
const poisons = false
