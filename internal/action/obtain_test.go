package action

import (
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program stands for a boltseal: it says that it ran, and with what.
const program = "#!/bin/sh\necho \"ran $*, token ${BOLTSEAL_GITHUB_TOKEN:-none}\"\nexit 1\n"

const ran = "ran ci, token of-the-job\n"

// releases is a server of releases, that remembers what it was asked.
type releases struct {
	mu     sync.Mutex
	asked  []string
	sent   []http.Header
	answer http.HandlerFunc
}

func (r *releases) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, in.Method+" "+in.URL.Path)
	r.sent = append(r.sent, in.Header)
	r.mu.Unlock()
	r.answer(w, in)
}

func serve(t *testing.T, answer http.HandlerFunc) (*releases, string) {
	t.Helper()
	r := &releases{answer: answer}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, server.URL
}

func gives(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// refused checks that nothing ran, that there is no verdict, and that people are told
// why, in one line.
func refused(t *testing.T, c *checkout, got outcome, why string) {
	t.Helper()
	if got.code != 3 || got.stdout != "" || got.outputs != "verdict=none\nexit-code=3\n" {
		t.Errorf("want no verdict, got %+v", got)
	}
	if !strings.HasPrefix(got.stderr, "::error title=boltseal::") || strings.Count(got.stderr, "\n") != 1 || strings.Contains(got.stderr, "#") {
		t.Errorf("it is not told as one error of the job: %q", got.stderr)
	}
	if !strings.Contains(got.stderr, why) {
		t.Errorf("it says %q, want %q in it", got.stderr, why)
	}
	left, err := os.ReadDir(c.env["RUNNER_TEMP"])
	if err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

func TestTheActionRunsTheReleaseOfItsCommit(t *testing.T) {
	for name, tt := range map[string]struct{ system, machine, file string }{
		"Linux":           {"Linux", "X64", "linux_amd64"},
		"Linux on ARM":    {"Linux", "ARM64", "linux_arm64"},
		"macOS":           {"macOS", "ARM64", "darwin_arm64"},
		"macOS on Intel":  {"macOS", "X64", "darwin_amd64"},
		"Windows":         {"Windows", "X64", "windows_amd64.exe"},
		"Windows on ARM":  {"Windows", "ARM64", "windows_arm64.exe"},
		"names of uname":  {"Darwin", "x86_64", "darwin_amd64"},
		"names of uname2": {"MINGW64_NT-10.0-26100", "aarch64", "windows_arm64.exe"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			c.release(t, []byte(program), "linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64.exe", "windows_arm64.exe")
			server, url := serve(t, gives(program))
			c.env["RUNNER_OS"], c.env["RUNNER_ARCH"], c.env["BOLTSEAL_RELEASES"] = tt.system, tt.machine, url+"/r/"
			c.env["BOLTSEAL_GITHUB_TOKEN"] = "of-the-job"
			got := c.run(t, ".")
			if diff := cmp.Diff(outcome{code: 1, stdout: ran}, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"GET /r/v1.2.3/boltseal_1.2.3_" + tt.file}, server.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheActionRunsNothingElse(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		why    string
	}{
		"another program": {gives(program + "\n"), "was not run: of 70 bytes"},
		"a page":          {gives("<!DOCTYPE html><title>Sign in</title>"), "is not the program of this action's commit"},
		"nothing":         {gives(""), "was not run"},
		"a truncated file": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, program)
		}, "could not be downloaded"},
		"a part that is whole": {gives(program[:40]), "was not run: of 40 bytes"},
		"no such release":      {func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "error: 404 (curl 22)"},
		"no permission":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "error: 403 (curl 22)"},
		"a redirect in a circle": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, "(curl 47)"},
		"a redirect to a file": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}, "(curl 1)"},
		"a redirect that reads as orders": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://##[error]x::set-output name=verdict::pass.invalid:99999/")
			w.WriteHeader(http.StatusFound)
		}, "could not be downloaded"},
		"a file that is too large": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "300000001") }, "(curl 63)"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			c.release(t, []byte(program), "linux_amd64")
			_, c.env["BOLTSEAL_RELEASES"] = serve(t, tt.answer)
			refused(t, c, c.run(t, "."), tt.why)
		})
	}
}

// The release host sends downloads on to a storage: the checksum decides, whoever
// answers, and nobody gets credentials.
func TestADownloadIsFollowedWithoutCredentials(t *testing.T) {
	c := newCheckout(t)
	c.release(t, []byte(program), "linux_amd64")
	storage, to := serve(t, gives(program))
	host, from := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to+"/blob?sig=1", http.StatusFound) })
	c.env["BOLTSEAL_RELEASES"], c.env["BOLTSEAL_GITHUB_TOKEN"], c.env["GITHUB_TOKEN"] = from, "of-the-job", "of-the-job"
	for file, text := range map[string]string{
		".curlrc": "header = \"X-Own: yes\"\nuser = \"me:of-the-job\"\n",
		".netrc":  "default login me password of-the-job\n",
	} {
		if err := os.WriteFile(filepath.Join(c.env["HOME"], file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.run(t, "."); got.stdout != ran || got.code != 1 {
		t.Errorf("got %+v", got)
	}
	for _, header := range append(host.sent, storage.sent...) {
		for name := range header {
			if name != "Accept" && name != "User-Agent" {
				t.Errorf("it sends %s: %v", name, header[name])
			}
		}
	}
	if len(host.asked) != 1 || len(storage.asked) != 1 {
		t.Errorf("asked %v and %v", host.asked, storage.asked)
	}
}

func TestADownloadStaysEncrypted(t *testing.T) {
	c := newCheckout(t)
	c.release(t, []byte(program), "linux_amd64")
	plain, to := serve(t, gives(program))
	hops := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hops++; hops == 1 {
			fmt.Fprint(w, program)
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c.env["BOLTSEAL_RELEASES"], c.env["CURL_CA_BUNDLE"] = server.URL, authority
	c.env["BOLTSEAL_GITHUB_TOKEN"] = "of-the-job"
	if got := c.run(t, "."); got.stdout != ran {
		t.Fatalf("over https: %+v", got)
	}
	if err := os.RemoveAll(c.env["RUNNER_TEMP"]); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(c.env["RUNNER_TEMP"], 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, c, c.run(t, "."), "(curl 1)")
	if len(plain.asked) > 0 {
		t.Errorf("asked without encryption: %v", plain.asked)
	}
}

func TestADownloadIsTriedAgain(t *testing.T) {
	c := newCheckout(t)
	c.release(t, []byte(program), "linux_amd64")
	tries := 0
	_, c.env["BOLTSEAL_RELEASES"] = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
		fmt.Fprint(w, program)
	})
	c.env["BOLTSEAL_GITHUB_TOKEN"] = "of-the-job"
	if got := c.run(t, "."); got.stdout != ran || tries != 2 {
		t.Errorf("after %d tries: %+v", tries, got)
	}
}

func TestWhatTheActionCannotVouchFor(t *testing.T) {
	sum := strings.Repeat("a", 64)
	for name, tt := range map[string]struct {
		checksums string // empty for none
		env       map[string]string
		why       string
	}{
		"no release":                       {why: `belongs to no release, so there is no program that it could vouch for: write "uses: boltseal/boltseal@" with the commit of a release`},
		"no program for the system":        {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"RUNNER_OS": "Plan9"}, why: "no program for Plan9/amd64"},
		"no program for the machine":       {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"RUNNER_ARCH": "ARM"}, why: "no program for linux/ARM"},
		"a system that reads as an order":  {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"RUNNER_OS": "x\n::error::y\r##[error]100%"}, why: "x%0A::error::y%0D[error]100%25/amd64"},
		"two programs":                     {checksums: sum + "  boltseal_1.2.3_linux_amd64\n" + sum + "  boltseal_1.2.4_linux_amd64\n", why: "two programs for linux/amd64"},
		"half a checksum":                  {checksums: sum[:63] + "  boltseal_1.2.3_linux_amd64\n", why: "cannot be read"},
		"a version that leads elsewhere":   {checksums: sum + "  boltseal_../x_linux_amd64\n", why: "cannot be read"},
		"releases without encryption":      {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"BOLTSEAL_RELEASES": "http://mirror.example.com"}, why: "is not https"},
		"releases on no server":            {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"BOLTSEAL_RELEASES": "file:///tmp"}, why: "is not https"},
		"releases that are an option":      {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"BOLTSEAL_RELEASES": "-o/etc/passwd"}, why: "is not https"},
		"releases with credentials":        {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"BOLTSEAL_RELEASES": "https://me:of-the-job@mirror.example.com"}, why: "holds credentials"},
		"loopback by name of another host": {checksums: sum + "  boltseal_1.2.3_linux_amd64\n", env: map[string]string{"BOLTSEAL_RELEASES": "http://127.0.0.1.example.com/"}, why: "is not https"},
		"a binary that is not there":       {env: map[string]string{"BOLTSEAL_BINARY": "./bin/boltseal"}, why: `input "binary" names no program: ./bin/boltseal`},
		"a binary that is an order":        {env: map[string]string{"BOLTSEAL_BINARY": "$(touch x)`touch y`\n::error::z"}, why: "names no program: $(touch x)`touch y`%0A::error::z"},
		"a binary that is a shell's word":  {env: map[string]string{"BOLTSEAL_BINARY": "eval"}, why: "names no program"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			if tt.checksums != "" {
				c.write(t, ".github/setup/checksums.txt", tt.checksums, 0o644)
			}
			maps.Copy(c.env, tt.env)
			got := c.run(t, ".")
			refused(t, c, got, tt.why)
			if strings.Contains(got.stderr, "of-the-job") {
				t.Errorf("it tells a password: %s", got.stderr)
			}
		})
	}
}

// Where there is no network a program is at hand: it is the user's, and has no checksum.
func TestProgramsAtHand(t *testing.T) {
	c := newCheckout(t)
	server, url := serve(t, gives(program))
	c.release(t, []byte(program), "linux_amd64")
	c.env["BOLTSEAL_RELEASES"], c.env["BOLTSEAL_GITHUB_TOKEN"] = url, "of-the-job"
	says := func(what string) string { return "#!/bin/sh\necho " + what + " $1\n" }
	c.write(t, "boltseal", says("beside"), 0o755)
	if got := c.run(t, "."); got.stdout != "beside ci\n" || got.code != 0 {
		t.Errorf("beside action.yml: %+v", got)
	}
	own := filepath.Join(t.TempDir(), "a $(touch x) folder")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "gate"), []byte(says("input")), 0o755); err != nil {
		t.Fatal(err)
	}
	c.env["BOLTSEAL_BINARY"] = filepath.Join(own, "gate")
	if got := c.run(t, "."); got.stdout != "input ci\n" {
		t.Errorf("a path: %+v", got)
	}
	c.env["BOLTSEAL_BINARY"], c.env["PATH"] = "gate", own+":"+c.env["PATH"]
	if got := c.run(t, "."); got.stdout != "input ci\n" {
		t.Errorf("a name on the PATH: %+v", got)
	}
	// As bash on Windows is given a path.
	c.env["BOLTSEAL_BINARY"], c.env["FOUND"] = `D:\a\boltseal.exe`, filepath.Join(own, "gate")
	cygpath := "#!/bin/sh\n[ \"$1 $2\" = '-u D:\\a\\boltseal.exe' ] && echo \"$FOUND\"\n"
	if err := os.WriteFile(filepath.Join(own, "cygpath"), []byte(cygpath), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := c.run(t, "."); got.stdout != "input ci\n" {
		t.Errorf("a path of Windows: %+v", got)
	}
	if len(server.asked) > 0 {
		t.Errorf("asked %v", server.asked)
	}
}

func TestSetupPutsTheProgramOnThePath(t *testing.T) {
	c := newCheckout(t)
	c.release(t, []byte(program), "linux_amd64")
	_, c.env["BOLTSEAL_RELEASES"] = serve(t, gives(program))
	check := func(what string) {
		got := c.run(t, ".github/setup")
		folder := strings.TrimSpace(got.addPaths)
		if got.code != 0 || got.outputs != "binary="+filepath.Join(folder, "boltseal")+"\n" {
			t.Fatalf("%s: %+v", what, got)
		}
		data, err := os.ReadFile(filepath.Join(folder, "boltseal"))
		if err != nil || string(data) != program {
			t.Errorf("%s: on the path is %q, %v", what, data, err)
		}
		for _, file := range []string{c.output, c.paths} {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	check("the release")
	c.write(t, "other", program, 0o755)
	c.env["BOLTSEAL_BINARY"] = filepath.Join(c.dir, "other")
	check("a binary of another name")

	delete(c.env, "BOLTSEAL_BINARY")
	if err := os.Remove(filepath.Join(c.dir, ".github/setup/checksums.txt")); err != nil {
		t.Fatal(err)
	}
	if got := c.run(t, ".github/setup"); got.code != 3 || got.outputs != "" || got.addPaths != "" || !strings.Contains(got.stderr, "belongs to no release") {
		t.Errorf("without a release: %+v", got)
	}
}
