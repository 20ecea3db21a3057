package packages

import (
	"runtime"
	"strings"
	"testing"
)

// TestTermsAreLookedForOneByOne wants a file that is bad at its front to take no room for
// all that follows.
func TestTermsAreLookedForOneByOne(t *testing.T) {
	data := []byte(strings.Repeat("any.a==", 1<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	made, err := readCabalFreeze()(t.Context(), "", data)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || len(made.Rows) > 0 || took > 4*uint64(len(data)) {
		t.Errorf("%d bytes for a file of %d, %v", took, len(data), err)
	}
}
