package dockerfile

import (
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"
)

// TestDepthIsTheTextsAlone holds that what is too deep does not depend on how deep
// the caller is.
func TestDepthIsTheTextsAlone(t *testing.T) {
	text := strings.Repeat("(\n", 300) + strings.Repeat("a\n", 4096) + strings.Repeat(")\n", 300)
	var from func(depth int) error
	from = func(depth int) error {
		if depth > 0 {
			return from(depth - 1)
		}
		_, err := parseShell(text, syntax.LangBash)
		return err
	}
	for _, depth := range []int{0, 2 * maxFrames} {
		if err := from(depth); err != nil {
			t.Errorf("called %d calls deep: %v", depth, err)
		}
	}
}

func TestPanicOnNewStackIsPassedOn(t *testing.T) {
	defer func() {
		if v := recover(); v != "why" {
			t.Errorf("recovered %v", v)
		}
	}()
	onNewStack(func() { panic("why") })
}
