package dockerfile

import (
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/eol"
	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/rule"
)

var _ = declare(rule.Meta{
	ID: "dockerfile/end-of-life-base", Severity: finding.Low,
	Title:       "Base image gets no security updates any more",
	Remediation: "Move to a version that is still maintained",
	Controls:    []string{"cis-docker-1.6:4.4", "nist-800-190:4.1.1"},
}, onFile(func(r *report, f *file) {
	today := r.lint.native.today
	if today == "" {
		return
	}
	globals := f.globals()
	for _, st := range f.stages {
		if st.from.broken || st.parent != nil || len(st.from.words) == 0 {
			continue
		}
		ref, known := expand(unquote(st.base), globals, f.escape)
		if !known {
			continue
		}
		if over := endOfLife(ref); over.Date != "" && over.Date < today {
			r.part(st.from, st.from.wordSpan(0), "%s %s has had no security updates since %s", over.Product, over.Version, over.Date)
		}
	}
}))

// day is the day of a time in UTC; empty for the zero time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// endOfLife gives what ends first of what an image is made of: what it is called
// after, and the distribution that its tag names. The date is empty where nothing is
// known.
func endOfLife(ref string) eol.Ending {
	name, tag, _ := image(strings.ToLower(ref))
	var first eol.Ending
	take := func(e eol.Ending) {
		if e.Date != "" && (first.Date == "" || e.Date < first.Date) {
			first = e
		}
	}
	parts := strings.Split(tag, "-")
	if known, ok := eol.Image(officialName(name)); ok {
		take(known.Version(strings.TrimPrefix(parts[0], officialName(name))))
	}
	for _, part := range parts {
		take(distribution(part))
	}
	return first
}

// libraries are prefixes of the names of the Docker library's images, which have
// none where they are written short.
var libraries = []string{"docker.io/library/", "index.docker.io/library/", "docker.io/", "library/", "public.ecr.aws/docker/library/", "mirror.gcr.io/library/"}

// officialName gives the name under which an image is listed.
func officialName(name string) string {
	for _, prefix := range libraries {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	if other, ok := aliases[name]; ok {
		return other
	}
	return name
}

// distribution finds the distribution that a part of a tag names: "buster",
// "alpine3.14", "bionic".
func distribution(part string) eol.Ending {
	if number, ok := strings.CutPrefix(part, "alpine"); ok && number != "" {
		return version("alpine", number)
	}
	if number, ok := strings.CutPrefix(part, "debian"); ok && number != "" {
		return version("debian", number)
	}
	if code, ok := codenames[part]; ok {
		return version(code.image, code.version)
	}
	return eol.Ending{}
}

// version finds a version of what an image is made of.
func version(image, number string) eol.Ending {
	p, _ := eol.Image(image)
	return p.Version(number)
}
