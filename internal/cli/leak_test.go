package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boltseal/boltseal/internal/cli"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	lower = "abcdefghijklmnopqrstuvwxyz"
	digit = "0123456789"
	alnum = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + digit
	hexa  = "0123456789abcdef"

	bech32 = "QPZRY9X8GF2TVDW0" + "S3JN54KHCE6MUA7L"
)

// shape is how the secrets of one rule look: the fixed part, which a mask may
// show, and what follows.
type shape struct {
	prefix, alphabet string
	size             int
	suffix           string
}

// shapes are such that their rule needs no words around them, so that they can
// stand anywhere: in a name, in an argument.
var shapes = []shape{
	{"gh" + "p_", alnum, 36, ""},
	{"gh" + "o_", alnum, 36, ""},
	{"gh" + "s_", alnum, 36, ""},
	{"github_" + "pat_", alnum, 82, ""},
	{"gl" + "pat-", alnum, 20, ""},
	{"gl" + "ptt-", hexa, 40, ""},
	{"AK" + "IA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, ""},
	{"sk_" + "live_", alnum, 30, ""},
	{"np" + "m_", lower + digit, 36, ""},
	{"dop_" + "v1_", hexa, 64, ""},
	{"doo_" + "v1_", hexa, 64, ""},
	{"shp" + "at_", hexa, 32, ""},
	{"shp" + "ss_", hexa, 32, ""},
	{"AI" + "za", alnum, 35, ""},
	{"lin_" + "api_", alnum, 40, ""},
	{"pul" + "-", hexa, 40, ""},
	{"dp.p" + "t.", alnum, 43, ""},
	{"gl" + "c_", alnum, 40, ""},
	{"hv" + "s.", alnum, 95, ""},
	{"EZ" + "AK", alnum, 54, ""},
	{"shippo_" + "live_", hexa, 40, ""},
	{"ruby" + "gems_", hexa, 48, ""},
	{"sk-" + "ant-api03-", alnum, 93, "AA"},
	{"rdme_", lower + digit, 70, ""},
	{"pnu_", alnum, 36, ""},
	{"dapi", hexa, 32, ""},
	{"age-secret-" + "key-1", bech32, 58, ""},
	{"xkeys" + "ib-", hexa, 64, "-abcdefgh12345678"},
}

// plants are secrets, each with the place in which it stands.
type plants struct {
	round  uint64
	places []string
	tokens []string
	bodies []string
}

// at makes the secret for a place.
func (p *plants) at(place string, args ...any) string {
	place = fmt.Sprintf(place, args...)
	if slices.Contains(p.places, place) {
		panic("two secrets at " + place)
	}
	// By the place alone: another place changes nothing here.
	h := fnv.New64a()
	h.Write([]byte(place))
	s := shapes[(h.Sum64()+p.round*9)%uint64(len(shapes))]
	rng := rand.New(rand.NewPCG(h.Sum64(), p.round))
	if s.prefix == strings.ToLower("AGE-SECRET-KEY-1") {
		s.prefix = strings.ToUpper(s.prefix)
	}
	body := make([]byte, s.size)
	for i := range body {
		body[i] = s.alphabet[rng.IntN(len(s.alphabet))]
	}
	p.places, p.bodies = append(p.places, place), append(p.bodies, string(body))
	p.tokens = append(p.tokens, s.prefix+string(body)+s.suffix)
	return p.tokens[len(p.tokens)-1]
}

// window is the shortest part of a secret whose showing is a leak.
const window = 12

// traces are all texts that give a secret away, each with its place.
func (p *plants) traces() map[string]string {
	traces := make(map[string]string)
	add := func(text, place string) {
		for i := 0; i+window <= len(text); i++ {
			traces[text[i:i+window]] = place
		}
	}
	for i, body := range p.bodies {
		add(body, p.places[i])
		add(hex.EncodeToString([]byte(body)), p.places[i]+", in hex")
		for skip := range 3 { // the three ways to stand in a longer text
			text := base64.RawStdEncoding.EncodeToString([]byte(body[skip:]))
			add(text[:len(text)-2], p.places[i]+", in base64")
		}
	}
	return traces
}

// find gives the places of the secrets that a text gives away, each with what
// stands around it.
func find(text []byte, traces map[string]string) map[string]string {
	found := make(map[string]string)
	for i := 0; i+window <= len(text); i++ {
		if place, ok := traces[string(text[i:i+window])]; ok && found[place] == "" {
			found[place] = string(text[max(0, i-100):min(len(text), i+window)])
		}
	}
	return found
}

// leakTree is a tree with a secret in every place that a scanner reads or names.
func leakTree(t *testing.T, p *plants) map[string]string {
	t.Helper()
	files := make(map[string]string)
	for _, f := range []struct{ name, format string }{
		{".env", "TOKEN=%s\n"},
		{"config.yaml", "auth:\n  token: \"%s\"\n"},
		{"settings.json", "{\"token\": \"%s\"}\n"},
		{"main.go", "package main\n\nconst token = %q\n"},
		{"app.py", "token = '%s'\n"},
		{"index.js", "const token = `%s`\n"},
		{"Main.java", "class Main { String token = \"%s\"; }\n"},
		{"main.tf", "provider \"x\" {\n  token = \"%s\"\n}\n"},
		{".npmrc", "//registry.npmjs.org/:_authToken=%s\n"},
		{".netrc", "machine x.example login me password %s\n"},
		{".docker/config.json", "{\"auths\": {\"x.example\": {\"auth\": \"%s\"}}}\n"},
		{"pom.xml", "<project><version>%s</version></project>\n"},
		{"run.sh", "curl -H 'Authorization: Bearer %s' https://x.example\n"},
		{"README.md", "Use `%s` to log in.\n"},
		{"values.toml", "token = \"%s\"\n"},
		{"app.rb", "TOKEN = '%s'\n"},
		{"index.php", "<?php $token = '%s';\n"},
		{"nginx.conf", "proxy_set_header Authorization %s;\n"},
		{"compose.yaml", "services:\n  app:\n    environment:\n      TOKEN: %s\n"},
		{".github/workflows/ci.yml", "on: push\njobs:\n  a:\n    steps:\n      - run: deploy %s\n"},
		{".gitlab-ci.yml", "deploy:\n  script: deploy %s\n"},
		{"crlf.ini", "[a]\r\ntoken = %s\r\n"},
		{"one-line.min.css", strings.Repeat("a{b:c}", 30_000) + "/* %s */"},
		{"binary.bin", "\x00\x01\x02%s\x00"},
		{".bash_history", "export TOKEN=%s\n"},
		{"allowed.txt", "%s # gitleaks:" + "allow\n"},
		// Broken in ways that a message could quote.
		{"broken/package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {%s"},
		{"broken2/package-lock.json", "{\"lockfileVersion\": \"%s\"}"},
		{"broken/Cargo.lock", "[[package]\nname = %s\n"},
		{"broken/poetry.lock", "[[package]]\nname = \"a\"\nversion = %s\n"},
		{"broken/go.mod", "module x\n\nrequire %s\n"},
		{"broken/pom.xml", "<project><a></%s></project>\n"},
		{"broken/yarn.lock", "# yarn lockfile v1\n\n\"%s\n"},
		{"broken/pnpm-lock.yaml", "lockfileVersion: [%s\n"},
		{"broken/composer.lock", "{\"packages\": [%s]}\n"},
		{"broken/Gemfile.lock", "GEM\n  specs:\n    %s\n"},
		{"broken/requirements.txt", "%s===\n-r %[1]s.txt\n"},
		{"broken/packages.lock.json", "%s"},
		{"lock/requirements.txt", "flask==%s\n"},
		{"lock/go.mod", "module x\n\ngo 1.26\n\nrequire example.com/%s v1.0.0\n"},
		{"lock/Cargo.lock", "version = 3\n\n[[package]]\nname = \"%s\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n"},
		{"lock/composer.lock", "{\"packages\": [{\"name\": \"a/%s\", \"version\": \"1.0.0\"}], \"packages-dev\": []}\n"},
		{"lock/Gemfile.lock", "GEM\n  remote: https://rubygems.org/\n  specs:\n    %s (1.0.0)\n"},
		{"lock/yarn.lock", "# yarn lockfile v1\n\n\n\"a@^1.0.0\":\n  version \"%s\"\n"},
		{"lock/pnpm-lock.yaml", "lockfileVersion: '6.0'\npackages:\n  /%s@1.0.0:\n    dev: false\n"},
		{"hadolint/.hadolint.yaml", "ignored: [%s\n"},
		{"hadolint2/.hadolint.yaml", "%s: true\nignored: [DL3007]\n"},
		{".hadolint.yaml", "trustedRegistries: [\"%s\"]\nignored: [\"%[1]s\"]\n"},
		{".gitleaksignore", "a.txt:%s:1\n"},
		{"toml/.gitleaks.toml", "title = %s\n"},
	} {
		files[f.name] = fmt.Sprintf(f.format, p.at("in %s", f.name))
	}
	files["lock/package-lock.json"] = fmt.Sprintf(`{"name": %q, "version": %q, "lockfileVersion": 3, "packages": {"": {"name": "a"}, "node_modules/%s": {"version": "1.0.0", "license": "MIT"}, "node_modules/b": {"version": %q, "resolved": "https://x.example/%s.tgz", "integrity": "sha512-%s", "license": %q}}}`,
		p.at("lockfile name"), p.at("lockfile version"), p.at("lockfile package name"), p.at("lockfile package version"), p.at("lockfile resolved"), p.at("lockfile integrity"), p.at("lockfile license"))
	names := func(format string) string { return fmt.Sprintf(format, p.at("name: %s", format)) }
	files[names("%s")] = "nothing\n"
	files[names("%s.env")] = "A=b\n"
	files[names("folder-%s/a.txt")] = "nothing\n"
	files[names("a/%s/Dockerfile")] = "FROM alpine\nMAINTAINER me\n"
	files[names("%s.Dockerfile")] = "FROM alpine\nMAINTAINER me\n"
	files[names("a/%s/package-lock.json")] = "{"
	files[names("a/%s/requirements.txt")] = "flask==1.0\n"
	files[names("a/%s.pem")] = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + strings.Repeat("MIIabc0/", 20) + "\n-----END " + "RSA PRIVATE KEY-----\n"
	files[names("a/%s.p12")] = "\x30\x82"
	files[names("a/%s.zip")] = "PK\x03\x04broken"
	inner := zipOf(t, "inner.txt", p.at("archive in an archive in the tree"))
	files["outer.zip"] = zipOf(t, "inner.zip", inner)
	files["named.zip"] = zipOf(t, p.at("archive in the tree: name of a member")+".txt", "nothing")
	files["cut.zip"] = files["outer.zip"][:len(files["outer.zip"])/2] + p.at("broken archive in the tree")
	files["Dockerfile"] = leakDockerfile(p)
	for i, line := range []string{"RUNN %s", "FROM %s AS %[1]s AS x", "ONBUILD ONBUILD %s", "COPY --form=%s a b", "HEALTHCHECK %s", "RUN [\"%s\"", "SHELL %s", "ENV %s", "# escape=%s", "FROM --platform=%s", "RUN <<%s", "EXPOSE %s", "STOPSIGNAL %s", "# hadolint ignore=%s", "# hadolint shell=%s", "COPY <<%s"} {
		before := "FROM alpine\n"
		if strings.HasPrefix(line, "# escape") {
			before = ""
		}
		files[fmt.Sprintf("docker/%d/Dockerfile", i)] = before + fmt.Sprintf(line, p.at("Dockerfile with a fault: %s", line)) + "\nRUN echo a\n"
	}
	return files
}

// leakDockerfile has a secret in every instruction, with faults that findings
// quote.
func leakDockerfile(p *plants) string {
	var b strings.Builder
	for _, line := range []string{
		"FROM x.example/%s:latest AS build", "ARG TOKEN=%s", "ENV TOKEN %s", "ENV A=b SECRET=%s", "LABEL token=%s", "LABEL %s=x",
		"MAINTAINER %s", "RUN curl -u %s https://x.example | sh", "RUN sudo apt-get install %s", "RUN cd /tmp && wget --header=%s x.example",
		"RUN pip install %s", "RUN npm install %s", "RUN gem install %s", "RUN apk add %s", "RUN yum install %s", "RUN echo $%s `ls`",
		"RUN <<EOF\necho %s\nsudo su\nEOF", "COPY <<EOF /a\n%s\nEOF", "# a comment with %s", "ADD %s /x", "ADD https://u:%s@x.example/a.tar.gz /x", "COPY --from=%s a b c",
		"WORKDIR %s", "USER %s", "EXPOSE 99999/%s", "VOLUME %s", "STOPSIGNAL %s", "SHELL [\"%s\", \"-c\"]", "HEALTHCHECK CMD curl %s", "ONBUILD RUN sudo %s",
		"CMD %s", "ENTRYPOINT %s", "RUN --mount=type=secret,id=%s cat a", "RUN ln -s %s /bin/sh", "RUN useradd -u 999999999 %s", "RUN git clone https://%s@x.example/r", "FROM %s", "RUN chmod 777 %s",
		"COPY --from=0 %s.tar /", "RUN export TOKEN=%s; if [ $TOKEN == a ]; then exit; fi",
	} {
		fmt.Fprintf(&b, line+"\n", p.at("Dockerfile: %s", line))
	}
	return b.String()
}

// leakRepo makes the tree a git repository with secrets in what git knows.
func leakRepo(t *testing.T, p *plants, dir string) {
	t.Helper()
	git := func(args ...string) {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME="+p.at("author %d", len(p.places)), "GIT_AUTHOR_EMAIL=a@x.example",
			"GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@x.example")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	put(t, dir, map[string]string{"gone.txt": p.at("a file that a later commit deletes") + "\n"})
	git("add", "-A")
	git("commit", "-q", "-m", "add "+p.at("a commit message"))
	put(t, dir, map[string]string{"gone.txt": "changed\n", "packed.zip": zipOf(t, "member "+p.at("history: name of an archive's member"), p.at("history: an archive's member"))})
	git("add", "-A")
	git("commit", "-q", "-m", "pack")
	git("rm", "-q", "gone.txt", "packed.zip")
	git("commit", "-q", "-m", "remove")
	put(t, dir, map[string]string{"staged.txt": p.at("a staged file") + "\n"})
	git("add", "staged.txt")
	git("branch", p.at("a branch"))
	git("tag", p.at("a tag"))
	git("remote", "add", "origin", "https://u:"+p.at("a remote")+"@x.example/r.git")
}

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// leakRun is one command line of which everything is looked through.
type leakRun struct {
	name string
	args []string
	env  map[string]string
	code int // -1 for any but 0
}

// TestNoSecretLeavesTheProgram plants secrets wherever it reads or is told
// something, and looks for each in everything that it writes.
func TestNoSecretLeavesTheProgram(t *testing.T) {
	for name, value := range map[string]string{"HOME": t.TempDir(), "GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1"} {
		t.Setenv(name, value)
	}
	var l leaks
	for round := range uint64(3) { // each place gets secrets of three rules
		l.look(t, round)
	}
	if l.secrets < 3*200 || l.looked < 1<<20 {
		t.Errorf("only %d secrets and %d bytes were looked through", l.secrets, l.looked)
	}
	t.Logf("%d secrets, %d runs, %d bytes looked through", l.secrets, l.runs, l.looked)
}

// leaks is what a test saw.
type leaks struct {
	secrets, runs, looked int
}

func (l *leaks) look(t *testing.T, round uint64) {
	t.Helper()
	p := &plants{round: round}
	dir, out := t.TempDir(), t.TempDir()
	put(t, dir, leakTree(t, p))
	leakRepo(t, p, dir)
	put(t, dir, map[string]string{
		".boltseal.yaml": leakPolicy(p),
		"folder-" + p.at("the folder of a policy") + "/.boltseal.yaml": "version: 1\nrules: [{id: all, action: note}]\n",
	})
	archive := leakImage(t, p, out)
	runs := leakRuns(t, p, out, archive)
	l.secrets, l.runs = l.secrets+len(p.places), l.runs+len(runs)
	traces := p.traces()
	t.Chdir(dir)
	for _, run := range runs {
		t.Run(fmt.Sprintf("%s, round %d", run.name, round), func(t *testing.T) {
			written := filepath.Join(out, "written")
			if err := os.RemoveAll(written); err != nil {
				t.Fatal(err)
			}
			put(t, written, map[string]string{"summary.md": "", "output.txt": "", "env.txt": ""})
			var stdout, stderr bytes.Buffer
			code := cli.Main(t.Context(), run.args, cli.System{
				Stdin: strings.NewReader("FROM alpine\n"), Stdout: &stdout, Stderr: &stderr,
				Getenv: func(name string) string { return run.env[name] },
				Now:    func() time.Time { return today },
			})
			if run.code >= 0 && code != run.code || run.code < 0 && code == 0 {
				t.Errorf("exit code %d, want %d; standard error: %.2000s", code, run.code, stderr.String())
			}
			texts := map[string][]byte{"standard output": stdout.Bytes(), "standard error": stderr.Bytes()}
			err := filepath.WalkDir(written, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				name, err := filepath.Rel(written, path)
				if err == nil {
					texts[name], err = os.ReadFile(path)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, where := range slices.Sorted(maps.Keys(texts)) {
				l.looked += len(texts[where])
				found := find(texts[where], traces)
				for _, place := range slices.Sorted(maps.Keys(found)) {
					t.Errorf("%s gives away the secret of %q: …%q", where, place, found[place])
				}
			}
		})
	}
}

// leakPolicy is a valid policy with secrets in its texts.
func leakPolicy(p *plants) string {
	return fmt.Sprintf(`version: 1
rules:
  - {id: templated, rule: DL3006, action: block, message: "{path} and %s"}
  - {id: expression, cel: 'finding.message == "%s"', action: block}
  - {id: all, action: block, message: "ours is %s"}
scopes: [{paths: "%s/**", action-max: note}]
vex: {products: "%s"}
tests: [{name: "%s", finding: {scanner: secrets, path: "%s"}, expect: note}]
exceptions:
  - {match: {rule: DL3007}, reason: "because %s", owner: "@%s", approved-by: "@acme/appsec", created: 2026-11-20, expires: 2026-12-10}
  - {match: {rule: DL4000, path: "%s"}, reason: "old", owner: "@a", approved-by: "@b", created: 2026-10-20, expires: 2026-11-10}
`, p.at("policy: template"), p.at("policy: cel"), p.at("policy: message"), p.at("policy: scope"), p.at("policy: product"), p.at("policy: test"), p.at("policy: a test's path"), p.at("policy: reason"), p.at("policy: owner"), p.at("policy: unmatched exception"))
}

// leakRuns are the command lines.
func leakRuns(t *testing.T, p *plants, out, archive string) []leakRun {
	t.Helper()
	written := filepath.Join(out, "written")
	put(t, out, map[string]string{"bare/testdata/x.env": "token=" + p.at("a repository without a policy") + "\n"})
	var formats []string
	for _, f := range report.Formats() {
		formats = append(formats, "-f", f+"="+filepath.Join(written, "report."+f))
	}
	scan := func(args ...string) []string { return append([]string{"scan"}, args...) }
	all := append([]string{".", archive}, formats...)
	ci := map[string]string{
		"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REPOSITORY": "a/b", "GITHUB_WORKSPACE": ".",
		"GITHUB_STEP_SUMMARY": filepath.Join(written, "summary.md"), "GITHUB_OUTPUT": filepath.Join(written, "output.txt"), "GITHUB_ENV": filepath.Join(written, "env.txt"),
		"GITHUB_REF": "refs/heads/" + p.at("a branch of the CI system"),
	}
	runs := []leakRun{
		{"everything", scan(all...), nil, -1},
		{"with a text log", scan(append([]string{"-v"}, all...)...), nil, -1},
		{"with a JSON log", scan(append([]string{"-v", "--log-format", "json"}, all...)...), nil, -1},
		{"without secrets", scan(append([]string{"-v", "--scanners", "dockerfile,packages,imageconfig"}, all...)...), nil, -1},
		{"with a cache", scan("-v", "--cache-dir", filepath.Join(written, "cache"), "--max-archive-depth", "3", ".", "git:.", archive), nil, -1},
		{"history", scan(append([]string{"-v", "--max-archive-depth", "3", "git:."}, formats...)...), nil, -1},
		{"history without secrets", scan("-v", "--scanners", "dockerfile,packages", "git:."), nil, -1},
		{"commits", scan("-v", "--max-archive-depth", "3", "--commits", "HEAD~2..HEAD", "git:."), nil, -1},
		{"a commit", scan("-v", "--new-from", "HEAD~1", "."), nil, -1},
		{"what is staged", scan("-v", "--staged", "."), nil, -1},
		{"archives", scan(append([]string{"-v", "--max-archive-depth", "3", "--scanners", "secrets", "."}, formats...)...), nil, -1},
		{"secrets alone", scan(append([]string{"-v", "--scanners", "secrets"}, all...)...), nil, -1},
		{"policy check", []string{"policy", "check"}, nil, 0},
		{"policy test", []string{"policy", "test"}, nil, 1},
		{"policy diff", []string{"policy", "diff", "built-in", ".boltseal.yaml"}, nil, 0},
		{"a run file", scan("-f", "json="+filepath.Join(out, "run.json"), ".", archive), nil, -1},
		{"policy explain", []string{"policy", "explain", "all", filepath.Join(out, "run.json")}, nil, 0},
		{"a list of software", []string{"sbom", "-v", "-f", "cyclonedx=" + filepath.Join(written, "list.json"), "-f", "spdx=" + filepath.Join(written, "list.spdx.json"), ".", archive}, nil, -1},
		{"a stored run", append([]string{"report", filepath.Join(out, "run.json")}, formats...), nil, 0},
		{"policy explain of a rule", []string{"policy", "explain", "DL3007"}, nil, 0},
		{"policy init", []string{"policy", "init", "--print", filepath.Join(out, "bare")}, nil, 0},
		{"baseline", []string{"baseline", "-o", filepath.Join(written, "baseline"), ".", archive}, nil, -1},
		{"ci on GitHub", []string{"ci", "-v", "--image", archive, "--output-dir", filepath.Join(written, "reports")}, ci, -1},
		{"ci on GitHub without secrets", []string{"ci", "--scanners", "dockerfile,packages,imageconfig", "--image", archive, "--output-dir", filepath.Join(written, "reports")}, ci, -1},
		{"ci on GitLab", []string{"ci", "--output-dir", filepath.Join(written, "reports")}, map[string]string{"GITLAB_CI": "true", "CI": "true", "CI_COMMIT_REF_NAME": p.at("a branch of GitLab")}, -1},
	}
	for _, f := range report.Formats() {
		runs = append(runs, leakRun{"standard output as " + f, scan("-f", f, ".", archive), nil, -1})
	}
	for _, a := range [][]string{
		{"scan", "%s"},
		{"scan", "dir:%s"},
		{"scan", "docker-archive:%s"},
		{"scan", "oci-dir:%s"},
		{"scan", "%s:x"},
		{"scan", "docker:%s"},
		{"scan", "--policy", "%s.yaml"},
		{"scan", "--scanners", "%s"},
		{"scan", "--fail-on", "%s"},
		{"scan", "--platform", "%s"},
		{"scan", "--timeout", "%s"},
		{"scan", "--log-format", "%s", "-v"},
		{"scan", "--db", "%s"},
		{"scan", "-f", "%s"},
		{"scan", "-f", "json=%s/a/b"},
		{"scan", "--%s"},
		{"scan", "git:%s"},
		{"scan", "--commits", "%s..HEAD", "git:."},
		{"scan", "--commits", "HEAD^{/%s}", "git:."},
		{"scan", "--new-from", "%s"},
		{"scan", "--new-from-merge-base", "%s"},
		{"scan", "--cache-dir", "policy.yaml/%s"},
		{"scan", "--gitleaks-config", "%s.toml"},
		{"scan", "--gitleaks-baseline", "%s.json"},
		{"scan", "--max-archive-depth", "%s"},
		{"scan", "--warn-only=%s"},
		{"explain", "%s"},
		{"rules", "%s"},
		{"schema", "%s"},
		{"policy", "check", "%s"},
		{"policy", "%s"},
		{"policy", "test", "%s"},
		{"policy", "init", "%s"},
		{"policy", "explain", "%s"},
		{"policy", "explain", "%s", "%s.json"},
		{"policy", "diff", "%s", "built-in"},
		{"policy", "diff", "%s:x", "built-in"},
		{"policy", "diff", "HEAD:%s", "built-in"},
		{"baseline", "-o", "policy.yaml/%s", "."},
		{"scan", "--vex", "%s.json"},
		{"scan", "--baseline", "%s"},
		{"ci", "--image", "%s"},
		{"ci", "--path", "%s"},
		{"%s"},
	} {
		line := strings.Join(a, " ")
		token := p.at("argument: %s", line)
		args := slices.Clone(a)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "%s", token)
		}
		runs = append(runs, leakRun{strings.ReplaceAll(line, "/", " of "), args, nil, -1})
	}
	for _, name := range []string{"BOLTSEAL_FAIL_ON", "BOLTSEAL_SCANNERS", "BOLTSEAL_POLICY", "BOLTSEAL_WARN_ONLY", "BOLTSEAL_PLATFORM", "BOLTSEAL_TIMEOUT", "BOLTSEAL_DB"} {
		runs = append(runs, leakRun{"with " + name, scan("-v"), map[string]string{name: p.at("variable %s", name)}, -1})
	}
	runs = append(runs, leakRun{"with a key of fingerprints", scan("-v"), map[string]string{"BOLTSEAL_FINGERPRINT_KEY": p.at("the key of fingerprints")}, -1})
	return append(runs, badPolicies(t, p, out)...)
}

// badPolicies are policy files whose faults could be quoted.
func badPolicies(t *testing.T, p *plants, out string) []leakRun {
	t.Helper()
	var runs []leakRun
	for i, text := range []string{
		"version: 1\n%s: true\n", "version: %s\n", "%s", "version: 1\nrules: [%s\n", "version: 1\nrules: [{id: a, action: %s}]\n",
		"version: 1\nrules: [{id: a, action: block, when: {severity: %s}}]\n", "version: 1\nrules: [{id: a, action: block, %s: 1}]\n",
		"version: 1\nrules: [{id: %s, action: block}, {id: %[1]s, action: warn}]\n", "version: 1\nextends: [{ref: \"%s\"}]\n",
		"version: 1\nexceptions: [{match: {rule: a}, reason: r, owner: o, approved-by: a, created: %s, expires: 2026-12-10}]\n",
		"version: 1\ntargets: {exclude: [\"[%s\"]}\n", "version: 1\nrules: &%s []\nlimits: *%[1]sx\n", "version: 1\n\t%s\n", "version: 1\nrules: !!%s []\n", "version: 1\nrules: [{id: a, action: block, until: \"%s\", then: block}]\n",
		"version: 1\nrules: [{id: a, action: block, cel: '%s'}]\n", "version: 1\nrules: [{id: a, action: block, cel: 'finding.%s == \"\"'}]\n",
		"version: 1\nrules: [{id: a, action: block, message: \"{%s}\"}]\n", "version: 1\nrelaxable: [\"%s\"]\n", "version: 1\nlimits: {exception-max-age: \"%s\"}\n",
		"version: 1\ntrust: {may-set: [\"%s!\"]}\n",
	} {
		name := filepath.Join(out, "policies", fmt.Sprintf("%d.yaml", i))
		put(t, out, map[string]string{"policies/" + filepath.Base(name): fmt.Sprintf(text, p.at("bad policy: %s", text))})
		runs = append(runs,
			leakRun{fmt.Sprintf("scan with bad policy %d", i), []string{"scan", "-v", "-c", name, "--scanners", "dockerfile"}, nil, -1},
			leakRun{fmt.Sprintf("check of bad policy %d", i), []string{"policy", "check", "-c", name}, nil, -1},
		)
	}
	for i, text := range []string{"version: 1\nvex: {files: \"%s.json\"}\n", "version: 1\nnew: {compare-to: baseline, baseline: \"%s\"}\n"} {
		name := filepath.Join(out, "policies", fmt.Sprintf("missing%d.yaml", i))
		put(t, out, map[string]string{"policies/" + filepath.Base(name): fmt.Sprintf(text, p.at("missing file: %s", text))})
		runs = append(runs, leakRun{fmt.Sprintf("scan with missing file %d", i), []string{"scan", "-v", "-c", name}, nil, -1})
	}
	return runs
}
