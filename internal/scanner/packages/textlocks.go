package packages

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Lockfiles that are lists of lines, or of terms. What looks like a package and cannot
// be read is an error: a list that has lost one is no list.

// lines reads a file line by line. each gives a row, or false for a line that is none.
func lines(kind string, each func(line string) (name, version string, ok bool, err error)) reader {
	return func(ctx context.Context, _ string, data []byte) (*part, error) {
		made := &part{}
		n := 0
		for line := range bytes.Lines(data) {
			if n++; n%10_000 == 0 && ctx.Err() != nil {
				return made, context.Cause(ctx)
			}
			name, version, ok, err := each(strings.TrimRight(string(line), "\r\n"))
			switch {
			case err != nil:
				return made, fmt.Errorf("line %d: %w", n, err)
			case ok && len(made.Rows) >= maxRows:
				return made, fmt.Errorf("more than %d packages", maxRows)
			case ok:
				made.Rows = append(made.Rows, row{Kind: kind, Name: name, Version: version, Line: n})
			}
		}
		return made, nil
	}
}

// terms reads a file in which a package can stand anywhere in a line, or over several.
// begins matches where one begins. whole matches from there on: its last group is the
// version, the one before it the name, or else the first. comments are passed over.
type terms struct {
	kind          string
	begins, whole *regexp.Regexp
	comments      *regexp.Regexp // nil where there are none
}

func (t *terms) read(ctx context.Context, _ string, data []byte) (*part, error) {
	if t.comments != nil {
		data = t.comments.ReplaceAllFunc(data, func(found []byte) []byte { return bytes.Repeat([]byte(" "), len(found)) })
	}
	made := &part{}
	line, rest := 1, data
	for n := 0; ; n++ {
		if n%10_000 == 0 && ctx.Err() != nil {
			return made, context.Cause(ctx)
		}
		at := t.begins.FindIndex(rest)
		if at == nil {
			return made, nil
		}
		line += bytes.Count(rest[:at[0]], []byte("\n"))
		found := t.whole.FindSubmatch(rest[at[0]:])
		switch {
		case found == nil:
			return made, fmt.Errorf("line %d: %w", line, errNotPackage)
		case len(made.Rows) >= maxRows:
			return made, fmt.Errorf("more than %d packages", maxRows)
		}
		last := len(found) - 1
		name := cmp.Or(string(found[last-1]), string(found[1]))
		made.Rows = append(made.Rows, row{Kind: t.kind, Name: name, Version: string(found[last]), Line: line})
		line += bytes.Count(rest[at[0]:at[1]], []byte("\n"))
		rest = rest[at[1]:]
	}
}

// termsOf makes the expressions when the first file is read.
func termsOf(kind, begins, whole, comments string) reader {
	made := sync.OnceValue(func() *terms {
		t := &terms{kind: kind, begins: regexp.MustCompile(begins), whole: regexp.MustCompile(whole)}
		if comments != "" {
			t.comments = regexp.MustCompile(comments)
		}
		return t
	})
	return func(ctx context.Context, p string, data []byte) (*part, error) { return made().read(ctx, p, data) }
}

var errNotPackage = errors.New("it looks like a package, and cannot be read")

// readGemfileLock reads Bundler's lockfile: sections, and in those of gems the specs,
// indented by four spaces: "    nokogiri (1.15.0-x86_64-linux)". What a PATH section
// names is the project's own.
// https://github.com/rubygems/rubygems/blob/master/bundler/lib/bundler/lockfile_parser.rb
func readGemfileLock() reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		section := ""
		return lines("RubyGems", func(line string) (string, string, bool, error) {
			spec, indented := strings.CutPrefix(line, "    ")
			switch {
			case line != "" && line[0] != ' ':
				section = line
				return "", "", false, nil
			case !indented || strings.HasPrefix(spec, " ") || section != "GEM" && section != "GIT" && section != "PLUGIN SOURCE":
				return "", "", false, nil
			}
			name, version, found := strings.Cut(spec, " (")
			version, closed := strings.CutSuffix(strings.TrimSuffix(version, "!"), ")")
			if !found || !closed || name == "" || version == "" {
				return "", "", false, errNotPackage
			}
			version, _, _ = strings.Cut(version, "-") // a platform
			return name, version, true, nil
		})(ctx, p, data)
	}
}

// readMixLock reads Elixir's lockfile, of terms like
//
//	"jason": {:hex, :jason, "1.2.2", "ba43e3…", [:mix], [], "hexpm", "18a228…"},
//
// What comes from a repository or a folder has no version. Elixir could write the same in
// other ways, which mix does not: they are refused.
func readMixLock() reader {
	return termsOf("Hex", `"[^"\n]*"\s*(?::|=>)\s*\{|\{\s*:"?hex\b|\{\s*#`,
		`^"([^"\n]*)"\s*:\s*\{\s*:(?:(?:git|path)\b|hex\s*,\s*:"?([a-zA-Z0-9_]+)"?\s*,\s*"([^"\n]+)")`, "")
}

// readRebarLock reads Erlang's lockfile, of terms like
//
//	{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.9.0">>},0},
func readRebarLock() reader {
	return termsOf("Hex", `\{\s*pkg\b`, `^\{\s*pkg\s*,\s*<<"([^"\n]+)">>\s*,\s*<<"([^"\n]+)">>`, "")
}

// readCabalFreeze reads "constraints: any.aeson ==2.1.2.1,". A version holds no "=": one
// that went on over the packages behind it would be read once for each of these.
func readCabalFreeze() reader {
	return termsOf("Hackage", `\bany\.[^\s,=]*\s*==`, `^any\.([^\s,=]+)\s*==\s*([^\s,|&=]+)\s*(?:,|\z|[\r\n])`, `(?m)^[\t\f\r ]*--[^\r\n]*`)
}

// readStackLock reads "hackage: acme-missiles-0.3@sha256:…,613": what was asked for and
// what it became are the same package.
func readStackLock() reader {
	read := termsOf("Hackage", `\bhackage["']?\s*:`, `^hackage["']?\s*:\s*["']?([A-Za-z0-9-]+)-([0-9][0-9.]*)(?:@|["'\s,}]|\z)`, `(?m)^[\t\f\r ]*#[^\r\n]*`)
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := read(ctx, p, data)
		made.once()
		return made, err
	}
}

// readPaketLock reads the NUGET sections of "    Newtonsoft.Json (13.0.1)".
func readPaketLock() reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		section := ""
		return lines("NuGet", func(line string) (string, string, bool, error) {
			spec, indented := strings.CutPrefix(line, "    ")
			switch {
			case line != "" && line[0] != ' ':
				section = line
				return "", "", false, nil
			case !indented || strings.HasPrefix(spec, " ") || section != "NUGET" || strings.TrimSpace(spec) == "":
				return "", "", false, nil
			}
			name, version, found := strings.Cut(spec, " (")
			version, _, closed := strings.Cut(version, ")")
			if !found || !closed || name == "" || version == "" {
				return "", "", false, errNotPackage
			}
			return name, version, true, nil
		})(ctx, p, data)
	}
}

// once keeps the first of rows that differ in their lines only.
func (p *part) once() {
	seen := make(map[string]bool, len(p.Rows))
	kept := p.Rows[:0]
	for _, r := range p.Rows {
		if key := identity(&r); !seen[key] {
			seen[key] = true
			kept = append(kept, r)
		}
	}
	p.Rows = kept
}
