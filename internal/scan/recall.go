package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// An entry of a tree has no digest: what it holds is known when it is read. Then
// the cache is asked whether a pass found nothing in just this content before.
//
// Nothing is all that is kept, and only where no pass found anything. The key is
// made from the content, and a short file that holds a password could be guessed
// with it; what is found is scanned again, and that is little.

// nothing is the value of an entry of which a pass made no part.
const nothing = "nothing"

// recalls says whether the cache is asked by content: where neither the unit nor
// the entry has a digest, and the content is not a part of a stream.
func (j *job) recalls() bool {
	w := j.walk
	return w.run.opt.Cache != nil && w.run.target.Kind == KindTree && !w.unit.Sequential &&
		w.unit.Digest == "" && j.entry.Digest == ""
}

// contentKey is the key of what a pass made of the content; empty where that is
// not cached.
func (j *job) contentKey(i int) string {
	if j.walk.run.passes[i].key == "" {
		return ""
	}
	return "scan/content/1/" + j.walk.run.passKey(i) + "/" + j.content
}

// recall takes the passes off that found nothing in the same content before.
func (j *job) recall() {
	if j.data == nil || !j.recalls() {
		return
	}
	h := sha256.Sum256(j.data)
	j.content = j.entry.traits() + "/" + hex.EncodeToString(h[:])
	j.wants = slices.DeleteFunc(j.wants, func(w want) bool {
		if !w.Mode.reads() {
			return false
		}
		key := j.contentKey(w.pass)
		if key == "" {
			return false
		}
		value, ok := j.walk.run.opt.Cache.Get(key)
		if !ok || string(value) != nothing {
			return false
		}
		j.count(w.pass, int64(len(j.data)))
		j.deliver(w.pass, nil, nil)
		return true
	})
}

// remember keeps that nothing was found, for the passes that looked now.
func (j *job) remember() {
	if j.content == "" || j.found || j.walk.run.ctx.Err() != nil {
		return
	}
	for _, w := range j.wants {
		if key := j.contentKey(w.pass); key != "" && w.Mode.reads() {
			j.walk.run.opt.Cache.Put(key, []byte(nothing))
		}
	}
}
