package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSortedRequirements(t *testing.T) {
	got := SortedRequirements([]Requirement{{"b", "1"}, {"a", "2"}, {"b", ""}, {"a", "10"}, {"a", "2"}, {"b", "1"}})
	want := []Requirement{{"a", "10"}, {"a", "2"}, {"b", ""}, {"b", "1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := SortedRequirements(nil); got != nil {
		t.Errorf("of none: %v", got)
	}
}
