package dockerfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
)

func TestContext(t *testing.T) {
	const all = "FROM a:1\nUSER 1\nCOPY . /x\n"
	named := scantest.Text("Dockerfile", all)
	named.Named = true
	for name, c := range map[string]struct {
		files []scantest.File
		want  []string
	}{
		"no ignore file at all": {
			[]scantest.File{scantest.Text("a/Dockerfile", all)},
			[]string{"a/Dockerfile: no .dockerignore leaves anything of it out"},
		},
		"a file that was named alone says nothing of its context": {[]scantest.File{named}, nil},
		"the nearest ignore file counts": {
			[]scantest.File{scantest.Text("a/b/Dockerfile", all), scantest.Text("a/.dockerignore", "x"), scantest.Text(".dockerignore", ".git")}, nil,
		},
		"history lies at the root": {
			[]scantest.File{scantest.Text("a/b/Dockerfile", all), scantest.Text(".dockerignore", "x")},
			[]string{`a/b/Dockerfile: ".git" with it`},
		},
		"the Dockerfile's own ignore file goes first": {
			[]scantest.File{scantest.Text("web.Dockerfile", all), scantest.Text("web.Dockerfile.dockerignore", ".env"), scantest.Text(".dockerignore", ".git")},
			[]string{`web.Dockerfile: ".git" with it`},
		},
		"an ignore file of another Dockerfile is none": {
			[]scantest.File{scantest.Text("web.Dockerfile", all), scantest.Text("api.Dockerfile.dockerignore", ".git")},
			[]string{"web.Dockerfile: no .dockerignore leaves anything of it out"},
		},
		"credentials outside of the context do not matter": {
			[]scantest.File{scantest.Text("a/Dockerfile", all), scantest.Text("a/.dockerignore", "x"), scantest.Text("b/id_rsa", ""), scantest.Text("ab/id_rsa", "")}, nil,
		},
		"credentials that are left in": {
			[]scantest.File{scantest.Text("a/Dockerfile", all), scantest.Text("a/.dockerignore", "x"), scantest.Text("a/x/id_rsa", ""), scantest.Text("a/y/id_rsa", "")},
			[]string{`a/Dockerfile: "y/id_rsa" with it`},
		},
		"a pragma silences": {
			[]scantest.File{scantest.Text("Dockerfile", "FROM a:1\nUSER 1\n# boltseal:ignore dockerfile/copy-whole-context the context is made for it\nCOPY . /x\n")},
			[]string{"Dockerfile: no .dockerignore leaves anything of it out (a boltseal:ignore comment in line 3: the context is made for it)"},
		},
	} {
		var got []string
		res := run(t, scantest.Tree(c.files...))
		for _, f := range res.Findings {
			if strings.HasSuffix(f.Rule, "whole-context") {
				_, what, _ := strings.Cut(f.Message, "context, ")
				what = f.Location.Path + ": " + strings.TrimPrefix(what, "and ")
				if f.Ignored != "" {
					what += " (" + f.Ignored + ")"
				}
				got = append(got, what)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || res.Status != finding.StatusOK {
			t.Errorf("%s: %s %s", name, res.Status, diff)
		}
	}
}

// TestFilesBesideAreNoDockerfiles: a tree without Dockerfiles has nothing to lint.
func TestFilesBesideAreNoDockerfiles(t *testing.T) {
	res := run(t, scantest.Tree(scantest.Text(".dockerignore", "a"), scantest.Text("id_rsa", "")))
	if res.Status != finding.StatusNothing || len(res.Findings) > 0 {
		t.Errorf("%s, %d findings", res.Status, len(res.Findings))
	}
}

func TestEndOfLifeNeedsADay(t *testing.T) {
	src := scantest.Tree(scantest.Text("Dockerfile", "FROM debian:8\nUSER 1\n"))
	res := scan.Run(t.Context(), src, []scan.Scanner{New(Options{})}, scan.Options{})[0]
	if len(res.Findings) > 0 {
		t.Errorf("without a day: %q", brief(res.Findings))
	}
}
