package dockerfile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/boltseal/boltseal/internal/rule"
)

// seeds are small Dockerfiles that show every notation, and all cases of all pages.
func seeds(f *testing.F) {
	for _, text := range []string{
		"", "\n", "#", "\\", "\xef\xbb\xbfFROM a\r\nRUN b \\\r\n  c\r\n",
		"# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir `\n  # comment\n\n  c:\\`\nCOPY a b\\\n",
		"FROM a\nRUN <<EOF bash -e\n\tx | y\nEOF\nCOPY <<-'a' <<\"b\" /\n\tq\n\ta\n$r\nb\n",
		"FROM a\nRUN <<EOF\n#!/usr/bin/env python3\nprint('x')\nEOF\nRUN [\"sh\", \"-c\", \"a\\u0020| b\\n\"]\n",
		"ONBUILD ONBUILD RUN a\nONBUILD RUN <<A <<B\n1\nA\n2\nB\nHEALTHCHECK --interval=1s CMD [\"a\"]\nHEALTHCHECK NONE\n",
		"ENV a=b c=\"d e\" f='g \\\n h'\nENV old style\nARG x y=z\nLABEL \"a b\"=c\nSHELL [\"pwsh\"]\nRUN a | b\n",
		"FROM a AS b\n# hadolint ignore=DL3008\nRUN apt-get install x\n# boltseal:ignore DL4006 why\nRUN a|b\n# hadolint shell=bash\n",
		"FROM a\nRUN --mount=type=cache,target='/x y' --network=none -- if a; then $(b `c`) <(d) >|e; fi || ${f:-$(g)} & h() { i; }\nRUN \x00 \xff\n",
		"FROM\nFRÖM x\nRUN <<A\n", "RUN a \\", "FROM a\nRUN case a in b) c;; esac; [[ a ]] && ((b)); let c=1; export D=\"$(e)\"\n",
	} {
		f.Add([]byte(text))
	}
	for _, r := range Rules() {
		for _, c := range r.Page.Cases {
			for _, file := range c.Files {
				f.Add(file.Data)
			}
		}
	}
}

// FuzzLint holds what no input may break: no panic, no finding outside of the
// file, no more time than a file of its size deserves.
func FuzzLint(f *testing.F) {
	seeds(f)
	native := everyRule()
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		parsed := parse("Dockerfile", data)
		l := parsed.lint(native)
		if d, most := time.Since(start), 2*time.Second+time.Duration(len(data))*20*time.Microsecond; d > most {
			t.Errorf("%d bytes took %v", len(data), d)
		}
		for _, h := range l.hits {
			checkSpan(t, parsed, h.where, h.rule)
			for _, e := range h.edits {
				checkSpan(t, parsed, e.where, h.rule)
			}
			if strings.ContainsRune(h.message, '\n') {
				t.Errorf("%s: message of several lines: %q", h.rule.ID, h.message)
			}
		}
	})
}

func checkSpan(t *testing.T, f *file, s span, r *rule.Meta) {
	t.Helper()
	if s.start < 0 || s.end < s.start || s.end > len(f.data) {
		t.Errorf("%s: span %v of %d bytes", r.ID, s, len(f.data))
	}
}

// FuzzSplit holds that we cut a file as BuildKit does: what it parses, we parse
// into the same instructions, lines, heredocs and words.
func FuzzSplit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 || strings.Count(strings.ToUpper(string(data)), "ONBUILD") > 50 {
			return
		}
		result, err := parser.Parse(bytes.NewReader(data))
		if err != nil {
			return
		}
		parsed := parse("Dockerfile", data)
		if got, want := describe(parsed), describeNodes(result, parsed.escape); got != want {
			t.Errorf("cut differently:\nours:\n%s\nBuildKit's:\n%s", got, want)
		}
		for _, l := range split(newSource(data)).logicals {
			node, err := parsed.parseOne(l)
			if err != nil || node.Original != l.text {
				t.Errorf("%q by itself: %v, %v", l.text, node, err)
			}
		}
	})
}

func describe(f *file) string {
	var b strings.Builder
	for _, i := range f.instructions {
		fmt.Fprintf(&b, "%d-%d %q", i.line+1, i.last+1, i.text)
		for _, h := range i.heredocs {
			fmt.Fprintf(&b, " %q=%q", h.name, f.text(h.body))
		}
		in := i
		if in.trigger != nil {
			in = in.trigger
		}
		if plain(in) {
			var flags []string
			for _, x := range in.flags {
				flags = append(flags, x.text)
			}
			fmt.Fprintf(&b, " %s %q %q", in.keyword, flags, in.nodeWords())
		}
		b.WriteString("\n")
	}
	return b.String()
}

// plain leaves out what BuildKit reads in ways of its own: chains of ONBUILD,
// letters outside of ASCII, which it takes for others in flags, and an escape at
// the end.
func plain(i *instruction) bool {
	for _, c := range []byte(i.text) {
		if c >= 0x80 || c == 0 {
			return false
		}
	}
	return i.keyword != "ONBUILD" && !strings.HasSuffix(i.text, string(rune(i.file.escape)))
}

// nodeWords are the words as BuildKit's nodes hold them.
func (i *instruction) nodeWords() []string {
	switch i.keyword {
	case "ENV", "LABEL":
		var out []string
		for _, p := range i.pairs() {
			out = append(out, p.key, p.value)
			if p.legacy {
				out = append(out, "")
			} else {
				out = append(out, "=")
			}
		}
		return out
	case "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "EXPOSE", "FROM", "HEALTHCHECK", "MAINTAINER", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR":
		return i.args()
	}
	return []string{""}
}

func describeNodes(result *parser.Result, escape byte) string {
	var b strings.Builder
	for _, n := range result.AST.Children {
		fmt.Fprintf(&b, "%d-%d %q", n.StartLine, n.EndLine, n.Original)
		for _, h := range n.Heredocs {
			fmt.Fprintf(&b, " %q=%q", h.Name, h.Content)
		}
		in := n
		if strings.EqualFold(in.Value, "onbuild") && in.Next != nil && len(in.Next.Children) > 0 {
			in = in.Next.Children[0]
		}
		i := &instruction{file: &file{escape: escape}}
		i.text, i.keyword = n.Original, strings.ToUpper(in.Value)
		if plain(i) {
			var args []string
			for a := in.Next; a != nil; a = a.Next {
				args = append(args, a.Value)
			}
			fmt.Fprintf(&b, " %s %q %q", strings.ToUpper(in.Value), in.Flags, args)
		}
		b.WriteString("\n")
	}
	return b.String()
}
