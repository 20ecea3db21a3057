// Package layerline finds the line of a Dockerfile that brought a layer of an image,
// by what the image's history says of the instruction.
package layerline

import (
	"slices"
	"strings"
)

// Place is a line of a file.
type Place struct {
	Path string
	Line int
}

// Lines are the instructions of Dockerfiles, by what an image's history makes of
// them.
type Lines struct{ places map[string][]Place }

// Read reads Dockerfiles, by path. It is no parser that a build would need: what it
// does not understand it only does not find.
func Read(files map[string][]byte) *Lines {
	l := &Lines{places: make(map[string][]Place)}
	for path, content := range files {
		l.read(path, string(content))
	}
	return l
}

func (l *Lines) read(path, content string) {
	escape, first := `\`, true
	var words []string
	start, line := 0, 0
	for text := range strings.SplitSeq(content, "\n") {
		line++
		text = strings.TrimSpace(text)
		if comment, ok := strings.CutPrefix(text, "#"); ok {
			if name, value, ok := strings.Cut(comment, "="); first && ok && strings.EqualFold(strings.TrimSpace(name), "escape") {
				escape = strings.TrimSpace(value)
			}
			continue
		}
		first = false
		if text == "" {
			continue
		}
		if start == 0 {
			start = line
		}
		more, continued := strings.CutSuffix(text, escape)
		words = append(words, strings.Fields(more)...)
		if continued {
			continue
		}
		l.add(Place{path, start}, words)
		words, start = nil, 0
	}
	if start > 0 {
		l.add(Place{path, start}, words)
	}
}

func (l *Lines) add(p Place, words []string) {
	if k := key(words, false); k != "" {
		l.places[k] = append(l.places[k], p)
	}
}

// Find gives the line of an instruction as an image's history has it. Where two
// lines could be meant there is none.
func (l *Lines) Find(instruction string) (Place, bool) {
	words := strings.Fields(instruction)
	if n := len(words); n > 1 && words[n-2] == "#" && words[n-1] == "buildkit" {
		words = words[:n-2]
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "/") { // the older builder
		words = append([]string{"RUN"}, words...)
	}
	if k := key(words, true); k != "" {
		if found := l.places[k]; len(found) == 1 {
			return found[0], true
		}
	}
	return Place{}, false
}

// key is an instruction that brings a layer without its flags and, of a RUN, without
// the shell and the arguments that a history sets before it; empty for every other.
func key(words []string, history bool) string {
	if len(words) < 2 {
		return ""
	}
	name, rest := strings.ToUpper(words[0]), words[1:]
	switch name {
	case "RUN":
		if i := slices.Index(rest, "-c"); history && i > 0 && strings.HasSuffix(rest[i-1], "sh") && (i == 1 || strings.HasPrefix(rest[0], "|")) {
			rest = rest[i+1:]
		}
	case "COPY", "ADD":
	default:
		return ""
	}
	for len(rest) > 0 && strings.HasPrefix(rest[0], "--") {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return ""
	}
	return name + " " + strings.Join(rest, " ")
}
