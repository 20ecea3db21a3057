package git_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/git/gittest"
)

const header = "basic eC1hY2Nlc3MtdG9rZW46dGVzdA=="

// forge serves a repository under acme/app, and gives its address and its path.
func forge(t *testing.T, files map[string]string) (address, bare string) {
	t.Helper()
	root := t.TempDir()
	bare = filepath.Join(root, "acme", "app")
	run(t, root, "clone", "-q", "--bare", newRepo(t, files), bare)
	run(t, bare, "config", "uploadpack.allowFilter", "true")
	h, err := gittest.Handler(t.Context(), root, header)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/acme/app", bare
}

// advance adds a commit to a branch of a bare repository.
func advance(t *testing.T, bare, branch, path, data string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "work")
	run(t, bare, "clone", "-q", "-b", branch, bare, dir)
	write(t, dir, path, data)
	id := commit(t, dir, "advance")
	run(t, dir, "push", "-q", "origin", branch)
	return id
}

func store(t *testing.T, dir string) *git.Store {
	t.Helper()
	s, err := find(t, dir).NewStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestFetch(t *testing.T) {
	address, bare := forge(t, map[string]string{"policy": "old", "big": numbered(2000)})
	for name, depth := range map[string][]string{"a clone with all of history": nil, "a shallow clone": {"--depth=1", "--no-local"}, "a partial clone": {"--filter=blob:none", "--no-local", "--no-checkout"}} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "clone")
			run(t, bare, append(append([]string{"clone", "-q"}, depth...), "file://"+bare, dir)...)
			want := advance(t, bare, "main", "policy", "new "+name)
			s := store(t, dir)
			from := git.Remote{URL: address, Header: "Authorization: " + header}
			id, err := s.Fetch(t.Context(), from, "refs/heads/main")
			if err != nil || id != want {
				t.Fatalf("fetched %q, %v; want %s", id, err, want)
			}
			if again, err := s.Fetch(t.Context(), from, want); err != nil || again != want {
				t.Errorf("by its id: %q, %v", again, err)
			}
			o, err := s.Repo().Objects(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			text, err := o.ReadFile(t.Context(), id, "policy", 100)
			if err != nil || string(text) != "new "+name {
				t.Errorf("policy %q, %v", text, err)
			}
			if whole, err := o.ReadFile(t.Context(), id, "big", 1<<20); err != nil || len(whole) < 1000 {
				t.Errorf("a file that did not change: %d bytes, %v", len(whole), err)
			}
			if _, err := find(t, dir).Resolve(t.Context(), want); err == nil {
				t.Error("the checkout itself has the commit: it was changed")
			}
		})
	}
}

// What the remote says of a commit that it does not have is not lost behind git's hints.
func TestFetchSaysWhy(t *testing.T) {
	address, bare := forge(t, map[string]string{"a": "a"})
	dir := filepath.Join(t.TempDir(), "clone")
	run(t, bare, "clone", "-q", bare, dir)
	id := strings.Repeat("4", 40)
	_, err := store(t, dir).Fetch(t.Context(), git.Remote{URL: address, Header: "Authorization: " + header}, id)
	if err == nil || !strings.Contains(err.Error(), "not our ref "+id) || strings.Contains(err.Error(), "hint:") {
		t.Error(err)
	}
}

// TestDefault: the remote says which branch is its default one, whatever the checkout
// holds.
func TestDefault(t *testing.T) {
	address, bare := forge(t, map[string]string{"a": "a"})
	dir := filepath.Join(t.TempDir(), "clone")
	run(t, bare, "clone", "-q", bare, dir)
	run(t, bare, "branch", "trunk")
	run(t, bare, "branch", "x/HEAD")
	run(t, bare, "symbolic-ref", "HEAD", "refs/heads/trunk")
	s := store(t, dir)
	from := git.Remote{URL: address, Header: "Authorization: " + header}
	if branch, err := s.Default(t.Context(), from); err != nil || branch != "trunk" {
		t.Errorf("%q, %v", branch, err)
	}
	if branch, err := s.Default(t.Context(), git.Remote{URL: address}); err == nil {
		t.Errorf("without credentials it is %q", branch)
	}
	for _, bad := range []string{"file://" + bare, "https://user:x@h/x", "ext::sh"} {
		if branch, err := s.Default(t.Context(), git.Remote{URL: bad}); err == nil {
			t.Errorf("%s: %q", bad, branch)
		}
	}
	run(t, bare, "update-ref", "--no-deref", "HEAD", run(t, bare, "rev-parse", "trunk"))
	if branch, err := s.Default(t.Context(), from); err == nil {
		t.Errorf("of a HEAD that names no branch: %q", branch)
	}
}

// TestFetchObeysNoCheckout fetches for a checkout whose configuration would run
// programs, and send the request elsewhere.
func TestFetchObeysNoCheckout(t *testing.T) {
	address, bare := forge(t, map[string]string{"a": "b"})
	dir := filepath.Join(t.TempDir(), "clone")
	run(t, bare, "clone", "-q", bare, dir)
	mark := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(dir, "evil")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"core.fsmonitor": script, "core.sshCommand": script, "credential.helper": script, "core.askPass": script, "core.gitProxy": script,
		"core.alternateRefsCommand": script, "uploadpack.packObjectsHook": script, "core.hooksPath": dir,
		"url.http://127.0.0.1:1/.insteadOf": address, "http.proxy": "http://127.0.0.1:1", "remote.origin.url": "ext::" + script, "remote.origin.uploadpack": script,
	} {
		run(t, dir, "config", key, value)
	}
	for _, hook := range []string{"post-fetch", "reference-transaction", "post-checkout", "pre-auto-gc"} {
		if err := os.WriteFile(filepath.Join(dir, hook), []byte("#!/bin/sh\ntouch "+mark+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	want := advance(t, bare, "main", "a", "c")
	id, err := store(t, dir).Fetch(t.Context(), git.Remote{URL: address, Header: "Authorization: " + header}, "refs/heads/main")
	if err != nil || id != want {
		t.Errorf("fetched %q, %v", id, err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the checkout's configuration ran a program")
	}
}

func TestFetchFails(t *testing.T) {
	address, bare := forge(t, map[string]string{"a": "b"})
	dir := filepath.Join(t.TempDir(), "clone")
	run(t, bare, "clone", "-q", bare, dir)
	good := git.Remote{URL: address, Header: "Authorization: " + header}
	for name, test := range map[string]struct {
		from git.Remote
		ref  string
		want string
	}{
		"without credentials":          {git.Remote{URL: address}, "refs/heads/main", "terminal prompts disabled"},
		"another branch":               {good, "refs/heads/nowhere", "couldn't find remote ref"},
		"an option":                    {good, "--upload-pack=x", "neither the name of a branch nor an id"},
		"a pattern":                    {good, "refs/heads/*", "neither the name of a branch nor an id"},
		"a refspec":                    {good, "refs/heads/main:refs/heads/x", "neither the name of a branch nor an id"},
		"a tag":                        {good, "refs/tags/v1", "neither the name of a branch nor an id"},
		"a path":                       {git.Remote{URL: bare}, "refs/heads/main", "is not https"},
		"an address with a password":   {git.Remote{URL: strings.Replace(address, "http://", "http://a:pw@", 1)}, "refs/heads/main", "is not https"},
		"a transport that runs things": {git.Remote{URL: "ext::sh -c x"}, "refs/heads/main", "is not https"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store(t, dir).Fetch(t.Context(), test.from, test.ref)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "pw@") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "b"})
	repo := find(t, dir)
	got, err := repo.Header(t.Context(), "https://forge.example/acme/app")
	if got != "" || err != nil {
		t.Errorf("no header: %q, %v", got, err)
	}
	included := filepath.Join(t.TempDir(), "credentials.config")
	if err := os.WriteFile(included, []byte("[http \"https://forge.example/\"]\n\textraheader = AUTHORIZATION: basic abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "config", "includeIf.gitdir:"+filepath.Join(dir, ".git")+".path", included)
	run(t, dir, "config", "http.https://other.example/.extraheader", "AUTHORIZATION: basic other")
	if got, err = repo.Header(t.Context(), "https://forge.example/acme/app"); got != "AUTHORIZATION: basic abc" || err != nil {
		t.Errorf("the header of an included file: %q, %v", got, err)
	}
	if got, err = repo.Header(t.Context(), "https://forge.example.evil/acme/app"); got != "" || err != nil {
		t.Errorf("another host gets %q, %v", got, err)
	}
}

func TestRenames(t *testing.T) {
	dir := newRepo(t, map[string]string{"old/a.txt": numbered(30), "b.txt": numbered(5), "c": "c"})
	first := run(t, dir, "rev-parse", "HEAD")
	run(t, dir, "mv", "old/a.txt", "new a.txt")
	write(t, dir, "new a.txt", numbered(30)+"more\n")
	write(t, dir, ".gitattributes", "* -diff filter=evil diff=evil\n")
	_, o := objects(t, dir)
	got, err := o.Renames(t.Context(), first, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"new a.txt": "old/a.txt"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCommonAncestor(t *testing.T) {
	dir := newRepo(t, map[string]string{"a": "b"})
	first := run(t, dir, "rev-parse", "HEAD")
	run(t, dir, "checkout", "-q", "-b", "x")
	write(t, dir, "x", "x")
	x := commit(t, dir, "x")
	run(t, dir, "checkout", "-q", "main")
	write(t, dir, "y", "y")
	y := commit(t, dir, "y")
	run(t, dir, "checkout", "-q", "--orphan", "island")
	island := commit(t, dir, "island")
	_, o := objects(t, dir)
	for name, test := range map[string][2]string{"two branches": {x, first}, "itself": {y, y}, "none": {island, ""}} {
		got, err := o.CommonAncestor(t.Context(), test[0], y)
		if err != nil || got != test[1] {
			t.Errorf("%s: %q, %v; want %q", name, got, err, test[1])
		}
	}
	run(t, dir, "checkout", "-q", "main")
	m := merge(t, dir, func() {}, "x")
	if got, err := o.Parents(t.Context(), m); err != nil || !cmp.Equal(got, []string{y, x}) {
		t.Errorf("parents %q, %v", got, err)
	}
	if _, err := o.Parents(t.Context(), strings.Repeat("1", 40)); err == nil {
		t.Error("no error for a commit that is not there")
	}
	files, err := o.Tree(t.Context(), m, "")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"a", "x", "y"}, paths); diff != "" {
		t.Error(diff)
	}
}
