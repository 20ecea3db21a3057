package policy

import (
	"strings"
	"testing"
)

func TestMessagesAreBounded(t *testing.T) {
	long := with(lintFinding, func(s *Subject) { s.Location.Path = strings.Repeat("x", 10_000) })
	d := decides(t, "rules: [{id: m, action: note, message: \""+strings.Repeat("{path}", 150)+"\"}]\n", Input{}, long, today)
	if n := len(d.Reason); n > maxMessage+maxFilled+10 || !strings.HasSuffix(d.Reason, "…") {
		t.Errorf("%d bytes", n)
	}
}
