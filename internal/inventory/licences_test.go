package inventory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddLicences(t *testing.T) {
	got := AddLicences([]string{"MIT"}, " Apache-2.0\t", "", " ", "MIT", "a\nb", "a\rb", strings.Repeat("x", maxLicence+1), strings.Repeat("y", maxLicence))
	if diff := cmp.Diff([]string{"MIT", "Apache-2.0", strings.Repeat("y", maxLicence)}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var many []string
	for i := range 3 * MaxLicences {
		many = AddLicences(many, fmt.Sprint(i))
	}
	if len(many) != MaxLicences {
		t.Errorf("%d are kept", len(many))
	}
	if got := AddLicences(nil, ""); got != nil {
		t.Errorf("of none: %v", got)
	}
}
