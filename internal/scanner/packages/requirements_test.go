package packages_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
)

// TestIncludedRequirements holds that a file that requirements include is read or
// told of, and that a file that nobody includes is neither.
func TestIncludedRequirements(t *testing.T) {
	long := "a==1\n# " + strings.Repeat("x", 70_000) + "\n"
	large := "a==1\n" + strings.Repeat("# x\n", 300_000)
	lost := scantest.Link("deps.txt", "/etc/deps.txt", "")
	lost.Err = errors.New("link leads outside")
	many := ""
	for i := range 1001 {
		many += fmt.Sprintf("-r f%d.txt\n", i)
	}
	const include = "b==2\n-r deps.txt\n"
	b, a := "PyPI b 2 requirements.txt", "PyPI a 1 deps.txt"
	for name, c := range map[string]struct {
		requirements string
		files        []scantest.File
		want         []string
		problem      string // "" where all is well
	}{
		"a good one":                  {include, []scantest.File{scantest.Text("deps.txt", "a==1\n")}, []string{a, b}, ""},
		"an empty one":                {include, []scantest.File{scantest.Text("deps.txt", "")}, []string{b}, ""},
		"one of comments":             {include, []scantest.File{scantest.Text("deps.txt", "# none\n")}, []string{b}, ""},
		"an empty one called so":      {"b==2\n-r sub/requirements.txt\n", []scantest.File{scantest.Text("sub/requirements.txt", "")}, []string{b}, ""},
		"a line of 70 kB":             {include, []scantest.File{scantest.Text("deps.txt", long)}, []string{b}, "deps.txt: included by requirements.txt: reading included requirements: a line is longer than 64 KiB"},
		"more than 1 MB":              {include, []scantest.File{scantest.Text("deps.txt", large)}, []string{b}, "deps.txt: included by requirements.txt: file too large: 1200005 bytes"},
		"none":                        {include, nil, []string{b}, "deps.txt: included by requirements.txt: not among the files"},
		"one from elsewhere":          {"b==2\n-r https://example.com/deps.txt\n", nil, []string{b}, "https://example.com/deps.txt: included by requirements.txt: not fetched"},
		"one above everything":        {"b==2\n-r ../deps.txt\n", []scantest.File{scantest.Text("deps.txt", "a==1\n")}, []string{b}, "../deps.txt: included by requirements.txt: not among"},
		"an absolute one":             {"b==2\n-r /deps.txt\n", []scantest.File{scantest.Text("deps.txt", "a==1\n")}, []string{b}, "/deps.txt: included by requirements.txt: not among"},
		"one in Git LFS":              {include, []scantest.File{scantest.Text("deps.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")}, []string{b}, "deps.txt: included by requirements.txt: kept in Git LFS"},
		"a link to a good one":        {include, []scantest.File{scantest.Link("deps.txt", "x/y", "a==1\n")}, []string{a, b}, ""},
		"a link to nowhere":           {include, []scantest.File{lost}, []string{b}, "deps.txt: included by requirements.txt: a link to"},
		"one that includes none":      {include, []scantest.File{scantest.Text("deps.txt", "a==1\n-r more.pip\n")}, []string{a, b}, "more.pip: included by deps.txt: not among"},
		"one by another ending":       {"b==2\n-r requirements.in\n-r c.pip\n", []scantest.File{scantest.Text("requirements.in", "a==1\n"), scantest.Text("c.pip", "c==3\n")}, []string{"PyPI a 1 requirements.in", b, "PyPI c 3 c.pip"}, ""},
		"more than 1000":              {"b==2\n-r deps.txt\n", []scantest.File{scantest.Text("deps.txt", many)}, []string{b}, "deps.txt: included by requirements.txt: reading included requirements: it includes more than 1000"},
		"an unreadable one, once":     {include, []scantest.File{{Entry: scan.Entry{Path: "deps.txt", Mode: 0o644, Size: 9}, Err: fs.ErrPermission}}, []string{b}, "deps.txt: permission denied"},
		"bad ones that nobody wants":  {"b==2\n", []scantest.File{scantest.Text("deps.txt", long), scantest.Text("x.txt", large), lost}, []string{b}, ""},
		"a large one nobody asks for": {"b==2\n", []scantest.File{scantest.Text("deps.txt", large)}, []string{b}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := append([]scantest.File{scantest.Text("requirements.txt", c.requirements)}, c.files...)
			res := run(t, scantest.Tree(files...), packages.Options{DB: advisories(t)})
			got := list(res)
			same(t, "packages", c.want, got)
			if c.problem == "" {
				if res.Status != finding.StatusOK || len(res.Errors) > 0 {
					t.Errorf("status %s: %q", res.Status, res.Errors)
				}
				return
			}
			if res.Status != finding.StatusPartial || !strings.HasPrefix(res.Reason, c.problem) || !strings.HasPrefix(res.Errors[0], c.problem) {
				t.Errorf("status %s, reason %q, errors %q, want %q", res.Status, res.Reason, res.Errors, c.problem)
			}
			if name != "more than 1000" && len(res.Errors) != 1 {
				t.Errorf("told %d times: %q", len(res.Errors), res.Errors)
			}
		})
	}
}

// TestLinks holds that a link is read for what it is called, that the same file is
// listed once, and that a link to nowhere is told of where its name says what it is.
func TestLinks(t *testing.T) {
	npm := read(t, "tree/package-lock.json")
	goMod := "module x\n\ngo 1.21\n\nrequire a.com/a v1.0.0\n"
	res := run(t, scantest.Tree(
		scantest.Link("a/package-lock.json", "../lock.json", `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}`),
		scantest.Link("b/package-lock.json", "../c/package-lock.json", npm),
		scantest.Text("c/package-lock.json", npm),
		scantest.Link("d/go.mod", "../ignored/go.mod", goMod),
		scantest.Link("e/requirements.txt", "../notes.txt", "b==2\n"),
		scantest.Text("notes.txt", "b==2\n"),
		scantest.Link("f/go.mod", "/dev/null", ""),
		scantest.Link("g/requirements.txt", "/dev/null", ""),
	), packages.Options{DB: advisories(t)})
	same(t, "packages", []string{
		"Go a.com/a 1.0.0 d/go.mod",
		"PyPI b 2 e/requirements.txt",
		"npm @babel/core 7.12.3 c/package-lock.json",
		"npm a 1.0.0 a/package-lock.json",
		"npm express 4.17.1 c/package-lock.json",
		"npm lodash 4.17.20 c/package-lock.json",
		"npm qs 6.7.0 c/package-lock.json",
	}, list(res))
	if res.Status != finding.StatusOK {
		t.Errorf("status %s: %s", res.Status, res.Reason)
	}

	nowhere := func(path string) scantest.File {
		f := scantest.Link(path, "../../x", "")
		f.Err = errors.New("link leads outside")
		return f
	}
	res = run(t, scantest.Tree(nowhere("go.mod"), nowhere("notes.txt"), nowhere("bin/tool.exe"), nowhere("README")), packages.Options{DB: advisories(t)})
	same(t, "errors", []string{"go.mod: link leads outside"}, res.Errors)
	if res.Status != finding.StatusPartial {
		t.Errorf("status %s", res.Status)
	}
	image := scantest.Image("x", nil, scantest.Layer{Files: []scantest.File{scantest.Link("usr/lib/a.jar", "b.jar", "PK")}})
	if res := run(t, image, packages.Options{DB: advisories(t)}); len(res.Errors) > 0 {
		t.Errorf("a link in an image: %q", res.Errors)
	}
}

// TestNoKEV holds that a database without a list of exploited vulnerabilities says
// so once, and only where something was matched.
func TestNoKEV(t *testing.T) {
	npm := lock(t, "package-lock.json", "package-lock.json")
	other := scantest.Text("requirements.txt", "a==1\n")
	for name, c := range map[string]struct {
		files []scantest.File
		opt   packages.Options
		want  []string
	}{
		"packages matched":      {[]scantest.File{npm}, packages.Options{DB: advisories(t)}, []string{noKEV}},
		"with a list":           {[]scantest.File{npm}, packages.Options{DB: dated{advisories(t)}}, nil},
		"nothing to match":      {nil, packages.Options{DB: advisories(t)}, nil},
		"nothing of it matched": {[]scantest.File{other}, packages.Options{DB: only{advisories(t), "npm"}}, nil},
		"no database":           {[]scantest.File{npm}, packages.Options{}, nil},
		"a database that fails": {[]scantest.File{npm}, packages.Options{DB: failing{}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, "notes", c.want, run(t, scantest.Tree(c.files...), c.opt).Notes)
		})
	}
}
