package scan

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBuffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b buffers
		for range rapid.IntRange(1, 20).Draw(t, "how many") {
			size := rapid.OneOf(rapid.IntRange(0, 2*maxBuffer), rapid.SampledFrom([]int{
				0, 1, minBuffer - 1, minBuffer, minBuffer + 1, 2*minBuffer - 1, 2 * minBuffer, 2*minBuffer + 1, maxBuffer - 1, maxBuffer, maxBuffer + 1,
			})).Draw(t, "size")
			data := b.get(size)
			if len(data) != size {
				t.Fatalf("%d bytes, not %d", len(data), size)
			}
			if class, capacity, ok := bufferClass(size); ok && (class >= bufferClasses || capacity != cap(data) || capacity > size+size/3+1) {
				t.Fatalf("%d bytes take %d, class %d", size, cap(data), class)
			}
			b.put(data[:rapid.IntRange(0, size).Draw(t, "shorter")])
		}
	})
}

// TestBuffersAreUsedAgain wants memory that is given back to be taken, where the race
// detector does not drop some of it by chance.
func TestBuffersAreUsedAgain(t *testing.T) {
	if poisons {
		t.Log("left out: pools forget at random under the race detector")
		return
	}
	var b buffers
	got := testing.AllocsPerRun(100, func() { b.put(b.get(1 << 20)) })
	if got > 2 {
		t.Errorf("%v allocations for a buffer that is there", got)
	}
	first := b.get(100_000)
	second := b.get(100_000)
	if &first[0] == &second[0] {
		t.Error("one buffer is given twice")
	}
}
