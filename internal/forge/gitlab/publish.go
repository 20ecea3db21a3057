package gitlab

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/xanzy/go-gitlab"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

// Options are what a publisher needs.
type Options struct {
	// API is the address of the API, see APIAddress; the token is sent to its host
	// and to no other. It is an access token: the job's own may write none of this.
	API, Token string
	// HTTP and Clock are for tests; nil for the real ones.
	HTTP  http.RoundTripper
	Clock wire.Clock

	Target Target
	// Gate tells this gate from others on the same change; Label stands in the name of
	// the status, and may be empty.
	Gate, Label string

	// Which parts are published.
	Status, Note, Discussions bool
	// Require says that the status fails where another part could not be published.
	Require bool

	Report report.Options
	// Mask takes secrets out of text; without it no text of a file is shown.
	Mask func(string) string
	// Read reads a file of the repository as it was scanned, of at most so many
	// bytes; nil where there are no files.
	Read func(path string, most int64) ([]byte, error)
}

// Publisher shows a run on GitLab.
type Publisher struct {
	*client
	target      Target
	parts       Options
	report      report.Options
	merge       *gitlab.MergeRequest
	unpublished bool // a part, though it had to be
	notes       []string
}

// New makes a publisher; it asks nothing of GitLab yet.
func New(o Options) (*Publisher, error) {
	c, err := newClient(o.API, o.Token, o.HTTP, o.Clock)
	if err != nil {
		return nil, err
	}
	c.project = o.Target.Project
	o.Report.MaxBytes = 0
	return &Publisher{client: c, target: o.Target, parts: o, report: o.Report}, nil
}

// Publish shows the run: "note", "discussions" and "status". It changes nothing in the run.
// The status comes last: until it is there nothing may be merged that requires it.
func (p *Publisher) Publish(ctx context.Context, run *report.Run) []change.Result {
	inMerge := p.target.Number > 0
	var current error
	if inMerge && (p.parts.Note || p.parts.Discussions) {
		current = p.current(ctx)
	}
	return change.Publish(ctx, run, []change.Part{
		{Name: "note", Wanted: p.parts.Note && inMerge, Before: current, Do: p.note},
		{Name: "discussions", Wanted: p.parts.Discussions && inMerge, Before: current, Do: p.discuss},
		{Name: "status", Wanted: p.parts.Status, Do: p.status},
	}, p.after)
}

// after keeps what has become of a part in mind, and gives what was noted of it.
func (p *Publisher) after(err error) []string {
	p.unpublished = p.unpublished || err != nil && p.parts.Require
	notes := p.notes
	p.notes = nil
	return notes
}

// current makes sure that the merge request is still what was scanned: a job that comes
// late must not write over what a newer one says.
func (p *Publisher) current(ctx context.Context) error {
	merge, _, err := p.api.MergeRequests.GetMergeRequest(p.project, p.target.Number, nil, gitlab.WithContext(ctx))
	if err != nil {
		return wire.Doing("reading the merge request", err)
	}
	if merge.SHA != p.target.Head {
		return errors.New("the merge request has newer commits, whose own pipeline reports")
	}
	if merge.TargetBranch != p.target.Base {
		return errors.New("the merge request goes to another branch by now, whose own pipeline reports")
	}
	p.merge = merge
	return p.whoami(ctx)
}

// maxDescription is how much of a status's description GitLab takes.
const maxDescription = 250

// status makes a status of the commit. One that is made twice replaces itself.
func (p *Publisher) status(ctx context.Context, run *report.Run) error {
	if p.target.Commit == "" {
		return errors.New("making the commit status: " + p.target.Why)
	}
	state := gitlab.Success
	if p.unpublished || change.Concludes(run.Verdict) == change.Failure {
		state = gitlab.Failed
	}
	opt := &gitlab.SetCommitStatusOptions{
		State: state, Name: new(change.Name("boltseal", p.parts.Label, p.target.Base)),
		Description: new(wire.Shortened(report.Headline(run, p.report), maxDescription)),
	}
	for _, text := range []struct {
		to   **string
		from string
	}{{&opt.Ref, p.target.Ref}, {&opt.TargetURL, p.target.Job}} {
		if text.from != "" {
			*text.to = &text.from
		}
	}
	if p.target.Pipeline > 0 {
		opt.PipelineID = &p.target.Pipeline
	}
	_, _, err := p.api.Commits.SetCommitStatus(p.project, p.target.Head, opt, gitlab.WithContext(wire.Repeatable(ctx, true)))
	return wire.Doing("making the commit status", err)
}

// note makes the gate's one note say what the run says.
func (p *Publisher) note(ctx context.Context, run *report.Run) error {
	return change.Sticky{Page: conversation{p}, Wire: p.wire, Gate: p.parts.Gate, Report: p.report, Shape: unquick}.Show(ctx, run)
}

// unquick leaves no line of a text that GitLab takes for a quick action, which it obeys
// with our token (https://docs.gitlab.com/user/project/quick_actions/).
func unquick(body string) string {
	var b strings.Builder
	for line := range strings.Lines(body) {
		if isQuick(line) {
			b.WriteString("\u200b") // whatever stands before it
		}
		b.WriteString(line)
	}
	return b.String()
}

func isQuick(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "/") }

// conversation is the merge request's; it implements change.Page.
type conversation struct{ *Publisher }

// Comments implements change.Page.
func (c conversation) Comments(ctx context.Context) ([]change.Comment, error) {
	var mine []change.Comment
	err := pages(func(opt gitlab.ListOptions) ([]*gitlab.Note, *gitlab.Response, error) {
		return c.api.Notes.ListMergeRequestNotes(c.project, c.target.Number, &gitlab.ListMergeRequestNotesOptions{
			ListOptions: opt, OrderBy: new("created_at"), Sort: new("asc"),
		}, gitlab.WithContext(ctx))
	}, func(n *gitlab.Note) {
		if n.Author.ID == c.self && !n.System {
			mine = append(mine, change.Comment{ID: int64(n.ID), Body: n.Body})
		}
	})
	return mine, err
}

// Post implements change.Page.
func (c conversation) Post(ctx context.Context, body string) error {
	n, _, err := c.api.Notes.CreateMergeRequestNote(c.project, c.target.Number, &gitlab.CreateMergeRequestNoteOptions{Body: &body}, gitlab.WithContext(ctx))
	if err == nil && n.ID == 0 {
		return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
	}
	return err
}

// Edit implements change.Page.
func (c conversation) Edit(ctx context.Context, id int64, body string) error {
	_, _, err := c.api.Notes.UpdateMergeRequestNote(c.project, c.target.Number, int(id), &gitlab.UpdateMergeRequestNoteOptions{Body: &body}, gitlab.WithContext(ctx))
	return err
}

// Delete implements change.Page.
func (c conversation) Delete(ctx context.Context, id int64) error {
	_, err := c.api.Notes.DeleteMergeRequestNote(c.project, c.target.Number, int(id), gitlab.WithContext(ctx))
	return err
}
