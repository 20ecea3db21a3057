package packages_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/finding"
	"github.com/boltseal/boltseal/internal/inventory"
	"github.com/boltseal/boltseal/internal/scan"
	"github.com/boltseal/boltseal/internal/scan/scantest"
	"github.com/boltseal/boltseal/internal/scanner/packages"
	"github.com/boltseal/boltseal/internal/vulndb"
)

func read(tb testing.TB, name string) string {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func advisories(tb testing.TB) vulndb.DB {
	tb.Helper()
	db, err := vulndb.OpenFolder(filepath.Join("testdata", "osv"))
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

func run(tb testing.TB, src scan.Source, opt packages.Options) scan.Result {
	tb.Helper()
	return scan.Run(tb.Context(), src, []scan.Scanner{packages.New(opt)}, scan.Options{})[0]
}

// list writes packages as "ecosystem name version paths".
func list(res scan.Result) []string {
	var out []string
	for _, p := range res.Packages {
		out = append(out, fmt.Sprintf("%s %s %s %s", p.Ecosystem, p.Name, p.Version, strings.Join(p.Paths, ",")))
	}
	return out
}

const noKEV = "the database has no list of exploited vulnerabilities (KEV): nothing counts as exploited"

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func lock(tb testing.TB, path, fixture string) scantest.File {
	return scantest.Text(path, read(tb, "tree/"+fixture))
}

func TestTreeInventory(t *testing.T) {
	res := run(t, scantest.Tree(
		lock(t, "web/package-lock.json", "package-lock.json"),
		lock(t, "web/node_modules/x/package-lock.json", "package-lock.json"),
		scantest.Text("web/node_modules/x/package.json", `{"name":"x","version":"1.0.0"}`),
		lock(t, "y/yarn.lock", "yarn.lock"),
		lock(t, "p/pnpm-lock.yaml", "pnpm-lock.yaml"),
		lock(t, "go.mod", "go.mod"),
		lock(t, "py/requirements.txt", "requirements.txt"),
		lock(t, "py/base.in.txt", "base.in.txt"),
		scantest.Text("py/notes.txt", "idna==9.9\n"),
		lock(t, "poetry/poetry.lock", "poetry.lock"),
		lock(t, "pipenv/Pipfile.lock", "Pipfile.lock"),
		lock(t, "uv/uv.lock", "uv.lock"),
		lock(t, "pdm/pdm.lock", "pdm.lock"),
		lock(t, "gradle/gradle.lockfile", "gradle.lockfile"),
		lock(t, "maven/pom.xml", "pom.xml"),
		lock(t, "maven/web/pom.xml", "module-pom.xml"),
		scantest.Text("README.md", "lodash==1.0"),
	), packages.Options{DB: advisories(t)})
	want := []string{
		"Go golang.org/x/net 0.7.0 go.mod",
		"Go golang.org/x/text 0.7.0 go.mod",
		"Go stdlib 1.22.1 go.mod",
		"Maven com.example:shop-core 1.0.0 maven/web/pom.xml",
		"Maven com.fasterxml.jackson.core:jackson-databind 2.13.2 maven/web/pom.xml",
		"Maven com.google.guava:guava 31.0-jre gradle/gradle.lockfile",
		"Maven org.apache.logging.log4j:log4j-core 2.14.1 maven/web/pom.xml",
		"Maven org.springframework.boot:spring-boot-starter-web  maven/web/pom.xml",
		"Maven org.yaml:snakeyaml 1.30 gradle/gradle.lockfile",
		"PyPI Django 2.2.0 py/requirements.txt",
		"PyPI certifi 2022.9.24 uv/uv.lock",
		"PyPI flask  py/requirements.txt",
		"PyPI idna 3.3 pdm/pdm.lock",
		"PyPI jinja2 3.1.2 poetry/poetry.lock",
		"PyPI requests 2.28.1 py/requirements.txt",
		"PyPI six 1.16.0 py/base.in.txt",
		"PyPI urllib3 1.26.12 pipenv/Pipfile.lock",
		"npm @babel/core 7.12.3 web/package-lock.json",
		"npm @types/node 14.18.63 y/yarn.lock",
		"npm axios 0.21.0 p/pnpm-lock.yaml",
		"npm express 4.17.1 web/package-lock.json",
		"npm follow-redirects 1.15.9 p/pnpm-lock.yaml",
		"npm lodash 4.17.20 web/package-lock.json",
		"npm minimist 1.2.5 y/yarn.lock",
		"npm qs 6.7.0 web/package-lock.json",
	}
	same(t, "packages", want, list(res))
	if res.Status != finding.StatusOK || res.Reason != "" {
		t.Errorf("status %s: %s", res.Status, res.Reason)
	}
	same(t, "notes", []string{"2 packages without a fixed version, checked only against advisories for every version: flask, org.springframework.boot:spring-boot-starter-web", noKEV}, res.Notes)
	var rules []string
	for _, f := range res.Findings {
		rules = append(rules, fmt.Sprintf("%s %s:%d %s", f.Rule, f.Location.Path, f.Location.StartLine, f.Package.Name))
	}
	same(t, "findings", []string{"CVE-2023-3978 go.mod:9 golang.org/x/net", "CVE-2021-23337 web/package-lock.json:32 lodash"}, rules)
}

func TestFinding(t *testing.T) {
	res := run(t, scantest.Tree(lock(t, "web/package-lock.json", "package-lock.json")), packages.Options{DB: advisories(t)})
	pkg := inventory.Package{
		Target: "dir:.", Ecosystem: "npm", Name: "lodash", Version: "4.17.20",
		PURL: "pkg:npm/lodash@4.17.20", Paths: []string{"web/package-lock.json"},
	}
	same(t, "findings", []finding.Finding{{
		Rule: "CVE-2021-23337", Scanner: "packages", Target: "dir:.", Severity: finding.High, SeverityFrom: "cvss3",
		Message: "lodash 4.17.20 is vulnerable: Command Injection in lodash", Remediation: "upgrade to 4.17.21",
		Location: finding.Location{Path: "web/package-lock.json", StartLine: 32},
		Package:  &pkg,
		Advisory: &finding.Advisory{
			ID: "GHSA-35jh-r3h4-6jhm", Aliases: []string{"CVE-2021-23337"}, Summary: "Command Injection in lodash.",
			Published: "2021-05-06T16:05:51Z", Fixed: []string{"4.17.21"},
			CVSS: []finding.CVSS{{Vector: "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", Score: 7.2}},
			URL:  "https://github.com/advisories/GHSA-35jh-r3h4-6jhm",
		},
		Identity: finding.PackageIdentity("", "web/package-lock.json", &pkg),
	}}, res.Findings)
}

func TestMalware(t *testing.T) {
	res := run(t, scantest.Tree(scantest.Text("yarn.lock", "# yarn lockfile v1\n\nminimist-evil@^1.0.0:\n  version \"1.0.0\"\n")), packages.Options{DB: advisories(t)})
	if len(res.Findings) != 1 {
		t.Fatalf("got %+v", res)
	}
	f := res.Findings[0]
	same(t, "finding", []string{"MAL-2022-4691", "critical", "malware", "minimist-evil 1.0.0 is malware: Malicious code in minimist-evil (npm)"},
		[]string{f.Rule, f.Severity.String(), f.SeverityFrom, f.Message})
}

func TestTreeFaults(t *testing.T) {
	good := lock(t, "good/package-lock.json", "package-lock.json")
	for name, c := range map[string]struct {
		file   scantest.File
		reason string
	}{
		"a lockfile that isn't JSON": {scantest.Text("bad/package-lock.json", "<html>"), "bad/package-lock.json: reading npm lockfile: "},
		"a yarn.lock that is none":   {scantest.Text("bad/yarn.lock", "<html>\n"), "bad/yarn.lock: "},
		"a line without end":         {scantest.Text("bad/yarn.lock", strings.Repeat("a", 100_000)), "bad/yarn.lock: reading yarn.lock: a line is longer"},
		"a pnpm-lock that is none":   {scantest.Text("bad/pnpm-lock.yaml", "\t: ["), "bad/pnpm-lock.yaml: "},
		"a go.mod that is none":      {scantest.Text("bad/go.mod", "modul x"), "bad/go.mod: "},
		"a poetry.lock that is none": {scantest.Text("bad/poetry.lock", "[[["), "bad/poetry.lock: "},
		"a POM that is none":         {scantest.Text("bad/pom.xml", "<project><dependencies>"), "bad/pom.xml: "},
		"a POM without a bottom":     {scantest.Text("bad/pom.xml", strings.Repeat("<a>", 5000)), "bad/pom.xml: reading pom.xml: more than 1000 elements"},
		"a jar that is none":         {scantest.Text("bad/x-1.0.jar", "PK but not quite"), "bad/x-1.0.jar: reading Java archive: zip: not a valid zip file"},
		"an unreadable file":         {scantest.File{Entry: scan.Entry{Path: "bad/go.mod", Mode: 0o644, Size: 10}, Err: fs.ErrPermission}, "bad/go.mod: permission denied"},
		"a huge file":                {scantest.File{Entry: scan.Entry{Path: "bad/go.mod", Mode: 0o644, Size: 5 << 30}, Data: []byte("module x\n")}, "bad/go.mod: file too large"},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(good, c.file), packages.Options{DB: advisories(t)})
			if res.Status != finding.StatusPartial || !strings.Contains(res.Reason, c.reason) {
				t.Errorf("status %s, reason %q, want %q", res.Status, res.Reason, c.reason)
			}
			if len(res.Packages) != 4 || len(res.Findings) != 1 {
				t.Errorf("the good file is lost: %d packages, %d findings", len(res.Packages), len(res.Findings))
			}
		})
	}
}

func TestStatus(t *testing.T) {
	npm := lock(t, "package-lock.json", "package-lock.json")
	broken := t.TempDir()
	if err := os.MkdirAll(filepath.Join(broken, "npm"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "npm", "all.zip"), []byte("PK"), 0o644); err != nil {
		t.Fatal(err)
	}
	damaged, err := vulndb.OpenFolder(broken)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files    []scantest.File
		opt      packages.Options
		status   finding.Status
		reason   string
		packages int
	}{
		"nothing to look at":                     {nil, packages.Options{DB: advisories(t)}, finding.StatusNothing, "", 0},
		"an empty lockfile":                      {[]scantest.File{scantest.Text("yarn.lock", "# yarn lockfile v1\n")}, packages.Options{DB: advisories(t)}, finding.StatusNothing, "", 0},
		"nothing to look at, and no database":    {nil, packages.Options{NoDB: "run x"}, finding.StatusNothing, "", 0},
		"packages, and no database":              {[]scantest.File{npm}, packages.Options{NoDB: "run x"}, finding.StatusFailed, "run x", 4},
		"an ecosystem that the database has not": {[]scantest.File{scantest.Text("requirements.txt", "a==1\n")}, packages.Options{DB: only{advisories(t), "npm"}}, finding.StatusPartial, "the database has no advisories for PyPI (1 package not checked)", 1},
		"a damaged database":                     {[]scantest.File{npm}, packages.Options{DB: damaged}, finding.StatusPartial, "fetch it again", 4},
		"a database that fails":                  {[]scantest.File{npm}, packages.Options{DB: failing{}}, finding.StatusFailed, "asking the vulnerability database: no network", 4},
		"a version that cannot be compared":      {[]scantest.File{scantest.Text("yarn.lock", "lodash@latest:\n  version \"latest\"\n")}, packages.Options{DB: advisories(t)}, finding.StatusPartial, `yarn.lock: lodash: comparing npm version "latest": not a version`, 1},
		"content that is elsewhere":              {[]scantest.File{scantest.Text("a-1.0.jar", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")}, packages.Options{DB: advisories(t)}, finding.StatusNothing, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(c.files...), c.opt)
			if res.Status != c.status || !strings.Contains(res.Reason, c.reason) {
				t.Errorf("status %s, reason %q, want %s, %q", res.Status, res.Reason, c.status, c.reason)
			}
			if len(res.Packages) != c.packages {
				t.Errorf("%d packages, want %d", len(res.Packages), c.packages)
			}
		})
	}
}

// only is a database that has one family.
type only struct {
	vulndb.DB
	family string
}

func (o only) Query(ctx context.Context, list []inventory.Package) ([]vulndb.Match, error) {
	matches, err := o.DB.Query(ctx, list)
	for i, p := range list {
		if p.Ecosystem != o.family {
			matches[i] = vulndb.Match{Err: fmt.Errorf("%w for %s", vulndb.ErrNoData, p.Ecosystem)}
		}
	}
	return matches, err
}

// dated is a database with a list of exploited vulnerabilities.
type dated struct{ vulndb.DB }

func (d dated) Info() vulndb.Info { return vulndb.Info{KEVDate: "2026-01-01"} }

// failing is a database that cannot be reached.
type failing struct{}

func (failing) Query(context.Context, []inventory.Package) ([]vulndb.Match, error) {
	return nil, errors.New("no network")
}
func (failing) Info() vulndb.Info { return vulndb.Info{} }
func (failing) Close() error      { return nil }

func TestTreeJoins(t *testing.T) {
	for name, c := range map[string]struct {
		files []scantest.File
		want  []string
	}{
		"npm prefers the shrinkwrap": {
			[]scantest.File{
				lock(t, "package-lock.json", "package-lock.json"),
				scantest.Text("npm-shrinkwrap.json", `{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}`),
			},
			[]string{"npm a 1.0.0 npm-shrinkwrap.json"},
		},
		"an old go.mod needs its go.sum": {
			[]scantest.File{
				scantest.Text("go.mod", "module x\n\ngo 1.15\n\nrequire a.com/a v1.0.0\n"),
				scantest.Text("go.sum", "a.com/a v1.0.0 h1:x\na.com/a v1.0.0/go.mod h1:x\nb.com/b v1.9.0 h1:x\nb.com/b v1.10.0 h1:x\nc.com/c v1.0.0/go.mod h1:x\n"),
			},
			[]string{"Go a.com/a 1.0.0 go.mod", "Go b.com/b 1.10.0 go.sum"},
		},
		"a new one does not": {
			[]scantest.File{
				scantest.Text("go.mod", "module x\n\ngo 1.21\n\nrequire a.com/a v1.0.0\n"),
				scantest.Text("go.sum", "b.com/b v1.9.0 h1:x\n"),
			},
			[]string{"Go a.com/a 1.0.0 go.mod"},
		},
		"requirements in a circle": {
			[]scantest.File{
				scantest.Text("requirements.txt", "-r more.txt\n"),
				scantest.Text("more.txt", "a==1\n-r sub/other.txt\n"),
				scantest.Text("sub/other.txt", "b==2\n-r ../requirements.txt\n"),
				scantest.Text("sub/unasked.txt", "c==2\n"),
			},
			[]string{"PyPI a 1 more.txt", "PyPI b 2 sub/other.txt"},
		},
		"a property that nobody sets, a range, a circle of parents": {
			[]scantest.File{scantest.Text("pom.xml", `<project><artifactId>p</artifactId><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version><relativePath>pom.xml</relativePath></parent><properties><loop>${loop}x</loop></properties><dependencies>
<dependency><groupId>g</groupId><artifactId>a</artifactId><version>${nobody}</version></dependency>
<dependency><groupId>g</groupId><artifactId>b</artifactId><version>[1.0,2.0)</version></dependency>
<dependency><groupId>g</groupId><artifactId>c</artifactId><version>[1.5]</version></dependency>
<dependency><groupId>g</groupId><artifactId>d</artifactId><version>${loop}</version></dependency></dependencies></project>`)},
			[]string{"Maven g:a  pom.xml", "Maven g:b  pom.xml", "Maven g:c 1.5 pom.xml", "Maven g:d  pom.xml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(c.files...), packages.Options{DB: advisories(t)})
			same(t, "packages", c.want, list(res))
			if res.Status != finding.StatusOK {
				t.Errorf("status %s: %s", res.Status, res.Reason)
			}
		})
	}
}

// zipOf makes an archive of name, content pairs.
func zipOf(tb testing.TB, pairs ...string) string {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err == nil {
			_, err = f.Write([]byte(pairs[i+1]))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestJars(t *testing.T) {
	pom := func(group, name, version string) []string {
		return []string{"META-INF/maven/" + group + "/" + name + "/pom.properties", "groupId=" + group + "\nartifactId=" + name + "\nversion=" + version + "\n"}
	}
	log4j := zipOf(t, pom("org.apache.logging.log4j", "log4j-core", "2.14.1")...)
	deep := log4j
	for i := range 30 {
		deep = zipOf(t, fmt.Sprintf("level%d.jar", i), deep)
	}
	for name, c := range map[string]struct {
		path, data string
		want       []string
		reason     string
	}{
		"a jar with its properties":      {"lib/a.jar", log4j, []string{"Maven org.apache.logging.log4j:log4j-core 2.14.1 lib/a.jar"}, ""},
		"a jar that only has a name":     {"lib/commons-io-2.6.jar", zipOf(t, "x.class", "x"), []string{"Maven commons-io:commons-io 2.6 lib/commons-io-2.6.jar"}, ""},
		"a shaded jar":                   {"lib/a.jar", zipOf(t, append(pom("g", "a", "1.0"), pom("h", "b", "2.0")...)...), []string{"Maven g:a 1.0 lib/a.jar", "Maven h:b 2.0 lib/a.jar"}, ""},
		"a jar in a war":                 {"app.war", zipOf(t, "WEB-INF/lib/log4j-core-2.14.1.jar", log4j), []string{"Maven org.apache.logging.log4j:log4j-core 2.14.1 app.war,app.war/WEB-INF/lib/log4j-core-2.14.1.jar"}, ""},
		"jars in jars without end":       {"deep.jar", deep, nil, "more than 16 archives in each other"},
		"a broken jar in a good one":     {"app.war", zipOf(t, append(pom("g", "a", "1.0"), "WEB-INF/lib/b-1.0.jar", "PK")...), []string{"Maven g:a 1.0 app.war"}, "WEB-INF/lib/b-1.0.jar: zip: not a valid zip file"},
		"a manifest of many megabytes":   {"a.jar", zipOf(t, "META-INF/MANIFEST.MF", strings.Repeat("A: b\n", 1<<20)), nil, "META-INF/MANIFEST.MF: more than 1048576 bytes"},
		"a version that is a template":   {"a.jar", zipOf(t, pom("g", "a", "${project.version}")...), []string{"Maven g:a  a.jar"}, ""},
		"a jar that says nothing at all": {"a.jar", zipOf(t, "x.class", "x"), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, scantest.Tree(scantest.Text(c.path, c.data)), packages.Options{DB: advisories(t)})
			same(t, "packages", c.want, list(res))
			if (c.reason == "") != (res.Reason == "") || !strings.Contains(res.Reason, c.reason) {
				t.Errorf("reason %q, want %q", res.Reason, c.reason)
			}
		})
	}
}
