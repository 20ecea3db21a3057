package dockerfile

import (
	"path"
	"strings"
)

// fixDL3020 makes COPY of ADD, whose sources are all plain files by their names.
func fixDL3020(h *hit, i *instruction) {
	if i.onbuild != nil || !copyable(i) {
		return
	}
	h.description = "use COPY"
	h.becomes = "COPY"
	h.replace(i.keywordSpan(), matchCase("COPY", i.text[i.at:]))
}

// copyable says whether COPY knows all flags that are used, and nothing is a
// variable or a pattern that may turn out to be an address or an archive.
func copyable(i *instruction) bool {
	for _, f := range i.flags {
		switch name, _, _ := strings.Cut(f.text, "="); name {
		case "--chown", "--chmod", "--link", "--exclude":
		default:
			return false
		}
	}
	for _, w := range i.words[:len(i.words)-1] {
		if ending := path.Ext(w.text); strings.ContainsAny(w.text, "*?[") && (len(ending) < 2 || strings.ContainsAny(ending, "*?[]")) {
			return false
		}
	}
	return !strings.Contains(i.text[i.rest:i.end], "$")
}
