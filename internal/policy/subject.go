package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/finding"
)

// class is all of a finding that takes few values. Findings of one class have the
// same rules left to look at.
type class struct {
	scanner                    string
	severity                   finding.Severity
	origin                     string
	isNew, fix, kev, malicious bool
}

// subject is a finding with what rules and exceptions ask of it, found out once.
type subject struct {
	*finding.Finding
	class
	// New is the Subject's: what is known, where class has what it counts as.
	New     *bool
	today   time.Time
	epss    float64
	inImage bool
	purl    purl
	// ids and upper (the same in capitals) and keys are nil until asked for.
	ids, upper, keys []string
	// bits are those of ids; 0 until asked for.
	bits uint64
}

func newSubject(s *Subject, today time.Time) *subject {
	f := &s.Finding
	sub := &subject{
		Finding: f, New: s.New, today: today,
		class:   class{scanner: f.Scanner, severity: f.Severity, isNew: s.New == nil || *s.New, fix: f.Fix != nil},
		inImage: inImage(f),
	}
	if a := f.Advisory; a != nil {
		sub.fix = len(a.Fixed) > 0
		sub.kev, sub.malicious, sub.epss = a.KEV, a.Malware, a.EPSS
	}
	if f.Package != nil {
		sub.purl = newPURL(f.Package.PURL)
		sub.origin = f.Package.Origin
		if sub.origin == "" && !sub.inImage {
			sub.origin = OriginOurs // a lockfile's
		}
	}
	return sub
}

// imageSchemes are the schemes of targets that are images.
var imageSchemes = []string{"docker", "podman", "registry", "docker-archive", "oci-archive", "oci-dir"}

// inImage says whether a finding's path is a path inside an image. An image can
// lack a name, and so more than one sign is looked for.
func inImage(f *finding.Finding) bool {
	if f.Location.Image != "" || f.Location.Layer != "" || f.Scanner == finding.ImageConfig {
		return true
	}
	scheme, _, ok := strings.Cut(f.Target, ":")
	return ok && slices.Contains(imageSchemes, scheme)
}

// allIDs are the ids of the finding's advisory, or its rule.
func (s *subject) allIDs() []string {
	if s.ids == nil {
		if s.Advisory == nil {
			s.ids = []string{s.Rule}
		} else {
			s.ids = s.IDs()
		}
	}
	return s.ids
}

// upperIDs are allIDs in capitals, as ids are compared without regard to case.
func (s *subject) upperIDs() []string {
	if s.upper == nil {
		s.upper = make([]string, len(s.allIDs()))
		for i, id := range s.ids {
			s.upper[i] = strings.ToUpper(id)
		}
	}
	return s.upper
}

// allKeys are the fingerprints by which the finding is known.
func (s *subject) allKeys() []string {
	if s.keys == nil {
		s.keys = s.Keys()
	}
	return s.keys
}

// ruleIs says whether one of the finding's ids matches; without globs it does.
func (s *subject) ruleIs(rules globs) bool {
	return len(rules) == 0 || slices.ContainsFunc(s.allIDs(), rules.match)
}

// pathIs says whether the finding's path matches. A path inside an image does so
// only for who names images as well: "etc/**" of a repository is another place.
func (s *subject) pathIs(paths, images globs) bool {
	if len(paths) == 0 {
		return true
	}
	return (!s.inImage || len(images) > 0) && paths.match(s.Location.Path)
}

// imageIs says whether the finding's image matches; without globs it does.
func (s *subject) imageIs(images globs) bool {
	return len(images) == 0 || s.inImage && images.match(s.Location.Image)
}

// packageIs says whether the finding's package matches; without globs it does.
func (s *subject) packageIs(packages []purlGlob) bool {
	if len(packages) == 0 {
		return true
	}
	for i := range packages {
		if packages[i].match(s.purl) {
			return true
		}
	}
	return false
}
