package secrets

import (
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// steps are the entries of an image's history, counted from 1, that were the last to set
// something: by the instruction's keyword, and of variables and labels by the name too.
type steps map[[2]string]int

// setBy are the instructions that set what a configuration holds beside variables and
// labels, by the names of settings.
var setBy = map[string]string{
	"entrypoint": "ENTRYPOINT", "command": "CMD", "healthcheck": "HEALTHCHECK", "shell": "SHELL", "onbuild": "ONBUILD",
	"volume": "VOLUME", "port": "EXPOSE", "working directory": "WORKDIR", "user": "USER", "stop signal": "STOPSIGNAL", "author": "MAINTAINER",
}

// stepsOf reads the history once, whatever the number of settings is.
func stepsOf(c *v1.ConfigFile) steps {
	s := make(steps)
	for _, e := range c.Config.Env {
		name, _, _ := strings.Cut(e, "=")
		s[[2]string{"ENV", name}] = 0
	}
	for name := range c.Config.Labels {
		s[[2]string{"LABEL", name}] = 0
	}
	for _, keyword := range setBy {
		s[[2]string{keyword, ""}] = 0
	}
	for i := range c.History {
		keyword, rest := cutInstruction(c.History[i].CreatedBy)
		if keyword != "ENV" && keyword != "LABEL" {
			s.set(keyword, "", i+1)
			continue
		}
		for word := range strings.FieldsSeq(rest) {
			name, _, _ := strings.Cut(word, "=")
			s.set(keyword, strings.Trim(name, `"'`), i+1)
		}
	}
	return s
}

// set keeps what a setting asks for, and nothing else of what a history holds.
func (s steps) set(keyword, name string, step int) {
	key := [2]string{keyword, name}
	if _, asked := s[key]; asked {
		s[key] = step
	}
}

// cutInstruction cuts an entry of a history as it stands there, or behind the mark of the
// classic builder.
func cutInstruction(createdBy string) (keyword, rest string) {
	if _, after, found := strings.Cut(createdBy, "#(nop)"); found {
		createdBy = after
	}
	keyword, rest, _ = strings.Cut(strings.TrimSpace(createdBy), " ")
	return strings.ToUpper(keyword), rest
}
