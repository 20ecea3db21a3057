package dockerfile

import (
	"iter"
	"strings"
)

// reference is a variable in a text.
type reference struct {
	name string
	i, j int // its bytes, dollar and braces with it
	// fallback says that something else stands for it where it is not set.
	fallback bool
}

// references finds the variables in a word as BuildKit's own expansion does, not the
// shell's: single quotes and the escape keep a dollar from its meaning.
func references(text string, escape byte) []reference {
	var out []reference
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == escape && quote != '\'':
			i++
		case c == '\'' && quote != '"' || c == '"' && quote != '\'':
			switch quote {
			case 0:
				quote = c
			case c:
				quote = 0
			}
		case c == '$' && quote != '\'':
			r := referenceAt(text, i)
			if r.name != "" {
				out = append(out, r)
				i += len(r.name)
				if r.j-r.i > len(r.name)+1 {
					i++ // the brace
				}
			}
		}
	}
	return out
}

// referenceAt reads the variable at a dollar; no name where there is none.
func referenceAt(text string, i int) reference {
	from := i + 1
	braced := from < len(text) && text[from] == '{'
	if braced {
		from++
	}
	j := from
	for j < len(text) && (text[j] == '_' || text[j]|0x20 >= 'a' && text[j]|0x20 <= 'z' || j > from && text[j] >= '0' && text[j] <= '9') {
		j++
	}
	r := reference{name: text[from:j], i: i, j: j}
	if !braced || r.name == "" {
		return r
	}
	rest := text[j:]
	r.fallback = strings.HasPrefix(rest, ":-") || strings.HasPrefix(rest, ":+") || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+")
	r.j = max(r.j, i+closing(text[i:min(len(text), i+maxBraced)]))
	return r
}

// maxBraced bounds "${…}", in bytes.
const maxBraced = 1024

// closing gives the length of "${…}" at the beginning of a text.
func closing(text string) int {
	depth := 0
	for n := 1; n < len(text); n++ {
		switch text[n] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return n + 1
			}
		}
	}
	return len(text)
}

// platformArgs are known before the first FROM without being declared.
var platformArgs = map[string]bool{
	"BUILDPLATFORM": true, "BUILDOS": true, "BUILDOSVERSION": true, "BUILDARCH": true, "BUILDVARIANT": true,
	"TARGETPLATFORM": true, "TARGETOS": true, "TARGETOSVERSION": true, "TARGETARCH": true, "TARGETVARIANT": true, "TARGETSTAGE": true,
}

// proxyArgs are known everywhere without being declared.
var proxyArgs = map[string]bool{
	"HTTP_PROXY": true, "http_proxy": true, "HTTPS_PROXY": true, "https_proxy": true, "FTP_PROXY": true, "ftp_proxy": true,
	"NO_PROXY": true, "no_proxy": true, "ALL_PROXY": true, "all_proxy": true, "SOURCE_DATE_EPOCH": true,
}

// preambleArgs are the names and values of the ARGs before the first FROM, in their order.
func (f *file) preambleArgs() iter.Seq[pair] {
	return func(yield func(pair) bool) {
		for _, i := range f.preamble {
			if i.keyword != "ARG" || i.broken {
				continue
			}
			for _, p := range i.pairs() {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// globals are the ARGs before the first FROM with their defaults; what has none is
// there with an empty one.
func (f *file) globals() map[string]string {
	values := make(map[string]string)
	for p := range f.preambleArgs() {
		values[p.key], _ = expand(unquote(p.value), values, f.escape)
	}
	return values
}

// defaults are the ARGs before the first FROM that have a default which the file itself
// tells: one that is built upon an ARG without one is not among them.
func (f *file) defaults() map[string]string {
	values := make(map[string]string)
	for p := range f.preambleArgs() {
		if !p.set {
			continue // what was said before stands
		}
		text, known := expand(unquote(p.value), values, f.escape)
		if values[p.key] = text; !known {
			delete(values, p.key)
		}
	}
	return values
}

// maxExpanded bounds what variables expand to, in bytes.
const maxExpanded = 512

// expand puts values in the place of variables; false where one is not known, or has
// a form that is more than a name.
func expand(text string, values map[string]string, escape byte) (string, bool) {
	known := true
	var b strings.Builder
	last := 0
	for _, r := range references(text, escape) {
		if r.i < last {
			continue // within a fallback
		}
		b.WriteString(text[last:r.i])
		last = r.j
		value, set := values[r.name]
		plain := text[r.i:r.j] == "$"+r.name || text[r.i:r.j] == "${"+r.name+"}"
		if !plain && r.fallback && value == "" {
			value, set = fallback(text[r.i:r.j], r.name)
		} else if !plain && !r.fallback {
			set = false
		}
		known = known && set
		if b.Len()+len(value) > maxExpanded {
			return "", false
		}
		b.WriteString(value)
	}
	b.WriteString(text[last:])
	return b.String(), known
}

// fallback gives the text of "${name:-text}" and "${name-text}".
func fallback(text, name string) (string, bool) {
	rest := strings.TrimSuffix(text[len("${")+len(name):], "}")
	rest, ok := strings.CutPrefix(strings.TrimPrefix(rest, ":"), "-")
	return rest, ok && !strings.Contains(rest, "$")
}
