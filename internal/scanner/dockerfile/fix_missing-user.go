package dockerfile

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// fixMissingUser switches to the user that the file makes for it. Whether a program
// works without root cannot be read off a Dockerfile, so it wants proof that this one
// is meant to: exactly one user is made, files are given to it, the program is
// started directly, on no port that only root may open, and nothing is there that
// would change users by itself later.
func fixMissingUser(h *hit, final *stage) {
	i := final.ending()
	if i == nil {
		return
	}
	var p proof
	for st := final; st != nil; st = st.parent {
		for _, i := range st.instructions {
			p.instruction(i)
		}
	}
	if name, ok := p.user(); ok {
		h.description = "switch to the user that the file makes"
		h.precede(i, "USER", name)
	}
}

// ending is the CMD or ENTRYPOINT behind which nothing runs in a build any more, nil
// where there is none in exec form.
func (st *stage) ending() *instruction {
	var first *instruction
	for _, i := range st.instructions {
		switch i.keyword {
		case "CMD", "ENTRYPOINT":
			if i.broken || !i.exec || len(i.words) == 0 {
				return nil
			}
			if first == nil {
				first = i
			}
		case "EXPOSE", "LABEL", "HEALTHCHECK", "STOPSIGNAL", "ENV", "ARG":
		default:
			first = nil
		}
	}
	return first
}

// proof gathers what is said about users.
type proof struct {
	made, owners []string
	doubt        bool
}

// user is the one user that is made, if it is given files and nothing is in doubt.
func (p *proof) user() (string, bool) {
	if p.doubt || len(p.made) != 1 || p.made[0] == "root" || !slices.Contains(p.owners, p.made[0]) {
		return "", false
	}
	return p.made[0], true
}

func (p *proof) instruction(i *instruction) {
	switch i.keyword {
	case "RUN":
		p.script(i.script)
	case "COPY", "ADD":
		if owner, ok := i.flag("chown"); ok {
			p.owner(owner)
		}
	case "EXPOSE":
		p.doubt = p.doubt || slices.ContainsFunc(i.words, privileged)
	case "CMD", "ENTRYPOINT":
		p.doubt = p.doubt || !i.exec || len(i.words) == 0 || !ordinary(i.words[0].text) || slices.ContainsFunc(i.args(), changesUser)
	case "ONBUILD", "VOLUME":
		p.doubt = true
	}
}

// script looks at a RUN; one that cannot be read may do anything.
func (p *proof) script(s *script) {
	if s == nil || s.other || s.err != nil {
		p.doubt = true
		return
	}
	for _, c := range s.commands {
		p.command(c)
	}
}

// privileged says whether EXPOSE names a port that only root may open, or one that is
// not known.
func privileged(w lexeme) bool {
	port, _, _ := strings.Cut(w.text, "/")
	n, err := strconv.Atoi(port)
	return err != nil || n < 1024
}

// changesUser says whether a word names a program that changes users.
func changesUser(word string) bool {
	return slices.Contains([]string{"su", "sudo", "gosu", "su-exec", "runuser", "setpriv", "chroot", "doas", "setuidgid"}, path.Base(word))
}

// ordinary says whether a program is none that begins as root by design, and no
// script, which may do anything.
func ordinary(name string) bool {
	name = path.Base(name)
	return !strings.HasSuffix(name, ".sh") && !strings.Contains(name, "entrypoint") && !strings.Contains(name, "init") &&
		!strings.HasSuffix(name, "d") && !unix(name) && name != "tini" && name != "nginx" && name != "apache2" && name != "cron"
}

var (
	useraddValued = []string{
		"b", "base-dir", "c", "comment", "d", "home", "home-dir", "e", "expiredate", "f", "inactive", "g", "gid", "G", "groups", "k", "skel",
		"K", "key", "p", "password", "R", "root", "P", "prefix", "s", "shell", "u", "uid", "Z", "selinux-user",
	}
	adduserValued = []string{
		"h", "home", "g", "gecos", "comment", "s", "shell", "G", "ingroup", "gid", "u", "uid", "k", "firstuid", "lastuid", "firstgid", "lastgid", "conf",
	}
)

func (p *proof) command(c *command) {
	var made []arg
	switch c.name() {
	case "useradd":
		made = c.operands(useraddValued...)
	case "adduser":
		made = c.operands(adduserValued...)
	case "chown":
		if o := c.operands("reference", "from"); len(o) > 0 {
			p.owner(o[0].text)
		}
		return
	case "usermod", "userdel", "deluser", "newusers":
		p.doubt = true
	}
	for _, w := range c.words {
		p.doubt = p.doubt || changesUser(w.text)
	}
	if c.name() != "useradd" && c.name() != "adduser" {
		return
	}
	if len(made) != 1 || !plainUser(made[0].text) {
		p.doubt = true
		return
	}
	p.made = append(p.made, made[0].text)
}

func (p *proof) owner(text string) {
	name, _, _ := strings.Cut(text, ":")
	p.owners = append(p.owners, name)
}

// plainUser says whether a name is written out.
func plainUser(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == "" && name[0] != '-'
}
