package cli

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/boltseal/boltseal/internal/ci"
	"github.com/boltseal/boltseal/internal/git"
	"github.com/boltseal/boltseal/internal/policy"
)

// maxEvent is more than any event is long.
const maxEvent = 16 << 20

// detect finds out what the job is about.
func detect(sys System) ci.Context {
	return ci.Detect(sys.Getenv, readEvent(sys))
}

// readEvent reads the event of the job; nil where there is none.
func readEvent(sys System) []byte {
	f, err := os.Open(sys.Getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return nil
	}
	defer f.Close()                                     //nolint:errcheck // only read from
	event, _ := io.ReadAll(io.LimitReader(f, maxEvent)) // half of it is no JSON
	return event
}

// jobAnchor finds the commits that a CI job holds on to.
type jobAnchor struct {
	sys     System
	job     ci.Context
	offline bool
	*anchor
	tips map[string]string // of branches
	// header are the credentials that the address of the checkout's origin holds.
	header string
}

// anchorJob finds out at which commit the policy of a job is read, and with which one
// its findings are compared. Its error says why there can be no verdict: a policy that
// cannot be read where it is trusted is read nowhere else.
func anchorJob(ctx context.Context, sys System, job ci.Context, path string, offline bool) (*anchor, error) {
	real, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: check the path", err)
	}
	if job.Change {
		if err := noLink(ctx, path); err != nil {
			return nil, err
		}
	}
	repo, err := git.Find(ctx, real)
	if err != nil {
		return nil, fmt.Errorf("the policy is read from the repository's trusted branch: %w: check out the repository with git", err)
	}
	j := &jobAnchor{sys: sys, job: job, offline: offline, anchor: &anchor{repo: repo, change: job.Change}, tips: make(map[string]string)}
	if err = j.reopen(ctx); err == nil {
		err = j.find(ctx, path)
	}
	if err != nil {
		return nil, errors.Join(err, j.close())
	}
	return j.anchor, nil
}

// noLink refuses a path that leads through a link of a repository: the author of a
// change could have another folder scanned, by another folder's policy.
func noLink(ctx context.Context, path string) error {
	full, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	for p := full; filepath.Dir(p) != p; p = filepath.Dir(p) {
		info, err := os.Lstat(p)
		if err != nil {
			return err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			continue
		}
		parent, err := filepath.EvalSymlinks(filepath.Dir(p))
		if err != nil {
			return err
		}
		if _, err := git.Find(ctx, parent); err == nil {
			return fmt.Errorf("%q is a link in the repository: name the folder that it leads to", filepath.Base(p))
		}
	}
	return nil
}

// reopen makes what was fetched seen.
func (j *jobAnchor) reopen(ctx context.Context) error {
	if j.objects != nil {
		if err := j.objects.Close(); err != nil {
			return err
		}
		j.objects = nil
	}
	objects, err := j.repo.Objects(ctx)
	if err != nil {
		return err
	}
	j.objects = objects
	return nil
}

func (j *jobAnchor) find(ctx context.Context, path string) error {
	var err error
	if j.head, err = j.objects.Head(ctx); err != nil {
		return err
	}
	if j.head == "" {
		return errors.New("there is no commit in the checkout: check out the repository with git")
	}
	if err := j.complete(ctx); err != nil {
		return fmt.Errorf("the policy cannot be read where it is trusted: %w", err)
	}
	if err := j.trust(ctx); err != nil {
		return fmt.Errorf("the policy cannot be read where it is trusted: %w", err)
	}
	if err := j.compare(ctx, path); err != nil {
		return fmt.Errorf("the change cannot be compared with what was there before: %w", err)
	}
	return nil
}

// trust finds the commit at which the policy is read.
func (j *jobAnchor) trust(ctx context.Context) error {
	if err := j.findDefault(ctx); err != nil {
		return err
	}
	main := j.job.Default
	own := j.job.Branch
	switch j.job.Event {
	case ci.Pull, ci.Queue:
		if own = j.job.Target; own == "" {
			return errors.New("the event does not say which branch the change is for")
		}
	case ci.Schedule, ci.Tag:
		own = main
	case ci.Push, ci.Dispatch, ci.Unknown:
	}
	if own != main {
		trusts, err := j.trusts(ctx, own)
		if err != nil {
			return err
		}
		if !trusts {
			if own != "" {
				j.sys.warn("branch %q is not listed in trust.branches of the policy of %s: that policy is used", own, main)
			}
			own = main
		}
	}
	var err error
	j.branch = own
	if j.job.System.Tells() && !j.job.Change && own == j.job.Branch && j.job.Event != ci.Schedule && j.job.Commit != "" {
		// What was pushed to a branch that is trusted is trusted itself. What another
		// system calls a push may be anything.
		j.trusted, err = j.commit(ctx, j.job.Commit)
	} else {
		j.trusted, err = j.tip(ctx, own)
	}
	return err
}

// findDefault asks the repository which branch is its default one, where GitLab says so
// of a fork alone.
func (j *jobAnchor) findDefault(ctx context.Context) error {
	if j.job.Default != "" {
		return nil
	}
	if j.job.System != ci.GitLab {
		return errors.New("the event does not say which branch is the default one")
	}
	if j.offline {
		return errors.New("--offline: the event does not say which branch is the default one of the repository that the change is for")
	}
	from, err := j.remote(ctx)
	if err != nil {
		return err
	}
	if err := j.keep(ctx); err != nil {
		return err
	}
	j.job.Default, err = j.store.Default(ctx, from)
	return asked(err)
}

// trusts asks the policy of the default branch whether another one brings its own.
func (j *jobAnchor) trusts(ctx context.Context, branch string) (bool, error) {
	if branch == "" {
		return false, nil
	}
	tip, err := j.tip(ctx, j.job.Default)
	if err != nil {
		return false, err
	}
	found, err := policy.Find(commitFiles{ctx: ctx, objects: j.objects, commit: tip}, ".")
	if err != nil {
		return false, fmt.Errorf("branch %s: %w", j.job.Default, badPolicy(err))
	}
	return len(found) > 0 && found[0].Trust.TrustsBranch(branch), nil
}

// tip gives the commit that a branch of the repository holds now.
func (j *jobAnchor) tip(ctx context.Context, branch string) (string, error) {
	if id := j.tips[branch]; id != "" {
		return id, nil
	}
	id, err := j.askTip(ctx, branch)
	if err == nil {
		j.tips[branch] = id
	}
	return id, err
}

func (j *jobAnchor) askTip(ctx context.Context, branch string) (string, error) {
	if !j.offline {
		return j.fetch(ctx, "refs/heads/"+branch)
	}
	id, err := j.repo.Resolve(ctx, "refs/remotes/origin/"+branch)
	if err != nil {
		return "", fmt.Errorf("--offline: %w", err)
	}
	j.sys.warn("--offline: branch %s is taken as the checkout knows it (%.12s); what was merged since does not count", branch, id)
	return id, nil
}

// commit makes sure that a commit is there.
func (j *jobAnchor) commit(ctx context.Context, id string) (string, error) {
	there, err := j.repo.Resolve(ctx, id)
	if err == nil {
		return there, nil
	}
	if j.offline {
		return "", fmt.Errorf("--offline: %w", err)
	}
	return j.fetch(ctx, id)
}

func (j *jobAnchor) fetch(ctx context.Context, ref string) (string, error) {
	from, err := j.remote(ctx)
	if err != nil {
		return "", err
	}
	if err := j.keep(ctx); err != nil {
		return "", err
	}
	id, err := j.store.Fetch(ctx, from, ref)
	if err != nil {
		return "", asked(err)
	}
	j.repo = j.store.Repo()
	return id, j.reopen(ctx)
}

// keep makes the store for what is fetched.
func (j *jobAnchor) keep(ctx context.Context) error {
	if j.store != nil {
		return nil
	}
	var err error
	j.store, err = j.repo.NewStore(ctx)
	return err
}

// asked adds to the error of a remote what is most often wrong.
func asked(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; does the job's checkout keep its credentials (persist-credentials), or is its token in GITHUB_TOKEN or CI_JOB_TOKEN?", err)
}

// transportVariables are what git's transport reads from the environment.
var transportVariables = []string{
	"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "CURL_CA_BUNDLE",
}

// remote is the repository that the job is for, with the credentials that the
// checkout was made with, else the job's own token.
func (j *jobAnchor) remote(ctx context.Context) (git.Remote, error) {
	if j.job.URL == "" {
		return git.Remote{}, errors.New("the job does not say where its repository is")
	}
	r := git.Remote{URL: j.job.URL}
	var err error
	if r.Header, err = j.repo.Header(ctx, r.URL); err != nil {
		return git.Remote{}, err
	}
	if r.Header == "" {
		r.Header = j.header
	}
	// Of another system nobody knows whether the token is for that address.
	if r.Header == "" && j.job.System.Tells() {
		r.Header = tokenHeader(j.job.System, j.sys.Getenv)
	}
	r.Environment = transport(j.sys.Getenv)
	return r, nil
}

// transport are the variables for git's transport.
func transport(getenv func(string) string) []string {
	var set []string
	for _, name := range transportVariables {
		if value := getenv(name); value != "" {
			set = append(set, name+"="+value)
		}
	}
	if file := getenv("CI_SERVER_TLS_CA_FILE"); file != "" && getenv("GIT_SSL_CAINFO") == "" {
		set = append(set, "GIT_SSL_CAINFO="+file)
	}
	return set
}

// tokenHeader makes the header of a job's token.
func tokenHeader(system ci.System, getenv func(string) string) string {
	user, token := "x-access-token", gitHubToken(getenv)
	if system == ci.GitLab {
		user, token = "gitlab-ci-token", getenv("CI_JOB_TOKEN") //nolint:gosec // GitLab's name for the user of such a token
	}
	if token == "" {
		return ""
	}
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+token))
}

// mark asks the trusted policy of the folder that is scanned whether it wants to know
// what is new: see topmost.
func (j *jobAnchor) mark(ctx context.Context, path string) error {
	found, err := policy.Find(j.files(ctx), j.folder(path))
	if err != nil {
		return badPolicy(err)
	}
	if top := topmost(found); top != nil {
		j.unmarked = top.New.To != policy.ToMergeBase
	}
	return nil
}

// compare finds the commit with which findings are compared: by the event, unless the
// trusted policy says otherwise.
func (j *jobAnchor) compare(ctx context.Context, path string) error {
	if err := j.mark(ctx, path); err != nil {
		return err
	}
	switch j.job.Event {
	case ci.Pull, ci.Queue:
		return j.compareChange(ctx, path)
	case ci.Push:
		if !j.unmarked {
			return j.comparePush(ctx)
		}
	case ci.Schedule, ci.Tag, ci.Dispatch, ci.Unknown:
	}
	return nil
}

func (j *jobAnchor) compareChange(ctx context.Context, path string) error {
	if err := j.fetchChange(ctx, path); err != nil {
		return err
	}
	parents, err := j.objects.Parents(ctx, j.head)
	if err != nil {
		return err
	}
	if err := j.holdsChange(ctx, parents); err != nil {
		return err
	}
	switch {
	case j.job.Event == ci.Queue && j.job.Before != "":
		j.since, err = j.commit(ctx, j.job.Before)
		j.from = j.since
		return err
	case j.job.Merge && j.head == j.job.Commit && len(parents) > 1:
		j.since, err = j.commit(ctx, parents[0])
		j.from = j.since
		return err
	}
	return j.sinceTarget(ctx, j.job.Target)
}

// fetchChange fetches the author's commit where the job has the target's rights and
// checked out the target's own commit. It is scanned as git keeps it: nothing of it is
// checked out, and nothing could run it.
func (j *jobAnchor) fetchChange(ctx context.Context, path string) error {
	if !j.job.Ours || j.job.Head == "" || j.head != j.job.Commit || j.head == j.job.Head {
		return nil
	}
	if _, err := j.commit(ctx, j.job.Head); err != nil {
		return err
	}
	j.head, j.fetched = j.job.Head, true
	j.sys.warn("the target branch is checked out: the change is scanned as it was fetched, commit %.12s", j.head)
	return j.holds(ctx, path)
}

// holds makes sure that the head has what is scanned, by no link: the author of a change
// could have moved it away, and nothing would be looked at.
func (a *anchor) holds(ctx context.Context, path string) error {
	at := a.folder(path)
	if at == "." {
		return nil
	}
	files, err := a.tree(ctx, a.head)
	if err != nil {
		return err
	}
	there := func(f git.TreeFile) bool {
		_, below := under(at, f.Path)
		return below || f.Path == at && (f.Mode == git.ModeRegular || f.Mode == git.ModeExecutable)
	}
	if !slices.ContainsFunc(files, there) {
		return fmt.Errorf("%q is no folder of the change's commit %.12s: name the folder that is to be scanned", at, a.head)
	}
	return nil
}

// holdsChange makes sure that what is checked out is the change that the event is
// about: the verdict would be about something else.
func (j *jobAnchor) holdsChange(ctx context.Context, parents []string) error {
	want := cmp.Or(j.job.Head, j.job.Commit)
	if want == "" {
		return errors.New("the event does not say which commit it is about")
	}
	if j.head == want || slices.Contains(parents, want) || j.job.Merge && j.head == j.job.Commit {
		return nil
	}
	if _, err := j.repo.Resolve(ctx, want); err == nil {
		if base, err := j.objects.CommonAncestor(ctx, want, j.head); err == nil && base == want {
			return nil
		}
	}
	return fmt.Errorf("the checkout is at %.12s and does not hold the change's commit %.12s: check the change out", j.head, want)
}

// sinceTarget compares with the commit at which HEAD left a branch.
func (j *jobAnchor) sinceTarget(ctx context.Context, branch string) error {
	tip, err := j.tip(ctx, branch)
	if err != nil {
		return err
	}
	j.from = tip
	j.since, err = j.objects.CommonAncestor(ctx, tip, j.head)
	if err != nil && j.job.MergeBase != "" {
		j.since, err = j.commit(ctx, j.job.MergeBase)
		j.from = j.since
	}
	j.allNew = err == nil && j.since == ""
	return err
}

// comparePush compares with what the branch held before; a new branch with where it
// left the default one.
func (j *jobAnchor) comparePush(ctx context.Context) error {
	var err error
	switch {
	case j.job.Before != "":
		j.since, err = j.commit(ctx, j.job.Before)
	case j.job.Branch == j.job.Default:
		j.allNew = true
	default:
		err = j.sinceTarget(ctx, j.job.Default)
	}
	return err
}
