package dockerfile

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// downloaded are the files that a stage has fetched and not checked, by path.
type downloaded struct {
	files map[string]*command
	// variables are those that hold what was fetched.
	variables map[string]*command
	// dir is where relative paths lead, as far as that is known.
	dir string
	// told are the downloads that are reported.
	told map[*command]bool
}

// runDownloads follows files from their download to where they are run. A check of
// any file in between is taken for a check of all of them.
func runDownloads(r *report, st *stage) {
	d := &downloaded{files: make(map[string]*command), variables: make(map[string]*command), dir: "/", told: make(map[*command]bool)}
	workdir := "/"
	for _, i := range st.instructions {
		switch {
		case i.broken:
		case i.keyword == "WORKDIR":
			workdir = join(workdir, unquote(i.words[0].text))
		case i.script != nil && !i.script.foreign:
			d.dir = workdir
			for _, c := range i.script.commands {
				d.command(r, c)
			}
		}
	}
}

func (d *downloaded) command(r *report, c *command) {
	inner := effective(c)
	switch name := inner.name(); {
	case name == "":
	case name == "cd":
		if to := inner.operands(); len(to) > 0 {
			d.dir = join(d.dir, to[0].text)
		}
	case downloads(inner):
		d.fetched(c, inner)
	case checks(c, inner):
		clear(d.files)
		clear(d.variables)
	case name == "mv" || name == "cp" || name == "install":
		d.moved(inner)
	default:
		if len(d.files) > 0 {
			d.run(r, c, inner)
		}
		if len(d.variables) > 0 {
			d.expand(r, c, inner)
		}
	}
}

// fetched notes where a download goes.
func (d *downloaded) fetched(c, inner *command) {
	for _, file := range targets(inner) {
		d.files[join(d.dir, file)] = c
	}
	if set := c.parent; set != nil && len(set.words) == 0 && len(set.assigns) == 1 && c.pipe == nil {
		d.variables[set.assigns[0].name] = c
	}
}

// downloadOptions are the options of curl and wget that matter here, under the name
// of what they say.
var downloadOptions = map[string]map[string]string{
	"curl": {"o": "file", "output": "file", "O": "named", "remote-name": "named", "remote-name-all": "named", "output-dir": "folder"},
	"wget": {"O": "file", "output-document": "file", "P": "folder", "directory-prefix": "folder"},
}

// wgetLetters are wget's short options that take a value.
const wgetLetters = "OoaPtTwUQeiADRIXlBS"

// targets are the files that a download makes.
func targets(c *command) []string {
	var files []string
	letters, named, folder := curlLetters, false, ""
	if c.name() == "wget" {
		letters, named = wgetLetters, true
	}
	for _, o := range c.options(letters, "output", "output-document", "directory-prefix", "output-dir", "header", "output-file", "append-output") {
		switch downloadOptions[c.name()][o.name] {
		case "file":
			files = append(files, o.value)
		case "folder":
			folder = o.value
		case "named":
			named = true
		}
	}
	if len(files) == 0 && named {
		for _, a := range c.args() {
			if base := urlBase(a.text); base != "" {
				files = append(files, join(folder, base))
			}
		}
	}
	if len(files) == 0 || slices.Contains(files, "-") {
		files = append(files, c.files()...)
	}
	return slices.DeleteFunc(files, func(f string) bool { return f == "" || f == "-" || strings.HasPrefix(f, "/dev/") })
}

// urlBase is the name under which the file of an address is kept.
func urlBase(text string) string {
	if !strings.Contains(text, "://") {
		return ""
	}
	if u, err := url.Parse(text); err == nil {
		text = u.Path
	}
	base := path.Base(text)
	if base == "/" || base == "." {
		return ""
	}
	return base
}

// join gives the path of a file as seen from a directory.
func join(dir, file string) string {
	if strings.HasPrefix(file, "/") || strings.HasPrefix(file, "$") || strings.HasPrefix(file, "~") {
		return path.Clean(file)
	}
	return path.Join(dir, file)
}

// verifiers check files by their very purpose.
var verifiers = []string{"gpgv", "gpgv2", "cosign", "minisign", "signify", "slsa-verifier", "rhash", "b3sum"}

// checks says whether a command compares a checksum or signature. A sum that is only
// printed compares nothing.
func checks(c, inner *command) bool {
	name := inner.name()
	compared := c.pipe != nil || c.word != nil
	switch {
	case slices.Contains(verifiers, name):
		return true
	case name == "gpg" || name == "gpg2":
		return inner.flag("verify", "decrypt")
	case name == "openssl":
		return compared || slices.ContainsFunc(inner.args(), func(a arg) bool { return a.text == "-verify" || a.text == "-signature" })
	case slices.Contains(summers, name):
		return compared || inner.flag("c", "check")
	}
	return false
}

// summers print or compare checksums.
var summers = []string{"md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "shasum", "sha256", "sha512"}

// moved follows a file to its new name.
func (d *downloaded) moved(c *command) {
	operands := c.operands("m", "o", "g", "t", "mode", "owner", "group")
	if len(operands) < 2 {
		return
	}
	to := join(d.dir, operands[len(operands)-1].text)
	for _, o := range operands[:len(operands)-1] {
		from := join(d.dir, o.text)
		if by := d.files[from]; by != nil {
			d.files[to] = by
			d.files[path.Join(to, path.Base(from))] = by
		}
	}
}

// run reports a download that a command runs.
func (d *downloaded) run(r *report, c, inner *command) {
	file, by := d.program(c, inner)
	from := d.files[file]
	if from == nil || d.told[from] {
		return
	}
	d.told[from] = true
	r.command(from, "what %s downloads is run by %s unchecked", effective(from).name(), quote(by))
}

// expand reports what was fetched into a variable that a command runs as a program.
func (d *downloaded) expand(r *report, c, inner *command) {
	by := interpreter(c)
	words := []*syntax.Word{by.code}
	if by.stdin && c.stmt != nil {
		for _, redirect := range c.stmt.Redirs {
			words = append(words, redirect.Word, redirect.Hdoc)
		}
	}
	if name := inner.name(); (name == "echo" || name == "printf") && c.pipe != nil {
		if reader := c.pipe.lastReader(); reader.step > c.step {
			by.name = reader.name
			for _, a := range inner.args() {
				words = append(words, a.node)
			}
		}
	}
	for _, word := range words {
		if word == nil {
			continue
		}
		syntax.Walk(word, func(n syntax.Node) bool {
			if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil {
				if from := d.variables[p.Param.Value]; from != nil && !d.told[from] {
					d.told[from] = true
					r.command(from, "what %s downloads is run by %s unchecked", effective(from).name(), quote(by.name))
				}
			}
			return true
		})
	}
}

// onPath are directories whose programs are run by their name alone.
var onPath = []string{"/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"}

// program gives the path of the file that a command runs, and who runs it.
func (d *downloaded) program(c, inner *command) (file, by string) {
	name := inner.name()
	if strings.Contains(name, "/") {
		return join(d.dir, name), name
	}
	if as := interpreter(c); as.name != "" {
		if as.code != nil {
			return join(d.dir, c.script.literal(as.code)), as.name
		}
		if as.stdin && c.stmt != nil {
			for _, redirect := range c.stmt.Redirs {
				if redirect.Op == syntax.RdrIn && redirect.Word != nil {
					return join(d.dir, c.script.literal(redirect.Word)), as.name
				}
			}
		}
		return "", ""
	}
	for _, dir := range onPath {
		if d.files[dir+"/"+name] != nil {
			return dir + "/" + name, name
		}
	}
	return "", ""
}
