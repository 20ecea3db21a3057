package dockerfile

import (
	"strconv"
	"strings"
)

// published gives the stages whose layers may reach a registry as an image: the last
// one, those that no other stage takes anything from, and what these build on.
func (f *file) published() map[*stage]bool {
	used := make(map[*stage]bool)
	for _, st := range f.stages {
		for _, i := range st.instructions {
			for _, ref := range i.stageReferences() {
				if from := f.stageNamed(ref, st.index); from != nil {
					used[from] = true
				}
			}
		}
	}
	published := make(map[*stage]bool)
	for _, st := range f.stages {
		if st != f.final() && (used[st] || st.children > 0) {
			continue
		}
		for ; st != nil && !published[st]; st = st.parent {
			published[st] = true
		}
	}
	return published
}

// stageReferences are the images or stages that an instruction takes files from.
func (i *instruction) stageReferences() []string {
	if t := i.trigger; t != nil {
		i = t
	}
	var refs []string
	if from, ok := i.flag("from"); ok {
		refs = append(refs, from)
	}
	for _, m := range i.mounts() {
		if m["from"] != "" {
			refs = append(refs, m["from"])
		}
	}
	return refs
}

// mounts are the fields of each --mount; keys are lower case, and "dst" and
// "destination" are "target", "src" is "source".
func (i *instruction) mounts() []map[string]string {
	var out []map[string]string
	for _, value := range i.flagValues("mount") {
		m := make(map[string]string)
		for field := range strings.SplitSeq(value, ",") {
			key, value, _ := strings.Cut(field, "=")
			switch key = strings.ToLower(strings.TrimSpace(key)); key {
			case "dst", "destination":
				key = "target"
			case "src":
				key = "source"
			}
			m[key] = value
		}
		out = append(out, m)
	}
	return out
}

// stageNamed finds the stage before another one that a name or number means.
func (f *file) stageNamed(ref string, before int) *stage {
	if st := f.named[strings.ToLower(ref)]; st != nil && st.index < before {
		return st
	}
	if n, err := strconv.Atoi(ref); err == nil && n >= 0 && n < before {
		return f.stages[n]
	}
	return nil
}
