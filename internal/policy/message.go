package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/boltseal/boltseal/internal/nearest"
	"github.com/boltseal/boltseal/internal/yamlpos"
)

// placeholders are what a message can hold in braces, and what each stands for. What
// a finding lacks is written as "-".
var placeholders = map[string]func(*subject) string{
	"rule":      func(s *subject) string { return s.Rule },
	"scanner":   func(s *subject) string { return s.Scanner },
	"severity":  func(s *subject) string { return s.Severity.String() },
	"path":      func(s *subject) string { return s.Location.Path },
	"image":     func(s *subject) string { return s.Location.Image },
	"package":   func(s *subject) string { return s.packageName() },
	"version":   func(s *subject) string { return s.packageVersion() },
	"fixed":     func(s *subject) string { return s.fixedIn() },
	"published": func(s *subject) string { return s.publishedOn() },
}

func (s *subject) packageName() string {
	if s.Package == nil {
		return ""
	}
	return s.Package.Name
}

func (s *subject) packageVersion() string {
	if s.Package == nil {
		return ""
	}
	return s.Package.Version
}

func (s *subject) fixedIn() string {
	if s.Advisory == nil || len(s.Advisory.Fixed) == 0 {
		return ""
	}
	return s.Advisory.Fixed[0]
}

func (s *subject) publishedOn() string {
	on, ok := published(s.Advisory, s.today)
	if !ok {
		return ""
	}
	return day(on)
}

// maxFilled bounds what one placeholder is replaced by, maxMessage the whole, in
// bytes: a message can name a long path many times.
const (
	maxFilled  = 300
	maxMessage = 4_000
)

// template is a message with what stands in braces cut out: text, name, text, …
type template struct{ parts []string }

// newTemplate gives nil where there is nothing to replace. A brace is written twice
// to be itself; what is no placeholder stays as it is, the loader refuses it.
func newTemplate(message string) *template {
	parts, _ := cutTemplate(message)
	if len(parts) == 1 && parts[0] == message {
		return nil
	}
	return &template{parts}
}

// cutTemplate gives texts and names in turn, and the first name that is none.
func cutTemplate(message string) (parts []string, bad string) {
	var text strings.Builder
	for rest := message; rest != ""; {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			text.WriteString(rest)
			break
		}
		text.WriteString(rest[:i])
		rest = rest[i:]
		if strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}") {
			text.WriteByte(rest[0])
			rest = rest[2:]
			continue
		}
		name, after, closed := strings.Cut(rest[1:], "}")
		if _, known := placeholders[name]; rest[0] != '{' || !closed || !known {
			if bad == "" {
				bad = rest[:1] + name
			}
			text.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		parts = append(parts, text.String(), name)
		text.Reset()
		rest = after
	}
	return append(parts, text.String()), bad
}

func (t *template) fill(s *subject) string {
	var b strings.Builder
	for i, part := range t.parts {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		value := strings.Join(strings.Fields(placeholders[part](s)), " ")
		if value == "" {
			value = "-"
		}
		if len(value) > maxFilled {
			value = strings.ToValidUTF8(value[:maxFilled], "") + "…"
		}
		b.WriteString(value)
		if b.Len() > maxMessage {
			return b.String() + "…"
		}
	}
	return b.String()
}

// readMessage reads a message and checks what stands in braces.
func readMessage(v yamlpos.Value) string {
	line := readLine(v)
	_, bad := cutTemplate(line)
	if bad == "" {
		return line
	}
	names := placeholderNames()
	hint := "known are " + strings.Join(names, ", ") + "; write a brace twice for itself"
	if near := nearest.Word(strings.TrimLeft(bad, "{}"), names); near != "" {
		hint = fmt.Sprintf("did you mean {%s}?", near)
	}
	v.Fail(hint, "the message has a brace that opens or closes no placeholder")
	return ""
}

func placeholderNames() []string {
	names := make([]string, 0, len(placeholders))
	for name := range placeholders {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
