package dockerfile

import (
	"path"
	"regexp"
	"strings"
)

// ignorePattern is a line of a .dockerignore file.
type ignorePattern struct {
	// exception says that it takes back what patterns before it leave out.
	exception bool
	text      string
	// match is nil for a text without wildcards.
	match *regexp.Regexp
}

// wildcards are characters that stand for others, and the one that keeps them from it.
const wildcards = `*?[\`

// Bounds of an ignore file.
const (
	maxIgnoreFile = 1 << 20 // bytes
	maxIgnored    = 2000    // patterns
	maxPattern    = 1024    // bytes of one
)

// isIgnoreFile says whether a path is that of a .dockerignore file: one for a build
// context, or one for a Dockerfile alone.
func isIgnoreFile(p string) bool {
	return strings.HasSuffix(p, ".dockerignore") && (path.Base(p) == ".dockerignore" || isDockerfile(strings.TrimSuffix(p, ".dockerignore")))
}

// ignoreLines gives the patterns of an ignore file as they are written, less what
// means nothing.
func ignoreLines(text string) []string {
	lines := []string{}
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line = strings.TrimSpace(line); line != "" && len(line) <= maxPattern {
			lines = append(lines, line)
		}
		if len(lines) == maxIgnored {
			break
		}
	}
	return lines
}

// readPatterns reads lines as BuildKit does. A line that it would refuse matches
// nothing.
func readPatterns(lines []string) []ignorePattern {
	patterns := make([]ignorePattern, 0, len(lines))
	for _, line := range lines {
		// The path is cleaned before and after white space is cut off, and only then
		// is asked for the mark of an exception.
		line, exception := strings.CutPrefix(line, "!")
		if line = strings.TrimSpace(line); line != "" {
			line = path.Clean(line)
			if len(line) > 1 {
				line = strings.TrimPrefix(line, "/")
			}
		}
		if exception {
			line = "!" + line
		}
		var p ignorePattern
		p.text, p.exception = strings.CutPrefix(path.Clean(strings.TrimSpace(line)), "!")
		if p.text == "" || p.text == "." {
			continue
		}
		if strings.ContainsAny(p.text, wildcards) {
			match, err := regexp.Compile(patternExpression(p.text))
			if err != nil {
				continue
			}
			p.match = match
		}
		patterns = append(patterns, p)
	}
	return patterns
}

// patternExpression says in an expression what a pattern matches: "*" and "?" stop
// at a slash, "**" does not and may be nothing.
func patternExpression(text string) string {
	var b strings.Builder
	b.WriteString("^")
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "**"):
			rest := text[i+2:]
			switch {
			case rest == "" || rest == "/" || i == 0 && rest[0] != '/' && !strings.ContainsAny(rest, wildcards):
				b.WriteString(".*")
			default:
				b.WriteString("(.*/)?")
			}
			if i++; strings.HasPrefix(rest, "/") {
				i++
			}
		case c == '*':
			b.WriteString("[^/]*")
		case c == '?':
			b.WriteString("[^/]")
		case c == '[':
			end := strings.IndexByte(text[i+1:], ']')
			if end <= 0 {
				return "[" // refused
			}
			b.WriteString(characters(text[i+1 : i+1+end]))
			i += end + 1
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteString(regexp.QuoteMeta(text[i : i+1]))
		default:
			b.WriteString(regexp.QuoteMeta(text[i : i+1]))
		}
	}
	b.WriteString("$")
	return b.String()
}

// characters is a set of characters. As in BuildKit, one that is negated has the slash.
func characters(set string) string {
	set, negated := strings.CutPrefix(set, "^")
	set = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `^`, `\^`).Replace(set)
	if negated {
		return "[^" + set + "]"
	}
	return "[" + set + "]"
}

// covers says whether a pattern matches a path or a folder above it.
func (p *ignorePattern) covers(file string) bool {
	if p.match == nil {
		return p.text == file || strings.HasPrefix(file, p.text+"/")
	}
	for end := len(file); end > 0; end = strings.LastIndexByte(file[:end], '/') {
		if p.match.MatchString(file[:end]) {
			return true
		}
	}
	return false
}

// ignores says whether the patterns leave a file of the context out: the last one
// that says something of it counts.
func ignores(patterns []ignorePattern, file string) bool {
	out := false
	for n := range patterns {
		if p := &patterns[n]; p.exception == out && p.covers(file) {
			out = !p.exception
		}
	}
	return out
}

// ignoresAll says whether nothing is left of a file or folder: no exception takes
// back what lies below it.
func ignoresAll(patterns []ignorePattern, file string) bool {
	if !ignores(patterns, file) {
		return false
	}
	for _, p := range patterns {
		if p.exception && (p.match != nil || strings.HasPrefix(p.text, file+"/")) {
			return false
		}
	}
	return true
}
