package dockerfile

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// otherKinds are endings of files that are about a Dockerfile, or make one, but
// are none.
var otherKinds = []string{
	".dockerignore", ".md", ".rst", ".txt", ".html", ".adoc",
	".tmpl", ".tpl", ".template", ".j2", ".jinja", ".jinja2", ".erb", ".ejs", ".mustache", ".gotmpl", ".m4", ".in",
	".sh", ".py", ".go", ".js", ".ts", ".rb", ".json", ".yml", ".yaml", ".toml", ".xml", ".lock",
	".orig", ".rej", ".bak", ".swp", ".swo", ".patch", ".diff", ".sha256", ".sha512", ".sig", ".asc", ".gz", ".zip",
}

// isDockerfile says whether a path is called like a Dockerfile or Containerfile:
// that name alone, with an ending, or as an ending, in any case of letters.
func isDockerfile(p string) bool {
	name := strings.ToLower(path.Base(p))
	for _, base := range []string{"dockerfile", "containerfile"} {
		switch {
		case name == base:
			return true
		case strings.HasSuffix(name, "."+base):
			return true
		case strings.HasPrefix(name, base+"."):
			return name != base+"." && !strings.HasSuffix(name, "~") && !slices.Contains(otherKinds, path.Ext(name))
		}
	}
	return false
}

// mayBeDockerfile says whether a path is called as some call a Dockerfile:
// "Dockerfile-dev", "Dockerfile_dev". Other files have such names too, so the head
// must tell.
func mayBeDockerfile(p string) bool {
	name := strings.ToLower(path.Base(p))
	for _, base := range []string{"dockerfile", "containerfile"} {
		rest, found := strings.CutPrefix(name, base)
		if found && len(rest) > 1 && (rest[0] == '-' || rest[0] == '_') {
			return !strings.HasSuffix(name, "~") && !slices.Contains(otherKinds, path.Ext(name))
		}
	}
	return false
}

// looksLikeDockerfile says whether text begins as a Dockerfile must: with FROM or
// ARG behind comments and empty lines.
func looksLikeDockerfile(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		word, rest, _ := bytes.Cut(line, []byte(" "))
		keyword := strings.ToUpper(string(word))
		return (keyword == "FROM" || keyword == "ARG") && len(bytes.TrimSpace(rest)) > 0
	}
	return false
}
