package packages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Lockfiles that are lists of lines. What looks like a package and cannot be read is
// an error: a list that has lost one is no list.

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

// Lines of Elixir's and Erlang's lockfiles:
//
//	"jason": {:hex, :jason, "1.2.2", "ba43e3…", [:mix], [], "hexpm", "18a228…"},
//	{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.9.0">>},0},
var (
	mixLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\s*"([^"]+)": \{:hex, :"?([a-zA-Z0-9_]+)"?, "([^"]+)"`)
	})
	mixGit  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*"([^"]+)": \{:(?:git|path)\b`) })
	rebarIn = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\{<<"[^"]+">>,\s*\{pkg,\s*<<"([^"]+)">>,\s*<<"([^"]+)">>`)
	})
)

func readMixLock() reader {
	return lines("Hex", func(line string) (string, string, bool, error) {
		if m := mixLine().FindStringSubmatch(line); m != nil {
			return m[2], m[3], true, nil
		}
		if m := mixGit().FindStringSubmatch(line); m != nil {
			return m[1], "", true, nil
		}
		if strings.HasPrefix(strings.TrimSpace(line), `"`) {
			return "", "", false, errNotPackage
		}
		return "", "", false, nil
	})
}

func readRebarLock() reader {
	return lines("Hex", func(line string) (string, string, bool, error) {
		if m := rebarIn().FindStringSubmatch(line); m != nil {
			return m[1], m[2], true, nil
		}
		if strings.Contains(line, "{pkg,") {
			return "", "", false, errNotPackage
		}
		return "", "", false, nil
	})
}

// readCabalFreeze reads "constraints: any.aeson ==2.1.2.1,".
func readCabalFreeze() reader {
	return lines("Hackage", func(line string) (string, string, bool, error) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "constraints:"))
		name, version, found := strings.Cut(strings.TrimSuffix(line, ","), "==")
		name, frozen := strings.CutPrefix(strings.TrimSpace(name), "any.")
		if strings.HasPrefix(line, "--") || !found || !frozen {
			return "", "", false, nil
		}
		version = strings.TrimSpace(version)
		if name == "" || version == "" || strings.ContainsAny(version, " |&") {
			return "", "", false, errNotPackage
		}
		return name, version, true, nil
	})
}

// readStackLock reads "hackage: acme-missiles-0.3@sha256:…,613", the completed line of
// each package and not the one that was asked for.
func readStackLock() reader {
	return func(ctx context.Context, p string, data []byte) (*part, error) {
		made, err := lines("Hackage", func(line string) (string, string, bool, error) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
			pin, found := strings.CutPrefix(strings.TrimSpace(line), "hackage:")
			if !found {
				return "", "", false, nil
			}
			pin, _, _ = strings.Cut(strings.TrimSpace(pin), "@")
			at := strings.LastIndexByte(pin, '-')
			if at <= 0 || at == len(pin)-1 {
				return "", "", false, errNotPackage
			}
			return pin[:at], pin[at+1:], true, nil
		})(ctx, p, data)
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
