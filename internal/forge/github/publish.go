package github

import (
	"context"
	"errors"
	"net/http"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// Options are what a publisher needs.
type Options struct {
	// API is the address of the API, see APIAddress; the token is sent to its host
	// and to no other.
	API, Token string
	// HTTP and Clock are for tests; nil for the real ones.
	HTTP  http.RoundTripper
	Clock wire.Clock

	Target Target
	// Gate tells this gate from others on the same change: it keys comments. Job
	// tells this job's run from others.
	Gate, Job string
	// Label stands in the check's name, Category in the categories of code scanning;
	// both may be empty.
	Label, Category string

	// Which parts are published.
	Check, Upload, Comment, Review bool
	// Require says that a check fails where another part could not be published.
	Require bool
	// Untrusted says that the run is somebody else's word: it makes no success.
	Untrusted bool

	Report report.Options
	// Mask takes secrets out of text; without it no text of a file is shown.
	Mask func(string) string
	// Read reads a file of the repository as it was scanned, of at most so many
	// bytes; nil where there are no files.
	Read func(path string, most int64) ([]byte, error)
}

// Publisher shows a run on GitHub.
type Publisher struct {
	*client
	target                     Target
	gate, job, label, category string
	parts                      Options
	untrusted                  bool
	unpublished                bool // a part, though it had to be
	report                     report.Options
	mask                       func(string) string
	read                       func(path string, most int64) ([]byte, error)
	notes                      []string
}

// New makes a publisher; it asks nothing of GitHub yet.
func New(o Options) (*Publisher, error) {
	c, err := newClient(o.API, o.Token, o.HTTP, o.Clock)
	if err != nil {
		return nil, err
	}
	c.owner, c.repo = o.Target.Owner, o.Target.Repo
	o.Report.MaxBytes = 0
	o.Report.Hearsay = o.Untrusted
	return &Publisher{
		client: c, target: o.Target, gate: o.Gate, job: o.Job, label: o.Label, category: o.Category, parts: o,
		untrusted: o.Untrusted, report: o.Report, mask: o.Mask, read: o.Read,
	}, nil
}

func (p *Publisher) note(text string) { p.notes = append(p.notes, text) }

// Publish shows the run: "sarif", "comment", "review" and "check". It changes nothing in
// the run. The check comes last: until it is there nothing may be merged that requires it.
func (p *Publisher) Publish(ctx context.Context, run *report.Run) []change.Result {
	opening := p.open(ctx, p.target.Owner, p.target.Repo)
	if wire.Degraded(opening) {
		opening = nil // the name that we know may do
	}
	var current error
	inPull := p.target.Number > 0
	if inPull && opening == nil && (p.parts.Comment || p.parts.Review) {
		current = p.current(ctx)
	}
	return change.Publish(ctx, run, []change.Part{
		{Name: "sarif", Wanted: p.parts.Upload, Before: opening, Do: p.upload},
		{Name: "comment", Wanted: p.parts.Comment && inPull, Before: errors.Join(opening, current), Do: p.comment},
		{Name: "review", Wanted: p.parts.Review && inPull, Before: errors.Join(opening, current), Do: p.review},
		{Name: "check", Wanted: p.parts.Check, Before: opening, Do: p.check},
	}, p.after)
}

// after keeps what has become of a part in mind, and gives what was noted of it.
func (p *Publisher) after(err error) []string {
	p.unpublished = p.unpublished || err != nil && p.parts.Require
	notes := p.notes
	p.notes = nil
	return notes
}

// current makes sure that the pull request is still what was scanned: a job that
// comes late must not write over what a newer one says.
func (p *Publisher) current(ctx context.Context) error {
	pull, _, err := p.api.PullRequests.Get(ctx, p.owner, p.repo, p.target.Number)
	if err != nil {
		return wire.Doing("reading the pull request", err)
	}
	if pull.GetHead().GetSHA() != p.target.Head {
		return errors.New("the pull request has newer commits, whose own run reports")
	}
	if pull.GetBase().GetRef() != p.target.Base {
		return errors.New("the pull request goes to another branch by now, whose own run reports")
	}
	return p.whoami(ctx)
}
