package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
)

// What both forms of a list of software say, and how its parts are named.

// software is a run's packages by target.
type software struct {
	targets []subject
	// digest names the list by its content: the same packages give the same document.
	digest [sha256.Size]byte
	// created is RFC 3339, "" where the run does not say its day.
	created string
}

// subject is one target with what was found in it.
type subject struct {
	name string
	// digest is empty where the run knows none, or several: they are not of all packages.
	digest   string
	several  bool
	image    bool
	layers   map[string]*ImageLayer // by digest
	packages []*inventory.Package
	// complete says that nothing is known to be missing.
	complete bool
}

// softwareOf gives targets as the run's scans have them, and those that only packages
// name.
func softwareOf(run *Run) (*software, error) {
	s := &software{}
	whole := len(Missing(run)) == 0
	index := make(map[string]int)
	at := func(name string) *subject {
		i, ok := index[name]
		if !ok {
			i = len(s.targets)
			index[name] = i
			s.targets = append(s.targets, subject{name: name})
		}
		return &s.targets[i]
	}
	for i := range run.Scans {
		row := &run.Scans[i]
		if row.Scanner != finding.Packages {
			continue
		}
		_, before := index[row.Target] // an image has a row for each platform
		t := at(row.Target)
		t.tell(row.Digest)
		t.complete = whole && (row.Status == finding.StatusOK || row.Status == finding.StatusNothing) && (t.complete || !before)
	}
	for i := range run.Packages {
		t := at(run.Packages[i].Target)
		t.packages = append(t.packages, &run.Packages[i])
	}
	for name := range imagesOf(run) {
		if at, ok := index[name]; ok {
			s.targets[at].image = true
		}
	}
	for i := range run.Images {
		at, ok := index[run.Images[i].Target]
		if !ok {
			continue
		}
		t := &s.targets[at]
		t.layers = make(map[string]*ImageLayer)
		for l := range run.Images[i].Layers {
			layer := &run.Images[i].Layers[l]
			t.layers[layer.Digest] = layer
		}
	}
	if day, err := time.Parse(time.DateOnly, run.Judged.On); err == nil {
		s.created = day.UTC().Format(time.RFC3339)
	}
	data, err := json.Marshal([]any{run.Packages, s.created, run.Tool, scanLines(run)})
	s.digest = sha256.Sum256(data)
	return s, err
}

// tell takes what a row says of the target's digest; an empty one says nothing.
func (s *subject) tell(digest string) {
	if s.several || digest == "" || digest == s.digest {
		return
	}
	s.several = s.digest != ""
	if s.digest = digest; s.several {
		s.digest = ""
	}
}

// scanLines say how every scan ended: a list of software tells what it may lack.
func scanLines(run *Run) []string {
	var lines []string
	for _, s := range run.Scans {
		lines = append(lines, fmt.Sprintf("%s on %s: %s", s.Scanner, scanned(s), outcome(s)))
	}
	return lines
}

// instruction is what built a layer.
func (s *subject) instruction(layer string) string {
	if l := s.layers[layer]; l != nil {
		return l.Instruction
	}
	return ""
}

// built is the line of a Dockerfile that made a layer.
func (s *subject) built(layer string) string {
	if l := s.layers[layer]; l != nil && l.Built.Path != "" {
		return fmt.Sprintf("%s:%d", l.Built.Path, l.Built.StartLine)
	}
	return ""
}

// needs gives for each package of a target the packages that it asks for, by index in
// the same list: of that name and version, and listed by the same file. Sorted.
func (s *subject) needs() [][]int {
	type listed struct{ ecosystem, name, version, file string }
	index := make(map[listed]int)
	for i, p := range s.packages {
		for _, file := range p.Paths {
			index[listed{p.Ecosystem, p.Name, p.Version, file}] = i
		}
	}
	all := make([][]int, len(s.packages))
	for i, p := range s.packages {
		for _, r := range p.Requires {
			for _, file := range p.Paths {
				if to, ok := index[listed{p.Ecosystem, r.Name, r.Version, file}]; ok {
					all[i] = append(all[i], to)
				}
			}
		}
		slices.Sort(all[i])
		all[i] = slices.Compact(all[i])
	}
	return all
}

// packageID names a package in a document, by its content and not by its place, so
// that two lists can be compared; seen keeps names apart.
func packageID(p *inventory.Package, seen *names) string {
	hash := sha256.New()
	for _, part := range append([]string{p.Target, p.Ecosystem, p.Name, p.Version, p.Layer}, p.Paths...) {
		hash.Write(fmt.Appendf(nil, "%d:%s", len(part), part))
	}
	return seen.once("package-"+hex.EncodeToString(hash.Sum(nil)[:8]), "-")
}

// packageURL is a package's, where it is one, with its source.
func packageURL(p *inventory.Package) string {
	if !strings.HasPrefix(p.PURL, "pkg:") {
		return ""
	}
	return p.SourcedPURL()
}

// unnamed stands where the formats want a name and there is none.
const unnamed = "unnamed"

// namedSource is the source package as "name version".
func namedSource(p *inventory.Package) string {
	if p.Source == nil {
		return ""
	}
	return strings.TrimSpace(p.Source.Name + " " + p.Source.Version)
}
