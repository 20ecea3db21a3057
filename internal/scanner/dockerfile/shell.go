package dockerfile

import (
	"slices"
	"strings"
)

// shellState is the shell that RUN and the like go to.
type shellState struct {
	// words are what SHELL says; nil for the default shell.
	words []string
	// name is the program without path and ".exe", lower case.
	name string
}

var defaultShell = &shellState{name: "sh"}

// windowsShell is the default where the base image is Windows.
var windowsShell = &shellState{name: "cmd"}

// newShell reads what SHELL says, looking through env.
func newShell(words []string) *shellState {
	s := &shellState{words: words}
	for _, w := range words {
		s.name = program(w)
		if s.name != "env" {
			break
		}
	}
	return s
}

// program is a program's name without its path, lower case.
func program(path string) string {
	path = path[strings.LastIndexAny(path, `/\`)+1:]
	return strings.TrimSuffix(strings.ToLower(path), ".exe")
}

// foreign says that it is no Unix shell: what it runs is not ours to judge.
func (s *shellState) foreign() bool {
	switch s.name {
	case "powershell", "pwsh", "cmd":
		return true
	}
	return false
}

// unix says that a name is a Unix shell's.
func unix(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox":
		return true
	}
	return false
}

// pipefail says whether a pipe fails when any of its commands does.
func (s *shellState) pipefail() bool { return pipefail(s.words) }

// pipefail looks for "-o pipefail" among a shell's options.
func pipefail(words []string) bool {
	n := slices.Index(words, "pipefail")
	return n > 0 && strings.HasPrefix(words[n-1], "-") && strings.HasSuffix(words[n-1], "o")
}

// shells finds the shell in effect at each instruction and reads what RUN gives to
// it. A stage begins with the shell of the stage that it builds on; a shell pragma
// before the first FROM is the default of all others.
func (f *file) shells() {
	pragmas := f.shellPragmas()
	start := defaultShell
	last := make(map[*stage]*shellState, len(f.stages))
	current := start
	var budget shellBudget
	for _, i := range f.instructions {
		for len(pragmas) > 0 && pragmas[0].line < i.line {
			current = pragmas[0].shell
			if i.stage == nil || i.stage.index == 0 && i.keyword == "FROM" {
				start = current
			}
			pragmas = pragmas[1:]
		}
		switch i.keyword {
		case "FROM":
			current = i.stage.firstShell(start, last)
		case "SHELL":
			if i.exec && len(i.words) > 0 {
				current = newShell(i.args())
			}
		}
		i.shell = current
		if i.stage != nil {
			last[i.stage] = current
		}
		i.readScript(&budget)
		if t := i.trigger; t != nil {
			t.shell = current
			t.readScript(&budget)
		}
	}
	if budget.spent > maxShell {
		f.limits = append(f.limits, "shell code of more than 512 KiB: the rest of it was not looked at")
	}
}

// firstShell is the shell that a stage begins with.
func (st *stage) firstShell(start *shellState, last map[*stage]*shellState) *shellState {
	switch {
	case st.parent != nil:
		return last[st.parent]
	case start == defaultShell && st.windows():
		return windowsShell
	}
	return start
}

// windows says whether a stage's base image is known to be Windows.
func (st *stage) windows() bool {
	if platform, ok := st.from.flag("platform"); ok {
		return strings.HasPrefix(strings.ToLower(platform), "windows")
	}
	base := strings.ToLower(st.base)
	for _, mark := range []string{"windows/", "nanoserver", "windowsservercore", "servercore"} {
		if strings.Contains(base, mark) {
			return true
		}
	}
	return false
}
