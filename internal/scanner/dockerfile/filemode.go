package dockerfile

import (
	"strconv"
	"strings"
)

// fileMode is what a mode says of the bits that matter, numeric or symbolic.
type fileMode struct {
	setuid, setgid, sticky bool
	// others may write.
	others bool
}

// parseMode reads the mode of chmod; false where it is none, or a variable.
func parseMode(text string) (fileMode, bool) {
	if n, err := strconv.ParseUint(text, 8, 32); err == nil {
		return fileMode{setuid: n&0o4000 != 0, setgid: n&0o2000 != 0, sticky: n&0o1000 != 0, others: n&0o002 != 0}, true
	}
	var m fileMode
	for clause := range strings.SplitSeq(text, ",") {
		if !m.clause(clause) {
			return fileMode{}, false
		}
	}
	return m, true
}

// clause reads one of "u+s" and the like.
func (m *fileMode) clause(text string) bool {
	at := strings.IndexAny(text, operators)
	if at < 0 || strings.Trim(text[:at], "ugoa") != "" {
		return false
	}
	for rest := text[at:]; rest != ""; {
		operator, n := rest[0], strings.IndexAny(rest[1:], operators)+1
		if n == 0 {
			n = len(rest)
		}
		bits := rest[1:n]
		rest = rest[n:]
		if strings.Trim(bits, "rwxXstugo") != "" {
			return false
		}
		if operator != '-' {
			m.give(text[:at], bits)
		}
	}
	return true
}

const operators = "+-="

// give sets bits for who is named. Where nobody is, the mask keeps others from
// writing.
func (m *fileMode) give(who, bits string) {
	run := strings.Contains(bits, "s")
	m.setuid = m.setuid || run && (who == "" || strings.ContainsAny(who, "ua"))
	m.setgid = m.setgid || run && (who == "" || strings.ContainsAny(who, "ga"))
	m.sticky = m.sticky || strings.Contains(bits, "t")
	m.others = m.others || strings.Contains(bits, "w") && strings.ContainsAny(who, "oa")
}

// modeChange is a mode that a command gives to files.
type modeChange struct {
	mode fileMode
	text string
	// directory says that it goes to a directory.
	directory bool
}

// modeChange finds the mode that chmod, mkdir or install gives; false for none.
func (c *command) modeChange() (modeChange, bool) {
	switch c.name() {
	case "chmod":
		for n, a := range c.words[1:] {
			if strings.HasPrefix(a.text, "-") {
				continue
			}
			m, ok := parseMode(a.text)
			directory := n+2 < len(c.words)
			for _, file := range c.words[min(n+2, len(c.words)):] {
				directory = directory && strings.HasSuffix(file.text, "/")
			}
			return modeChange{m, a.text, directory}, ok
		}
	case "mkdir", "install":
		letters, directory := "mZ", true
		if c.name() == "install" {
			letters, directory = "mgotS", c.flag("d", "directory")
		}
		for _, o := range c.options(letters, "mode", "group", "owner", "target-directory") {
			if o.name == "m" || o.name == "mode" {
				m, ok := parseMode(o.value)
				return modeChange{m, o.value, directory}, ok
			}
		}
	}
	return modeChange{}, false
}

// copiedMode is the mode that COPY or ADD gives; false for none.
func (i *instruction) copiedMode() (modeChange, bool) {
	text, ok := i.flag("chmod")
	if !ok {
		return modeChange{}, false
	}
	m, ok := parseMode(text)
	return modeChange{mode: m, text: text}, ok
}
