package gate_test

import (
	"testing"

	"github.com/boltseal/boltseal/internal/compliance"
	"github.com/boltseal/boltseal/internal/gate"
)

// TestRulesNameControlsThatThereAre holds the rules of all scanners against the
// catalogues: a control that is misspelt would never fail.
func TestRulesNameControlsThatThereAre(t *testing.T) {
	known := make(map[string]bool)
	for _, c := range compliance.Catalogues() {
		for _, control := range c.Controls {
			known[c.ID+":"+control.ID] = true
		}
	}
	rules, err := gate.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, r := range rules {
		for _, control := range r.Controls {
			named++
			if !known[control] {
				t.Errorf("%s names %q, which no catalogue has", r.ID, control)
			}
		}
	}
	if named < 40 {
		t.Errorf("rules name %d controls", named)
	}
}
