package git

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Remote is where objects are fetched from. Nothing of it comes from what is
// scanned.
type Remote struct {
	// URL is https://… or, where the forge itself is reached so, http://….
	URL string
	// Header is sent with every request, as "Authorization: basic …"; empty for
	// none. It reaches git by its environment: command lines can be read by others.
	Header string
	// Alone fetches a commit without the ones before it, also where the repository has
	// all of its own.
	Alone bool
	// Environment are variables of proxies and certificates, as NAME=value.
	Environment []string
}

// Store is a .git folder of our own that takes what is fetched. The repository that
// it is for is neither changed nor asked how to fetch: its configuration, hooks and
// helpers play no part. What it has is not sent again.
type Store struct {
	repo   *Repo
	dir    string
	format string
	count  int
}

// NewStore makes an empty store. The caller closes it, after every use of Repo.
func (r *Repo) NewStore(ctx context.Context) (*Store, error) {
	format, err := r.ask(ctx, "rev-parse", "--show-object-format")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "boltseal-fetch-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	s := &Store{repo: r, dir: dir, format: format}
	if err := s.build(); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up git: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) build() error {
	shared := common(resolve(s.repo.gitDir))
	for _, dir := range []string{"objects/info", "refs", "empty"} {
		if err := os.MkdirAll(filepath.Join(s.dir, dir), 0o700); err != nil {
			return err
		}
	}
	objects := filepath.Join(shared, "objects")
	if strings.ContainsAny(objects, "\n\"") {
		return fmt.Errorf("the path %q cannot be named to git", objects)
	}
	files := map[string]string{
		"HEAD":   "ref: refs/heads/none\n",
		"config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
		// What the repository has need not be sent again.
		"objects/info/alternates": objects + "\n",
	}
	if s.format != "sha1" {
		files["config"] = "[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectformat = " + s.format + "\n"
	}
	shallow, err := readShallow(filepath.Join(shared, "shallow"))
	if err != nil {
		return err
	}
	if len(shallow) > 0 {
		files["shallow"] = string(shallow) + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Close removes the folder.
func (s *Store) Close() error { return os.RemoveAll(s.dir) }

// Repo gives the repository with what was fetched in it, until the store is closed.
func (s *Store) Repo() *Repo {
	r := *s.repo
	r.fetched = s.dir
	return &r
}

// fetchConfig allows what reading never needs: the transport of the forge, without a
// redirect to somewhere else, and no way to wait for ever.
func fetchConfig(scheme string) []string {
	return []string{
		"protocol." + scheme + ".allow=always",
		"http.followRedirects=false",
		"http.lowSpeedLimit=1000",
		"http.lowSpeedTime=60",
		"core.alternateRefsCommand=: #",
		"fetch.recurseSubmodules=false",
		"fetch.writeCommitGraph=false",
		"fetch.unpackLimit=1", // a pack is written as it comes
		"maintenance.auto=false",
		"gc.auto=0",
	}
}

// Fetch fetches a branch by its full name, refs/heads/main, or a commit by its id,
// and gives the commit's id. From a shallow clone it fetches that commit without the
// ones before it.
func (s *Store) Fetch(ctx context.Context, from Remote, ref string) (string, error) {
	if err := checkRef(ref); err != nil {
		return "", err
	}
	s.count++
	local := "refs/boltseal/" + strconv.Itoa(s.count)
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap="}
	if _, err := os.Stat(filepath.Join(s.dir, "shallow")); err == nil || from.Alone {
		args = append(args, "--depth=1")
	}
	if tip := s.has(ctx); tip != "" {
		args = append(args, "--negotiation-tip="+tip)
	}
	args = append(args, "--", from.URL, "+"+ref+":"+local)
	out, err := s.contact(ctx, from, args...)
	if err == nil {
		_, err = out.last()
	}
	if err != nil {
		return "", fmt.Errorf("fetching %s: %w", ref, err)
	}
	out, err = s.repo.startAt(ctx, place{gitDir: s.dir, workTree: filepath.Join(s.dir, "empty")}, nil, "rev-parse", "--verify", "--quiet", local+"^{commit}")
	if err != nil {
		return "", err
	}
	id, err := out.last()
	if err == nil && !isID(id) {
		err = fmt.Errorf("fetching %s: it leads to no commit", ref)
	}
	return id, err
}

// has gives a commit of which the repository has all; none in a partial clone, which
// lacks what its commits name.
func (s *Store) has(ctx context.Context) string {
	if partial, err := s.repo.hasPromisors(); err != nil || partial {
		return ""
	}
	id, err := s.repo.Resolve(ctx, "HEAD")
	if err != nil {
		return ""
	}
	return id
}

// contact starts a git that talks to a remote.
func (s *Store) contact(ctx context.Context, from Remote, args ...string) (*output, error) {
	at, err := url.Parse(from.URL)
	if err != nil || at.Host == "" || at.User != nil || !slices.Contains([]string{"https", "http"}, at.Scheme) {
		return nil, errors.New("the address of the repository is not https://HOST/PATH")
	}
	var config []string
	for _, c := range fetchConfig(at.Scheme) {
		config = append(config, "-c", c)
	}
	here := place{gitDir: s.dir, workTree: filepath.Join(s.dir, "empty"), env: from.environment(at.Scheme)}
	out, err := s.repo.startAt(ctx, here, nil, append(config, args...)...)
	if err == nil {
		out.name = "git " + args[0]
	}
	return out, err
}

// Default asks a remote which branch is its default one.
func (s *Store) Default(ctx context.Context, from Remote) (string, error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("asking which branch is the default one: %w", err)
	}
	out, err := s.contact(ctx, from, "ls-remote", "--symref", "--", from.URL, "HEAD")
	if err != nil {
		return fail(err)
	}
	var ref string
	for line, ok := out.line(); ok; line, ok = out.line() {
		if to, isRef := strings.CutSuffix(string(line), "\tHEAD"); isRef && strings.HasPrefix(to, "ref: ") {
			ref = strings.TrimPrefix(to, "ref: ")
		}
	}
	if _, err := out.close(); err != nil {
		return fail(err)
	}
	branch, ok := strings.CutPrefix(ref, "refs/heads/")
	if !ok {
		return fail(errors.New("the repository does not say"))
	}
	if err := checkRef(ref); err != nil {
		return fail(err)
	}
	return branch, nil
}

// environment is what a fetch gets beside what every call gets.
func (r Remote) environment(scheme string) []string {
	env := append(slices.Clone(r.Environment), "GIT_ALLOW_PROTOCOL="+scheme)
	if r.Header != "" {
		env = append(env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http."+r.URL+".extraHeader", "GIT_CONFIG_VALUE_0="+r.Header)
	}
	return env
}

// checkRef takes the full name of a branch, or an id.
func checkRef(ref string) error {
	name, ok := strings.CutPrefix(ref, "refs/heads/")
	if isID(ref) {
		return nil
	}
	bad := !ok || name == "" || len(name) > maxRevision || strings.ContainsAny(name, " ~^:?*[\\\x7f") || strings.Contains(name, "..") || strings.Contains(name, "@{")
	for _, c := range []byte(name) {
		bad = bad || c < ' '
	}
	if bad {
		return fmt.Errorf("fetching %q: it is neither the name of a branch nor an id", ref)
	}
	return nil
}

// maxHeader is longer than any header of credentials.
const maxHeader = 8 << 10

// Header gives the header with which the checkout was made, as actions/checkout
// leaves it in the configuration for an address; empty where there is none. Reading
// a configuration runs nothing.
func (r *Repo) Header(ctx context.Context, address string) (string, error) {
	at, err := url.Parse(address)
	if err != nil {
		return "", errors.New("reading git's configuration: bad address")
	}
	out, err := r.start(ctx, "config", "--local", "--includes", "-z", "--get-regexp", `^http\..*\.extraheader$`)
	if err != nil {
		return "", err
	}
	found := ""
	for record, more := out.next(); more; record, more = out.next() {
		key, value, ok := strings.Cut(string(record), "\n")
		key = strings.TrimSuffix(strings.TrimPrefix(key, "http."), ".extraheader")
		of, err := url.Parse(key)
		if ok && err == nil && of.Scheme == at.Scheme && of.Host == at.Host && len(value) <= maxHeader && !strings.ContainsAny(value, "\r\n") {
			found = value
		}
	}
	if _, err := out.close(); err != nil && (out.cmd.ProcessState == nil || out.cmd.ProcessState.ExitCode() != 1) {
		return "", err // 1 says that there is none
	}
	return found, nil
}
