package history

import (
	"context"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/scan"
)

// Git needs most of the time to show files that nobody looks at: what is vendored,
// lockfiles. So it is first asked, which costs next to nothing, which files each
// commit changes. Folders of which nothing is wanted are left out where that is sure
// to change nothing else, and commits that change nothing that is wanted at all.

// plan is how the commits of a block are shown.
type plan []part

// part are commits that are shown in one way.
type part struct {
	how     git.Selection
	commits []string
}

// plan asks which files commits change, offers those that nobody wants, and says
// how the others are to be shown. An error is the visitor's.
func (s *Source) plan(ctx context.Context, block []git.Commit, w *walker) (plan, error) {
	ids := make([]string, len(block))
	for i, c := range block {
		ids[i] = c.ID
	}
	whole := git.Selection{Sub: s.sub, Renames: true}
	files, err := s.objects.List(ctx, ids, git.Selection{Sub: s.sub})
	if err != nil {
		return plan{{whole, ids}}, nil //nolint:nilerr // that tells what is wrong with which commit
	}
	chooser, ok := w.v.(scan.Chooser)
	if !ok {
		chooser = everything{}
	}
	left := make(map[string]bool)
	for _, c := range block {
		for _, t := range files[c.ID] {
			if _, known := left[t.Path]; !known {
				left[t.Path] = chooser.Leaves(t.Path)
			}
		}
	}
	folders := s.vendored.learn(left, chooser)
	var by [showings][]string
	for _, c := range block {
		way := how(files[c.ID], left, folders, c.Parents > 1)
		by[way] = append(by[way], c.ID)
	}
	cut := git.Selection{Sub: s.sub, Without: folders, Renames: true}
	if same := s.sameRenames(ctx, by[showUnsure], left, whole, cut); same != nil {
		for _, id := range by[showUnsure] {
			way := showWhole
			if same[id] {
				way = showCut
			}
			by[way] = append(by[way], id)
		}
	} else {
		by[showWhole] = append(by[showWhole], by[showUnsure]...)
	}
	for _, way := range []showing{showNothing, showCut, showMerge} {
		for _, id := range by[way] {
			for _, t := range files[id] {
				shown := way != showNothing && !inside(t.Path, folders) // and counted then
				if !left[t.Path] || t.Deleted() || shown {
					continue
				}
				if err := w.leftOut(id, t); err != nil {
					return nil, err
				}
			}
		}
	}
	return plan{
		{cut, by[showCut]},
		{git.Selection{Sub: s.sub, Without: folders}, by[showMerge]},
		{whole, by[showWhole]},
	}, nil
}

// sameRenames says of which commits the files that are wanted come from the same
// ones whether folders are left out or not; nil when that cannot be found out. To
// look for renames costs far less than to show all that is vendored.
func (s *Source) sameRenames(ctx context.Context, commits []string, left map[string]bool, whole, cut git.Selection) map[string]bool {
	if len(commits) == 0 {
		return nil
	}
	all, err := s.objects.List(ctx, commits, whole)
	if err != nil {
		return nil
	}
	fewer, err := s.objects.List(ctx, commits, cut)
	if err != nil {
		return nil
	}
	unwanted := func(t git.Touched) bool { return left[t.Path] || t.Deleted() }
	same := make(map[string]bool)
	for _, id := range commits {
		same[id] = slices.Equal(slices.DeleteFunc(all[id], unwanted), slices.DeleteFunc(fewer[id], unwanted))
	}
	return same
}

// everything is a visitor that wants everything.
type everything struct{}

func (everything) Leaves(string) bool { return false }

// showing is how a commit is shown.
type showing uint8

const (
	showWhole showing = iota
	showCut
	showMerge // without the folders, and without a look for renames
	showUnsure
	showNothing
	showings // how many there are
)

// how says how to show a commit. A file that it adds could be one renamed from a
// folder that is left out, or its origin could be taken by another one renamed into
// such a folder: then that is to be found out. A merge that adds no file to a parent
// shows the same without a look for renames; for each parent that takes long.
func how(files []git.Touched, left map[string]bool, folders []string, merge bool) showing {
	var wanted, gone, added, leftGone, leftAdded, cut bool
	for _, t := range files {
		within := inside(t.Path, folders)
		switch {
		case left[t.Path]:
			cut = cut || within
			leftGone, leftAdded = leftGone || t.Deleted(), leftAdded || t.Added
		case within:
			return showWhole // the folder is not what it seemed
		case t.Deleted():
			gone = true
		default:
			wanted, added = true, added || t.Added
		}
	}
	switch {
	case !wanted:
		return showNothing
	case merge && !added:
		return showMerge
	case merge || !cut:
		return showWhole
	case added && (leftGone || gone && leftAdded):
		return showUnsure
	}
	return showCut
}

// inside says whether a file lies in one of some folders.
func inside(file string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return len(file) > len(folder) && file[len(folder)] == '/' && file[:len(folder)] == folder
	})
}

// vendored are folders of which nothing is wanted, as it seems: each commit is held
// against its own list of files.
type vendored struct {
	mu sync.Mutex
	// many is how many files must have been left out of a folder.
	many  int
	count map[string]int // files that were left out, by folder
	list  []string
}

const (
	// manyLeft is when leaving out a folder is worth while: another list is another
	// process.
	manyLeft = 50
	// maxFolders bounds the list, maxCounted the folders that are counted.
	maxFolders = 16
	maxCounted = 10_000
)

// learn counts files that are left out and gives the folders.
func (s *vendored) learn(left map[string]bool, chooser scan.Chooser) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count == nil {
		s.count = make(map[string]int)
	}
	for _, file := range slices.Sorted(maps.Keys(left)) {
		if !left[file] || inside(file, s.list) {
			continue
		}
		folder := topmost(file, chooser)
		if folder == "" || len(s.count) >= maxCounted {
			continue
		}
		if s.count[folder]++; s.count[folder] == max(s.many, 1) && len(s.list) < maxFolders {
			s.list = append(slices.Clone(s.list), folder)
		}
	}
	return s.list
}

// topmost gives the folder nearest to the root of which nothing seems to be wanted.
func topmost(file string, chooser scan.Chooser) string {
	found := ""
	for folder := path.Dir(file); folder != "." && folder != "/"; folder = path.Dir(folder) {
		if !chooser.Leaves(folder + "/x") {
			break
		}
		found = folder
	}
	return found
}
