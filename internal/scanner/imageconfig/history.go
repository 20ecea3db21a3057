package imageconfig

import (
	"slices"
	"strings"
)

// maxInstruction is how much of an instruction is shown, in bytes.
const maxInstruction = 1000

// instruction gives the last instruction of that name in the image's history, as a
// Dockerfile has it; "" where the history has none. Of the classic builder it is
// "/bin/sh -c #(nop)  USER root", of BuildKit "USER root".
func (img *image) instruction(name string) string {
	for _, v := range slices.Backward(img.Config.History) {
		text := v.CreatedBy
		if _, after, found := strings.Cut(text, "#(nop) "); found {
			text = after
		}
		text = strings.TrimSpace(text)
		word, _, _ := strings.Cut(text, " ")
		if strings.EqualFold(word, name) {
			return strings.ToValidUTF8(text[:min(len(text), maxInstruction)], "")
		}
	}
	return ""
}
