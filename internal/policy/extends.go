package policy

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/yamlpos"
)

// ParentKind says where a parent is read.
type ParentKind string

// The kinds of parent.
const (
	ParentFile ParentKind = "file" // a file beside the policy, in the same commit
	ParentGit  ParentKind = "git"  // a file of a commit of another repository
	ParentOCI  ParentKind = "oci"  // an artifact in a registry
)

// Parent is a policy that a policy extends: both judge.
type Parent struct {
	// Ref is how the file names it.
	Ref  string
	Kind ParentKind
	// Location is the repository's address of a ParentGit, as https://…, or the
	// artifact of a ParentOCI without its digest; empty for a ParentFile.
	Location string
	// Pin is the commit or the digest, File the file's path in its repository.
	Pin, File string
	// Line is where it stands in the file.
	Line int
}

// Bounds of what policies extend, counted over all of them.
const (
	maxParents = 20
	maxExtends = 10 // of one file
)

func readExtends(v yamlpos.Value) []Parent {
	items := v.Items()
	if len(items) > maxExtends {
		v.Fail("", "%d parents, more than the %d allowed", len(items), maxExtends)
		return nil
	}
	parents := make([]Parent, len(items))
	for i, item := range items {
		item.Map("parent", yamlpos.Need("ref", yamlpos.Into(&parents[i], readParent)))
		parents[i].Line = item.Line()
	}
	return parents
}

// readParent takes "oci://HOST/NAME@sha256:…", "git+https://HOST/PATH@COMMIT#FILE" or
// the path of a file.
func readParent(v yamlpos.Value) Parent {
	ref := v.Text()
	p := Parent{Ref: ref}
	rest, isOCI := strings.CutPrefix(ref, "oci://")
	at, isGit := strings.CutPrefix(ref, "git+")
	switch {
	case ref == "":
	case isOCI:
		p.Kind = ParentOCI
		name, digest, ok := strings.Cut(rest, "@sha256:")
		if !ok || !isHex(digest, 64) || name == "" {
			v.Fail("write oci://HOST/NAME@sha256:… with the digest of the manifest", "%q is not pinned to a digest: what a tag names can change", ref)
			return Parent{}
		}
		p.Location, p.Pin = name, "sha256:"+digest
	case isGit:
		p.Kind = ParentGit
		place, file, _ := strings.Cut(at, "#")
		i := strings.LastIndexByte(place, '@')
		if i < 0 || !isHex(place[i+1:], 40) && !isHex(place[i+1:], 64) || !reachable(place) || file == "" {
			v.Fail("write git+https://HOST/PATH@COMMIT#FILE with the full id of a commit", "%q is not pinned to a commit: a branch or tag can move", ref)
			return Parent{}
		}
		p.Location, p.Pin = place[:i], place[i+1:]
		p.File = inside(v, file)
	case strings.Contains(ref, "://"):
		v.Fail("write oci://HOST/NAME@sha256:…, git+https://HOST/PATH@COMMIT#FILE, or the path of a file", "nothing can be extended from %q", ref)
	default:
		p.Kind, p.File = ParentFile, inside(v, ref)
	}
	return p
}

// reachable says whether a repository may be asked: over HTTPS, or on this machine.
func reachable(address string) bool {
	plain, isPlain := strings.CutPrefix(address, "http://")
	return strings.HasPrefix(address, "https://") || isPlain && (strings.HasPrefix(plain, "127.0.0.1:") || strings.HasPrefix(plain, "localhost:"))
}

func isHex(s string, n int) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == n && strings.ToLower(s) == s
}

// inside refuses a path that leads out of its repository.
func inside(v yamlpos.Value, file string) string {
	clean := path.Clean(file)
	if path.IsAbs(file) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(file, "\\") {
		v.Fail("paths start at the repository's root", "path %q leads out of the repository", file)
		return ""
	}
	return clean
}

// ErrUnreachable says that a parent could not be read.
var ErrUnreachable = errors.New("the policy that it extends cannot be read")

// ReadParent reads the bytes of a parent of a policy that was read at a place, and says
// how reports name it and at which commit it stood. Its error says why it cannot.
type ReadParent func(child *Policy, p Parent) (name, ref string, data []byte, err error)

// Extended gives policies and all that they extend, those before these, and with their
// children. Each judges what its children judge: what two folders extend is there once
// for each. What a parent says of trust is not asked: that is for the policies of the
// repository.
func Extended(policies []*Policy, read ReadParent) ([]*Policy, error) {
	x := extending{read: read, files: make(map[parentFile]*Policy), known: make(map[parentKey]*Policy)}
	for _, p := range policies {
		if err := x.add(p, nil); err != nil {
			return nil, err
		}
	}
	return append(slices.Clone(policies), x.parents...), nil
}

// parentFile is what a parent was read from.
type parentFile struct{ name, ref string }

// parentKey is a parent with what it judges.
type parentKey struct {
	parentFile
	under, targets string
}

type extending struct {
	read    ReadParent
	parents []*Policy
	files   map[parentFile]*Policy // as they were loaded
	known   map[parentKey]*Policy
}

// add adds what a policy extends; above are the parents that led to it.
func (x *extending) add(child *Policy, above []parentFile) error {
	for _, p := range child.Extends {
		name, ref, data, err := x.read(child, p)
		if err != nil {
			return fmt.Errorf("%s:%d: extends %s: %w", child.Path, p.Line, p.Ref, err)
		}
		file := parentFile{name, ref}
		if slices.Contains(above, file) || name == child.Path && ref == child.Ref {
			return fmt.Errorf("%s:%d: extends %s: %w: policies extend each other in a circle", child.Path, p.Line, p.Ref, ErrBad)
		}
		key := parentKey{file, child.Under, strings.Join(child.Targets, "\x00")}
		if parent := x.known[key]; parent != nil { // with all that it extends
			parent.Children = append(parent.Children, child)
			continue
		}
		loaded, err := x.load(child, p, file, data)
		if err != nil {
			return err
		}
		parent := new(*loaded)
		parent.Ref, parent.Targets, parent.Under, parent.origin = ref, child.Targets, child.Under, p
		parent.Children = []*Policy{child}
		x.known[key] = parent
		x.parents = append(x.parents, parent)
		if err := x.add(parent, append(slices.Clone(above), file)); err != nil {
			return err
		}
	}
	return nil
}

// load loads each file once.
func (x *extending) load(child *Policy, p Parent, file parentFile, data []byte) (*Policy, error) {
	if loaded := x.files[file]; loaded != nil {
		return loaded, nil
	}
	if len(x.files) == maxParents {
		return nil, fmt.Errorf("%s:%d: extends %s: %w: more than %d policies are extended", child.Path, p.Line, p.Ref, ErrBad, maxParents)
	}
	loaded, err := Load(file.name, data)
	if err == nil {
		x.files[file] = loaded
	}
	return loaded, err
}

// Origin is what the policy was read from, where another one extends it.
func (p *Policy) Origin() Parent { return p.origin }
