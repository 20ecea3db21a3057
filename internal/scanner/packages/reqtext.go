package packages

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// plainText gives a text as UTF-8 with LF at the ends of lines, as far as its byte
// order mark tells what it is: PowerShell writes UTF-16.
func plainText(data []byte) (string, error) {
	var text string
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		text = fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		text = fromUTF16(data[2:], binary.BigEndian)
	default:
		text = string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	}
	if strings.Contains(text, "\x00") {
		return "", errors.New("not a text")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.ReplaceAll(text, "\r", "\n"), nil
}

func fromUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// requirementLines calls visit with each logical line and the number of its first
// line, without comments and with continued lines joined, until it says false
// (https://pip.pypa.io/en/stable/reference/requirements-file-format/).
func requirementLines(text string, visit func(n int, line string) bool) error {
	var joined strings.Builder
	n, start := 0, 0
	for line := range strings.Lines(text) {
		n++
		if len(line) >= maxLine || joined.Len() >= maxLine {
			return errLongLine
		}
		if joined.Len() == 0 {
			start = n
		}
		line = strings.TrimRight(line, "\n")
		if head, ok := strings.CutSuffix(line, `\`); ok && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			joined.WriteString(head + " ")
			continue
		}
		joined.WriteString(line)
		whole := strings.TrimSpace(uncomment(joined.String()))
		joined.Reset()
		if whole != "" && !visit(start, whole) {
			return nil
		}
	}
	if rest := strings.TrimSpace(uncomment(joined.String())); rest != "" {
		visit(start, rest)
	}
	return nil
}

var comment = regexp.MustCompile(`(^|\s)#.*`)

func uncomment(line string) string {
	if !strings.Contains(line, "#") {
		return line
	}
	return comment.ReplaceAllString(line, "")
}

// The parts of a requirement (https://peps.python.org/pep-0508/): a name with
// extras, and versions with or without brackets around them.
var (
	requirement = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\[\]]*\])?\s*(.*)$`)
	constraint  = regexp.MustCompile(`^(===|==|~=|!=|<=|>=|<|>)\s*([A-Za-z0-9._*+!-]+)$`)
	lineOption  = regexp.MustCompile(`\s--?[A-Za-z].*$`)
)

// parseRequirement gives name and version of a line; no version for anything but
// one that is pinned. ok is false for what names no package.
func parseRequirement(line string) (name, version string, ok bool) {
	line, _, _ = strings.Cut(line, ";")
	line = strings.TrimSpace(lineOption.ReplaceAllString(line, ""))
	m := requirement.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	versions := strings.TrimSpace(m[2])
	if inner, bracket := strings.CutPrefix(versions, "("); bracket {
		if versions, ok = strings.CutSuffix(inner, ")"); !ok {
			return "", "", false
		}
	}
	versions = strings.TrimRight(strings.TrimSpace(versions), ",")
	if versions == "" {
		return m[1], "", true
	}
	for one := range strings.SplitSeq(versions, ",") {
		c := constraint.FindStringSubmatch(strings.TrimSpace(one))
		if c == nil {
			return "", "", false
		}
		if (c[1] == "==" || c[1] == "===") && !strings.Contains(c[2], "*") {
			version = c[2]
		}
	}
	return m[1], version, true
}

// unnamed says whether a line asks for something that has no name and version here:
// a repository, an archive. A folder is the project's own, and no matter.
func unnamed(line string) bool {
	for _, option := range []string{"--editable", "-e"} {
		if rest, ok := strings.CutPrefix(line, option); ok {
			return strings.Contains(rest, "://") || strings.Contains(rest, "git+")
		}
	}
	return false
}

// isFolder says whether a line names a folder of the project.
func isFolder(line string) bool {
	if line != "." && line != ".." && !strings.HasPrefix(line, "./") && !strings.HasPrefix(line, "../") && !strings.HasPrefix(line, ".[") {
		return false
	}
	for _, archive := range []string{".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2"} {
		if strings.HasSuffix(line, archive) {
			return false
		}
	}
	return true
}

// maxLoose bounds the packages of a file that may be no list of requirements.
const maxLoose = 1000

var errLoose = errors.New("more than 1,000 lines")

// readRequirements keeps which files the file includes. One that lists nothing has
// a part all the same: others may include it. Lines that say nothing that could be
// looked up are counted.
func readRequirements(limit int) reader {
	return func(_ context.Context, p string, data []byte) (*part, error) {
		text, err := plainText(data)
		if err != nil {
			return nil, err
		}
		made := &part{}
		var problem error
		err = requirementLines(text, func(n int, line string) bool {
			problem = made.requirement(p, n, line)
			if problem == nil && limit > 0 && len(made.Rows)+made.Unread > limit {
				problem = errLoose
			}
			return problem == nil
		})
		switch {
		case err != nil:
			return nil, err
		case errors.Is(problem, errLoose):
			return nil, problem
		}
		return made, problem
	}
}

// requirement takes a line in.
func (p *part) requirement(path string, n int, line string) error {
	if file, ok := included(line); ok {
		if len(p.Includes) == maxIncludes {
			return fmt.Errorf("it includes more than %d files", maxIncludes)
		}
		p.Includes = append(p.Includes, beside(path, file))
		return nil
	}
	if strings.HasPrefix(line, "-") && !unnamed(line) || isFolder(line) {
		return nil
	}
	name, version, ok := parseRequirement(line)
	if !ok {
		if p.Unread++; len(p.UnreadLines) < maxUnread {
			p.UnreadLines = append(p.UnreadLines, n)
		}
		return nil
	}
	if len(name) > maxString || len(version) > maxString {
		return errors.New("a name or version longer than 4 KiB")
	}
	p.Rows = append(p.Rows, row{Kind: "PyPI", Name: strings.Clone(name), Version: strings.Clone(version), Line: n})
	return nil
}
