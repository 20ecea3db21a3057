package dockerfile

import (
	"cmp"
	"slices"
	"strings"
)

// subcommand cuts a call of a program with subcommands at the first word that is
// neither an option nor the value of one: "install" of "yum -q install x". What is
// given back begins there, so its name is the subcommand. A variable in front of
// it is taken for options. Nil where there is no such word.
func (c *command) subcommand(valued ...string) *command {
	for n := 1; n < len(c.words); n++ {
		word := c.words[n].text
		switch {
		case strings.HasPrefix(word, "$"):
		case !strings.HasPrefix(word, "-") || word == "-":
			sub := *c
			sub.words = c.words[n:]
			return &sub
		case slices.ContainsFunc(valued, func(name string) bool { return takesNext(word, name) }):
			n++
		}
	}
	return nil
}

// letters gives the short options of a word: "y" and "q" of "-yq". The first one
// of valued ends them, for what follows it is its value.
func letters(word, valued string) string {
	if !strings.HasPrefix(word, "-") || strings.HasPrefix(word, "--") {
		return ""
	}
	if n := strings.IndexAny(word, valued); n >= 0 {
		return word[1 : n+1]
	}
	return word[1:]
}

// short says whether a short option is given, alone or among others.
func (c *command) short(letter byte, valued string) bool {
	return slices.ContainsFunc(c.args(), func(a arg) bool { return strings.IndexByte(letters(a.text, valued), letter) >= 0 })
}

// long says whether one of the long options is given, with or without a value.
func (c *command) long(names ...string) bool {
	return slices.ContainsFunc(c.args(), func(a arg) bool {
		name, dashed := strings.CutPrefix(a.text, "--")
		name, _, _ = strings.Cut(name, "=")
		return dashed && slices.Contains(names, name)
	})
}

// leftover gives the last command of a RUN that fills a cache which no later one
// empties.
func leftover(commands []*command, fills, empties func(*command) bool) *command {
	var last *command
	for _, c := range commands {
		switch {
		case fills(c):
			last = c
		case last != nil && empties(c):
			last = nil
		}
	}
	return last
}

// removes says whether a command deletes a directory, what is in it, or one that
// it lies in.
func (c *command) removes(dir string) bool {
	return c.name() == "rm" && slices.ContainsFunc(c.operands(), func(a arg) bool {
		return slices.ContainsFunc(alternatives(a.text), func(p string) bool {
			return within(dir, strings.TrimRight(p, "*")) || strings.HasPrefix(p, dir+"/")
		})
	})
}

// maxAlternatives bounds what one pair of braces may stand for.
const maxAlternatives = 16

// alternatives gives what a word with one pair of braces stands for:
// "/var/{lib/apt,cache}/*". Whether the shell expands it is not asked.
func alternatives(word string) []string {
	start, rest, open := strings.Cut(word, "{")
	list, end, closed := strings.Cut(rest, "}")
	if !open || !closed || strings.HasSuffix(start, "$") {
		return []string{word}
	}
	var out []string
	for middle := range strings.SplitSeq(list, ",") {
		if out = append(out, start+middle+end); len(out) == maxAlternatives {
			break
		}
	}
	return out
}

// textsOf gives the words' texts.
func textsOf(words []arg) []string {
	out := make([]string, len(words))
	for n, w := range words {
		out[n] = w.text
	}
	return out
}

// running gives the RUN that an instruction is, or that an ONBUILD holds; nil where
// there is none whose commands are known.
func (i *instruction) running() *instruction {
	if i.trigger != nil {
		i = i.trigger
	}
	if i.script == nil {
		return nil
	}
	return i
}

// sudoValued are the options of sudo that take a value.
var sudoValued = []string{
	"u", "user", "g", "group", "C", "close-from", "D", "chdir", "h", "host", "p", "prompt", "r", "role", "t", "type",
	"T", "command-timeout", "U", "other-user", "R", "chroot",
}

// withoutSudo gives the command that sudo runs; any other one as it is.
func (c *command) withoutSudo() *command {
	if c.name() != "sudo" {
		return c
	}
	inner := c.subcommand(sudoValued...)
	for inner != nil && len(inner.words) > 1 && strings.Contains(inner.name(), "=") {
		inner.words = inner.words[1:]
	}
	return cmp.Or(inner, c)
}

// anonymous drops what may be a password from an address: user and query.
func anonymous(word string) string {
	start, address, ok := strings.Cut(word, "://")
	if !ok {
		return word
	}
	address, query, asked := strings.Cut(address, "?")
	host, path, slash := strings.Cut(address, "/")
	if n := strings.LastIndexByte(host, '@'); n >= 0 {
		host = "…" + host[n:]
	}
	address = start + "://" + host
	if slash {
		address += "/" + path
	}
	if asked && query != "" {
		address += "?…"
	}
	return address
}
