package scan

import (
	"path"
	"slices"
	"strings"
)

// View is what a container started from an image would see, computed once all
// layers are known; an unpacked root file system is one layer. For other targets every entry is shown at its own
// path and nothing else can be asked.
type View struct {
	target Target
	root   *node // nil unless the target has a view
	units  [][]*Entry
	nodes  [][]*node      // where each entry was put
	links  map[At][]*node // the hard links to each content
	read   int64          // see Read
}

// node is a path of the view.
type node struct {
	name     string
	parent   *node
	children map[string]*node
	present  bool // false for a parent directory that no layer lists
	self     At   // the entry that put it there
	content  At   // the entry that holds its content: another one for a hard link
	history  []At // contents since the path was last deleted, oldest first
}

// maxLinks bounds how many symbolic links are followed for one path, as Linux does.
const maxLinks = 40

// newView applies the layers oldest first. Whiteouts of a layer apply to the
// layers below it, before its own additions
// (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
func newView(t Target, units [][]*Entry) *View {
	v := &View{target: t, units: units}
	if !t.Kind.HasView() {
		return v
	}
	v.root = &node{present: true, self: At{-1, -1}, content: At{-1, -1}}
	v.nodes = make([][]*node, len(units))
	v.links = make(map[At][]*node)
	for u, entries := range units {
		v.nodes[u] = make([]*node, len(entries))
		for i := range entries {
			switch e := entries[i]; e.Kind {
			case Whiteout:
				if n := v.find(e.Path, false); n != nil && n != v.root {
					delete(n.parent.children, n.name)
				}
			case Opaque:
				if n := v.find(e.Path, true); n != nil {
					n.children = nil
				}
			}
		}
		for i := range entries {
			if k := entries[i].Kind; k != Whiteout && k != Opaque {
				v.add(At{u, i})
			}
		}
	}
	return v
}

// Target is the target that is viewed.
func (v *View) Target() Target { return v.target }

// Read is how many entries the pass that is asked to finish has read, now or in an
// earlier run that the cache remembers: a pass that counts in File misses the latter.
func (v *View) Read() int64 { return v.read }

// Shown gives the path at which an entry's content is finally seen, the first of
// them where hard links give it several; false when a later layer hides it.
func (v *View) Shown(r Ref) (string, bool) {
	if v.root == nil {
		return r.Entry.Path, true
	}
	if r.Index < 0 || r.Unit >= len(v.nodes) || r.Index >= len(v.nodes[r.Unit]) {
		return "", false
	}
	if n := v.nodes[r.Unit][r.Index]; n != nil && n.self == r.At && v.attached(n) {
		return n.path(), true
	}
	best := ""
	for _, n := range v.links[r.At] {
		if n.content != r.At || !v.attached(n) {
			continue
		}
		if p := n.path(); best == "" || p < best {
			best = p
		}
	}
	return best, best != ""
}

// IsShown says whether an entry's content is finally seen at all.
func (v *View) IsShown(at At) bool {
	if v.root == nil {
		return true
	}
	if at.Index < 0 || at.Unit >= len(v.nodes) || at.Index >= len(v.nodes[at.Unit]) {
		return false
	}
	if n := v.nodes[at.Unit][at.Index]; n != nil && n.self == at && v.attached(n) {
		return true
	}
	return slices.ContainsFunc(v.links[at], func(n *node) bool { return n.content == at && v.attached(n) })
}

// attached says whether nothing on the way to a node has been replaced or deleted.
func (v *View) attached(n *node) bool {
	for ; n.parent != nil; n = n.parent {
		if n.parent.children[n.name] != n {
			return false
		}
	}
	return n == v.root
}

// Resolve follows symbolic links, inside the image only, and gives the final
// path, the entry that stands there and the place of its content.
func (v *View) Resolve(p string) (string, *Entry, At, bool) {
	if v.root == nil {
		return "", nil, At{}, false
	}
	n := v.find(p, true)
	if n == nil || !n.present || n == v.root {
		return "", nil, At{}, false
	}
	return n.path(), v.entry(n.self), n.content, true
}

// History gives the contents that a path has had since it was last deleted,
// newest first.
func (v *View) History(p string) []At {
	if v.root == nil {
		return nil
	}
	n := v.find(p, false)
	if n == nil {
		return nil
	}
	h := slices.Clone(n.history)
	slices.Reverse(h)
	return h
}

// Walk visits every path of the view with its entry, in the order of paths,
// children after their directory.
func (v *View) Walk(visit func(p string, e *Entry, at At)) {
	if v.root == nil {
		return
	}
	v.visit(v.root, "", func(p string, n *node) {
		if n.present && n != v.root {
			visit(p, v.entry(n.self), n.self)
		}
	})
}

// visit goes through the tree without recursion: its depth is the image's choice.
func (v *View) visit(n *node, p string, f func(string, *node)) {
	type step struct {
		n *node
		p string
	}
	stack := []step{{n, p}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		f(s.p, s.n)
		names := make([]string, 0, len(s.n.children))
		for name := range s.n.children {
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Reverse(names)
		for _, name := range names {
			stack = append(stack, step{s.n.children[name], path.Join(s.p, name)})
		}
	}
}

func (v *View) entry(at At) *Entry { return v.units[at.Unit][at.Index] }

func (n *node) path() string {
	var parts []string
	for ; n.parent != nil; n = n.parent {
		parts = append(parts, n.name)
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

// symlink gives the target of a node that is a symbolic link.
func (v *View) symlink(n *node) (string, bool) {
	if !n.present || n.self.Unit < 0 {
		return "", false
	}
	e := v.entry(n.self)
	return e.Link, e.Kind == Symlink
}

// find gives the node at a path, nil when there is none or when links go round in
// a circle. Symbolic links on the way are followed; the last component only when
// follow is set.
func (v *View) find(p string, follow bool) *node {
	return v.reach(p, follow, false)
}

// reach goes down a path. What is missing is made when grow is set.
func (v *View) reach(p string, follow, grow bool) *node {
	n := v.root
	rest := split(p)
	links := 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			if n.parent != nil {
				n = n.parent
			}
			continue
		}
		child := n.children[name]
		if child == nil && !grow {
			return nil
		}
		if child == nil {
			child = &node{name: name, parent: n, self: At{-1, -1}, content: At{-1, -1}}
			n.put(child)
		}
		if to, ok := v.symlink(child); ok && (follow || len(rest) > 0) {
			if links++; links > maxLinks {
				return nil
			}
			if strings.HasPrefix(to, "/") {
				n = v.root
			}
			rest = append(split(to), rest...)
			continue
		}
		n = child
	}
	return n
}

// split cuts a path into its components, without empty ones and dots.
func split(p string) []string {
	return slices.DeleteFunc(strings.Split(p, "/"), func(s string) bool { return s == "" || s == "." })
}

// add puts an entry into the view, replacing what stands at its path. Its parent
// directory is found through links, as a container runtime does when it unpacks.
func (v *View) add(at At) {
	e := v.entry(at)
	if e.Path == "" {
		return
	}
	dir, name := path.Split(e.Path)
	parent := v.reach(dir, true, true)
	if parent == nil {
		return
	}
	n := parent.children[name]
	isDir := e.Kind == Dir
	if n == nil || (n.present && v.entry(n.self).Kind == Dir) != isDir && n.children == nil {
		n = &node{name: name, parent: parent}
		parent.put(n)
	}
	if !isDir {
		n.children = nil
	}
	n.present, n.self, n.content = true, at, at
	v.nodes[at.Unit][at.Index] = n
	if e.Kind == Hardlink {
		n.content = At{-1, -1}
		if to := v.find(e.Link, false); to != nil && to != n {
			n.content = to.content
			v.links[n.content] = append(v.links[n.content], n)
		}
	}
	if isDir || n.content.Unit < 0 {
		return
	}
	if last := len(n.history) - 1; last >= 0 && n.history[last].Unit == at.Unit {
		n.history = n.history[:last] // the same name twice in one layer: the last one counts
	}
	n.history = append(n.history, n.content)
}

func (n *node) put(child *node) {
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	n.children[child.name] = child
}
