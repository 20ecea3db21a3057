package dockerfile

import (
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/secret-in-layer", Severity: finding.High,
	Title:       "Secret of the build is written into a layer",
	Remediation: "Let the program read the mounted secret itself: mount it where the program looks for it (target=…), or as a variable (env=…)",
	Controls:    []string{"cis-docker-1.6:4.10", "nist-800-190:4.1.4"},
}, onFile(func(r *report, f *file) {
	announced := make(map[string]bool) // arguments and variables whose name announces a secret
	for _, i := range f.instructions {
		if i.broken || i.keyword != "ARG" && i.keyword != "ENV" {
			continue
		}
		for _, p := range i.pairs() {
			if soundsSecret(p.key) {
				announced[p.key] = true
			}
		}
	}
	for _, i := range f.instructions {
		if t := i.trigger; t != nil {
			i = t
		}
		if i.script != nil && !i.script.foreign {
			newLeak(i, announced).look(r)
		}
	}
}))

// maxLeaks bounds the secrets of a RUN, what writes them and what is removed.
const maxLeaks = 200

// leak follows the secrets of one RUN.
type leak struct {
	run *instruction
	// paths are where secrets are mounted, variables those that hold one.
	paths     []string
	variables map[string]bool
	announced map[string]bool
	hits      []leaked
	removed   []string
}

// leaked is a command that writes a secret into files.
type leaked struct {
	command *command
	file    string
	// announced says that only its name tells that it is a secret.
	announced bool
}

func newLeak(i *instruction, announced map[string]bool) *leak {
	l := &leak{run: i, variables: make(map[string]bool), announced: announced}
	for _, m := range i.mounts() {
		if m["type"] != "secret" || len(l.paths) >= maxLeaks {
			continue
		}
		name := m["env"]
		if name != "" {
			l.variables[name] = true
		}
		id := m["id"]
		if id == "" {
			id = path.Base(m["target"])
		}
		switch {
		case m["target"] != "":
			l.paths = append(l.paths, join("/run/secrets", m["target"]))
		case name == "" && id != "" && id != ".":
			l.paths = append(l.paths, "/run/secrets/"+id)
		}
	}
	return l
}

func (l *leak) look(r *report) {
	if len(l.paths)+len(l.variables)+len(l.announced) == 0 {
		return
	}
	for _, c := range l.run.script.commands {
		l.command(c)
	}
	for _, h := range l.hits {
		if l.gone(h.file) {
			continue
		}
		if h.announced {
			r.command(h.command, "a build argument or variable whose name announces a secret is written to %s, which stays in the layer", quote(h.file))
			continue
		}
		r.command(h.command, "the mounted secret is written to %s, which stays in the layer", quote(h.file))
	}
}

func (l *leak) command(c *command) {
	inner := effective(c)
	for _, a := range c.assigns {
		if len(c.words) == 0 && l.mentionsPath(a.value) {
			l.variables[a.name] = true
		}
	}
	switch inner.name() {
	case "export":
		for _, a := range inner.args() {
			if key, value, set := strings.Cut(a.text, "="); set && l.mentionsPath(value) {
				l.variables[key] = true
			}
		}
	case "rm", "shred", "unlink":
		if len(l.removed) < maxLeaks {
			l.removed = append(l.removed, plainTexts(inner.operands())...)
		}
	case "cp", "mv", "install", "ln":
		l.copies(c, inner)
	case "echo", "printf", "cat", "tee", "base64", "envsubst", "jq", "sed", "tr", "grep", "awk":
		l.writes(c, inner)
	case "npm", "yarn", "pnpm", "pip", "git", "composer", "poetry", "bundle", "aws", "conda", "nuget", "dotnet":
		l.configures(c, inner)
	}
}

// copies looks for a copy of a mounted secret.
func (l *leak) copies(c, inner *command) {
	operands := inner.operands("m", "o", "g", "t", "mode", "owner", "group")
	if len(operands) < 2 || inner.name() == "ln" && inner.flag("s", "symbolic") {
		return
	}
	to := operands[len(operands)-1].text
	for _, o := range operands[:len(operands)-1] {
		if slices.Contains(l.paths, path.Clean(o.text)) {
			l.add(c, to, false)
		}
	}
}

// writes looks for text with a secret in it that goes to a file.
func (l *leak) writes(c, inner *command) {
	files := c.files()
	if inner.name() == "sed" && inner.flag("i", "in-place") {
		if o := inner.operands(); len(o) > 0 {
			files = append(files, o[len(o)-1].text)
		}
	}
	if len(files) == 0 {
		return
	}
	words := make([]*syntax.Word, 0, len(inner.words))
	reads := !slices.Contains([]string{"echo", "printf", "tee"}, inner.name())
	for _, a := range inner.args() {
		if reads && slices.Contains(l.paths, path.Clean(a.text)) {
			l.add(c, files[0], false)
			return
		}
		words = append(words, a.node)
	}
	words = append(words, c.written().words...)
	for _, redirect := range c.stmt.Redirs {
		if redirect.Op == syntax.RdrIn && redirect.Word != nil && slices.Contains(l.paths, path.Clean(c.script.literal(redirect.Word))) {
			l.add(c, files[0], false)
			return
		}
	}
	if mounted, announced := l.holds(c.script, words); mounted || announced {
		l.add(c, files[0], !mounted)
	}
}

// configures looks for a program that is told to keep a secret in its settings.
func (l *leak) configures(c, inner *command) {
	if !inner.has("config") && !inner.has("configure") && !inner.has("set") {
		return
	}
	words := make([]*syntax.Word, 0, len(inner.words))
	for _, a := range inner.args() {
		words = append(words, a.node)
	}
	if mounted, announced := l.holds(c.script, words); mounted || announced {
		l.add(c, "the settings of "+inner.name(), !mounted)
	}
}

// holds says whether words expand to a mounted secret, or to a variable whose name
// announces one.
func (l *leak) holds(s *script, words []*syntax.Word) (mounted, announced bool) {
	for _, word := range words {
		if word == nil {
			continue
		}
		syntax.Walk(word, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.ParamExp:
				if n.Param != nil && !n.Length && (n.Exp == nil || n.Exp.Op != syntax.AlternateUnset && n.Exp.Op != syntax.AlternateUnsetOrNull) {
					mounted = mounted || l.variables[n.Param.Value]
					announced = announced || l.announced[n.Param.Value]
				}
			case *syntax.CmdSubst:
				text := s.raw(int(n.Pos().Offset()), int(n.End().Offset()))
				mounted = mounted || l.mentionsPath(text) && !digests(text)
				return false
			}
			return true
		})
	}
	return mounted, announced
}

// digests says whether a substitution gives no more than a sum or a count.
func digests(text string) bool {
	return strings.Contains(text, "sum ") || strings.Contains(text, "wc ") || strings.Contains(text, "htpasswd") || strings.Contains(text, "openssl passwd")
}

func (l *leak) mentionsPath(text string) bool {
	return slices.ContainsFunc(l.paths, func(p string) bool { return strings.Contains(text, p) })
}

func (l *leak) add(c *command, file string, announced bool) {
	if file == "-" || strings.HasPrefix(file, "/dev/") || file == "" {
		return
	}
	target := func(t string) bool { return within(path.Clean(file), t) }
	if len(l.hits) >= maxLeaks || mounted(l.run, target) {
		return
	}
	l.hits = append(l.hits, leaked{c, file, announced})
}

// gone says whether the same RUN removes a file. What it removes before is written
// again: that is rare, and taken for removed.
func (l *leak) gone(file string) bool {
	return slices.ContainsFunc(l.removed, func(r string) bool {
		return r == file || within(path.Clean(file), r) || strings.HasSuffix(r, "*") && strings.HasPrefix(file, strings.TrimRight(r, "*"))
	})
}

// secretWords in a name announce a secret; what such a name ends in may say that it
// only leads to one.
var (
	secretWords = []string{"TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "APIKEY", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY", "AUTH_KEY", "CREDENTIAL", "CREDENTIALS"}
	leadingTo   = []string{"_FILE", "_PATH", "_DIR", "_URL", "_URI", "_ID", "_NAME", "_HOST", "_LENGTH", "_HASH", "_VERSION"}
)

// soundsSecret says whether a variable's name announces a secret.
func soundsSecret(name string) bool {
	name = strings.ToUpper(name)
	if slices.ContainsFunc(leadingTo, func(end string) bool { return strings.HasSuffix(name, end) }) {
		return false
	}
	return slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}
