package change

import (
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/policy"
)

func TestNamesAreOthersHoweverLong(t *testing.T) {
	long := strings.Repeat("ä", 400)
	seen := make(map[string][2]string)
	for _, label := range []string{"", "api", long + "a", long + "b", "a\nb", "a b"} {
		// The last one is a branch that somebody calls as a long one is shown.
		shown := strings.TrimPrefix(Name("", "", long+"1"), " → ")
		for _, branch := range []string{"", "main", long + "1", long + "2", shown} {
			name := Name("boltseal", label, branch)
			if other, taken := seen[name]; taken {
				t.Errorf("%q is the name of %q and of %q", name, other, [2]string{label, branch})
			}
			seen[name] = [2]string{label, branch}
			if n := len([]rune(name)); n > 255 || strings.Contains(name, "\n") {
				t.Errorf("%d runes: %q", n, name)
			}
		}
	}
}

func TestConcludes(t *testing.T) {
	for _, c := range []struct {
		v    policy.Verdict
		want Conclusion
	}{
		{policy.Verdict{Status: policy.Pass}, Success},
		{policy.Verdict{Status: policy.Pass, ExitCode: policy.ExitNone}, Failure},
		{policy.Verdict{Status: policy.Blocked, ExitCode: policy.ExitBlocked}, Failure},
		{policy.Verdict{Status: policy.Blocked}, Waived},
		{policy.Verdict{Status: policy.None, ExitCode: policy.ExitNone}, Failure},
		{policy.Verdict{Status: policy.None}, Failure},
		{policy.Verdict{}, Failure},
	} {
		if got := Concludes(c.v); got != c.want {
			t.Errorf("%+v: %d, want %d", c.v, got, c.want)
		}
	}
}
