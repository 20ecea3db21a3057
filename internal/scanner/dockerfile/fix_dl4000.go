package dockerfile

import "strings"

const authorsLabel = "org.opencontainers.image.authors"

// fixDL4000 makes a label of MAINTAINER. A label knows quotes and variables, so what
// would be read as such is escaped.
func fixDL4000(h *hit, i *instruction) {
	if i.stage == nil || i.onbuild != nil || len(i.words) != 1 || i.file.facts().stages[i.stage].authors {
		return
	}
	text := i.words[0].text
	h.description = "use LABEL"
	h.becomes = "LABEL"
	opening := matchCase("LABEL", i.text[i.at:]) + " " + authorsLabel + "="
	head := i.span(i.at, i.rest)
	head.end = i.offset(i.rest)
	special := `"$` + string(rune(i.file.escape))
	if inner := unquote(text); len(inner) < len(text) && !strings.ContainsAny(inner, special+`'`) {
		h.replace(head, opening)
		return
	}
	h.replace(head, opening+`"`)
	for n := i.rest; n < i.end; n++ {
		if strings.IndexByte(special, i.text[n]) >= 0 {
			h.insert(i.offset(n), string(rune(i.file.escape)))
		}
	}
	h.insert(i.span(i.rest, i.end).end, `"`)
}
