package dockerfile

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

func run(t *testing.T, s scan.Source) scan.Result {
	t.Helper()
	return scan.Run(t.Context(), s, []scan.Scanner{New(Options{})}, scan.Options{})[0]
}

// brief writes findings as "path:line:column-line:column rule".
func brief(findings []finding.Finding) []string {
	out := []string{}
	for _, f := range findings {
		l := f.Location
		out = append(out, fmt.Sprintf("%s:%d:%d-%d:%d %s", l.Path, l.StartLine, l.StartColumn, l.EndLine, l.EndColumn, f.Rule))
	}
	return out
}

func TestScanTree(t *testing.T) {
	res := run(t, scantest.Tree(
		scantest.Text("a/Dockerfile", "FROM alpine:3.20\nUSER 1\nRUN sudo id\n"),
		scantest.Text("b/web.dockerfile", "FROM alpine:3.20\nUSER 1\n# hadolint ignore=DL3004\nRUN sudo id\n# boltseal:ignore DL3000  set by\t the base\nWORKDIR x\n"),
		scantest.Text("README.md", "FROM here on\n"),
		scantest.Text("Dockerfile.md", "FROM debian\n"),
	))
	if res.Status != finding.StatusOK || res.Files != 2 || res.RulesAssessed != len(Rules()) {
		t.Errorf("status %q (%s), %d files, %d rules", res.Status, res.Reason, res.Files, res.RulesAssessed)
	}
	want := []string{"a/Dockerfile:3:5-3:12 DL3004", "b/web.dockerfile:4:5-4:12 DL3004", "b/web.dockerfile:6:9-6:10 DL3000"}
	if diff := cmp.Diff(want, brief(res.Findings)); diff != "" {
		t.Error(diff)
	}
	want = []string{"", "a hadolint ignore pragma in line 3", "a boltseal:ignore comment in line 5: set by the base"}
	for n, f := range res.Findings {
		if n < len(want) && f.Ignored != want[n] {
			t.Errorf("finding %d is ignored by %q, want %q", n, f.Ignored, want[n])
		}
	}
	if diff := cmp.Diff([]string{fmt.Sprintf("shell code checked by boltseal's own checks (%d codes)", len(indexed().shell)), "2 findings ignored by pragma"}, res.Notes); diff != "" {
		t.Error(diff)
	}
	f := res.Findings[0]
	if f.Target != "dir:." || f.Scanner != finding.Dockerfile || f.SeverityFrom != "rule" || f.Remediation == "" {
		t.Errorf("incomplete finding %+v", f)
	}
	if diff := cmp.Diff(finding.CommandIdentity("a/Dockerfile", "sudo id"), f.Identity); diff != "" {
		t.Error(diff)
	}
}

func TestNoTargetButTrees(t *testing.T) {
	res := run(t, scantest.Image("app", nil, scantest.Layer{Files: []scantest.File{scantest.Text("Dockerfile", "FROM debian\n")}}))
	if res.Status != finding.StatusNothing || len(res.Findings) > 0 {
		t.Errorf("an image gave %q and %d findings", res.Status, len(res.Findings))
	}
}

func TestWhatCannotBeReadIsPartial(t *testing.T) {
	deep := "FROM alpine:3.20\nUSER 1\nRUN sudo a\nRUN " + strings.Repeat("( \\\n", 50_000)
	unreadable := scantest.Text("c/Dockerfile", "FROM debian\n")
	unreadable.Err = errors.New("permission denied")
	large := scantest.Text("d/Dockerfile", "FROM debian\n")
	large.Size = maxFile + 1
	res := run(t, scantest.Tree(scantest.Text("a/Dockerfile", deep), unreadable, large))
	if res.Status != finding.StatusPartial || len(res.Errors) != 3 {
		t.Errorf("status %q, errors %q", res.Status, res.Errors)
	}
	if got := brief(res.Findings); len(got) != 1 || !strings.HasSuffix(got[0], "DL3004") {
		t.Errorf("findings beside the limit: %q", got)
	}
}

// TestLinks holds that a link is linted under its own name, once with its target.
func TestLinks(t *testing.T) {
	const text = "FROM alpine:3.20\nUSER 1\nRUN sudo a\n"
	res := run(t, scantest.Tree(
		scantest.Link("app/Dockerfile", "../build.txt", text),
		scantest.Text("build.txt", text),
		scantest.Link("notes.txt", "build.txt", text),
		scantest.Link("prod/Dockerfile", "../web/Dockerfile", text),
		scantest.Link("twice/Dockerfile", "../prod/Dockerfile", text),
		scantest.Link("hidden/Dockerfile", "../ignored/Dockerfile", text),
		scantest.Link("up/Dockerfile", "x/../Dockerfile", text),
		scantest.Text("web/Dockerfile", text),
	))
	want := []string{
		"app/Dockerfile:3:5-3:11 DL3004", "hidden/Dockerfile:3:5-3:11 DL3004", "up/Dockerfile:3:5-3:11 DL3004", "web/Dockerfile:3:5-3:11 DL3004",
	}
	if diff := cmp.Diff(want, brief(res.Findings)); diff != "" || res.Status != finding.StatusOK {
		t.Errorf("status %s: %s\n%s", res.Status, res.Reason, diff)
	}
}

func TestDanglingLinkIsPartial(t *testing.T) {
	nowhere := func(path string) scantest.File {
		f := scantest.Link(path, "/etc/nothing", "")
		f.Err = errors.New("link leads outside")
		return f
	}
	res := run(t, scantest.Tree(nowhere("Dockerfile"), nowhere("README"), scantest.Text("web/Dockerfile", "FROM a:1\n")))
	if diff := cmp.Diff([]string{"Dockerfile: link leads outside"}, res.Errors); diff != "" || res.Status != finding.StatusPartial {
		t.Errorf("status %s\n%s", res.Status, diff)
	}
}

func TestNamesOfDockerfiles(t *testing.T) {
	for name, want := range map[string]bool{
		"Dockerfile": true, "dockerfile": true, "DOCKERFILE": true, "Containerfile": true,
		"a/b/Dockerfile.prod": true, "web.Dockerfile": true, "web.dockerfile": true, "Containerfile.dev": true,
		"x.containerfile": true, "Dockerfile.alpine-3.20": true, "Dockerfile.windows.amd64": true,
		"Dockerfile.dockerignore": false, ".dockerignore": false, "Dockerfile.md": false, "Dockerfile.j2": false,
		"Dockerfile.tmpl": false, "Dockerfile.template": false, "Dockerfile.prod.orig": false, "Dockerfile~": false,
		"Dockerfile.prod~": false, "Dockerfile.": false, "Dockerfiles": false, "my-Dockerfile": false, "Dockerfile/x": false,
		"Dockerfile.dev": true, "containerfile.DEV": true, ".dockerfile": true, "._web.dockerfile": false, "._Dockerfile": false,
		"Dockerfile.swp": false, ".Dockerfile.swp": false, "web.Dockerfile.swp": false, "Dockerfile.old": false, "Containerfile.md": false,
		"web.Dockerfile.md": false, "Containerfile.dockerignore": false, "web.Dockerfile.dockerignore": false,
		"dockerfile.go": false, "dockerfile_test.go": false, "README": false, "": false,
	} {
		if got := isDockerfile(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestNamedFiles(t *testing.T) {
	p := &pass{}
	for text, want := range map[string]bool{
		"FROM a\n": true, "\xef\xbb\xbf# syntax=x\r\n\r\n  from a\r\n": true, "ARG A=1\nFROM a": true,
		"": false, "FROM": false, "from __future__ import x\n": true, "#!/bin/sh\necho FROM a\n": false, "{}": false,
	} {
		e := &scan.Entry{Path: "build.txt", Named: true}
		got := p.Wants(e, func(int) []byte { return []byte(text) }).Mode == scan.Whole
		if got != want {
			t.Errorf("%q: wanted %v, want %v", text, got, want)
		}
		e.Named = false
		if p.Wants(e, func(int) []byte { t.Error("head of an unnamed file was read"); return nil }).Mode != scan.None {
			t.Errorf("%q is taken without being named", text)
		}
	}
	if p.Wants(&scan.Entry{Path: "-", Named: true}, nil).Mode != scan.Whole {
		t.Error("standard input is not taken")
	}
	if p.Wants(&scan.Entry{Path: "Dockerfile", Kind: scan.Dir}, nil).Mode != scan.None {
		t.Error("a directory is taken")
	}
}

func TestNamesWithADashAreDockerfilesWhenTheyLookLikeOne(t *testing.T) {
	text := "# syntax\nFROM --platform=linux/amd64 alpine:3.20 AS a\nUSER 1\nRUN sudo id\n"
	res := run(t, scantest.Tree(
		scantest.Text("a/Dockerfile-dev", text), scantest.Text("b/dockerfile_dev", text), scantest.Text("c/Containerfile-x.y", text),
		scantest.Text("d/Dockerfile-notes", "From here on, FROM is explained.\n"), scantest.Text("e/Dockerfile-dev.txt", text),
		scantest.Text("i/Dockerfile.go", text), scantest.Text("j/dockerfile.go", "package a\n"), scantest.Text("k/dockerfile.py", "from a import b\n"),
		scantest.Text("l/Dockerfile.rs", "# for Rust\nARG A\n"+text), scantest.Text("f/Dockerfile-", text), scantest.Text("g/Dockerfiles", text), scantest.Text("h/Dockerfile-run", "#!/bin/sh\nexit 0\n"),
	))
	want := []string{"a/Dockerfile-dev:4:5-4:12 DL3004", "b/dockerfile_dev:4:5-4:12 DL3004", "c/Containerfile-x.y:4:5-4:12 DL3004", "e/Dockerfile-dev.txt:4:5-4:12 DL3004", "i/Dockerfile.go:4:5-4:12 DL3004", "l/Dockerfile.rs:6:5-6:12 DL3004"}
	var got []string
	for _, line := range brief(res.Findings) {
		if strings.HasSuffix(line, "DL3004") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTheUserCallsADockerfileIsOne(t *testing.T) {
	files := func(path string) bool { return strings.HasPrefix(path, "build/") }
	tree := scantest.Tree(scantest.Text("build/web.docker", "BOGUS\n"), scantest.Text("other/web.docker", "BOGUS\n"))
	res := scan.Run(t.Context(), tree, []scan.Scanner{New(Options{Files: files})}, scan.Options{})[0]
	if diff := cmp.Diff([]string{"build/web.docker:1:1-1:6 DL1000"}, brief(res.Findings)); diff != "" {
		t.Error(diff)
	}
}

// TestWhatIsBeforeALimitIsLinted holds that a file beyond a limit is partial, and
// that all before it is told as if the file ended there.
func TestWhatIsBeforeALimitIsLinted(t *testing.T) {
	head := "FROM alpine:3.20\nUSER 1\nRUN sudo id\n"
	cases := map[string]struct{ rest, reason string }{
		"instructions": {strings.Repeat("STOPSIGNAL 9\n", maxInstructions) + "BOGUS\n", "more than 20000 instructions: from line 20001 on"},
		"words":        {"EXPOSE" + strings.Repeat(" \\\n1", maxWords) + "\nBOGUS\n", "more than 100000 words: from line 4 on"},
		"lines":        {"RUN a \\\n" + strings.Repeat("# x\n", maxLines) + "b\nBOGUS\n", "more than 300000 lines: from line 4 on"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(scantest.Text("Dockerfile", head+c.rest)))
			if res.Status != finding.StatusPartial || !strings.Contains(res.Reason, c.reason) {
				t.Errorf("status %s: %s", res.Status, res.Reason)
			}
			if diff := cmp.Diff([]string{"Dockerfile:3:5-3:12 DL3004"}, brief(res.Findings)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
