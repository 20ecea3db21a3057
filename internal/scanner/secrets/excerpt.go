package secrets

import (
	"regexp"
	"strings"
	"sync"

	"github.com/boltseal/boltseal/internal/finding"
)

// maxName is the longest name that is shown before a secret, with what assigns it, in
// bytes; maxDigits is how many digits it may have, so that no key is taken for a name.
const (
	maxName   = 64
	maxDigits = 4
)

// assignment is a name with what assigns it, at the end of a text. What stands before
// the name must not make it a value, or the second half of a pair.
var assignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(?:^|[\\s{\\[(,;?&$<])([\"']?[A-Za-z_][A-Za-z0-9_.-]{0,39}[\"'\\]]{0,2}[ \\t]{0,4}(?:=>|:=|==?|:[ \\t]|:[ \\t]?[\"'])[ \\t]{0,4}[\"'`]?)$")
})

// nameBefore gives of the line before a secret what it is assigned to, as it is
// written: "api_key = \"". All else on that line can be another secret. It is empty
// where there is no such thing.
func nameBefore(text string) string {
	text = text[strings.LastIndexByte(text, '\n')+1:]
	if len(text) > maxName+1 {
		text = text[len(text)-maxName-1:]
	}
	found := assignment().FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	digits := 0
	for _, c := range []byte(found[1]) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits > maxDigits {
		return ""
	}
	return found[1]
}

// excerpt shows a secret's name and mask, and nothing else of its line; nil where there
// is neither.
func (r record) excerpt() *finding.Excerpt {
	if r.Name == "" && (r.Mask == "" || r.Mask == ellipsis) {
		return nil
	}
	return finding.NewExcerpt(r.Name+r.Mask, len(r.Name), len(r.Name)+len(r.Mask), "")
}
