package cli

import "testing"

// TestHasher: whatever is compared in a run is compared by hashes of that run.
func TestHasher(t *testing.T) {
	for name, test := range map[string]struct {
		o    scanOptions
		want bool
	}{
		"nothing":        {scanOptions{}, false},
		"a stored run":   {scanOptions{baselineRun: "run.json"}, true},
		"an older image": {scanOptions{newFromImage: "app:1"}, true},
		"a job":          {scanOptions{anchors: &anchors{job: &anchor{}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.o.anchors == nil {
				test.o.anchors = &anchors{}
			}
			h, err := test.o.hasher()
			if got := len(h.Key) > 0; err != nil || got != test.want {
				t.Errorf("a key: %t, %v", got, err)
			}
		})
	}
}
