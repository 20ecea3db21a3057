package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"

	"github.com/spf13/cobra"

	"github.com/boltseal/boltseal/internal/ci"
)

// registerSaid registers what users say of a CI system that does not.
func (c *ciOptions) registerSaid(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.said.Base, "base-ref", "", "where the CI system does not say so: the job tests a change for this branch")
	f.StringVar(&c.said.Default, "default-branch", "", "where the CI system does not say so: the repository's default branch, which is trusted")
	f.StringVar(&c.said.URL, "repository-url", "", "where the CI system does not say so: https address that the trusted branch is fetched from (default: the checkout's origin)")
}

// job finds out what the job is about, as far as the system says so, and else by what
// the user says.
func (c *ciOptions) job(sys System) (ci.Context, error) {
	if c.said.URL != "" {
		at, err := url.Parse(c.said.URL)
		if err != nil || at.Host == "" || at.User != nil || at.Scheme != "https" && at.Scheme != "http" {
			return ci.Context{}, usage(errors.New("--repository-url is not https://HOST/PATH"))
		}
	}
	return detect(sys).Say(c.said), nil
}

// complete fills in what only the checkout knows, of systems that tell little.
func (j *jobAnchor) complete(ctx context.Context) error {
	if j.job.System.Tells() {
		return nil
	}
	if j.job.Default == "" {
		return fmt.Errorf("%s does not say which branch is the default one: say --default-branch ($BOLTSEAL_DEFAULT_BRANCH)", j.job.System)
	}
	if j.job.Change && j.job.Target == "" {
		return fmt.Errorf("%s does not say which branch the change is for: say --base-ref ($BOLTSEAL_BASE_REF)", j.job.System)
	}
	if j.job.Commit == "" {
		j.job.Commit = j.head
	}
	if j.job.Change {
		j.job.Head = cmp.Or(j.job.Head, j.job.Commit)
	}
	if j.job.URL != "" || j.offline {
		return nil
	}
	var err error
	if j.job.URL, j.header, err = j.repo.Origin(ctx); err != nil {
		return err
	}
	if j.job.URL == "" {
		return errors.New("the trusted branch cannot be fetched: the checkout's origin is no https address: say --repository-url ($BOLTSEAL_REPOSITORY_URL), or --offline to take the branch as the checkout knows it")
	}
	return nil
}

// quiet gives the outside world where a CI system obeys "##[", "##vso[" or "##teamcity["
// in a log, or "::" where a line begins: what is told on standard error can hold text of
// what was scanned, and is never a command.
func quiet(sys System) System {
	if system := ci.Detect(sys.Getenv, nil).System; system == ci.Azure || system == ci.TeamCity || system.Actions() {
		sys.Stderr = &parted{w: sys.Stderr}
	}
	return sys
}

// printing gives the outside world for a report that a job prints. Where there is a
// command that has others not obeyed it is used.
func printing(sys System, job ci.Context) System {
	if job.System == ci.Azure {
		sys.Stdout = &parted{w: sys.Stdout}
	}
	return sys
}

// parted writes no "##", which begins a command, and no "::" where a line begins, not
// even in two pieces.
type parted struct {
	w    io.Writer
	lock sync.Mutex
	// last is the byte that was written last, begun says that its line holds more than
	// blanks and a colon.
	last  byte
	begun bool
}

// Write implements io.Writer.
func (p *parted) Write(text []byte) (int, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	out := make([]byte, 0, len(text))
	for _, c := range text {
		again := c == p.last
		if again && (c == '#' || c == ':' && !p.begun) {
			out = append(out, "\u200b"...)
		}
		switch {
		case c == '\n' || c == '\r':
			p.begun = false
		case c > ' ' && c < 0x7f && (c != ':' || again): // other bytes can be of blanks
			p.begun = true
		}
		out, p.last = append(out, c), c
	}
	if _, err := p.w.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}
