package image

import (
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
)

// Annotations that name an image in a layout.
const (
	// annotationRef is a tag, or with some tools the whole name.
	// https://github.com/opencontainers/image-spec/blob/main/annotations.md
	annotationRef = "org.opencontainers.image.ref.name"
	// annotationName is the whole name; containerd and BuildKit write it.
	annotationName = "io.containerd.image.name"
)

// label is how an archive calls an image.
type label struct {
	name      string // without tag and digest, as people type it
	reference string // as it was found
	tag       string // what tells it from others in the same file
}

var validTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`) })

// newLabel reads a reference; what is none gives an empty label.
func newLabel(ref string) label {
	if len(ref) > maxName {
		return label{}
	}
	if !strings.ContainsAny(ref, "/:@") {
		if !validTag().MatchString(ref) {
			return label{}
		}
		return label{tag: ref}
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return label{}
	}
	repository := parsed.Context().RepositoryStr()
	if parsed.Context().RegistryStr() == name.DefaultRegistry {
		repository = strings.TrimPrefix(repository, "library/")
	} else {
		repository = parsed.Context().RegistryStr() + "/" + repository
	}
	return label{name: repository, reference: ref, tag: ref}
}

// labelOf reads the annotations of a descriptor; without any that helps, what
// holds for the index around it holds.
func labelOf(annotations map[string]string, outer label) label {
	for _, key := range []string{annotationName, annotationRef} {
		if l := newLabel(annotations[key]); l != (label{}) {
			return l
		}
	}
	return outer
}

// fileName names an image after its file, as it was typed: what identifies findings
// must not change with the folder that a checkout has on some machine.
func fileName(path string) string {
	base := filepath.Base(filepath.Clean(path))
	for _, ext := range []string{".gz", ".tgz", ".zst", ".tar"} {
		if cut := strings.TrimSuffix(base, ext); cut != "" {
			base = cut
		}
	}
	if strings.Trim(base, "."+string(filepath.Separator)) == "" {
		return "image"
	}
	return base
}

// targetNames names the images of a file: by the file alone where there is one,
// else by their tags, and by their platforms where a tag has several. What is
// alike still is told apart by digest.
func targetNames(base string, images []*found) []string {
	tags, platforms := make(map[string]bool), make(map[string]int)
	for _, im := range images {
		tags[im.tag] = true
		platforms[im.tag]++
	}
	names := make([]string, len(images))
	count := make(map[string]int)
	for i, im := range images {
		names[i] = base
		if len(tags) > 1 {
			tag := im.tag
			if tag == "" {
				tag = short(im.digest)
			}
			names[i] += "#" + tag
		}
		if platforms[im.tag] > 1 && im.platform != "" {
			names[i] += " " + im.platform
		}
		count[names[i]]++
	}
	for i, im := range images {
		if count[names[i]] > 1 {
			names[i] += " " + short(im.digest)
		}
	}
	return names
}
