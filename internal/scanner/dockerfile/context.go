package dockerfile

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
)

// Some findings depend on what lies beside the Dockerfile, which is known only when
// all files are through. Where the build context is, nobody says: it is taken to be
// the nearest folder, from the Dockerfile's upwards, that has a .dockerignore.

// condition is what must be so in the build context for a finding to be one.
type condition struct {
	// Whole asks for a context that is copied as a whole and leaves nothing out.
	Whole bool `json:"w,omitempty"`
	// Source asks for a file or folder that is left out.
	Source string `json:"s,omitempty"`
	// Exclude are patterns that the instruction leaves out by itself.
	Exclude []string `json:"x,omitempty"`
}

// conditional is a finding that is one under a condition.
type conditional struct {
	record
	When condition `json:"when"`
}

// under makes a finding depend on what lies beside the Dockerfile.
func (r *report) under(when condition, i *instruction, where span, identity, format string, args ...any) {
	if len(r.lint.conditions) >= maxConditions {
		r.lint.dropped++
		return
	}
	h := &hit{rule: r.rule, instruction: i, where: where, identity: identity, message: fmt.Sprintf(format, args...)}
	r.lint.conditions = append(r.lint.conditions, conditionalHit{h, when})
}

// maxConditions bounds what is asked of the context of one file.
const maxConditions = 2000

// conditionalHit is a hit under a condition.
type conditionalHit struct {
	*hit
	when condition
}

// conditional gives the findings under conditions.
func (l *lint) conditional() []conditional {
	var out []conditional
	for _, h := range l.conditions {
		l.silenceOne(h.hit)
		f := l.finding(h.hit)
		out = append(out, conditional{recordOf(f), h.when})
	}
	return out
}

// surroundings are what lies in the tree beside the Dockerfiles, as far as it
// matters.
type surroundings struct {
	ignored map[string][]ignorePattern // by the path of the ignore file
	// secret are files that hold credentials.
	secret []string
	known  map[string][]string // credentials that are not left out, by context
}

// maxSecretFiles bounds the files with credentials that are looked at.
const maxSecretFiles = 100

// lies gathers what parts tell.
func (s *surroundings) lies(file string, p part) {
	if p.Ignore != nil {
		s.ignored[file] = readPatterns(p.Ignore)
	}
	if p.Secret && len(s.secret) < maxSecretFiles {
		s.secret = append(s.secret, file)
	}
}

// context gives the ignore file that counts for a Dockerfile, empty for none, and the
// folder of its build context.
func (s *surroundings) context(dockerfile string) (folder, file string) {
	folder = path.Dir(dockerfile)
	if own := dockerfile + ".dockerignore"; s.ignored[own] != nil {
		return clean(folder), own
	}
	for dir := folder; ; dir = path.Dir(dir) {
		if file := path.Join(dir, ".dockerignore"); s.ignored[file] != nil {
			return clean(dir), file
		}
		if dir == "." || dir == "/" {
			return clean(folder), ""
		}
	}
}

// clean is a folder's path as entries have it: the root is empty.
func clean(dir string) string { return strings.TrimPrefix(path.Clean(dir), ".") }

// holds says whether a condition is met for a Dockerfile, and adds to the finding
// what is known of it.
func (s *surroundings) holds(c *conditional, entry *scan.Entry) bool {
	if entry.Named {
		return false // it was scanned alone: nothing is known of its context
	}
	folder, file := s.context(entry.Path)
	if c.When.Source != "" {
		return file != "" && reaches(folder, entry.Path, c.When.Source) && ignoresAll(s.ignored[file], c.When.Source)
	}
	if file == "" && len(c.When.Exclude) == 0 {
		c.Message += ", and no .dockerignore leaves anything of it out"
		return true
	}
	left := s.left(folder, file)
	if len(c.When.Exclude) > 0 {
		own := readPatterns(c.When.Exclude)
		left = slices.DeleteFunc(slices.Clone(left), func(file string) bool { return ignores(own, file) })
	}
	if len(left) == 0 {
		return false
	}
	c.Message += ", " + quoteAll(left) + " with it"
	return true
}

// reaches says whether a source is surely looked for in a folder: the Dockerfile lies
// there, or the source leads back to where it lies.
func reaches(folder, dockerfile, source string) bool {
	rest := strings.TrimPrefix(strings.TrimPrefix(dockerfile, folder), "/")
	first, _, below := strings.Cut(rest, "/")
	return !below || strings.HasPrefix(source, first+"/")
}

// left are the files of a context that hold secrets and are not left out. History is
// where the repository is.
func (s *surroundings) left(folder, ignoreFile string) []string {
	key := folder + "\x00" + ignoreFile
	if files, ok := s.known[key]; ok {
		return files
	}
	patterns := s.ignored[ignoreFile]
	var files []string
	if folder == "" && !ignores(patterns, ".git") {
		files = append(files, ".git")
	}
	for _, file := range s.secret {
		inner, ok := strings.CutPrefix(file, folder+"/")
		if folder == "" {
			inner, ok = file, true
		}
		if ok && !ignores(patterns, inner) {
			files = append(files, inner)
		}
	}
	s.known[key] = files
	return files
}

// met gives the findings of a Dockerfile whose conditions are met.
func (s *surroundings) met(all []conditional, t scan.Target, entry *scan.Entry) []finding.Finding {
	var out []finding.Finding
	for n := range all {
		if s.holds(&all[n], entry) {
			out = append(out, all[n].complete(t))
		}
	}
	return out
}

// beside says whether a file is no Dockerfile but says something of one's context.
func beside(file string) bool {
	return isIgnoreFile(file) || credential(file) != "" && !isDockerfile(file) && !mayBeDockerfile(file) && !forTests(file)
}

// wantsBeside asks for ignore files, and for the bare presence of credentials.
func wantsBeside(file string) scan.Want {
	switch {
	case !beside(file):
		return scan.Want{}
	case isIgnoreFile(file):
		return scan.Want{Mode: scan.Whole, Max: maxIgnoreFile}
	}
	return scan.Want{Mode: scan.NoRead}
}

// readBeside makes the part of a file that is no Dockerfile.
func readBeside(file string, c *scan.Content) (scan.Part, error) {
	made := part{Other: true, Secret: true}
	if isIgnoreFile(file) {
		made = part{Other: true, Ignore: ignoreLines(string(c.Bytes()))}
	}
	encoded, err := json.Marshal(made)
	if err != nil {
		return nil, fmt.Errorf("encoding what lies beside: %w", err)
	}
	return encoded, nil
}

// gather parts what lies beside the Dockerfiles from them.
func gather(parts []scan.Ref) (*surroundings, []scan.Ref) {
	s := &surroundings{ignored: make(map[string][]ignorePattern), known: make(map[string][]string)}
	dockerfiles := make([]scan.Ref, 0, len(parts))
	for _, ref := range parts {
		var got part
		if ref.Part != nil && beside(ref.Entry.Path) && json.Unmarshal(ref.Part, &got) == nil && got.Other {
			s.lies(ref.Entry.Path, got)
			continue
		}
		dockerfiles = append(dockerfiles, ref)
	}
	return s, dockerfiles
}
