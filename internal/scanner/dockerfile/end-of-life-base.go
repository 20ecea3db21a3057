package dockerfile

import (
	"strconv"
	"strings"
	"time"

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
		if over := endOfLife(ref); over.date != "" && over.date < today {
			r.part(st.from, st.from.wordSpan(0), "%s %s has had no security updates since %s", over.product, over.version, over.date)
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

// ending is the last day on which a version of a product is maintained.
type ending struct{ product, version, date string }

// endOfLife gives what ends first of what an image is made of: what it is called
// after, and the distribution that its tag names. The date is empty where nothing is
// known.
func endOfLife(ref string) ending {
	name, tag, _ := image(strings.ToLower(ref))
	var first ending
	take := func(e ending) {
		if e.date != "" && (first.date == "" || e.date < first.date) {
			first = e
		}
	}
	parts := strings.Split(tag, "-")
	if known, ok := maintained[officialName(name)]; ok {
		take(known.version(strings.TrimPrefix(parts[0], officialName(name))))
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

// product is a thing with versions.
type product struct {
	name string
	// parts is how many numbers of a version tell it from others.
	parts int
	ends  map[string]string
}

// version finds a version of a product. A tag with fewer numbers follows the newest
// of them: it has ended where all have, and a greater first number came after.
func (p product) version(text string) ending {
	numbers := strings.Split(strings.TrimPrefix(text, "v"), ".")
	if len(numbers) >= p.parts {
		short := strings.Join(numbers[:p.parts], ".")
		return ending{p.name, short, p.ends[short]}
	}
	major, err := strconv.Atoi(text)
	if err != nil {
		return ending{}
	}
	last, newer := "", false
	for version, date := range p.ends {
		first, _, _ := strings.Cut(version, ".")
		switch n, err := strconv.Atoi(first); {
		case err != nil:
		case n == major:
			last = max(last, date)
		case n > major:
			newer = true
		}
	}
	if !newer {
		return ending{}
	}
	return ending{p.name, text, last}
}

// distribution finds the distribution that a part of a tag names: "buster",
// "alpine3.14", "bionic".
func distribution(part string) ending {
	if version, ok := strings.CutPrefix(part, "alpine"); ok && version != "" {
		return maintained["alpine"].version(version)
	}
	if version, ok := strings.CutPrefix(part, "debian"); ok && version != "" {
		return maintained["debian"].version(version)
	}
	if code, ok := codenames[part]; ok {
		return maintained[code.image].version(code.version)
	}
	return ending{}
}
