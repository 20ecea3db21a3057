package scan

import (
	"math/bits"
	"sync"
)

// buffers keeps the memory that contents were held in for those that come: most of what a
// scan allocates, which the system would have to clear page by page.
type buffers struct {
	pools [bufferClasses]sync.Pool // of *[]byte
}

// The sizes that are kept. Smaller ones cost nothing, larger ones are rare.
const (
	minBuffer     = HeadSize
	maxBuffer     = 1 << 20
	bufferSteps   = 4 // between a power of two and the next one
	bufferClasses = bufferSteps*8 + 1
)

// bufferClass is the class of a size in bytes, and how many bytes a buffer of it has;
// false for a size that is not kept.
func bufferClass(size int) (class, capacity int, ok bool) {
	if size < minBuffer || size > maxBuffer {
		return 0, 0, false
	}
	octave := bits.Len(uint(size)) - bits.Len(uint(minBuffer)) // how often minBuffer is doubled
	floor := minBuffer << octave
	step := floor / bufferSteps
	steps := (size - floor + step - 1) / step
	return octave*bufferSteps + steps, floor + steps*step, true
}

// get gives a buffer, whose bytes are anything.
func (b *buffers) get(size int) []byte {
	class, capacity, ok := bufferClass(size)
	if !ok {
		return make([]byte, size)
	}
	if kept, ok := b.pools[class].Get().(*[]byte); ok {
		return (*kept)[:size]
	}
	return make([]byte, capacity)[:size]
}

// put takes a buffer back, which nobody reads any more.
func (b *buffers) put(data []byte) {
	class, capacity, ok := bufferClass(cap(data))
	if !ok || capacity != cap(data) {
		return // not one of ours
	}
	data = data[:capacity]
	if poisons {
		for i := range data {
			data[i] = 0xdb
		}
	}
	b.pools[class].Put(&data)
}
