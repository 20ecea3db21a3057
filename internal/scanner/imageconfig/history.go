package imageconfig

import "strings"

// maxInstruction is how much of an instruction is shown, in bytes.
const maxInstruction = 1000

// instruction gives the last instruction of that name in the image's history, as a
// Dockerfile has it; "" where the history has none. Of the classic builder it is
// "/bin/sh -c #(nop)  USER root", of BuildKit "USER root".
func (img *image) instruction(name string) string {
	all := img.instructions(name)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// instructions gives all instructions of that name, oldest first.
func (img *image) instructions(name string) []string {
	var all []string
	for i := range img.Config.History {
		text := img.Config.History[i].CreatedBy
		if _, after, found := strings.Cut(text, "#(nop) "); found {
			text = after
		}
		text = strings.TrimSpace(text)
		word, _, _ := strings.Cut(text, " ")
		if strings.EqualFold(word, name) {
			all = append(all, strings.ToValidUTF8(text[:min(len(text), maxInstruction)], ""))
		}
	}
	return all
}
