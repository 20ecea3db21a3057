package finding

import (
	"slices"
	"strings"
)

// Known are findings of another state of a target: of the commit that a change starts
// from, of an earlier run. It answers which findings were there.
type Known struct {
	all  []Finding
	used []bool
	// left are those that may be unused yet, by key; first is the first of all.
	left  map[string][]int
	first map[string]int
}

// NewKnown takes findings that were found there, in the order in which they are spent.
// moved gives the paths under which files of there are known by now, by their old
// ones; nil where none has moved.
func NewKnown(there []Finding, moved map[string]string) *Known {
	k := &Known{all: there, used: make([]bool, len(there)), left: make(map[string][]int), first: make(map[string]int)}
	for i := range there {
		for _, key := range there[i].comparable(moved) {
			if k.left[key] == nil {
				k.first[key] = i
			}
			k.left[key] = append(k.left[key], i)
		}
	}
	return k
}

// Take gives the finding that one here was there, each of them once: the second of
// two equal ones is another one. nil says that there is none left.
func (k *Known) Take(f *Finding) *Finding {
	for _, key := range f.comparable(nil) {
		for left := k.left[key]; len(left) > 0; {
			i := left[0]
			left = left[1:]
			k.left[key] = left
			if !k.used[i] {
				k.used[i] = true
				return &k.all[i]
			}
		}
	}
	return nil
}

// Find gives a finding that one here was there, however often it is asked.
func (k *Known) Find(f *Finding) *Finding {
	for _, key := range f.comparable(nil) {
		if i, ok := k.first[key]; ok {
			return &k.all[i]
		}
	}
	return nil
}

// comparable are the keys by which findings of one run are compared: one for each id
// of an advisory, and for each path.
func (f *Finding) comparable(moved map[string]string) []string {
	identity := f.Identity
	if f.Compared != nil {
		identity = f.Compared
	}
	if identity == nil { // from a stored run
		keys := f.Keys()
		for i, key := range keys {
			keys[i], _, _ = strings.Cut(key, "#")
		}
		return keys
	}
	var keys []string
	for _, id := range f.IDs() {
		keys = append(keys, fingerprint(id, identity))
	}
	if now, ok := identity.at(moved); ok {
		for _, id := range f.IDs() {
			keys = append(keys, fingerprint(id, now))
		}
	}
	return keys
}

// places says where in an identity the path stands.
var places = map[string]int{"secret": 2, "command": 1, "package": 2}

// at gives the identity at the path that the file has by now; false where it has not
// moved. Files in an archive move with it.
func (id Identity) at(moved map[string]string) (Identity, bool) {
	if len(moved) == 0 || len(id) == 0 {
		return nil, false
	}
	n, ok := places[id[0]]
	if !ok || n >= len(id) {
		return nil, false
	}
	file, inner, archived := strings.Cut(id[n], "!")
	to, ok := moved[id[n]]
	if !ok && archived {
		if to, ok = moved[file]; ok {
			to += "!" + inner
		}
	}
	if !ok {
		return nil, false
	}
	now := slices.Clone(id)
	now[n] = to
	return now, true
}
