package imageconfig

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/boltseal/boltseal/internal/filecap"
	"github.com/boltseal/boltseal/internal/scan"
)

// rights are what the mode, owner and capabilities of a file or folder let others do
// beyond the usual.
type rights struct {
	mode         fs.FileMode // setuid, setgid and the permission to write for everybody alone
	uid, gid     int         // where they matter
	capabilities filecap.Set
}

// special are the bits of rights.
const special = fs.ModeSetuid | fs.ModeSetgid | 0o002

// rightsOf gives those of an entry; the zero value for the usual ones.
func rightsOf(e *scan.Entry) rights {
	r := rights{capabilities: capabilitiesOf(e)}
	if (e.Kind == scan.File || e.Kind == scan.Hardlink) && e.Mode&0o111 != 0 {
		r.mode = e.Mode & (fs.ModeSetuid | fs.ModeSetgid)
	}
	if r.mode&fs.ModeSetuid != 0 {
		r.uid = e.UID
	}
	if r.mode&fs.ModeSetgid != 0 {
		r.gid = e.GID
	}
	if isWorldWritable(e) {
		r.mode |= 0o002
	}
	return r
}

// adds says whether rights let others do what old ones did not.
func (r rights) adds(old rights) bool {
	return r.mode&^old.mode != 0 ||
		r.mode&fs.ModeSetuid != 0 && r.uid != old.uid || r.mode&fs.ModeSetgid != 0 && r.gid != old.gid ||
		r.capabilities.Adds(old.capabilities)
}

// String is for people.
func (r rights) String() string {
	var text []string
	if r.mode&fs.ModeSetuid != 0 {
		text = append(text, fmt.Sprintf("runs as user %d (setuid)", r.uid))
	}
	if r.mode&fs.ModeSetgid != 0 {
		text = append(text, fmt.Sprintf("runs as group %d (setgid)", r.gid))
	}
	if r.capabilities.Grants() {
		text = append(text, fmt.Sprintf("gets %s (file capabilities)", r.capabilities))
	}
	if r.mode&0o002 != 0 {
		text = append(text, "written by every account")
	}
	return strings.Join(text, ", ")
}

// snapshot is what is kept of an image that others are compared with.
type snapshot struct {
	config *v1.ConfigFile
	size   int64
	rights map[string]rights // by path; those that are more than usual
}

// maxKept bounds how many paths are kept of an image. What is beyond them is taken for
// new: that is the safe side.
const maxKept = 1_000_000

// maxChanged bounds how many changes are listed; what adds rights is a finding as well.
const maxChanged = 10_000

// stored is the size of an image's layers as they are stored.
func (img *image) stored() int64 {
	var n int64
	for _, l := range img.Layers {
		n += max(0, min(l.Size, maxSize))
	}
	return n
}

func (img *image) snapshot(files []file) *snapshot {
	s := &snapshot{config: img.Config, size: img.stored(), rights: make(map[string]rights)}
	for _, f := range files {
		if r := rightsOf(f.entry); r != (rights{}) && len(s.rights) < maxKept {
			s.rights[f.path] = r
		}
	}
	return s
}

// RightsChange is a file or folder whose rights differ in two images; a text is empty
// where they are the usual ones, or there is no such file.
type RightsChange struct{ Path, Old, New string }

// Compare makes the scanner hold a target against an older image, which is scanned
// first, by the name of its target.
func (s *Scanner) Compare(target, older string) {
	if s.against == nil {
		s.against, s.kept, s.changed = make(map[string]string), make(map[string]*snapshot), make(map[string][]RightsChange)
	}
	s.against[target], s.kept[older] = older, nil
}

// ChangedRights gives what differs in a target that was compared, by path.
func (s *Scanner) ChangedRights(target string) []RightsChange { return s.changed[target] }

// keep takes what others are compared with, or what differs; of most images neither.
func (p *pass) keep(img *image, files []file, target string) {
	kept, asked := p.scanner.kept[target]
	if asked = asked && kept == nil; !asked && p.older == nil {
		return
	}
	now := img.snapshot(files)
	if p.older != nil {
		p.scanner.changed[target] = now.changes(p.older)
	}
	if asked {
		p.scanner.kept[target] = now
	}
}

func (s *snapshot) changes(old *snapshot) []RightsChange {
	var all []RightsChange
	for at, r := range s.rights {
		if r != old.rights[at] {
			all = append(all, RightsChange{at, old.rights[at].String(), r.String()})
		}
	}
	for at, r := range old.rights {
		if _, still := s.rights[at]; !still {
			all = append(all, RightsChange{at, r.String(), ""})
		}
	}
	slices.SortFunc(all, func(a, b RightsChange) int { return strings.Compare(a.Path, b.Path) })
	return all[:min(len(all), maxChanged)]
}

// byFolder groups files by the folder in which they lie, in order.
func byFolder(files []file) [][]file {
	groups := make(map[string][]file)
	for _, f := range files {
		groups[path.Dir(f.path)] = append(groups[path.Dir(f.path)], f)
	}
	var out [][]file
	for _, folder := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[folder])
	}
	return out
}
