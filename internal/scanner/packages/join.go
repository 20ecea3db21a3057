package packages

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/vulndb"
)

// located is a package with the place that findings point to.
type located struct {
	inventory.Package
	line        int
	instruction string
}

// file is a part with where it is finally seen.
type file struct {
	*part
	path string
	at   scan.At
	link string // the path that it links to, where it is a link that tells
}

// join turns parts of single files into packages.
type join struct {
	target  scan.Target
	view    *scan.View
	res     *scan.Result
	parts   map[scan.At]*part // all of them, hidden ones too
	files   []file            // those that are seen, in the order of units and entries
	distro  inventory.Distro
	release string // the file that names it
	owned   map[string]bool
	rpm     map[string]bool // folders of Python distributions that rpm installed

	faulty   map[string]bool     // files that have errors of their own
	pointers map[string]bool     // files that are kept in Git LFS
	packed   map[string]scan.Ref // parts of files that matter only when asked for
}

func newJoin(t scan.Target, v *scan.View, refs []scan.Ref, res *scan.Result) *join {
	j := &join{
		target: t, view: v, res: res, parts: make(map[scan.At]*part), owned: make(map[string]bool), rpm: make(map[string]bool),
		faulty: make(map[string]bool), pointers: make(map[string]bool), packed: make(map[string]scan.Ref),
	}
	res.Excused = make(map[scan.At]bool)
	pointers := 0
	for _, ref := range refs {
		shown, seen := v.Shown(ref)
		if !seen && ref.Index >= 0 {
			res.Excused[ref.At] = true
		}
		if ref.Err != nil && seen {
			j.faulty[ref.Entry.Path] = true
		}
		if ref.Part == nil {
			continue
		}
		if isPacked(ref.Part) && t.Kind == scan.KindTree {
			j.packed[shown] = ref
			continue
		}
		p, err := decodePart(ref.Part)
		if err != nil {
			j.faulty[ref.Entry.Path] = true
			if seen {
				res.Errors = append(res.Errors, fmt.Sprintf("%s: %v", ref.Entry.Path, err))
			}
			continue
		}
		j.parts[ref.At] = p
		switch {
		case seen && p.Pointer:
			j.pointers[shown] = true
			pointers++
		case seen:
			j.files = append(j.files, file{p, shown, ref.At, linkTarget(ref.Entry)})
		}
	}
	if pointers > 0 {
		res.Notes = append(res.Notes, plural(pointers, "file")+" kept in Git LFS: nothing to read here")
	}
	j.learn()
	return j
}

// learn takes in what files say of others.
func (j *join) learn() {
	for _, p := range osReleases() {
		if _, _, at, ok := j.view.Resolve(p); ok && j.parts[at] != nil && j.parts[at].Distro != nil {
			j.distro, j.release = *j.parts[at].Distro, p
			break
		}
	}
	for _, f := range j.files {
		for _, p := range f.Owned {
			j.owned[p] = true
			if real, _, _, ok := j.view.Resolve(p); ok {
				j.owned[real] = true
			}
		}
		if f.Installer == "rpm" {
			j.rpm[path.Dir(f.path)] = true
		}
	}
}

// packages joins everything, sorted.
func (j *join) packages() []located {
	byKey := make(map[string]int)
	var out []located
	theirs := 0
	for _, f := range j.joined() {
		if j.ownedByDistro(f) {
			theirs += len(f.Rows)
			continue
		}
		for i := range f.Rows {
			l := j.locate(f, &f.Rows[i])
			k := l.key(j.target.Kind)
			if at, ok := byKey[k]; ok {
				out[at].merge(l)
				continue
			}
			byKey[k] = len(out)
			out = append(out, l)
		}
	}
	if theirs > 0 {
		j.res.Notes = append(j.res.Notes, plural(theirs, "module")+" owned by packages of the distribution and listed as those")
	}
	for i := range out {
		slices.Sort(out[i].Paths)
		out[i].Paths = slices.Compact(out[i].Paths)
	}
	slices.SortFunc(out, compareLocated)
	return out
}

func compareLocated(a, b located) int {
	return cmp.Or(
		strings.Compare(a.Ecosystem, b.Ecosystem), strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version),
		slices.Compare(a.Paths, b.Paths), strings.Compare(a.Layer, b.Layer), strings.Compare(a.PURL, b.PURL), cmp.Compare(a.line, b.line),
	)
}

// ownedByDistro says whether a file of a language belongs to a package of the
// distribution, which is in the list already.
func (j *join) ownedByDistro(f file) bool {
	if len(f.Rows) > 0 && isOS(f.Rows[0].Kind) {
		return false
	}
	return j.owned[f.path] || j.rpm[path.Dir(f.path)]
}

// locate gives a row its names and its place.
func (j *join) locate(f file, r *row) located {
	l := located{line: r.Line}
	l.Target = j.target.Name
	l.Name, l.Version = r.Name, r.Version
	l.Paths = []string{f.path}
	if r.Inner != "" {
		l.Paths = append(l.Paths, path.Join(f.path, r.Inner))
	}
	l.Licenses, l.Requires = licenceNames(r.Licence), splitNeeds(r.Needs)
	if r.Source != "" {
		l.Source = &inventory.Source{Name: r.Source, Version: r.SourceVersion}
	}
	if isOS(r.Kind) {
		l.Ecosystem = j.distro.Ecosystem()
		l.PURL = inventory.OSPURL(inventory.OSKind(r.Kind), j.distro, r.Name, r.Version, r.Arch)
	} else {
		l.Ecosystem = r.Kind
		l.PURL = inventory.QualifiedPURL(r.Kind, r.Name, r.Version, splitQualifiers(r.Qualifiers))
	}
	if j.target.Image != nil {
		if unit := j.origin(f, r); unit >= 0 && unit < len(j.target.Image.Layers) {
			l.Layer = j.target.Image.Layers[unit].Digest
			l.instruction = j.target.Image.Layers[unit].Instruction
		}
	}
	return l
}

// origin is the layer that brought a package: of the contents that its file has
// had, the oldest in an unbroken line that lists the same package.
func (j *join) origin(f file, r *row) int {
	unit := f.at.Unit
	for _, at := range j.view.History(f.path) {
		p := j.parts[at]
		if p == nil || !p.lists(r) {
			break
		}
		unit = at.Unit
	}
	return unit
}

// lists says whether a file lists the same package, on whichever line.
func (p *part) lists(r *row) bool {
	_, found := slices.BinarySearchFunc(p.index(), identity(r), strings.Compare)
	return found
}

// index is the sorted list of identities, made once.
func (p *part) index() []string {
	if p.identities == nil {
		p.identities = make([]string, 0, len(p.Rows))
		for i := range p.Rows {
			p.identities = append(p.identities, identity(&p.Rows[i]))
		}
		slices.Sort(p.identities)
	}
	return p.identities
}

func identity(r *row) string {
	return strings.Join([]string{r.Kind, r.Name, r.Version, r.Source, r.SourceVersion, r.Inner}, "\x00")
}

// key tells packages apart: in a tree by their file, in an image by the layer that
// brought them.
func (l *located) key(kind scan.Kind) string {
	parts := []string{l.Ecosystem, l.Name, l.Version}
	if l.Source != nil {
		parts = append(parts, l.Source.Name, l.Source.Version)
	}
	if kind.HasView() {
		return strings.Join(append(parts, "", l.Layer), "\x00")
	}
	return strings.Join(append(parts, l.Paths[0]), "\x00")
}

// merge adds another place of the same package.
func (l *located) merge(other located) {
	l.Paths = append(l.Paths, other.Paths...)
	if len(other.Requires) > 0 {
		l.Requires = inventory.SortedRequirements(append(l.Requires, other.Requires...))
	}
	if len(l.Licenses) == 0 {
		l.Licenses = other.Licenses
	}
	if l.line == 0 || other.line > 0 && other.line < l.line {
		l.line = other.line
	}
}

// joined are the files with rows, after joining those that need each other.
func (j *join) joined() []file {
	byPath := make(map[string]*part, len(j.files))
	poms := make(map[string]*pom)
	for _, f := range j.files {
		byPath[f.path] = f.part
		if f.POM != nil {
			poms[f.path] = f.POM
		}
	}
	asked := j.included(byPath)
	j.noteKinds()
	var out, unread []file
	for _, f := range j.files {
		dir := path.Dir(f.path)
		switch f.Format {
		case formatNPMLock: // npm ignores it beside the other
			if path.Base(f.path) == "package-lock.json" && byPath[path.Join(dir, "npm-shrinkwrap.json")] != nil {
				continue
			}
		case formatGoSum:
			mod := byPath[path.Join(dir, "go.mod")]
			if mod == nil || !mod.NeedsSum {
				continue
			}
			f.part = &part{Format: f.Format, Rows: indirect(f.Rows, mod.Rows)}
		case formatPOM:
			f.part = &part{Format: f.Format, Rows: resolvePOM(poms, f.path)}
		case formatLoose:
			if !asked[f.path] {
				continue
			}
		}
		if f.Unread > 0 {
			unread = append(unread, f)
		}
		if len(f.Rows) > 0 {
			out = append(out, f)
		}
	}
	j.noteUnread(unread)
	return dropLinks(out)
}

// indirect are the modules of a go.sum that go.mod does not name; of several
// versions the highest, as Go selects.
func indirect(sum, mod []row) []row {
	direct := make(map[string]bool)
	for _, r := range mod {
		direct[r.Name] = true
	}
	best := make(map[string]int)
	var out []row
	for _, r := range sum {
		if direct[r.Name] {
			continue
		}
		at, ok := best[r.Name]
		if !ok {
			best[r.Name] = len(out)
			out = append(out, r)
			continue
		}
		if order, err := vulndb.Compare("Go", out[at].Version, r.Version); err == nil && order < 0 {
			out[at] = r
		}
	}
	return out
}
