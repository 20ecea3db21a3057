package dockerfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes what stands where: "line:column text".
func (f *file) show(s span) string {
	p := f.position(s.start)
	return fmt.Sprintf("%d:%d %s", p.line, p.column, strings.ReplaceAll(f.text(s), "\n", "⏎"))
}

func TestPositions(t *testing.T) {
	text := "\xef\xbb\xbf# syntax=docker/dockerfile:1\r\n" +
		"FROM --platform=$P alpine:3.20 AS Base\r\n" +
		"RUN --mount=type=cache,target=/x \\\r\n" +
		"  # why\r\n" +
		"\r\n" +
		"  apt-get  install \\\r\n" +
		"    'a b' \"c\\\r\n" +
		"d\" && e\r\n" +
		"COPY <<x <<-y /\r\n" +
		"one\r\n" +
		"x\r\n" +
		"\ty\r\n" +
		"ENV a=b \\\r\n" +
		"    c=\"d e\"\r\n" +
		"CMD [ \"a\", \\\r\n \"b\" ]"
	f := parse("Dockerfile", []byte(text))
	var got []string
	for _, i := range f.instructions {
		got = append(got, "instruction "+f.show(i.where))
		for _, x := range i.flags {
			got = append(got, "flag "+f.show(i.span(x.i, x.j)))
		}
		for n := range i.words {
			got = append(got, "word "+f.show(i.wordSpan(n)))
		}
		for _, h := range i.heredocs {
			got = append(got, "heredoc "+h.name+" "+f.show(h.body))
		}
		if i.keyword == "ENV" {
			for _, p := range i.pairs() {
				got = append(got, "value "+f.show(p.valueSpan))
			}
		}
		if i.script != nil {
			for _, c := range i.script.commands {
				got = append(got, "command "+f.show(c.where))
				for _, w := range c.words {
					got = append(got, "arg "+w.text+" "+f.show(w.where))
				}
			}
		}
	}
	want := []string{
		"instruction 2:1 FROM --platform=$P alpine:3.20 AS Base",
		"flag 2:6 --platform=$P",
		"word 2:20 alpine:3.20",
		"word 2:32 AS",
		"word 2:35 Base",
		"instruction 3:1 RUN --mount=type=cache,target=/x \\\r⏎  # why\r⏎\r⏎  apt-get  install \\\r⏎    'a b' \"c\\\r⏎d\" && e",
		"flag 3:5 --mount=type=cache,target=/x",
		"word 6:3 apt-get  install \\\r⏎    'a b' \"c\\\r⏎d\" && e",
		"command 6:3 apt-get  install \\\r⏎    'a b' \"c\\\r⏎d\"",
		"arg apt-get 6:3 apt-get",
		"arg install 6:12 install",
		"arg a b 7:5 'a b'",
		"arg cd 7:11 \"c\\\r⏎d\"",
		"command 8:7 e",
		"arg e 8:7 e",
		"instruction 9:1 COPY <<x <<-y /\r⏎one\r⏎x\r⏎\ty",
		"word 9:6 <<x",
		"word 9:10 <<-y",
		"word 9:15 /",
		"heredoc x 10:1 one\r⏎",
		"heredoc y 12:1 ",
		"instruction 13:1 ENV a=b \\\r⏎    c=\"d e\"",
		"word 13:5 a=b",
		"word 14:5 c=\"d e\"",
		"value 13:7 b",
		"value 14:7 \"d e\"",
		"instruction 15:1 CMD [ \"a\", \\\r⏎ \"b\" ]",
		"word 15:7 \"a\"",
		"word 16:2 \"b\"",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(f.faults) > 0 || len(f.stages) != 1 || f.stages[0].name != "base" || len(f.comments) != 2 || !f.comments[1].inside {
		t.Errorf("faults %v, stages %v, comments %v", f.faults, f.stages, f.comments)
	}
}

// TestCommands shows what counts as a command of a RUN, and where it stands.
func TestCommands(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"substitutions stand behind their command": {
			"RUN a \"$(b `c`)\" <(d) >$(e)", []string{"1:5 a $(b `c`) <(d)", "1:10 b `c`", "1:13 c", "1:20 d", "1:26 e"},
		},
		"compound commands": {
			"RUN if a; then b; elif c; then d; else e; fi; while f; do g; done; for x in $(h); do i; done; case $(j) in k) l;; esac; { m; }; (n); o() { p; }; time q; ! r",
			[]string{"1:8 a", "1:16 b", "1:24 c", "1:32 d", "1:40 e", "1:53 f", "1:59 g", "1:79 h", "1:86 i", "1:102 j", "1:111 l", "1:123 m", "1:130 n", "1:140 p", "1:151 q", "1:156 r"},
		},
		"prefixes are cut off":     {"RUN command a && exec b && command -v c", []string{"1:13 a", "1:23 b", "1:28 command -v c"}},
		"declarations":             {"RUN export A=\"$(b)\" C", []string{"1:5 export A=$(b) C", "1:17 b"}},
		"a heredoc is the script":  {"RUN <<EOF\n  a \\\n    b\nc\nEOF", []string{"2:3 a b", "4:1 c"}},
		"a heredoc that is input":  {"RUN a <<EOF && b\nc $(d)\nEOF\n", []string{"1:5 a", "2:5 d", "1:16 b"}},
		"another interpreter":      {"RUN <<EOF\n#!/usr/bin/env python3\na\nEOF", nil},
		"bash by its first line":   {"RUN <<EOF\n#!/bin/bash -e\na\nEOF", []string{"3:1 a"}},
		"exec form":                {"RUN [\"a\", \\\n  \"b c\"]", []string{"1:5 a b c"}},
		"exec form of a shell":     {"RUN [\"/bin/bash\", \"-o\", \"pipefail\", \"-ec\", \\\n  \"a \\\"x\\\" && b\"]", []string{"2:4 a x", "2:15 b"}},
		"exec form of a file":      {"RUN [\"sh\", \"x.sh\", \"-c\", \"a\"]", []string{"1:5 sh x.sh -c a"}},
		"broken shell code":        {"RUN a && b; c (", []string{"1:5 a", "1:10 b"}},
		"PowerShell by name only":  {"SHELL [\"pwsh\"]\nRUN a; b", []string{"2:5 a", "2:8 b"}},
		"backquotes and backslash": {"# escape=`\nRUN a `\n  \\\"b", []string{"2:5 a \"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := parse("Dockerfile", []byte(c.text))
			var got []string
			for _, i := range f.instructions {
				if i.script == nil {
					continue
				}
				for _, c := range i.script.commands {
					var words []string
					for _, w := range c.words {
						words = append(words, w.text)
					}
					p := f.position(c.words[0].where.start)
					if c.node == nil {
						p = f.position(c.where.start)
					}
					got = append(got, fmt.Sprintf("%d:%d %s", p.line, p.column, strings.Join(words, " ")))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShellInEffect(t *testing.T) {
	f := parse("Dockerfile", []byte(strings.Join([]string{
		"FROM a:1 AS base", "RUN sh", "SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]", "RUN bash+",
		"FROM b:1", "RUN sh", "FROM base", "RUN bash+", "# hadolint shell=zsh # why", "RUN zsh",
		"FROM mcr.microsoft.com/windows/servercore:1", "RUN cmd", "SHELL [\"C:\\\\x\\\\PowerShell.exe\", \"-Command\"]", "RUN powershell",
		"SHELL [\"/usr/bin/env\", \"bash\", \"-c\"]", "ONBUILD RUN bash",
	}, "\n")))
	for _, i := range f.instructions {
		if i.trigger != nil {
			i = i.trigger
		}
		if i.keyword != "RUN" {
			continue
		}
		got := i.shell.name
		if i.shell.pipefail() {
			got += "+"
		}
		if got != i.words[0].text {
			t.Errorf("line %d: shell %s, want %s", i.line+1, got, i.words[0].text)
		}
	}
	pragma := parse("Dockerfile", []byte("# hadolint shell=bash\nFROM a:1\nRUN a\nFROM b:1\nRUN b\nSHELL [\"/bin/sh\", \"-c\"]\nRUN c\n"))
	var got []string
	for _, i := range pragma.instructions {
		if i.keyword == "RUN" {
			got = append(got, i.shell.name)
		}
	}
	if diff := cmp.Diff([]string{"bash", "bash", "sh"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPragmas(t *testing.T) {
	const run = "RUN sudo a | b" // DL3004 and DL4006
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"none":                        {run, []string{"DL3004", "DL4006"}},
		"the next instruction":        {"# hadolint ignore=DL3004\n" + run + "\n" + run, []string{"DL4006", "DL3004", "DL4006"}},
		"two codes":                   {"#hadolint\tignore = DL3004 , DL4006 # why\n" + run, nil},
		"stacked":                     {"# hadolint ignore=DL3004\n# another\n# hadolint ignore=DL4006\n" + run, nil},
		"an empty line between":       {"# hadolint ignore=DL3004\n\n" + run, []string{"DL3004", "DL4006"}},
		"no list":                     {"# hadolint ignore=DL3004 DL4006\n# hadolint ignore=\n# hadolint ignore=DL3004,\n" + run, []string{"DL3004", "DL4006"}},
		"other letters":               {"# Hadolint ignore=DL3004\n# hadolint ignore=dl3004\n" + run, []string{"DL3004", "DL4006"}},
		"the file":                    {run + "\n# hadolint global ignore=DL3004 # why", []string{"DL4006"}},
		"within an instruction":       {"RUN true && \\\n  # hadolint global ignore=DL3004\n  sudo a", []string{"DL3004"}},
		"an ONBUILD":                  {"# hadolint ignore=DL3004\nONBUILD " + run, nil},
		"the stage":                   {"# hadolint stage ignore=DL3004\nFROM a:1\nRUN sudo a\nFROM b:1\nRUN sudo b", []string{"DL3004"}},
		"a stage pragma in the stage": {"# hadolint stage ignore=DL3004\n" + run, []string{"DL3004", "DL4006"}},
		"ours":                        {"# boltseal:ignore dl3004,DL4006 the base needs it\n" + run, nil},
		"ours within an instruction":  {"RUN true && \\\n  # boltseal:ignore DL3004 why\n  sudo a\nRUN sudo b", []string{"DL3004"}},
		"ours within, without reason": {"RUN true && \\\n  # boltseal:ignore DL3004\n  sudo a", []string{"dockerfile/ignore-without-reason", "DL3004"}},
		"ours within an ONBUILD":      {"ONBUILD RUN true && \\\n  # boltseal:ignore DL3004 why\n  sudo a", nil},
		"ours within, another above":  {"# hadolint ignore=DL4006\nRUN true && \\\n  # boltseal:ignore DL3004 why\n  sudo a | b\n# hadolint ignore=DL3004\nRUN sudo b", nil},
		"ours without reason":         {"# boltseal:ignore DL3004\n" + run, []string{"dockerfile/ignore-without-reason", "DL3004", "DL4006"}},
		"what must not be silenced":   {"# hadolint global ignore=DL1000\n# boltseal:ignore DL1000 why\nBOGUS", []string{"DL1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := parse("Dockerfile", []byte("FROM alpine:3.20\nUSER 1\n"+c.text+"\n")).lint(&Native{})
			var got []string
			for _, h := range l.hits {
				if h.silenced == nil && h.rule.ID != "dockerfile/missing-user" {
					got = append(got, h.rule.ID)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestIdentity holds what keeps a finding's identity and what does not.
func TestIdentity(t *testing.T) {
	identity := func(text, rule string) string {
		for _, h := range parse("Dockerfile", []byte(text)).lint(&Native{}).hits {
			if h.rule.ID == rule {
				return strings.Join(strings.Fields(h.identity), " ")
			}
		}
		t.Errorf("no %s in %q", rule, text)
		return ""
	}
	same := map[string][3]string{
		"moved and rewrapped":    {"DL3004", "FROM a:1\nRUN sudo a  b\n", "FROM b:1\nENV x=y\nRUN true && \\\n  # c\n  sudo \\\n a b && true\n"},
		"from RUN to heredoc":    {"DL3004", "FROM a:1\nRUN sudo a b\n", "FROM a:1\nRUN <<X\nsudo a \\\n  b\nX\n"},
		"another value":          {"DL3004", "FROM a:1\nRUN P=one sudo a\n", "FROM a:1\nRUN P=two sudo a\n"},
		"a broken ENV":           {"DL1000", "FROM a:1\nENV a=b secret\n", "FROM a:1\nENV a=b other\n"},
		"the base of no USER":    {"dockerfile/missing-user", "FROM a:1\n", "FROM b:2 AS x\n"},
		"values before the FROM": {"DL3061", "ENV a=b\nFROM a:1\n", "ENV a=c\nFROM a:1\n"},
	}
	for name, c := range same {
		if a, b := identity(c[1], c[0]), identity(c[2], c[0]); a != b {
			t.Errorf("%s: %q and %q differ", name, a, b)
		}
	}
	if a, b := identity("FROM a:1\nRUN sudo a\n", "DL3004"), identity("FROM a:1\nRUN sudo b\n", "DL3004"); a == b {
		t.Errorf("different commands are both %q", a)
	}
}

// TestFaultsQuoteNoValue: what BuildKit says of a broken ENV quotes it.
func TestFaultsQuoteNoValue(t *testing.T) {
	for _, h := range parse("Dockerfile", []byte("FROM a:1\nENV a=b hunter2\nARG =hunter2\nLABEL hunter2\n")).lint(&Native{}).hits {
		if strings.Contains(h.message, "hunter2") || strings.Contains(h.identity, "hunter2") {
			t.Errorf("%s: %q, %q", h.rule.ID, h.message, h.identity)
		}
	}
}

// TestAnotherFrontendHidesNothing: what a frontend of its own may know is no fault, and
// what runs is looked at all the same.
func TestAnotherFrontendHidesNothing(t *testing.T) {
	text := "# syntax=example.com/frontend:1\nFROM a:1\nUSER 1\nRUN --sudo=1 sudo x\nCOPY --odd a b\nODD x\n"
	var got []string
	for _, h := range parse("Dockerfile", []byte(text)).lint(&Native{}).hits {
		got = append(got, h.rule.ID)
	}
	if !slices.Contains(got, "DL3004") || slices.Contains(got, "DL1000") {
		t.Errorf("got %v, want DL3004 and no DL1000", got)
	}
}
