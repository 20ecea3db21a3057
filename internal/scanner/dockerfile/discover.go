package dockerfile

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// otherKinds are endings of files that are about a Dockerfile, make one, or were
// one, but are none.
var otherKinds = []string{
	".dockerignore", ".md", ".rst", ".html", ".adoc", ".pdf", ".svg", ".png", ".csv", ".log",
	".tmpl", ".tpl", ".template", ".j2", ".jinja", ".jinja2", ".erb", ".ejs", ".mustache", ".hbs", ".liquid", ".mako", ".gotmpl", ".m4", ".in",
	".json", ".yml", ".yaml", ".toml", ".xml", ".lock", ".snap", ".map",
	".orig", ".rej", ".save", ".tmp", ".swp", ".swo", ".swn", ".patch", ".diff",
	".sha256", ".sha512", ".sig", ".asc", ".gz", ".tgz", ".xz", ".bz2", ".tar", ".zip",
}

// unsure are endings of source code about Dockerfiles, and of Dockerfiles for a
// language; of notes, and of Dockerfiles that somebody may still build: the head must
// tell.
var unsure = []string{
	".txt", ".old", ".bak",
	".sh", ".bash", ".ps1", ".py", ".go", ".js", ".mjs", ".ts", ".tsx", ".rb", ".rs", ".java", ".kt", ".cs", ".c", ".cpp", ".h", ".php", ".lua", ".pl", ".swift", ".scala", ".vim", ".el",
}

// names are what a Dockerfile is called, in lower case.
var names = []string{"dockerfile", "containerfile"}

// isDockerfile says whether a path is called like a Dockerfile or Containerfile:
// that name alone, with an ending, or as an ending, in any case of letters.
func isDockerfile(p string) bool {
	name := strings.ToLower(path.Base(p))
	for _, base := range names {
		switch {
		case name == base:
			return true
		case strings.HasSuffix(name, "."+base):
			return !strings.HasPrefix(name, "._") // what macOS leaves beside a file
		case strings.HasPrefix(name, base+"."):
			return name != base+"." && !isOther(name) && !slices.Contains(unsure, path.Ext(name))
		}
	}
	return false
}

// isOther says whether a name ends as other kinds of files do.
func isOther(name string) bool {
	return strings.HasSuffix(name, "~") || slices.Contains(otherKinds, path.Ext(name))
}

// mayBeDockerfile says whether a path is called as some call a Dockerfile:
// "Dockerfile-dev", "Dockerfile_dev", "Dockerfile.go". Other files have such names
// too, so the head must tell.
func mayBeDockerfile(p string) bool {
	name := strings.ToLower(path.Base(p))
	for _, base := range names {
		rest, found := strings.CutPrefix(name, base)
		switch {
		case !found || len(rest) < 2 || isOther(name):
		case rest[0] == '-', rest[0] == '_':
			return true
		case rest[0] == '.':
			return slices.Contains(unsure, path.Ext(name))
		}
	}
	return false
}

// looksLikeDockerfile says whether text begins as a Dockerfile must: with FROM or
// ARG behind comments and empty lines.
func looksLikeDockerfile(head []byte) bool {
	words := firstWords(head)
	return len(words) > 1 && (strings.EqualFold(words[0], "FROM") || strings.EqualFold(words[0], "ARG"))
}

// isSurelyDockerfile says as well that its FROM is one: "from x import y" is not.
func isSurelyDockerfile(head []byte) bool {
	if !looksLikeDockerfile(head) {
		return false
	}
	words := firstWords(head)
	if strings.EqualFold(words[0], "ARG") {
		return true
	}
	words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "--") })
	return len(words) == 1 || len(words) == 3 && strings.EqualFold(words[1], "AS")
}

// firstWords are the words of the first line that is neither empty nor a comment.
func firstWords(head []byte) []string {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for line := range bytes.Lines(head) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return strings.Fields(string(line))
		}
	}
	return nil
}
