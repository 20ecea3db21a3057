package report

import (
	"fmt"
	"strings"
	"testing"
)

// TestDriftTellsOfRights wants each path told with both images' rights, and many of them
// counted.
func TestDriftTellsOfRights(t *testing.T) {
	d := Drift{Target: "app:2", Old: "app:1", Rights: []RightsChange{
		{Path: "opt/tool", Old: "runs as user 1 (setuid)", New: "runs as user 0 (setuid)"},
		{Path: "usr/bin/su", New: "runs as user 0 (setuid)"},
		{Path: "usr/bin/wall", Old: "runs as group 5 (setgid)"},
	}}
	_, lines := driftLines(&d)
	text := strings.Join(lines[1:], "\n")
	want := "rights of /opt/tool: runs as user 0 (setuid), was runs as user 1 (setuid)\n" +
		"rights of /usr/bin/su: runs as user 0 (setuid), was the usual\n" +
		"rights of /usr/bin/wall: the usual, was runs as group 5 (setgid)"
	if text != want {
		t.Errorf("lines:\n%s", text)
	}
	for i := range 20 {
		d.Rights = append(d.Rights, RightsChange{Path: fmt.Sprint(i), New: "x"})
	}
	_, lines = driftLines(&d)
	if got := lines[len(lines)-1]; len(lines) != 17 || got != "and 8 more paths with other rights, which `-f json` lists" {
		t.Errorf("%d lines, the last is %q", len(lines), got)
	}
}
